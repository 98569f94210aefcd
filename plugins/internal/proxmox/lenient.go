package proxmox

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Num is a number that may be missing. The servers send one and the same field as a number, as a quoted number, as "",
// "N/A" or null, or not at all; whatever is no number, or more than anything is that is measured, is missing, and never zero.
type Num struct {
	V  float64
	OK bool
}

// most is more than anything is that the servers measure. What is beyond could not be reckoned with.
const most = 1e18

// UnmarshalJSON never fails: what is no number is missing.
func (n *Num) UnmarshalJSON(b []byte) error {
	*n = Num{}
	text, ok := scalar(b)
	if !ok {
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && math.Abs(v) <= most {
		*n = Num{V: v, OK: true}
	}
	return nil
}

// Or returns the number, or other when it is missing.
func (n Num) Or(other float64) float64 {
	if n.OK {
		return n.V
	}
	return other
}

// MarshalJSON writes the number, or null for a missing one.
func (n Num) MarshalJSON() ([]byte, error) {
	if !n.OK {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, n.V, 'g', -1, 64), nil
}

// Int is a whole number that may be missing. Fractions, as averages have them, are rounded.
type Int struct {
	V  int64
	OK bool
}

// UnmarshalJSON never fails: what is no number, or none that 64 bits hold, is missing.
func (n *Int) UnmarshalJSON(b []byte) error {
	*n = Int{}
	text, ok := scalar(b)
	if !ok {
		return nil
	}
	if v, err := strconv.ParseInt(text, 10, 64); err == nil {
		*n = Int{V: v, OK: true}
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && v > -(1<<63) && v < 1<<63 {
		*n = Int{V: int64(math.Round(v)), OK: true}
	}
	return nil
}

// Or returns the number, or other when it is missing.
func (n Int) Or(other int64) int64 {
	if n.OK {
		return n.V
	}
	return other
}

// MarshalJSON writes the number, or null for a missing one.
func (n Int) MarshalJSON() ([]byte, error) {
	if !n.OK {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, n.V, 10), nil
}

// Bool is true for true, 1 and their quoted forms; all else, and a missing member, is false.
type Bool bool

// UnmarshalJSON never fails.
func (v *Bool) UnmarshalJSON(b []byte) error {
	text, _ := scalar(b)
	switch strings.ToLower(text) {
	case "1", "true", "yes", "on":
		*v = true
	default:
		*v = false
	}
	return nil
}

// Str is a text that a server may send as a number. Null, lists and objects are the empty text.
type Str string

// UnmarshalJSON never fails.
func (s *Str) UnmarshalJSON(b []byte) error {
	text, _ := scalar(b)
	*s = Str(text)
	return nil
}

// scalar returns the text of a JSON number, boolean or string, without blanks around it.
func scalar(b []byte) (string, bool) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return "", false
	}
	switch b[0] {
	case '{', '[', 'n':
		return "", false
	case '"':
		var text string
		if err := json.Unmarshal(b, &text); err != nil {
			return "", false
		}
		return strings.TrimSpace(text), true
	case 't':
		return "1", true
	case 'f':
		return "0", true
	}
	return string(b), true
}

// Tags splits the tags of a guest. The separator is ";" today and was "," or a blank in older configurations.
func Tags(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
}
