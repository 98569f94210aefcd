package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
)

// The codes of an [Error]; they are words of the wire.
const (
	CodeInvalidJSON   = "invalid_json"
	CodeInvalidReport = "invalid_report"
)

// Error says why a body is no report. Message is fit for the sender and repeats no value of the body.
type Error struct {
	Code    string
	Field   string
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Decode reads the first JSON value of body as a report. Unknown members are ignored and absent ones stay zero. The error
// is an [*Error]: invalid_json for what is no JSON, too large or has a member of a wrong type, invalid_report
// for a report without a host name. What it returns holds valid UTF-8 and finite numbers only.
func Decode(body []byte) (*Report, error) {
	if len(body) > MaxBody {
		return nil, &Error{Code: CodeInvalidJSON, Message: "The report is larger than 256 KiB."}
	}
	r, plain := decodePlain(body)
	if !plain {
		var err error
		if r, err = decodeAny(body); err != nil {
			return nil, explain(err)
		}
	}
	r.Host.Hostname = strings.TrimSpace(r.Host.Hostname)
	if r.Host.Hostname == "" {
		return nil, &Error{Code: CodeInvalidReport, Field: "host.hostname", Message: "The report names no host: host.hostname is missing or blank."}
	}
	r.finite()
	return r, nil
}

// decodeAny reads a report with encoding/json: it refuses nesting over 10,000 levels by itself.
func decodeAny(body []byte) (*Report, error) {
	var r Report
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&r)
	return &r, err
}

// explain turns the decoder's errors into words that hold nothing of the body.
func explain(err error) *Error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return &Error{Code: CodeInvalidJSON, Message: "The report is not a JSON object."}
	case errors.As(err, &wrongType):
		return &Error{Code: CodeInvalidJSON, Field: wrongType.Field, Message: "The member " + wrongType.Field + " has a wrong type or is out of range."}
	case errors.Is(err, io.EOF):
		return &Error{Code: CodeInvalidJSON, Message: "The report is empty."}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Code: CodeInvalidJSON, Message: "The report ends in the middle."}
	}
	return &Error{Code: CodeInvalidJSON, Message: "The report is not valid JSON."}
}

// finite replaces what is not a number by what means "not there". JSON itself has no such numbers; a report made in the
// program may.
func (r *Report) finite() {
	if p := r.Metrics.CPUUsagePercent; p != nil && !isFinite(*p) {
		r.Metrics.CPUUsagePercent = nil
	}
	zero(&r.Metrics.Memory.Usage)
	for i := range r.Host.LoadAverage {
		zero(&r.Host.LoadAverage[i])
	}
	for i := range r.Disks {
		zero(&r.Disks[i].Usage)
	}
	for i := range r.RAID {
		zero(&r.RAID[i].RebuildPercent)
	}
	for _, m := range []map[string]float64{r.Sensors.TemperatureCelsius, r.Sensors.FanRPM, r.Sensors.PowerWatts, r.Sensors.Additional} {
		for name, v := range m {
			if !isFinite(v) {
				delete(m, name)
			}
		}
	}
}

func zero(v *float64) {
	if !isFinite(*v) {
		*v = 0
	}
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Encode writes the report as the bytes of a request. Numbers that are not finite are taken out first.
func (r *Report) Encode() ([]byte, error) {
	r.finite()
	return json.Marshal(r)
}
