package proxmox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// List reads a list and hands each row to row. Rows that row refuses are skipped and counted.
func (c *Client) List(ctx context.Context, call Call, row func(json.RawMessage) error) (skipped int, err error) {
	err = c.get(ctx, call, func(body io.Reader) (err error) {
		skipped, err = readList(body, row)
		return err
	})
	if err == nil {
		c.noteOdd(call.path(), skipped)
	}
	return skipped, err
}

// noteOdd says that rows of a list are left out, unless it has said so of as many.
func (c *Client) noteOdd(path string, rows int) {
	c.mu.Lock()
	said := c.odd[path] == rows
	if rows == 0 {
		delete(c.odd, path)
	} else {
		c.odd[path] = rows
	}
	c.mu.Unlock()
	if !said && rows > 0 && c.opts.Log != nil {
		c.opts.Log.Warn("rows of an answer cannot be read and are left out", "call", path, "rows", rows)
	}
}

// Rows reads a list of T. Rows that are no T are skipped and counted.
func Rows[T any](ctx context.Context, c *Client, call Call) (rows []T, skipped int, err error) {
	skipped, err = c.List(ctx, call, func(raw json.RawMessage) error {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("decode row: %w", err)
		}
		rows = append(rows, v)
		return nil
	})
	return rows, skipped, err
}

// Get reads one object.
func Get[T any](ctx context.Context, c *Client, call Call) (v T, err error) {
	err = c.get(ctx, call, func(body io.Reader) error { return readObject(body, &v) })
	return v, err
}
