package live

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxDepth is how deep documents may nest where cells are looked for.
const maxDepth = 64

// paths is a tree of the members that are wanted of a document.
type paths struct {
	cell  int // -1 when the way goes on only
	below map[string]*paths
}

// pathTree returns the tree of dotted paths; the number of a path is its place in the list plus first.
func pathTree(list []string, first int) *paths {
	root := &paths{cell: -1}
	for n, path := range list {
		at := root
		for key := range strings.SplitSeq(path, ".") {
			next := at.below[key]
			if next == nil {
				if at.below == nil {
					at.below = map[string]*paths{}
				}
				next = &paths{cell: -1}
				at.below[key] = next
			}
			at = next
		}
		at.cell = first + n
	}
	return root
}

// scanner walks over a JSON text and hands out what the tree names. It skips over the rest without decoding it and is
// lenient there; what it hands out is for the receiver to check.
type scanner struct {
	text  []byte
	at    int
	depth int
	found func(cell int, raw []byte)
}

// extract calls found with the raw value of each cell that the document has. Of members that are there twice the last
// counts, so found may be called again, with nil for a cell that the last one does not have. A text that is not JSON ends
// the walk early.
func extract(doc []byte, tree *paths, found func(cell int, raw []byte)) {
	s := scanner{text: doc, found: found}
	s.value(tree)
}

// value walks over one value and reports whether it ended well.
func (s *scanner) value(tree *paths) bool {
	if s.depth++; s.depth > maxDepth {
		return false
	}
	defer func() { s.depth-- }()
	s.space()
	if s.at >= len(s.text) {
		return false
	}
	from, ok := s.at, false
	switch s.text[s.at] {
	case '{':
		ok = s.inside('}', tree, true)
	case '[':
		ok = s.inside(']', tree, false)
	case '"':
		ok = s.quoted()
	default:
		ok = s.bare()
	}
	if ok && tree != nil && tree.cell >= 0 {
		s.found(tree.cell, s.text[from:s.at])
	}
	return ok
}

// inside walks over the members of an object or the elements of a list.
func (s *scanner) inside(end byte, tree *paths, named bool) bool {
	s.at++
	if s.space(); s.at < len(s.text) && s.text[s.at] == end {
		s.at++
		return true
	}
	for n := 0; ; n++ {
		next, ok := s.next(tree, named, n)
		if !ok || !s.value(next) {
			return false
		}
		s.space()
		if s.at >= len(s.text) {
			return false
		}
		c := s.text[s.at]
		s.at++
		if c == end {
			return true
		}
		if c != ',' {
			return false
		}
	}
}

// next returns the part of the tree for the coming member or element, and forgets what an earlier one of the name gave.
func (s *scanner) next(tree *paths, named bool, n int) (*paths, bool) {
	if !named {
		if tree == nil || tree.below == nil {
			return nil, true
		}
		return tree.below[strconv.Itoa(n)], true
	}
	s.space()
	from := s.at
	if from >= len(s.text) || s.text[from] != '"' || !s.quoted() {
		return nil, false
	}
	key := s.text[from:s.at]
	s.space()
	if s.at >= len(s.text) || s.text[s.at] != ':' {
		return nil, false
	}
	s.at++
	if tree == nil || tree.below == nil {
		return nil, true
	}
	next := tree.below[string(key[1:len(key)-1])]
	if next == nil && strings.IndexByte(string(key), '\\') >= 0 {
		var name string
		if json.Unmarshal(key, &name) == nil {
			next = tree.below[name]
		}
	}
	s.clear(next)
	return next, true
}

func (s *scanner) clear(tree *paths) {
	if tree == nil {
		return
	}
	if tree.cell >= 0 {
		s.found(tree.cell, nil)
	}
	for _, below := range tree.below {
		s.clear(below)
	}
}

// quoted walks over a quoted text.
func (s *scanner) quoted() bool {
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		}
	}
	return false
}

// bare walks over a number or a word.
func (s *scanner) bare() bool {
	from := s.at
	for s.at < len(s.text) && !strings.ContainsRune(",]} \t\r\n", rune(s.text[s.at])) {
		s.at++
	}
	return s.at > from
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}
