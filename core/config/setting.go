package config

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/pulse-platform/pulse/sdk/schema"
)

// Setting ties a key of the file to the flag and the environment variables that mirror it. A flag wins over the
// environment, the environment over the file, and the file over the default.
type Setting struct {
	// Key is the path in the file: "server.listen".
	Key string
	// Flag is the name without dashes: "listen". Secrets have none, as others on the machine may see flags.
	Flag string
	// Env are the variables; the first that is set counts.
	Env []string
	// Secret tells that a variable may have _FILE behind its name and then names a file that holds the value.
	Secret bool
	// File tells that the variables always name such a file.
	File bool
	// Words tells that blanks part a list too, as the reference has it.
	Words bool
}

// Settings is the table of mirrored keys. Beside our own PULSE_ names it has those of the reference.
func Settings() []Setting {
	own := []Setting{
		{Key: "server.listen", Flag: "listen", Env: []string{"PULSE_LISTEN"}},
		{Key: "server.data", Flag: "data", Env: []string{"PULSE_DATA", "PULSE_DATA_DIR"}},
		{Key: "server.base_url", Flag: "base-url", Env: []string{"PULSE_BASE_URL", "PULSE_PUBLIC_URL"}},
		{Key: "server.trusted_proxies", Flag: "trusted-proxies", Env: []string{"PULSE_TRUSTED_PROXIES", "PULSE_TRUSTED_PROXY_CIDRS"}},
		{Key: "server.allowed_origins", Flag: "allowed-origins", Env: []string{"PULSE_ALLOWED_ORIGINS", "ALLOWED_ORIGINS"}},
		{Key: "server.allow_embedding", Flag: "allow-embedding", Env: []string{"PULSE_ALLOW_EMBEDDING"}},
		{Key: "server.embed_origins", Flag: "embed-origins", Env: []string{"PULSE_EMBED_ORIGINS"}},
		{Key: "server.tls_certificate", Flag: "tls-certificate", Env: []string{"PULSE_TLS_CERTIFICATE", "TLS_CERT_FILE"}},
		{Key: "server.tls_key", Flag: "tls-key", Env: []string{"PULSE_TLS_KEY", "TLS_KEY_FILE"}},
		{Key: "server.log_level", Flag: "log-level", Env: []string{"PULSE_LOG_LEVEL", "LOG_LEVEL"}},
		{Key: "server.log_format", Flag: "log-format", Env: []string{"PULSE_LOG_FORMAT", "LOG_FORMAT"}},
		{Key: "plugins.dir", Flag: "plugins", Env: []string{"PULSE_PLUGINS", "PULSE_PLUGINS_DIR"}},
		{Key: "metrics.store", Flag: "metrics-store", Env: []string{"PULSE_METRICS_STORE"}},
		{Key: "metrics.influxdb.url", Flag: "influxdb-url", Env: []string{"PULSE_INFLUXDB_URL"}},
		{Key: "metrics.influxdb.org", Flag: "influxdb-org", Env: []string{"PULSE_INFLUXDB_ORG"}},
		{Key: "metrics.influxdb.bucket", Flag: "influxdb-bucket", Env: []string{"PULSE_INFLUXDB_BUCKET"}},
		{Key: "metrics.influxdb.token", Env: []string{"PULSE_INFLUXDB_TOKEN"}, Secret: true},
	}
	return append(own, signOnSettings()...)
}

// signOnSettings are the keys about logins elsewhere, which people set in the environment of a container.
func signOnSettings() []Setting {
	named := func(key, name string) Setting { return Setting{Key: key, Env: []string{"PULSE_" + name, name}} }
	words := func(key, name string) Setting { s := named(key, name); s.Words = true; return s }
	secret := func(key, name string) Setting { s := named(key, name); s.Secret = true; return s }
	return []Setting{
		named("oidc.enabled", "OIDC_ENABLED"), named("oidc.issuer_url", "OIDC_ISSUER_URL"), named("oidc.client_id", "OIDC_CLIENT_ID"),
		secret("oidc.client_secret", "OIDC_CLIENT_SECRET"), named("oidc.redirect_url", "OIDC_REDIRECT_URL"), named("oidc.logout_url", "OIDC_LOGOUT_URL"),
		words("oidc.scopes", "OIDC_SCOPES"), named("oidc.username_claim", "OIDC_USERNAME_CLAIM"), named("oidc.email_claim", "OIDC_EMAIL_CLAIM"),
		named("oidc.groups_claim", "OIDC_GROUPS_CLAIM"), words("oidc.allowed_groups", "OIDC_ALLOWED_GROUPS"),
		words("oidc.allowed_domains", "OIDC_ALLOWED_DOMAINS"), words("oidc.allowed_emails", "OIDC_ALLOWED_EMAILS"),
		named("oidc.group_roles", "OIDC_GROUP_ROLE_MAPPINGS"),
		{Key: "oidc.ca_bundle", Env: []string{"PULSE_OIDC_CA_BUNDLE", "OIDC_CA_BUNDLE"}, File: true},
		{Key: "oidc.allow_loopback", Env: []string{"PULSE_OIDC_ALLOW_LOOPBACK"}},
		secret("proxy_auth.secret", "PROXY_AUTH_SECRET"), named("proxy_auth.user_header", "PROXY_AUTH_USER_HEADER"),
		named("proxy_auth.role_header", "PROXY_AUTH_ROLE_HEADER"), named("proxy_auth.role_separator", "PROXY_AUTH_ROLE_SEPARATOR"),
		named("proxy_auth.admin_role", "PROXY_AUTH_ADMIN_ROLE"), named("proxy_auth.logout_url", "PROXY_AUTH_LOGOUT_URL"),
	}
}

// lookup returns the value of a flag or environment variable and its name. An empty value counts as not given.
func (s Setting) lookup(flags map[string]string, getenv func(string) string) (value, name string, err error) {
	if v := flags[s.Flag]; v != "" && s.Flag != "" {
		return v, "flag --" + s.Flag, nil
	}
	for _, e := range s.Env {
		v, path := getenv(e), ""
		if s.File {
			v, path = "", v
		}
		if v != "" {
			return v, "environment variable " + e, nil
		}
		if s.Secret {
			e += "_FILE"
			path = getenv(e)
		}
		if path != "" {
			text, err := os.ReadFile(path) //nolint:gosec // the operator names it
			return strings.TrimRight(string(text), "\r\n"), "environment variable " + e, err
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
			value, err = s.parse(schemas[block].Field(key), text)
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

// parse reads the text of a flag or variable as the key's JSON value; lists are separated by commas, and maps are lists of
// key=value.
func (s Setting) parse(f *schema.Field, text string) (any, error) {
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
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || s.Words && unicode.IsSpace(r) }) {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return list, nil
	case schema.Map:
		all := map[string]any{}
		for _, part := range strings.Split(text, ",") {
			key, value, found := strings.Cut(part, "=")
			if key, value = strings.TrimSpace(key), strings.TrimSpace(value); found && key != "" && value != "" {
				all[key] = value
			} else if strings.TrimSpace(part) != "" {
				return nil, fmt.Errorf("expected key=value, not %q", part)
			}
		}
		return all, nil
	case schema.String:
		return text, nil
	}
	return nil, fmt.Errorf("a key of type %s has no flag", f.Type)
}
