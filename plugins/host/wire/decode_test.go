package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"
)

const minimal = `{"host":{"hostname":"nas1"}}`

func TestDecodeIsLenient(t *testing.T) {
	tests := map[string]struct {
		body string
		host string
	}{
		"minimal":         {minimal, "nas1"},
		"blanks around":   {`{"host":{"hostname":"  nas1\t"}}`, "nas1"},
		"unknown members": {`{"x":{"y":[1,2]},"host":{"hostname":"nas1","z":null}}`, "nas1"},
		"nulls":           {`{"host":{"hostname":"nas1"},"disks":null,"sensors":null,"ceph":null,"agent":null,"tags":null}`, "nas1"},
		"second value":    {minimal + ` garbage`, "nas1"},
		"no UTF-8":        {"{\"host\":{\"hostname\":\"n\xe9s\"}}", "n\uFFFDs"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Decode([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if got.Host.Hostname != tt.host {
				t.Errorf("host name %q, want %q", got.Host.Hostname, tt.host)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := map[string]struct {
		body  string
		code  string
		field string
	}{
		"empty":         {"", CodeInvalidJSON, ""},
		"text":          {"hello", CodeInvalidJSON, ""},
		"array":         {"[]", CodeInvalidJSON, ""},
		"null":          {"null", CodeInvalidReport, "host.hostname"},
		"truncated":     {minimal[:12], CodeInvalidJSON, ""},
		"no host name":  {`{"host":{}}`, CodeInvalidReport, "host.hostname"},
		"blank":         {`{"host":{"hostname":" \n"}}`, CodeInvalidReport, "host.hostname"},
		"number":        {`{"host":{"hostname":7}}`, CodeInvalidJSON, "host.hostname"},
		"wrong count":   {`{"host":{"hostname":"a","cpuCount":"four"}}`, CodeInvalidJSON, "host.cpuCount"},
		"out of range":  {`{"host":{"hostname":"a","cpuCount":1e999}}`, CodeInvalidJSON, "host.cpuCount"},
		"infinite":      {`{"host":{"hostname":"a"},"metrics":{"cpuUsagePercent":1e999}}`, CodeInvalidJSON, "metrics.cpuUsagePercent"},
		"NaN":           {`{"host":{"hostname":"a"},"metrics":{"cpuUsagePercent":NaN}}`, CodeInvalidJSON, ""},
		"negative":      {`{"host":{"hostname":"a"},"network":[{"name":"x","rxBytes":-1}]}`, CodeInvalidJSON, "network.rxBytes"},
		"control":       {"{\"host\":{\"hostname\":\"a\x00b\"}}", CodeInvalidJSON, ""},
		"deeply nested": {`{"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, CodeInvalidJSON, ""},
		"huge":          {`{"x":"` + strings.Repeat("x", MaxBody) + `"}`, CodeInvalidJSON, ""},
		"wrong time":    {`{"host":{"hostname":"a"},"timestamp":"yesterday"}`, CodeInvalidJSON, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(tt.body))
			var got *Error
			if !errors.As(err, &got) || got.Code != tt.code || got.Field != tt.field {
				t.Errorf("got %#v, want code %s and field %q", err, tt.code, tt.field)
			}
		})
	}
}

func TestEncodeTakesOutWhatIsNoNumber(t *testing.T) {
	nan := math.NaN()
	r := Report{Host: Host{Hostname: "a", LoadAverage: []float64{math.Inf(1)}}, Metrics: Metrics{CPUUsagePercent: &nan},
		Sensors: Sensors{TemperatureCelsius: map[string]float64{"x": nan, "y": 1}}}
	body, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	if got.Metrics.CPUUsagePercent != nil || len(got.Sensors.TemperatureCelsius) != 1 || got.Host.LoadAverage[0] != 0 {
		t.Errorf("got %+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{minimal, "", "[]", `{"host":{"hostname":"a","loadAverage":[1e308,-1]},"disks":[{}],"sensors":{"smart":[{"attributes":{}}]}}`,
		`{"host":{"hostname":"\ud800"},"raid":[{"devices":[{}]}],"ceph":{"health":{"checks":{"a":{}}}},"timestamp":"2026-02-22T12:01:38Z"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Decode(body)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Code == "" || e.Message == "" {
				t.Fatalf("an error without code or message: %v", err)
			}
			return
		}
		if r.Host.Hostname == "" || !utf8.ValidString(r.Host.Hostname) {
			t.Fatalf("host name %q", r.Host.Hostname)
		}
		again, err := r.Encode()
		if err != nil {
			t.Fatalf("a decoded report does not encode: %v", err)
		}
		if !json.Valid(again) || bytes.Contains(again, []byte("NaN")) {
			t.Fatalf("encoded as %s", again)
		}
	})
}
