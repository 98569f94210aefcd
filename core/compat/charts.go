package compat

// ChartGroups are the members of the chart answer that are there in any case.
func ChartGroups() []string {
	return []string{ChartGuests, "nodeData", ChartStorage, "dockerData", "dockerHostData", "hostData"}
}

// ChartGuests is the group whose resources are listed with their types too.
const ChartGuests = "data"

// ChartStorage is the group of storages, which have an answer of their own too.
const ChartStorage = "storageData"

// StorageCharts are the names of numbers in the charts of storages.
func StorageCharts() []string { return []string{"usage", StorageUsed, StorageTotal, StorageFree} }

// ChartName is the name of a number in a group of the chart answer, of that which it has on the rest of the wire.
func ChartName(group, wire string) string {
	if group == ChartStorage && wire == "usage" {
		return "disk"
	}
	return wire
}

// The names in the charts of storages of which the third follows when it is not measured.
const (
	StorageUsed  = "used"
	StorageTotal = "total"
	StorageFree  = "avail"
)

// HistoryTypes maps former names of resource types in history queries to today's.
func HistoryTypes() map[string]string { return map[string]string{"docker": "dockerContainer"} }

// HistoryGuest is the type in history queries that stands for all that [ChartGuests] holds.
const HistoryGuest = "guest"
