package config

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/sdk/schema"
)

// Setting ties a key of the file to the flag and the environment variables that mirror it. A flag wins over the
// environment, the environment over the file, and the file over the default.
type Setting struct {
	// Key is the path in the file: "server.listen".
	Key string
	// Flag is the name without dashes: "listen". Secrets have none, as others on the machine may see flags.
	Flag string
	// Env are the variables; the first that is set counts. That of a secret may have _FILE behind its name and then names a
	// file that holds it.
	Env []string
}

// Settings is the table of mirrored keys. Beside our own PULSE_ names it has those of the reference.
func Settings() []Setting {
	return []Setting{
		{"server.listen", "listen", []string{"PULSE_LISTEN"}},
		{"server.data", "data", []string{"PULSE_DATA", "PULSE_DATA_DIR"}},
		{"server.base_url", "base-url", []string{"PULSE_BASE_URL", "PULSE_PUBLIC_URL"}},
		{"server.trusted_proxies", "trusted-proxies", []string{"PULSE_TRUSTED_PROXIES", "PULSE_TRUSTED_PROXY_CIDRS"}},
		{"server.allowed_origins", "allowed-origins", []string{"PULSE_ALLOWED_ORIGINS", "ALLOWED_ORIGINS"}},
		{"server.allow_embedding", "allow-embedding", []string{"PULSE_ALLOW_EMBEDDING"}},
		{"server.embed_origins", "embed-origins", []string{"PULSE_EMBED_ORIGINS"}},
		{"server.tls_certificate", "tls-certificate", []string{"PULSE_TLS_CERTIFICATE", "TLS_CERT_FILE"}},
		{"server.tls_key", "tls-key", []string{"PULSE_TLS_KEY", "TLS_KEY_FILE"}},
		{"server.log_level", "log-level", []string{"PULSE_LOG_LEVEL", "LOG_LEVEL"}},
		{"server.log_format", "log-format", []string{"PULSE_LOG_FORMAT", "LOG_FORMAT"}},
		{"plugins.dir", "plugins", []string{"PULSE_PLUGINS", "PULSE_PLUGINS_DIR"}},
		{"metrics.store", "metrics-store", []string{"PULSE_METRICS_STORE"}},
		{"metrics.influxdb.url", "influxdb-url", []string{"PULSE_INFLUXDB_URL"}},
		{"metrics.influxdb.org", "influxdb-org", []string{"PULSE_INFLUXDB_ORG"}},
		{"metrics.influxdb.bucket", "influxdb-bucket", []string{"PULSE_INFLUXDB_BUCKET"}},
		{"metrics.influxdb.token", "", []string{"PULSE_INFLUXDB_TOKEN"}},
	}
}

// lookup returns the value of a flag or environment variable and its name. An empty value counts as not given.
func (s Setting) lookup(flags map[string]string, getenv func(string) string) (value, name string, err error) {
	if v := flags[s.Flag]; v != "" && s.Flag != "" {
		return v, "flag --" + s.Flag, nil
	}
	for _, e := range s.Env {
		if v := getenv(e); v != "" {
			return v, "environment variable " + e, nil
		}
		if path := getenv(e + "_FILE"); path != "" && s.Flag == "" {
			text, err := os.ReadFile(path) //nolint:gosec // the operator names it
			return strings.TrimRight(string(text), "\r\n"), "environment variable " + e + "_FILE", err
		}
	}
	return "", "", nil
}

// override puts flags and environment over what the file says.
func (r *reader) override(flags map[string]string) {
	schemas, err := Schemas()
	if err != nil {
		r.diags.report(Range{}, "", "", "Invalid config struct", "%s", err)
		return
	}
	for _, s := range Settings() {
		text, name, err := s.lookup(flags, r.getenv)
		if name == "" {
			continue
		}
		block, key, _ := strings.Cut(s.Key, ".")
		at := Range{File: name}
		var value any
		if err == nil {
			value, err = parse(schemas[block].Field(key), text)
		}
		if err != nil {
			r.diags.report(at, s.Key, "", "Invalid value", "%s.", capital(err.Error()))
			continue
		}
		put(r.sections[block].values, key, value)
		for path := range r.origins {
			if strings.HasPrefix(path, s.Key+".") {
				delete(r.origins, path)
			}
		}
		r.origins[s.Key] = at
	}
}

// put sets the value at a path, making the blocks on the way.
func put(values map[string]any, path string, value any) {
	first, rest, nested := strings.Cut(path, ".")
	if !nested {
		values[first] = value
		return
	}
	inner, ok := values[first].(map[string]any)
	if !ok {
		inner = map[string]any{}
		values[first] = inner
	}
	put(inner, rest, value)
}

// parse reads the text of a flag or variable as the key's JSON value; lists are separated by commas.
func parse(f *schema.Field, text string) (any, error) {
	if f == nil {
		return nil, errors.New("there is no such key")
	}
	switch f.Type {
	case schema.Boolean:
		v, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			return nil, errors.New("expected true or false")
		}
		return v, nil
	case schema.Array:
		list := []any{}
		for _, part := range strings.Split(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return list, nil
	case schema.String:
		return text, nil
	}
	return nil, fmt.Errorf("a key of type %s has no flag", f.Type)
}
