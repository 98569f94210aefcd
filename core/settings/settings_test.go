package settings

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/compat"
	"github.com/pulse-platform/pulse/core/errs"
)

// memory is a store that survives the service.
type memory struct {
	text []byte
	err  error
}

func (m *memory) Get(_ context.Context, _ string, into any) (bool, error) {
	if m.text == nil {
		return false, nil
	}
	return true, json.Unmarshal(m.text, into)
}

func (m *memory) Set(_ context.Context, _ string, value any) (err error) {
	if m.err != nil {
		return m.err
	}
	m.text, err = json.Marshal(value)
	return err
}

func open(t *testing.T, m *memory, changed func(Values)) *Service {
	t.Helper()
	s, err := Open(t.Context(), m, changed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSettingsAreKeptAndTold(t *testing.T) {
	m, told := &memory{}, []bool{}
	s := open(t, m, func(v Values) { told = append(told, v.Bool("temperatureMonitoringEnabled")) })
	if d := s.Document(nil); d["pvePollingInterval"] != 10 || d["temperatureMonitoringEnabled"] != true || d["theme"] != nil {
		t.Errorf("%v", d)
	}
	body := `{"theme":"dark","temperatureMonitoringEnabled":false,"backupPollingInterval":0,"frontendPort":1,"unknown":[],"discoveryConfig":{"maxHostsPerScan":10}}`
	if err := s.Update(t.Context(), []byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), []byte(`{"theme":"","publicURL":"https://pulse.example"}`)); err != nil {
		t.Fatal(err)
	}
	d := open(t, m, nil).Document(Values{"frontendPort": 7655})
	scan, _ := d["discoveryConfig"].(map[string]any)
	if d["theme"] != "dark" || d["temperatureMonitoringEnabled"] != false || d["frontendPort"] != 7655 || d["unknown"] != nil ||
		scan["max_hosts_per_scan"] != 10.0 || scan["scan_gateways"] != true || d["publicURL"] != "https://pulse.example" {
		t.Errorf("after a restart: %v", d)
	}
	if len(told) != 3 || !told[0] || told[2] {
		t.Errorf("told %v", told)
	}
}

// The document holds defaults as the table has them, stored numbers as JSON has them, and those of the configuration file.
func TestNumbersAreReadFromWhereverTheyStand(t *testing.T) {
	s := open(t, &memory{}, nil)
	name := compat.SettingAuditRetention
	if n := s.Document(nil).Int(name); n != 90 {
		t.Errorf("the default is %d", n)
	}
	if n := (Values{}).Int(name); n != 90 {
		t.Errorf("the default of what is not stored is %d", n)
	}
	if n := s.Document(Values{name: int64(7)}).Int(name); n != 7 {
		t.Errorf("the configuration file says %d", n)
	}
	if err := s.Update(t.Context(), []byte(`{"`+name+`":30}`)); err != nil {
		t.Fatal(err)
	}
	if n := s.Document(nil).Int(name); n != 30 {
		t.Errorf("stored is %d", n)
	}
}

func TestWhatIsWrongChangesNothingAndIsNamed(t *testing.T) {
	m := &memory{}
	s := open(t, m, nil)
	for body, field := range map[string]string{
		`{"fullWidthMode":true,"theme":"pink"}`: "theme", `{"pvePollingInterval":9}`: "pvePollingInterval", `{"pvePollingInterval":10.5}`: "pvePollingInterval",
		`{"autoUpdateEnabled":1}`: "autoUpdateEnabled", `{"theme":null}`: "theme", `{"webhookAllowedPrivateCIDRs":"10.0.0.0/8, x"}`: "webhookAllowedPrivateCIDRs",
		`{"discoveryConfig":{"max_concurrent":0}}`: "discoveryConfig", `{"discoveryConfig":[]}`: "discoveryConfig", `{"publicURL":"javascript:1"}`: "publicURL",
		`{"allowedEmbedOrigins":"` + strings.Repeat("x", maxText+1) + `"}`: "allowedEmbedOrigins", `[]`: "", `null`: "", `{`: "",
	} {
		err := s.Update(t.Context(), []byte(body))
		var e *errs.Error
		if !errors.As(err, &e) || e.Code != errs.Invalid || e.Field != field || m.text != nil {
			t.Errorf("%.60s: %v (field %q), stored %s", body, err, field, m.text)
		}
	}
	m.err = errors.New("the disk is full")
	if err := s.Update(t.Context(), []byte(`{"fullWidthMode":true}`)); err == nil || s.Document(nil)["fullWidthMode"] != false {
		t.Errorf("%v", err)
	}
}

func FuzzUpdate(f *testing.F) {
	f.Add([]byte(`{"theme":"dark","discoveryConfig":{"subnetAllowlist":["10.0.0.0/8"]}}`))
	f.Add([]byte(`{"pvePollingInterval":1e99}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m := &memory{}
		s := open(t, m, nil)
		if err := s.Update(t.Context(), body); err == nil && !json.Valid(m.text) {
			t.Fatalf("%q is stored as %q", body, m.text)
		}
	})
}
