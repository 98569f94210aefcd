package record

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
)

// anonymiser replaces what tells whose an answer is.
type anonymiser struct {
	key []byte
	// own holds the words that were found where names stand. They are replaced wherever they occur.
	own map[string]bool
}

func newAnonymiser(key []byte) *anonymiser { return &anonymiser{key: key, own: map[string]bool{}} }

var (
	guid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	// pairs are the bytes of an Ethernet address or of a fingerprint.
	pairs = regexp.MustCompile(`^(?i)[0-9a-f]{2}(?::[0-9a-f]{2}){5,63}$`)
	// chunk is what is looked at at once: a unique id, or a run of what an address may be made of.
	chunk = regexp.MustCompile(`(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|[\p{L}\p{N}:.]+`)
	word  = regexp.MustCompile(`[\p{L}\p{N}]+`)
	// quoted is what a sentence quotes of somebody's own: what stands between quotation marks, paths, users at hosts, values of
	// options, names with dots.
	quoted = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"(),]*[/@=\\][^\s'"(),]*|[\p{L}\p{N}_-]*\p{L}[\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+)+`)
	// identity marks lines of a report for people that say which piece of hardware this is.
	identity = regexp.MustCompile(`(?i)serial|wwn|unit id|device id|eui|nguid|user`)
)

// learn remembers the words of an answer that are somebody's own.
func (a *anonymiser) learn(body []byte) {
	_ = rewrite(io.Discard, body, func(member, text string) string {
		if !keeps[member] && member != "text" {
			a.replace(text, func(w string) string {
				if !harmless(w) {
					a.own[w] = true
				}
				return w
			})
		}
		return text
	}, func(name string) string { return name })
}

// answer returns the body with everything replaced. A body that is no JSON is the text of something in between.
func (a *anonymiser) answer(body []byte) []byte {
	var out bytes.Buffer
	if err := rewrite(&out, body, a.value, a.name); err != nil {
		return []byte(a.value("", string(body)))
	}
	return out.Bytes()
}

// value replaces in the text of a member.
func (a *anonymiser) value(member, text string) string {
	switch {
	case member == "text": // a report for people, of which the lines about the state are read
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if identity.MatchString(line) {
				lines[i] = a.replace(line, a.unlessWord)
			} else {
				lines[i] = a.name(line)
			}
		}
		return strings.Join(lines, "\n")
	case sentences[member]:
		return a.sentence(text)
	case keeps[member]:
		return a.name(text)
	case unique[member]:
		return a.replace(text, a.unlessWord)
	}
	return a.replace(text, a.unlessHarmless)
}

// name replaces addresses, and words that are known to be somebody's.
func (a *anonymiser) name(text string) string {
	return a.replace(text, func(w string) string {
		if a.own[w] {
			return a.other(w)
		}
		return w
	})
}

func (a *anonymiser) unlessWord(w string) string {
	if vocabulary[strings.ToLower(w)] {
		return w
	}
	return a.other(w)
}

func (a *anonymiser) unlessHarmless(w string) string {
	if harmless(w) {
		return w
	}
	return a.other(w)
}

// sentence replaces what a sentence quotes, and known names and addresses in the rest of it.
func (a *anonymiser) sentence(text string) string {
	var out strings.Builder
	done := 0
	for _, at := range quoted.FindAllStringIndex(text, -1) {
		out.WriteString(a.name(text[done:at[0]]))
		out.WriteString(a.replace(text[at[0]:at[1]], func(w string) string {
			if spoken[strings.ToLower(w)] && !a.own[w] {
				return w
			}
			return a.unlessHarmless(w)
		}))
		done = at[1]
	}
	return out.String() + a.name(text[done:])
}

// replace gives every address another one, and every other word to swap.
func (a *anonymiser) replace(text string, swap func(string) string) string {
	return chunk.ReplaceAllStringFunc(text, func(t string) string {
		whole := strings.TrimRight(t, ".:")
		if address, ok := a.address(whole); ok {
			return address + t[len(whole):]
		}
		return word.ReplaceAllStringFunc(t, swap)
	})
}

// address returns what stands for an address, a fingerprint or a unique id; ok is false when the text is none.
func (a *anonymiser) address(text string) (other string, ok bool) {
	switch {
	case guid.MatchString(text):
		h := a.sum(text)
		return fmt.Sprintf("%x-0000-4000-8000-%x", h[:4], h[4:10]), true
	case pairs.MatchString(text):
		if strings.Trim(text, "0:") == "" {
			return text, true
		}
		h := append(a.sum(text), a.sum(text+"+")...)
		made := []string{"02"}
		for i := range strings.Count(text, ":") {
			made = append(made, fmt.Sprintf("%02X", h[i]))
		}
		return strings.Join(made, ":"), true
	}
	if ip, err := netip.ParseAddr(text); err == nil {
		return a.ip(ip), true
	}
	if at, err := netip.ParseAddrPort(text); err == nil {
		return fmt.Sprintf("%s:%d", a.ip(at.Addr()), at.Port()), true
	}
	return "", false
}

// ip returns an address of the networks for documentation and measurements; those that are the same everywhere stay.
func (a *anonymiser) ip(ip netip.Addr) string {
	if ip.IsLoopback() || ip.IsUnspecified() || ip.IsMulticast() {
		return ip.String()
	}
	h := a.sum(ip.String())
	if ip.Is4() {
		return fmt.Sprintf("198.%d.%d.%d", 18+h[0]&1, h[1], h[2])
	}
	return fmt.Sprintf("2001:db8::%x", binary.BigEndian.Uint16(h)|1)
}

// other returns a word of the same length and kinds of characters; of hexadecimal digits when it was made of them.
func (a *anonymiser) other(w string) string {
	h := a.sum(w)
	hex := isHex(w)
	n := 0
	return strings.Map(func(r rune) rune {
		if n%len(h) == 0 && n > 0 {
			h = a.sum(string(h))
		}
		b := rune(h[n%len(h)])
		n++
		span := rune(26)
		if hex {
			span = 6
		}
		switch {
		case unicode.IsDigit(r):
			return '0' + b%10
		case unicode.IsUpper(r):
			return 'A' + b%span
		}
		return 'a' + b%span
	}, w)
}

func (a *anonymiser) sum(text string) []byte {
	m := hmac.New(sha256.New, a.key)
	_, _ = io.WriteString(m, text)
	return m.Sum(nil)
}

func isHex(w string) bool {
	return len(w) >= 8 && strings.Trim(strings.ToLower(w), "0123456789abcdef") == ""
}

// harmless reports whether a word says nothing of anybody: a word of the products, or a number that is no serial number.
func harmless(w string) bool {
	if vocabulary[strings.ToLower(w)] {
		return true
	}
	return len(w) <= 10 && strings.Trim(w, "0123456789") == ""
}

// rewrite copies a JSON document with its texts and names changed. Numbers stay as they are written, and so does the order.
func rewrite(out io.Writer, body []byte, value func(member, text string) string, name func(string) string) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	w := &writer{out: out}
	if err := copyValue(dec, w, "", value, name); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows the document")
	}
	return w.err
}

type writer struct {
	out io.Writer
	err error
}

func (w *writer) text(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, s)
	}
}

func (w *writer) json(v any) {
	text, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.text(string(text))
}

func copyValue(dec *json.Decoder, w *writer, member string, value func(member, text string) string, name func(string) string) error {
	token, err := dec.Token()
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	switch t := token.(type) {
	case string:
		w.json(value(member, t))
	case json.Delim:
		w.text(t.String())
		for first := true; dec.More(); first = false {
			if !first {
				w.text(",")
			}
			inner := member
			if t == '{' {
				key, err := dec.Token()
				if err != nil {
					return fmt.Errorf("read: %w", err)
				}
				inner, _ = key.(string)
				w.json(name(inner))
				w.text(":")
			}
			if err := copyValue(dec, w, inner, value, name); err != nil {
				return err
			}
		}
		end, err := dec.Token()
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if d, ok := end.(json.Delim); ok {
			w.text(d.String())
		}
	default:
		w.json(t)
	}
	return nil
}
