package influx

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// The layout in InfluxDB: a metric is a measurement, the tags are record (the uid) and instance (absent without one). Raw
// samples have the field value; rollups have min, max, sum and count at the start of their bucket. Times are milliseconds.
const (
	tagRecord   = "record"
	tagInstance = "instance"
	fieldValue  = "value"
)

// fields are those of rollups.
var fields = [...]string{"min", "max", "sum", "count"}

// lineWriter writes line protocol.
type lineWriter struct{ buf []byte }

func (w *lineWriter) key(k metric.Key) {
	w.buf = append(w.buf, escape(encode(k.Metric), ", ")...)
	w.buf = append(w.buf, ","+tagRecord+"="...)
	w.buf = append(w.buf, escape(encode(string(k.Record)), ",= ")...)
	if k.Instance != "" {
		w.buf = append(w.buf, ","+tagInstance+"="...)
		w.buf = append(w.buf, escape(encode(k.Instance), ",= ")...)
	}
}

func (w *lineWriter) end(at int64) {
	w.buf = append(w.buf, ' ')
	w.buf = strconv.AppendInt(w.buf, at, 10)
	w.buf = append(w.buf, '\n')
}

func (w *lineWriter) sample(k metric.Key, at int64, value float64) {
	w.key(k)
	w.buf = append(w.buf, " "+fieldValue+"="...)
	w.buf = strconv.AppendFloat(w.buf, value, 'g', -1, 64)
	w.end(at)
}

func (w *lineWriter) bucket(k metric.Key, b metric.Bucket) {
	w.key(k)
	for i, v := range [...]float64{b.Min, b.Max, b.Sum} {
		w.buf = append(w.buf, " ,"[min(i, 1)])
		w.buf = append(append(w.buf, fields[i]...), '=')
		w.buf = strconv.AppendFloat(w.buf, v, 'g', -1, 64)
	}
	w.buf = append(append(w.buf, ','), fields[3]...)
	w.buf = append(w.buf, '=')
	w.buf = append(strconv.AppendUint(w.buf, uint64(b.Count), 10), 'i')
	w.end(b.At)
}

// encode makes a name that needs no quoting in Flux and InfluxQL: what could end a text there, or a line, is
// percent-encoded.
func encode(name string) string {
	if !strings.ContainsFunc(name, special) {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c < 0x80 && special(rune(c)) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func special(r rune) bool { return r < 0x20 || r == 0x7f || strings.ContainsRune(`%\#$"'`+"`", r) }

// decode is the inverse of encode.
func decode(name string) string {
	if text, err := url.PathUnescape(name); err == nil {
		return text
	}
	return name
}

// escape puts a backslash before each of the characters.
func escape(text, chars string) string {
	if !strings.ContainsAny(text, chars) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(chars, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// tierDelete marks an entry of the spool that deletes records.
const tierDelete = 255

func deletion(records []id.UID) entry {
	body, _ := json.Marshal(records) // a list of texts
	return entry{tier: tierDelete, lines: 1, body: body}
}
