package live

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"

	"github.com/pulse-platform/pulse/core/inventory"
	"github.com/pulse-platform/pulse/sdk"
)

const (
	usualDigits = 4       // of measured values whose metric says nothing
	maxCell     = 4 << 10 // bytes of a cell; more belongs into documents
)

// rounding says how much of a number is worth sending. Its zero value sends all.
type rounding struct {
	digits  int // significant ones
	places  int // after the point, at most; 0 is no bound
	minutes bool
}

// roundingOf is what the catalogue says of a column's values.
func roundingOf(c *inventory.Catalog, kind, metric string, format sdk.Format) rounding {
	var r rounding
	if m, ok := c.Metric(kind, metric); ok && metric != "" {
		r.digits = usualDigits
		if m.Precision > 0 {
			r.digits = min(int(math.Ceil(float64(m.Precision)*math.Log10(2))), 15)
		}
	}
	switch format {
	case sdk.FormatPercent:
		return rounding{digits: cmp.Or(r.digits, usualDigits), places: 1}
	case sdk.FormatRatio:
		return rounding{digits: cmp.Or(r.digits, usualDigits), places: 3}
	case sdk.FormatBytes, sdk.FormatRate, sdk.FormatCelsius, sdk.FormatWatt:
		r.digits = cmp.Or(r.digits, usualDigits)
	case sdk.FormatDuration:
		return rounding{minutes: true}
	case sdk.FormatTime, sdk.FormatText, sdk.FormatBool, sdk.FormatList:
		return rounding{}
	}
	return r
}

// number returns the shortest JSON of v rounded.
func (r rounding) number(v float64) string {
	if r.minutes && math.Abs(v) >= 3600 {
		v = math.Trunc(v/60) * 60
	}
	if r.places > 0 {
		scale := math.Pow10(r.places)
		if scaled := math.Round(v * scale); !math.IsInf(scaled, 0) {
			v = scaled / scale
		}
	}
	if v == 0 {
		return "0"
	}
	if r.digits == 0 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	short := strconv.FormatFloat(v, 'g', r.digits, 64)
	if back, err := strconv.ParseFloat(short, 64); err == nil {
		if plain := strconv.FormatFloat(back, 'f', -1, 64); len(plain) <= len(short) {
			return plain
		}
	}
	return short
}

// cellText returns the JSON of a cell, "" for null, for what is not JSON and for what is too long.
func (r rounding) cellText(raw []byte) string {
	if len(raw) == 0 || len(raw) > maxCell || raw[0] == 'n' || !json.Valid(raw) {
		return ""
	}
	if (r == rounding{}) || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return string(raw)
	}
	v, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return ""
	}
	return r.number(v)
}
