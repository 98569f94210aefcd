package compat

// UpdateList says where a declared list of pending updates has what the routes of updates tell.
type UpdateList struct {
	// Rows is the list, and ResourceType the word for what its rows are on.
	Rows, ResourceType string
	// Package, Current and Latest are members of the rows.
	Package, Current, Latest string
}

// UpdateLists are all lists of pending updates.
func UpdateLists() []UpdateList {
	return []UpdateList{
		{Rows: "pve_updates", ResourceType: "pve", Package: "package", Current: "current", Latest: "version"},
		{Rows: "pbs_updates", ResourceType: "pbs", Package: "package", Current: "oldVersion", Latest: "version"},
	}
}
