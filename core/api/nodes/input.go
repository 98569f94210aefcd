package nodes

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
)

// maxText bounds what people and scripts write into one member, in bytes.
const maxText = 4 << 10

// members returns what is given in a body, by the names on the wire.
func members(body any) map[string]any {
	raw, err := json.Marshal(body)
	out := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("a body is not JSON: %v", err)) // it came as JSON
	}
	return out
}

// typed refuses texts that nobody types: too long ones, and those with line breaks and other control characters.
func typed(body any) error {
	given := members(body)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		list, _ := given[name].([]any)
		for _, one := range append(list, given[name]) {
			switch value := text(one); {
			case len(value) > maxText:
				return errs.New(errs.Invalid, "%s has more than %d bytes: write less", name, maxText).WithField(name)
			case strings.ContainsFunc(value, unicode.IsControl):
				return errs.New(errs.Invalid, "%s holds a line break or another control character: write it without", name).WithField(name)
			}
		}
	}
	return nil
}

// prints is a SHA-256 fingerprint with or without colons.
var prints = regexp.MustCompile(`^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$`)

// checkPrint judges the fingerprint of a configuration, if there is one.
func checkPrint(config map[string]any) error {
	print := text(config[compat.NodeFingerprint])
	switch {
	case print == "":
		return nil
	case !prints.MatchString(print):
		return errs.New(errs.Invalid, "fingerprint is not the SHA-256 of a certificate: 64 hex digits, with or without colons").WithField("fingerprint")
	case strings.HasPrefix(text(config[compat.NodeHost]), "http://"):
		return errs.New(errs.Invalid, "fingerprint is that of a certificate, and http:// shows none: write https://, or leave it out").WithField("fingerprint")
	}
	return nil
}

// samePrint compares fingerprints, whatever their case and with or without colons.
func samePrint(a, b string) bool {
	bare := func(print string) string { return strings.ToLower(strings.ReplaceAll(print, ":", "")) }
	return bare(a) == bare(b)
}
