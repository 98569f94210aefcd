package proxmox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// errForeign marks an answer that is not such an API's.
var errForeign = errors.New("not a JSON object")

// errTooLarge marks an answer over the limit.
var errTooLarge = errors.New("the answer is too large")

// readList hands each row of {"data":[…]} to row, as it arrives. A row that row refuses is counted and skipped.
func readList(body io.Reader, row func(json.RawMessage) error) (skipped int, err error) {
	err = readData(body, func(dec *json.Decoder) error {
		token, err := dec.Token()
		if err != nil || token == nil {
			return err
		}
		if token != json.Delim('[') {
			return fmt.Errorf("%w: data is no list", errForeign)
		}
		for dec.More() {
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				return err
			}
			if err := row(raw); err != nil {
				skipped++
			}
		}
		_, err = dec.Token()
		return err
	})
	return skipped, err
}

// readObject decodes what stands under "data" into v; null leaves v as it is.
func readObject(body io.Reader, v any) error {
	return readData(body, func(dec *json.Decoder) error { return dec.Decode(v) })
}

// readData finds the member "data" and lets use take its value. What comes beside it is skipped.
func readData(body io.Reader, use func(*json.Decoder) error) error {
	buffered := bufio.NewReader(body)
	if err := startsObject(buffered); err != nil {
		return err
	}
	dec := json.NewDecoder(buffered)
	if _, err := dec.Token(); err != nil {
		return err
	}
	found := false
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		if name == "data" && !found {
			found = true
			err = use(dec)
		} else {
			var beside json.RawMessage
			err = dec.Decode(&beside)
		}
		if err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w with data", errForeign)
	}
	return nil
}

func startsObject(r *bufio.Reader) error {
	for {
		b, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			return errForeign
		}
		if err != nil {
			return err
		}
		switch b {
		case ' ', '\t', '\r', '\n':
			continue
		case '{':
			return r.UnreadByte()
		}
		return errForeign
	}
}

// capped reads up to left bytes and fails beyond, where io.LimitReader would pretend that the end came.
type capped struct {
	r    io.Reader
	left int64
	over bool
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 && !c.over {
		var one [1]byte
		n, err := c.r.Read(one[:])
		c.over = n > 0
		if !c.over {
			return 0, err
		}
	}
	if c.over {
		return 0, errTooLarge
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}
