package wire

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// reader reads JSON that is as agents write it, several times faster than reflection does. What it does not take for
// granted, good or bad, it gives up on: then odd is set, and [Decode] asks encoding/json, whose word counts.
type reader struct {
	text []byte
	at   int // a number, not a slice that shrinks: pointers that change cost the collector
	odd  bool
}

// maxSkipped is how deep members that nobody knows may nest.
const maxSkipped = 32

// next returns the first byte that is not white space, without taking it; 0 at the end and once the text is odd.
func (r *reader) next() byte {
	if r.odd {
		return 0
	}
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take takes a byte that has to come next.
func (r *reader) take(c byte) {
	if r.next() != c {
		r.odd = true
		return
	}
	r.at++
}

// word takes a word when it comes next.
func (r *reader) word(w string) bool {
	if r.next() != w[0] || len(r.text)-r.at < len(w) || string(r.text[r.at:r.at+len(w)]) != w {
		return false
	}
	r.at += len(w)
	return true
}

// null takes a null, which changes no scalar.
func (r *reader) null() bool { return r.word("null") }

// more steps to the next entry of a list or an object that ends with a byte, and reports whether there is one.
func (r *reader) more(first *bool, end byte) bool {
	c := r.next()
	if c == end {
		r.at++
		return false
	}
	if *first {
		*first = false
	} else {
		r.take(',')
	}
	r.odd = r.odd || c == 0
	return !r.odd
}

// object reads an object; member reads the value of the member that is called by its name.
func (r *reader) object(member func(name []byte)) {
	if r.null() {
		return
	}
	r.take('{')
	for first := true; !r.odd && r.more(&first, '}'); {
		name, plain := r.quoted()
		if !plain {
			r.odd = true
		}
		r.take(':')
		if !r.odd {
			member(name)
		}
	}
}

// list reads a list of values. One that was there before is odd.
func list[T any](r *reader, into *[]T, entry func(*T)) {
	if *into != nil {
		r.odd = true
	}
	if r.null() {
		return
	}
	r.take('[')
	all := []T{}
	for first := true; !r.odd && r.more(&first, ']'); {
		var one T
		all = append(all, one)
		entry(&all[len(all)-1])
	}
	*into = all
}

// quoted takes a text in quotes and returns what is between them, and whether it is ASCII. One with escapes is odd.
func (r *reader) quoted() (inner []byte, ascii bool) {
	r.take('"')
	if r.odd {
		return nil, false
	}
	ascii = true
	for i, c := range r.text[r.at:] {
		switch {
		case c == '"':
			inner = r.text[r.at : r.at+i]
			r.at += i + 1
			r.odd = !ascii && !utf8.Valid(inner)
			return inner, ascii
		case c == '\\' || c < ' ':
			r.odd = true
			return nil, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	r.odd = true
	return nil, false
}

func (r *reader) string(into *string) {
	if r.null() {
		return
	}
	if r.next() != '"' {
		r.odd = true
		return
	}
	before := r.at
	if inner, _ := r.quoted(); !r.odd {
		*into = string(inner)
		return
	}
	// It may have escapes, as paths of Windows do.
	r.at, r.odd = before, false
	r.value(into)
}

func (r *reader) flag(into *bool) {
	switch {
	case r.null():
	case r.word("true"):
		*into = true
	case r.word("false"):
		*into = false
	default:
		r.odd = true
	}
}

func (r *reader) flagPtr(into **bool) {
	if r.null() {
		*into = nil
		return
	}
	var v bool
	r.flag(&v)
	*into = &v
}

// number takes a number as JSON has them. whole tells that it has neither fraction nor exponent.
func (r *reader) number() (text []byte, whole bool) {
	r.next()
	b, i := r.text, r.at
	digits := func() {
		start := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		r.odd = r.odd || i == start
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else {
		digits()
	}
	whole = true
	if i < len(b) && b[i] == '.' {
		i++
		whole = false
		digits()
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		whole = false
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		digits()
	}
	text, r.at = b[r.at:i], i
	return text, whole
}

func (r *reader) float(into *float64) {
	if r.null() {
		return
	}
	text, _ := r.number()
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		r.odd = true
	}
	*into = v
}

func (r *reader) floatPtr(into **float64) {
	if r.null() {
		*into = nil
		return
	}
	var v float64
	r.float(&v)
	*into = &v
}

func (r *reader) int(into *int64) {
	if r.null() {
		return
	}
	text, whole := r.number()
	v, err := strconv.ParseInt(string(text), 10, 64)
	r.odd = r.odd || !whole || err != nil
	*into = v
}

func (r *reader) intPtr(into **int64) {
	if r.null() {
		*into = nil
		return
	}
	var v int64
	r.int(&v)
	*into = &v
}

func (r *reader) small(into *int) {
	v := int64(*into)
	r.int(&v)
	*into = int(v)
	r.odd = r.odd || int64(*into) != v
}

func (r *reader) uint(into *uint64) {
	if r.null() {
		return
	}
	text, whole := r.number()
	v, err := strconv.ParseUint(string(text), 10, 64)
	r.odd = r.odd || !whole || err != nil
	*into = v
}

func (r *reader) numbers(into *map[string]float64) {
	if r.null() {
		*into = nil
		return
	}
	if *into == nil {
		*into = map[string]float64{}
	}
	r.object(func(name []byte) {
		var v float64
		r.float(&v)
		(*into)[string(name)] = v
	})
}

// value leaves a value to encoding/json.
func (r *reader) value(into any) {
	r.next()
	start := r.at
	if r.skip(maxSkipped); r.odd || json.Unmarshal(r.text[start:r.at], into) != nil {
		r.odd = true
	}
}

// skip takes any value.
func (r *reader) skip(deep int) {
	switch c := r.next(); {
	case deep == 0:
		r.odd = true
	case c == '"':
		r.skipText()
	case c == '{', c == '[':
		end := c + 2 // '}' and ']' stand two behind
		r.at++
		for first := true; !r.odd && r.more(&first, end); {
			if c == '{' {
				r.skipText()
				r.take(':')
			}
			r.skip(deep - 1)
		}
	case r.null(), r.word("true"), r.word("false"):
	default:
		r.number()
	}
}

// skipText takes a text that may have escapes.
func (r *reader) skipText() {
	if r.next() != '"' {
		r.odd = true
		return
	}
	for end := r.at + 1; end < len(r.text); end++ {
		switch r.text[end] {
		case '\\':
			end++
		case '"':
			end++
			r.odd = !json.Valid(r.text[r.at:end])
			r.at = end
			return
		}
	}
	r.odd = true
}
