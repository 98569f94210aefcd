package sdk

import "time"

// RowsType declares a list of rows.
type RowsType struct {
	Name      string
	Label     string
	Columns   []Column
	Retention time.Duration
	// SubjectType is the type of thing that the rows are about.
	SubjectType string
	// Derive gives the subject values computed from its rows.
	Derive []Derive
	// APIList is the name of the API list that the rows feed, if any.
	APIList string
	// Family is the menu section that shows the rows, as of resource types; empty for none.
	Family string
}

// Derive computes one value for a subject: "latest", "count" or "sum" of a path.
type Derive struct {
	Name string
	Op   string
	Path string
}
