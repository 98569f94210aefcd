package compat

// ChartGroups are the members of the chart answer that are there in any case.
func ChartGroups() []string {
	return []string{ChartGuests, "nodeData", "storageData", "dockerData", "dockerHostData", "hostData"}
}

// ChartGuests is the group whose resources are listed with their types too.
const ChartGuests = "data"

// HistoryTypes maps former names of resource types in history queries to today's.
func HistoryTypes() map[string]string { return map[string]string{"docker": "dockerContainer"} }

// HistoryGuest is the type in history queries that stands for all that [ChartGuests] holds.
const HistoryGuest = "guest"
