package ingest

import "unicode/utf8"

// maxNesting is how deep a document may nest.
const maxNesting = 512

// isObject reports whether a text is one JSON object, in UTF-8 and nothing around it but white space. It is
// encoding/json's check in a fraction of its time: each document of each report is looked through.
func isObject(text []byte) bool {
	s := scan{text: text}
	return s.space() == '{' && s.value(maxNesting) && s.space() == 0 && s.at == len(text) && utf8.Valid(text)
}

// scan is a place in a text.
type scan struct {
	text []byte
	at   int
}

// peek returns the byte here, 0 at the end.
func (s *scan) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// space skips white space and returns what follows.
func (s *scan) space() byte {
	for {
		switch c := s.peek(); c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
}

// value skips a value.
func (s *scan) value(deep int) bool {
	switch c := s.space(); c {
	case '{', '[':
		return deep > 0 && s.entries(c, deep-1)
	case '"':
		return s.quoted()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	return s.number()
}

// entries skips an object or a list.
func (s *scan) entries(open byte, deep int) bool {
	end := open + 2 // '}' and ']' stand two behind
	s.at++
	if s.space() == end {
		s.at++
		return true
	}
	for {
		if open == '{' {
			if s.space() != '"' || !s.quoted() || s.space() != ':' {
				return false
			}
			s.at++
		}
		if !s.value(deep) {
			return false
		}
		switch s.space() {
		case end:
			s.at++
			return true
		case ',':
			s.at++
		default:
			return false
		}
	}
}

func (s *scan) word(w string) bool {
	ok := len(s.text)-s.at >= len(w) && string(s.text[s.at:s.at+len(w)]) == w
	s.at += len(w)
	return ok
}

// quoted skips a text in quotes.
func (s *scan) quoted() bool {
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			return true
		case c < ' ':
			return false
		case c == '\\':
			n := escape(s.text[i+1:])
			if n == 0 {
				return false
			}
			i += n
		}
	}
	return false
}

// escape returns the length of what follows a backslash, 0 when it is none.
func escape(rest []byte) int {
	if len(rest) == 0 {
		return 0
	}
	switch rest[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if len(rest) < 5 {
			return 0
		}
		for _, c := range rest[1:5] {
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return 0
			}
		}
		return 5
	}
	return 0
}

func (s *scan) number() bool {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if !s.digits() {
		return false
	}
	if s.peek() == '.' {
		s.at++
		if !s.digits() {
			return false
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		return s.digits()
	}
	return true
}

func (s *scan) digits() bool {
	start := s.at
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > start
}
