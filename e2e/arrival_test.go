package e2e

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// agentToken is the value of a token that an agent in the field has; the reference knows its hash.
var agentToken = strings.Repeat("0123456789abcdef", 4)

func sha3Hash(value string) string {
	sum := sha3.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// referenceNodes, and what follows, is as the reference's export has it.
var (
	referenceNodes = map[string]any{
		"pveInstances": []any{
			map[string]any{
				"Name": "Lab", "Host": "https://192.0.2.10:8006", "User": "", "TokenName": "pulse@pam!pulse", "TokenValue": "token-of-lab", "VerifySSL": false,
				"Fingerprint": strings.Repeat("AB:", 31) + "AB", "MonitorVMs": true, "MonitorContainers": true, "MonitorStorage": true, "MonitorBackups": false,
				"MonitorPhysicalDisks": nil, "PhysicalDiskPollingMinutes": 0, "IsCluster": true, "ClusterName": "lab", "ClusterEndpoints": []any{map[string]any{"NodeID": "node/pve1", "Host": "https://pve1:8006"}},
				"TemperatureMonitoringEnabled": nil, "SSHPort": 0, "Source": "", "DisableCeph": false, "GuestURL": "",
			},
			map[string]any{"Name": "nobody", "Host": "https://192.0.2.11:8006"},
		},
		"pbsInstances": []any{
			map[string]any{"Name": "backup", "Host": "https://192.0.2.20:8007", "User": "pulse@pbs", "Password": "password-of-backup", "VerifySSL": true, "MonitorBackups": true, "MonitorDatastores": true, "ExcludeDatastores": []string{"scratch"}},
		},
		"pmgInstances": []any{},
	}
	referenceEmail = map[string]any{
		"enabled": true, "provider": "", "server": "mail.example.com", "port": 587, "username": "pulse", "password": "password-of-mail", "from": "pulse@example.com",
		"to": []string{"ops@example.com"}, "tls": false, "startTLS": true,
	}
	referenceHooks = []any{map[string]any{
		"id": "webhook-1", "name": "Ops room", "url": "https://chat.example.com/secret-path", "method": "POST", "headers": map[string]string{"X-Key": "secret-of-hook"}, "enabled": true, "service": "generic",
	}}
	referenceAlerts = map[string]any{
		"enabled": true, "activationState": "active", "guestDefaults": map[string]any{"cpu": map[string]any{"trigger": 77, "clear": 70}}, "overrides": map[string]any{"Lab:pve1:100": map[string]any{"disabled": true}},
	}
	referenceSystem = map[string]any{"pvePollingInterval": 30, "theme": "dark", "webhookAllowedPrivateCIDRs": "10.0.0.0/8", "frontendPort": 7655, "sshPort": 70000}
	referenceNotes  = map[string]any{"Lab:pve1:100": map[string]any{"id": "Lab:pve1:100", "customUrl": "https://db.example.com", "description": "", "tags": nil, "notes": []string{"the database"}}}
)

func referenceTokens() []any {
	return []any{
		map[string]any{"id": "5b0f0d0e-0000-4000-8000-000000000001", "name": "agents", "hash": sha3Hash(agentToken), "prefix": agentToken[:6], "suffix": agentToken[60:], "createdAt": "2026-01-02T03:04:05Z", "scopes": []string{"host-agent:report"}},
		map[string]any{"id": "5b0f0d0e-0000-4000-8000-000000000002", "name": "tenant", "hash": sha3Hash("x"), "createdAt": "2026-01-02T03:04:05Z", "scopes": []string{"*"}, "orgId": "acme"},
	}
}

// referenceBundle seals an export as the reference does.
func referenceBundle(t *testing.T, version string) string {
	t.Helper()
	content := map[string]any{
		"version": version, "exportedAt": "2026-01-02T03:04:05Z", "nodes": referenceNodes, "alerts": referenceAlerts, "email": referenceEmail, "webhooks": referenceHooks,
		"apprise": map[string]any{"enabled": false, "mode": "cli", "targets": []string{}}, "system": referenceSystem, "guestMetadata": referenceNotes,
	}
	if version == "4.1" {
		content["apiTokens"] = referenceTokens()
	}
	plain, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	salt := make([]byte, 32)
	key, err := pbkdf2.Key(sha256.New, passphrase, salt, 100_000, 32)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(append(salt, sealReference(t, key, plain)...))
}

// sealReference returns a nonce and what AES-GCM makes.
func sealReference(t *testing.T, key, plain []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, 12)
	return aead.Seal(nonce, nonce, plain, nil)
}

// pulse runs a command that must work and returns what it printed.
func pulse(t *testing.T, args ...string) string {
	t.Helper()
	code, out := once(t, "pulse", args...)
	if code != 0 {
		t.Fatalf("pulse %s: exit code %d:\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// arrived tells what of the reference's configuration is here.
func (s *server) arrived() {
	s.t.Helper()
	nodes := s.call("GET", "/api/config/nodes", nil)
	for path, want := range map[string]any{
		"0.type": "pve", "0.name": "Lab", "0.host": "https://192.0.2.10:8006", "0.tokenName": "pulse@pam!pulse", "0.hasToken": true, "0.monitorVMs": true,
		"1.type": "pbs", "1.name": "backup", "1.user": "pulse@pbs", "1.hasPassword": true, "1.verifySSL": true,
	} {
		if got := nodes.member(path); got != want {
			s.t.Errorf("node %s is %v, want %v: %v", path, got, want, nodes)
		}
	}
	for path, want := range map[string]any{
		"/api/notifications/email server": "mail.example.com", "/api/notifications/webhooks 0.name": "Ops room", "/api/notifications/webhooks 0.headers.X-Key": "***REDACTED***",
		"/api/alerts/config guestDefaults.cpu.trigger": 77.0, "/api/alerts/config overrides.Lab:pve1:100.disabled": true,
		"/api/system/settings theme": "dark", "/api/system/settings webhookAllowedPrivateCIDRs": "10.0.0.0/8", "/api/guests/metadata/Lab:pve1:100 notes.0": "the database",
	} {
		address, member, _ := strings.Cut(path, " ")
		if got := s.call("GET", address, nil); got.member(member) != want {
			s.t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if got, err := s.reported(agentToken, hostReport("in the field", 1)); err != nil || got.status != http.StatusOK {
		s.t.Errorf("an agent in the field: %v, %v", got, err)
	}
}

// A bundle of the reference brings nodes, channels, alerts, settings, notes and, from 4.1 on, tokens; what cannot come
// is told, by a dry run too.
func TestArriveByBundle(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.claim()
	dry := s.call("POST", "/api/config/import", map[string]any{"data": referenceBundle(t, "4.1"), "passphrase": passphrase, "dryRun": true})
	if dry.status != http.StatusOK || dry.member("origin") != "reference" || dry.member("version") != "4.1" {
		t.Fatalf("dry run: %v", dry)
	}
	for _, part := range []string{"Proxmox VE nobody", "Authentication credentials required", "token tenant", "setting frontendPort", "setting sshPort"} {
		if !strings.Contains(string(dry.body), part) {
			t.Errorf("the dry run does not tell of %q: %s", part, dry.body)
		}
	}
	if strings.Contains(string(dry.body), "token-of-lab") || strings.Contains(string(dry.body), "secret-path") {
		t.Error("the dry run tells a secret")
	}
	if got := s.members("nodes"); got != 0 {
		t.Error("the dry run changed something")
	}
	if got := s.call("POST", "/api/config/import", map[string]any{"data": `{"status":"success","data":"` + referenceBundle(t, "4.1") + `"}`, "passphrase": passphrase}); got.status != http.StatusOK {
		t.Fatalf("import: %v", got)
	}
	s.arrived()
	same := s.call("POST", "/api/config/import", map[string]any{"data": referenceBundle(t, "4.0"), "passphrase": passphrase, "dryRun": true})
	if same.status != http.StatusOK || same.member("changes.0.changed.0") != nil || same.member("changes.0.same") != 4.0 {
		t.Errorf("a second time it changes something: %v", same)
	}
}

// The reference's data directory brings the same and its user, whose password goes on to work.
func TestArriveByDirectory(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	key := []byte("0123456789abcdef0123456789abcdef")
	write := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	asJSON := func(v any) []byte {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("old password"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	write(".encryption.key", []byte(base64.StdEncoding.EncodeToString(key)))
	write("nodes.enc", sealReference(t, key, asJSON(referenceNodes)))
	write("email.enc", sealReference(t, key, asJSON(referenceEmail)))
	write("webhooks.enc", []byte(base64.StdEncoding.EncodeToString(sealReference(t, key, asJSON(referenceHooks)))))
	write("alerts.json", asJSON(referenceAlerts))
	write("system.json", asJSON(referenceSystem))
	write("guest_metadata.json", asJSON(referenceNotes))
	write("api_tokens.json", asJSON(referenceTokens()))
	write("apprise.enc", []byte("not sealed with this key, and long enough"))
	write("sessions.json", []byte("[]"))
	write("rbac_roles.json", []byte(`[{"id":"viewer","name":"Viewer","permissions":[],"isBuiltIn":true},{"id":"night","name":"Night shift","parentId":"viewer","permissions":[{"action":"write","resource":"alerts"}],"isBuiltIn":false}]`))
	write(".env", []byte("# made by quick setup\nPULSE_AUTH_USER='root'\nPULSE_AUTH_PASS='"+string(hash)+"'\n"))

	args := []string{"import-reference", dir, "--data", data, "--plugins", filepath.Join(bin, "plugins")}
	out := pulse(t, append(slices.Clone(args), "--dry-run")...)
	for _, part := range []string{"+ pve/lab", "+ root", "+ night", "! apprise.enc: it is damaged", "! sessions.json", "Nothing was changed"} {
		if !strings.Contains(out, part) {
			t.Errorf("the dry run does not tell %q:\n%s", part, out)
		}
	}
	pulse(t, args...)

	s := startServerIn(t, data)
	login := func(password string) int {
		return s.callAs("", "POST", "/api/login", map[string]any{"username": "root", "password": password}).status
	}
	if got := login("another password"); got != http.StatusUnauthorized {
		t.Errorf("a wrong password: %d", got)
	}
	if got := login("old password"); got != http.StatusOK {
		t.Fatalf("the old password: %d", got)
	}
	s.token = ""
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("root:old password"))
	made := s.call("POST", "/api/security/tokens", map[string]any{"scopes": []string{"*"}}, "Authorization", basic)
	s.token, _ = made.member("token").(string)
	s.arrived()
	if got := s.call("GET", "/api/admin/roles/night", nil); got.member("name") != "Night shift" || got.member("parentId") != "viewer" || got.member("permissions.0.resource") != "alerts" {
		t.Errorf("a role: %v", got)
	}
	s.kill()
	s.start()
	if got := login("old password"); got != http.StatusOK {
		t.Errorf("the password, hashed anew: %d", got)
	}
}
