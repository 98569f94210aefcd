// Package settings keeps what an administrator changes of the server while it runs: one document whose fields the wire
// format names. It judges values and does not know what they change; those who do subscribe.
package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/discover"
	"github.com/pulse-platform/pulse/core/errs"
)

// DocumentName is where the document lies.
const DocumentName = "system"

// maxText is how long a text may be, in bytes.
const maxText = 4 << 10

// maxTuning bounds the numbers of how networks are looked through: addresses, connections and milliseconds.
const maxTuning = 100_000

// Store keeps values by name.
type Store interface {
	Get(ctx context.Context, name string, into any) (bool, error)
	Set(ctx context.Context, name string, value any) error
}

// Service holds the document. It is safe for concurrent use.
type Service struct {
	store   Store
	changed func(Values)

	mu  sync.Mutex
	all Values
}

// Values are stored settings by name.
type Values map[string]any

// Bool returns a setting, its default when it is not stored.
func (v Values) Bool(name string) bool {
	if b, ok := v[name].(bool); ok {
		return b
	}
	for _, f := range compat.Settings() {
		if f.Name == name {
			b, _ := f.Default.(bool)
			return b
		}
	}
	return false
}

// Open loads what is stored. Changed is called with it at once and after each change; it may be nil.
func Open(ctx context.Context, store Store, changed func(Values)) (*Service, error) {
	s := &Service{store: store, changed: changed, all: Values{}}
	if _, err := store.Get(ctx, DocumentName, &s.all); err != nil {
		return nil, fmt.Errorf("load settings: %w", err)
	}
	s.tell()
	return s, nil
}

func (s *Service) tell() {
	if s.changed != nil {
		s.changed(maps.Clone(s.all))
	}
}

// Int returns a setting, its default when it is not stored.
func (v Values) Int(name string) int64 {
	value := v[name]
	for _, f := range compat.Settings() {
		if f.Name == name && value == nil {
			value = f.Default
		}
	}
	switch n := value.(type) {
	case int: // a default
		return int64(n)
	case int64: // of the configuration file
		return n
	case float64: // as it was stored
		return int64(n)
	}
	return 0
}

// List returns what a text lists, with commas between.
func (v Values) List(name string) []string {
	var out []string
	text, _ := v[name].(string)
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	return out
}

// Document returns all fields: what is stored, else the default. Fixed are values that are set elsewhere, and which of
// them could be changed here otherwise is told beside them.
func (s *Service) Document(fixed Values) Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, overridden := Values{}, map[string]bool{}
	for _, f := range compat.Settings() {
		switch {
		case fixed[f.Name] != nil:
			if out[f.Name] = fixed[f.Name]; !f.Fixed {
				overridden[f.Name] = true
			}
		case s.all[f.Name] != nil:
			out[f.Name] = s.all[f.Name]
		case f.Default != nil:
			out[f.Name] = f.Default
		}
	}
	if len(overridden) > 0 {
		out["envOverrides"] = overridden
	}
	return out
}

// Update changes the fields that are given. All are judged before any is changed; the error names the field. Fields that
// nobody knows are left alone, as older and newer clients send such.
func (s *Service) Update(ctx context.Context, body []byte) error {
	if !utf8.Valid(body) {
		return errs.New(errs.Invalid, "the body is not valid UTF-8")
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil || given == nil {
		return errs.New(errs.Invalid, "the body is not a JSON object")
	}
	if old, there := given["discovery_config"]; there && given["discoveryConfig"] == nil {
		given["discoveryConfig"] = old
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.all)
	for _, f := range compat.Settings() {
		raw, there := given[f.Name]
		if !there || f.Fixed {
			continue
		}
		value, err := judge(f, raw)
		if err != nil {
			return errs.New(errs.Invalid, "%s: %v", f.Name, err).WithField(f.Name)
		}
		switch {
		case value == "" && f.Keeps:
		case f.Kind == compat.SettingObject:
			next[f.Name] = merged(next[f.Name], f.Default, value)
		default:
			next[f.Name] = value
		}
	}
	if err := s.store.Set(ctx, DocumentName, next); err != nil {
		return err
	}
	s.all = next
	s.tell()
	return nil
}

// judge reads a value and says what is wrong with it.
func judge(f compat.Setting, raw json.RawMessage) (any, error) {
	switch f.Kind {
	case compat.SettingBool:
		var v bool
		if err := json.Unmarshal(raw, &v); err != nil || bytes.Equal(raw, []byte("null")) {
			return nil, fmt.Errorf("must be true or false")
		}
		return v, nil
	case compat.SettingInt:
		var v int64
		if err := json.Unmarshal(raw, &v); err != nil || bytes.Equal(raw, []byte("null")) {
			return nil, fmt.Errorf("must be a whole number")
		}
		if f.Zero && v == 0 {
			return v, nil
		}
		if v < f.Min || v > f.Max {
			return nil, fmt.Errorf("must be from %d to %d", f.Min, f.Max)
		}
		return v, nil
	case compat.SettingText:
		var v string
		if err := json.Unmarshal(raw, &v); err != nil || bytes.Equal(raw, []byte("null")) {
			return nil, fmt.Errorf("must be a text")
		}
		return v, judgeText(f, v)
	}
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil || v == nil {
		return nil, fmt.Errorf("must be an object")
	}
	return v, judgeScan(v)
}

func judgeText(f compat.Setting, v string) error {
	switch {
	case len(v) > maxText:
		return fmt.Errorf("must have at most %d bytes", maxText)
	case v != "" && f.Words != nil && !slices.Contains(f.Words, v):
		return fmt.Errorf("must be one of %s", strings.Join(f.Words, ", "))
	case f.Networks:
		return networks(strings.Split(v, ","))
	case f.Origins && (v != "*" || !f.Any):
		return origins(v)
	case f.Name == "publicURL" && v != "":
		return publicURL(v)
	case f.Name == compat.SettingSubnet:
		if _, err := discover.Parse(v); err != nil {
			return fmt.Errorf(`must be "auto", or networks such as 192.168.1.0/24 with commas between`)
		}
	}
	return nil
}

// publicURL judges the address of this server: a path is that of a reverse proxy, and nothing comes behind it.
func publicURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("must begin with http:// or https://, and a host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("must be scheme, host, port and path only, without a user and without ? and #")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("must have a port from 1 to 65535")
		}
	}
	return nil
}

func origins(text string) error {
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		if err := CheckOrigin(one); err != nil {
			return fmt.Errorf("%q: %w", one, err)
		}
	}
	return nil
}

var errOrigin = errors.New(`An origin is scheme, host and port only, for example "https://dashboard.example.com".`) //nolint:revive // shown as it is

// plainHost is what may stand in an origin after its scheme: it is written into headers, in which spaces and
// semicolons divide.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.:\[\]_-]+$`)

// CheckOrigin tells why a text is not the origin of a site as browsers send it, nil when it is.
func CheckOrigin(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Scheme+"://"+u.Host != text || !plainHost.MatchString(u.Host) {
		return errOrigin
	}
	return nil
}

func networks(list []string) error {
	for _, text := range list {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if _, err := netip.ParsePrefix(text); err != nil {
			return fmt.Errorf("%q is not a network such as 192.168.1.0/24", text)
		}
	}
	return nil
}

// judgeScan judges how networks are looked through. Members are known in both spellings.
func judgeScan(v map[string]any) error {
	for key, value := range v {
		switch key {
		case "subnet_allowlist", "subnetAllowlist", "subnet_blocklist", "subnetBlocklist":
			list, ok := value.([]any)
			if !ok {
				return fmt.Errorf("%s must be a list", key)
			}
			for _, one := range list {
				text, ok := one.(string)
				if !ok || networks([]string{text}) != nil {
					return fmt.Errorf("%s: %v is not a network such as 192.168.1.0/24", key, one)
				}
			}
		case "max_hosts_per_scan", "maxHostsPerScan", "max_concurrent", "maxConcurrent", "dial_timeout_ms", "dialTimeoutMs", "http_timeout_ms", "httpTimeoutMs":
			n, ok := value.(float64)
			if !ok || n < 1 || n > maxTuning || n != float64(int64(n)) {
				return fmt.Errorf("%s must be a whole number from 1 to %d", key, maxTuning)
			}
		case "enable_reverse_dns", "enableReverseDns", "scan_gateways", "scanGateways":
			if _, ok := value.(bool); !ok {
				return fmt.Errorf("%s must be true or false", key)
			}
		}
	}
	return nil
}

// merged puts the members of an object over the stored ones.
func merged(stored, standard, given any) any {
	out := map[string]any{}
	for _, from := range []any{standard, stored, given} {
		if of, ok := from.(map[string]any); ok {
			for k, v := range of {
				out[snake(k)] = v
			}
		}
	}
	return out
}

// snake writes camelCase as snake_case.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
