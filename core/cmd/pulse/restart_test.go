package main

import (
	"errors"
	"net"
	"testing"
)

// A connection that comes when a run has closed its listener is answered by the next one, also when the closed one had
// it in hand already.
func TestLentListeners(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address, err := newLender(l)
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		first, err := address.lend()
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			c, err := first.Accept()
			if c != nil {
				_ = c.Close()
			}
			ended <- err
		}()
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Fatalf("the closed one answered: %v", err)
		}
		second, err := address.lend()
		if err != nil {
			t.Fatal(err)
		}
		c, err := second.Accept()
		if err != nil || c.RemoteAddr().String() != client.LocalAddr().String() {
			t.Fatalf("the next one got %v, %v", c, err)
		}
		_, _ = c.Close(), client.Close()
		if err := second.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
