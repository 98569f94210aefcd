package live

import (
	"encoding/json"
	"fmt"
	"slices"
)

// The bounds of what a client may ask for.
const (
	maxRange     = 1000
	maxColumns   = 64
	maxDocuments = 4
	maxTypes     = 256
)

// view is what a client shows. It is never changed after it has been read.
type view struct {
	Number    int64    `json:"view"`
	Types     []string `json:"types,omitempty"`     // nil for all
	All       []string `json:"all,omitempty"`       // columns of all rows
	Range     []string `json:"range,omitempty"`     // ids of the visible rows
	Columns   []string `json:"columns,omitempty"`   // of the rows in range; nil for all that the type declares
	Documents []string `json:"documents,omitempty"` // ids
}

// asked is one message of a client.
type asked struct {
	Type string `json:"type"`
	view
	// Of a resume:
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
	Held  view   `json:"-"`
}

// decodeAsked reads a client's message. Types that it does not know are no error.
func decodeAsked(message []byte) (asked, error) {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(message, &kind); err != nil {
		return asked{}, fmt.Errorf("a message must be a JSON object with a type")
	}
	a := asked{Type: kind.Type}
	var err error
	switch kind.Type {
	case "view":
		if err = json.Unmarshal(message, &a.view); err == nil {
			err = a.check()
		}
	case "resume":
		var r struct {
			Epoch string `json:"epoch"`
			Seq   uint64 `json:"seq"`
			View  view   `json:"view"`
		}
		if err = json.Unmarshal(message, &r); err == nil {
			err = r.View.check()
		}
		a.Epoch, a.Seq, a.Held = r.Epoch, r.Seq, r.View
	}
	return a, err
}

func (v *view) check() error {
	for _, x := range []struct {
		what string
		list []string
		most int
	}{{"types", v.Types, maxTypes}, {"all", v.All, maxColumns}, {"range", v.Range, maxRange}, {"columns", v.Columns, maxColumns}, {"documents", v.Documents, maxDocuments}} {
		if len(x.list) > x.most {
			return fmt.Errorf("%s: at most %d", x.what, x.most)
		}
	}
	return nil
}

// shows reports whether rows of a type are in the view.
func (v *view) shows(kind string) bool { return v.Types == nil || slices.Contains(v.Types, kind) }
