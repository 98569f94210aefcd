package proxmox

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestOneOddRowCostsOneRow(t *testing.T) {
	var ids []int64
	skipped, err := readList(strings.NewReader(`{"total":4,"data":[{"vmid":1},"odd",{"vmid":"2"},[]],"message":"x"}`), func(raw json.RawMessage) error {
		var row struct {
			ID Int `json:"vmid"`
		}
		if err := json.Unmarshal(raw, &row); err != nil {
			return err
		}
		ids = append(ids, row.ID.V)
		return nil
	})
	if err != nil || skipped != 2 || len(ids) != 2 || ids[1] != 2 {
		t.Errorf("rows %v, %d skipped, %v", ids, skipped, err)
	}
}

func TestEnvelopes(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"data":[]}`: true, `{"data":null}`: true, " \n{\"data\":[],\"changes\":1}": true,
		``: false, `<html>login</html>`: false, `[]`: false, `{}`: false, `{"data":{}}`: false, `{"data":[{"a":1}`: false, `{"data":[1 2]}`: false,
	} {
		_, err := readList(strings.NewReader(body), func(json.RawMessage) error { return nil })
		if (err == nil) != ok {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestAnAnswerHasALimit(t *testing.T) {
	body := `{"data":["` + strings.Repeat("x", 100) + `"]}`
	for left, ok := range map[int64]bool{int64(len(body)): true, int64(len(body)) - 1: false} {
		_, err := readList(&capped{r: strings.NewReader(body), left: left}, func(json.RawMessage) error { return nil })
		if ok && err != nil || !ok && !errors.Is(err, errTooLarge) {
			t.Errorf("limit %d: %v", left, err)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, s := range []string{`{"data":[{"vmid":1},2]}`, `{"errors":{"a":"b"},"data":null}`, `<html>`, `{"data":[`, `{"data":{},"data":[]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rows := 0
		skipped, err := readList(strings.NewReader(string(b)), func(raw json.RawMessage) error {
			if !json.Valid(raw) {
				t.Fatalf("row %q is no JSON", raw)
			}
			rows++
			if rows%2 == 0 {
				return errForeign
			}
			return nil
		})
		if skipped > rows {
			t.Fatalf("%d of %d rows skipped", skipped, rows)
		}
		var v map[string]any
		if e := readObject(strings.NewReader(string(b)), &v); err == nil && e == nil && v == nil && rows > 0 {
			t.Fatalf("a list and an object at once: %q", b)
		}
	})
}
