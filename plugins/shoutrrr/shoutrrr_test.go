package shoutrrr_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/plugins/shoutrrr"
	"github.com/pulse-platform/pulse/sdk"
	"github.com/pulse-platform/pulse/sdk/sdktest"
)

func TestAServiceIsReachedByItsURL(t *testing.T) {
	var body string
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		body = string(raw)
		w.WriteHeader(status)
	}))
	defer s.Close()
	address := "generic://" + strings.TrimPrefix(s.URL, "http://") + "/secret-path?disabletls=yes&template=json"
	n, err := shoutrrr.New(shoutrrr.Config{URLs: []sdk.Secret{sdk.Secret(address)}}, sdk.Deps{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	m := sdk.Message{Title: "Critical: box", Text: "CPU of \"bøx\" is high", URL: "https://pulse.example.com"}
	receipts, err := n.Send(t.Context(), m, nil)
	if err != nil || len(receipts) != 1 || !receipts[0].OK {
		t.Fatalf("%+v %v", receipts, err)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(body), &got); err != nil || got["title"] != m.Title || !strings.Contains(got["message"], m.Text) {
		t.Fatalf("%s %v", body, err)
	}
	status = http.StatusInternalServerError
	receipts, err = n.Send(t.Context(), m, nil)
	if err != nil || receipts[0].OK || receipts[0].Permanent || strings.Contains(receipts[0].Excerpt, "secret-path") {
		t.Fatalf("%+v %v", receipts, err)
	}
}

func TestConfigurations(t *testing.T) {
	for text, valid := range map[string]bool{
		`{"urls":["generic://example.com/x"]}`: true, `{"urls":[]}`: false, `{"urls":["nonsense"]}`: false, `{"urls":["carrierpigeon://top-secret@coop"]}`: false,
	} {
		diags := shoutrrr.Plugin().Validate(t.Context(), json.RawMessage(text))
		if (len(diags) == 0) != valid {
			t.Errorf("%s: %v", text, diags)
		}
		for _, d := range diags {
			if strings.Contains(d.Detail, "top-secret") {
				t.Errorf("%s shows a secret", d.Detail)
			}
		}
	}
}

func TestConformance(t *testing.T) {
	sdktest.Conformance(t, shoutrrr.Plugin(), sdktest.Options{Config: `{"urls":["generic://127.0.0.1:1/x?disabletls=yes"]}`})
}
