package compat

// UpdateList says where a declared list of pending updates has what the routes of updates tell.
type UpdateList struct {
	// Rows is the list, ResourceType the word for what its rows are on, and Host the type of that.
	Rows, ResourceType, Host string
	// Package, Current and Latest are members of the rows.
	Package, Current, Latest string
}

// UpdateLists are all lists of pending updates.
func UpdateLists() []UpdateList {
	return []UpdateList{
		{Rows: "pve_updates", ResourceType: "pve", Host: "pve-node", Package: "package", Current: "current", Latest: "version"},
		{Rows: "pbs_updates", ResourceType: "pbs", Host: "pbs", Package: "package", Current: "oldVersion", Latest: "version"},
	}
}
