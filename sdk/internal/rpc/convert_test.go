package rpc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// filler sets every field of a noun to a value of its own.
type filler struct{ n int64 }

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(f.n, f.n).UTC()))
		return
	case time.Duration:
		v.Set(reflect.ValueOf(time.Duration(f.n) * time.Millisecond))
		return
	case json.RawMessage:
		v.SetBytes(fmt.Appendf(nil, `{"n":%d}`, f.n))
		return
	case []byte:
		v.SetBytes(fmt.Appendf(nil, "%d", f.n))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("word%d", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(f.n)
	case reflect.Float64:
		v.SetFloat(float64(f.n) + 0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Map:
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(k)
		f.fill(e)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(k, e)
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	default:
		panic(fmt.Sprintf("a noun holds a %s: teach the filler", v.Type()))
	}
}

// census counts which fields of which messages were ever carried.
type census map[protoreflect.FullName]map[protoreflect.Name]bool

func (c census) visit(m protoreflect.Message) {
	d := m.Descriptor()
	if c[d.FullName()] == nil {
		c[d.FullName()] = map[protoreflect.Name]bool{}
		for i := range d.Fields().Len() {
			c[d.FullName()][d.Fields().Get(i).Name()] = false
		}
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		c[d.FullName()][f.Name()] = true
		switch {
		case f.IsMap() || f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				c.visit(v.List().Get(i).Message())
			}
		default:
			c.visit(v.Message())
		}
		return true
	})
}

// there sends a filled noun to the wire and back.
func there[N any, M any, P interface {
	*M
	proto.Message
}](t *testing.T, c census, encode func(N) P, decode func(P) N) {
	t.Helper()
	var noun N
	(&filler{}).fill(reflect.ValueOf(&noun).Elem())
	raw, err := proto.Marshal(encode(noun))
	if err != nil {
		t.Fatalf("%T: %v", noun, err)
	}
	m := P(new(M))
	if err := proto.Unmarshal(raw, m); err != nil {
		t.Fatalf("%T: %v", noun, err)
	}
	c.visit(m.ProtoReflect())
	if back := decode(m); !reflect.DeepEqual(back, noun) {
		t.Errorf("%T does not survive the wire:\nsent %+v\ngot  %+v", noun, noun, back)
	}
	// Absent must stay absent.
	var zero N
	if back := decode(encode(zero)); !reflect.DeepEqual(back, zero) {
		t.Errorf("an empty %T came back as %+v", zero, back)
	}
}

func TestEveryFieldSurvivesTheWire(t *testing.T) {
	c := census{}
	there(t, c, encodeDescription, decodeDescription)
	there(t, c, encodeRecord, decodeRecord)
	there(t, c, encodePart, decodePart)
	there(t, c, encodeRemoved, decodeRemoved)
	there(t, c, encodeUnchanged, decodeUnchanged)
	there(t, c, encodeRow, decodeRow)
	there(t, c, encodeRowsEnd, decodeRowsEnd)
	there(t, c, encodeEvent, decodeEvent)
	there(t, c, encodeCondition, decodeCondition)
	there(t, c, encodeCycle, decodeCycle)
	there(t, c, encodeInstance, decodeInstance)
	there(t, c, encodeDiagnostic, decodeDiagnostic)
	there(t, c, encodeReport, decodeReport)
	there(t, c, encodeClaims, decodeClaims)
	there(t, c, encodeCheckStep, decodeCheckStep)
	there(t, c, encodeCheckResult, decodeCheckResult)
	there(t, c, encodeActRequest, decodeActRequest)
	there(t, c, encodeActResult, decodeActResult)
	there(t, c, encodeProgress, decodeProgress)
	there(t, c, encodeAcknowledgement, decodeAcknowledgement)
	there(t, c, encodeQueryRequest, decodeQueryRequest)
	there(t, c, encodeQueryResult, decodeQueryResult)
	there(t, c, encodeMessage, decodeMessage)
	there(t, c, encodeReceipt, decodeReceipt)
	there(t, c, encodePreview, decodePreview)
	there(t, c, encodeModel, decodeModel)
	there(t, c, encodeChatRequest, decodeChatRequest)
	there(t, c, encodeChatDelta, decodeChatDelta)
	there(t, c, encodeChatResult, decodeChatResult)
	there(t, c, encodeCandidate, decodeCandidate)
	there(t, c, encodeScriptRequest, decodeScriptRequest)
	for message, fields := range c {
		if message.Parent() != "pulse.plugin.v1" {
			continue
		}
		for field, carried := range fields {
			if !carried && field != "instance" { // the adapters name the instance
				t.Errorf("%s.%s is on the wire and no noun fills it", message, field)
			}
		}
	}
	if len(c) < 50 {
		t.Errorf("only %d messages were seen", len(c))
	}
}
