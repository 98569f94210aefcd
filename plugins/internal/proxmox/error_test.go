package proxmox

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/sdk"
)

func answerOf(status int, reason, body string) *http.Response {
	return &http.Response{StatusCode: status, Status: reason, Body: io.NopCloser(strings.NewReader(body))}
}

func TestFailuresKeepTheirMeaning(t *testing.T) {
	tests := []struct {
		name    string
		product Product
		status  int
		line    string
		body    string
		kind    Kind
		said    string
		crosses sdk.ErrorKind
	}{
		{"no ticket", VirtualEnvironment, 401, "401 No ticket", "", KindAuth, "No ticket", sdk.KindAuth},
		{"right in the reason", VirtualEnvironment, 403, "403 Permission check failed (/nodes/node3, Sys.Modify)", `{"data":null}`, KindForbidden, "", sdk.KindPermission},
		{"right in the body", VirtualEnvironment, 403, "403 Forbidden", `{"data":null,"message":"Permission check failed (/nodes/node3, Sys.Modify)\n"}`, KindForbidden, "", sdk.KindPermission},
		{"one of several rights", VirtualEnvironment, 403, "403 Permission check failed (/, Sys.Audit|Datastore.Audit)", "", KindForbidden, "", sdk.KindPermission},
		{"no such call", VirtualEnvironment, 501, "501 Method 'GET /cluster/metrics/export' not implemented", "", KindUnsupported, "", sdk.KindUnsupported},
		{"no such call of the backup server", Backup, 404, "404 Not Found", "Path '/api2/json/x' not found.", KindUnsupported, "Path '/api2/json/x' not found.", sdk.KindUnsupported},
		{"something else at the port", VirtualEnvironment, 404, "404 Not Found", "<html>", KindForeign, "", sdk.KindUpstream},
		{"node away", VirtualEnvironment, 595, "595 No route to host", "", KindNodeUnreachable, "", sdk.KindUnreachable},
		{"node silent", VirtualEnvironment, 596, "596 Connection timed out", "", KindNodeTimeout, "", sdk.KindUnreachable},
		{"node away, without words", VirtualEnvironment, 595, "595 ", "", KindNodeUnreachable, "", sdk.KindUnreachable},
		{"agent off", VirtualEnvironment, 500, "500 No QEMU guest agent configured", `{"data":null}`, KindAgentOff, "", sdk.KindUpstream},
		{"agent silent, by the body", VirtualEnvironment, 500, "500 Internal Server Error", `{"data":null,"message":"QEMU guest agent is not running\n"}`, KindAgentSilent, "QEMU guest agent is not running", sdk.KindUpstream},
		{"agent hangs", VirtualEnvironment, 500, "500 VM 101 qmp command 'guest-ping' failed - got timeout", "", KindAgentSilent, "", sdk.KindUpstream},
		{"guest off", VirtualEnvironment, 500, "500 VM 101 is not running", "", KindGuestStopped, "", sdk.KindUpstream},
		{"guest moved", VirtualEnvironment, 500, "500 Configuration file 'nodes/n/qemu-server/101.conf' does not exist", "", KindGuestGone, "", sdk.KindUpstream},
		{"no Ceph", VirtualEnvironment, 500, "500 binary not installed: /usr/bin/ceph-mon", "", KindCephAbsent, "", sdk.KindUpstream},
		{"slow storage", VirtualEnvironment, 500, "500 got timeout", "", KindBusy, "", sdk.KindUpstream},
		{"parameter", VirtualEnvironment, 400, "400 Parameter verification failed.", `{"data":null,"errors":{"timeframe":"value 'x' does not have a value in the enumeration"}}`, KindInvalid, "", sdk.KindUpstream},
		{"plain text of the backup server", Backup, 400, "400 Bad Request", "datastore 'x' does not exist", KindInvalid, "datastore 'x' does not exist", sdk.KindUpstream},
		{"rights of the backup server", Backup, 403, "403 Forbidden", "permission check failed", KindForbidden, "", sdk.KindPermission},
		{"proxy in front", VirtualEnvironment, 502, "502 Bad Gateway", "<html><h1>nginx</h1>", KindOther, "", sdk.KindUpstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := failure(tt.product, answerOf(tt.status, tt.line, tt.body))
			err.Endpoint, err.Call = "pve1:8006", "/x"
			if err.Kind != tt.kind || sdk.KindOf(err) != tt.crosses {
				t.Errorf("kind %s, crosses as %s; want %s, %s (%v)", err.Kind, sdk.KindOf(err), tt.kind, tt.crosses, err)
			}
			if tt.said != "" && err.Message != tt.said {
				t.Errorf("says %q, want %q", err.Message, tt.said)
			}
			var crossing *sdk.Error
			if !errors.As(err, &crossing) || crossing.Message == "" || strings.Contains(crossing.Message, "<") {
				t.Errorf("for users: %+v", crossing)
			}
		})
	}
}

func TestAMissingRightIsNamed(t *testing.T) {
	err := failure(VirtualEnvironment, answerOf(403, "403 Permission check failed (/nodes/node3, Sys.Modify)", ""))
	if err.Path != "/nodes/node3" || err.Privilege != "Sys.Modify" {
		t.Errorf("path %q, privilege %q", err.Path, err.Privilege)
	}
	var crossing *sdk.Error
	if !errors.As(err, &crossing) || !strings.Contains(crossing.Message, "Sys.Modify on /nodes/node3") {
		t.Errorf("for users: %v", crossing)
	}
}

func TestWhatAServerSaysIsCutToALine(t *testing.T) {
	err := failure(Backup, answerOf(400, "400 Bad Request", "a\r\n\x1b[31mb\n"+strings.Repeat("ü", 4000)))
	if len(err.Message) > maxErrorText+4 || strings.ContainsAny(err.Message, "\r\n\x1b") || !strings.HasPrefix(err.Message, "a [31mb") {
		t.Errorf("%d bytes: %q", len(err.Message), err.Message)
	}
}

func FuzzFailure(f *testing.F) {
	f.Add(403, "403 Permission check failed (/, Sys.Audit)", []byte(`{"message":"x"}`))
	f.Add(500, "500 ", []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, line string, body []byte) {
		err := failure(VirtualEnvironment, answerOf(status, line, string(body)))
		if err.Kind == "" || len(err.Message) > maxErrorText+4 || strings.ContainsAny(err.Message, "\n\x00") {
			t.Fatalf("%+v", err)
		}
	})
}
