package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/pulse-platform/pulse/core/config"
)

// issue makes a certificate with a serial number of its own, for 127.0.0.1.
func issue(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "pulse"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, x, x, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A renewed pair is shown to the next who calls; files that do not fit leave the pair of before, and are logged once.
func TestCertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	log := &lockedBuffer{}
	x := &certificate{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), now: time.Now, log: hclog.New(&hclog.LoggerOptions{Output: log})}
	written := time.Now().Add(-time.Hour) // each write is a second later than the one before, however fast the test is
	write := func(name string, content []byte) {
		t.Helper()
		written = written.Add(time.Second)
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, written, written); err != nil {
			t.Fatal(err)
		}
	}
	cert, key := issue(t, 1)
	write(x.cert, cert)
	write(x.key, key)
	if err := x.open(); err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", x.config())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	serial := func() int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true}) // the serial number tells which it is
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	shows := func(what string, want int64) {
		t.Helper()
		if got := serial(); got != want {
			t.Errorf("%s: certificate %d, want %d", what, got, want)
		}
	}
	shows("at first", 1)
	cert, key = issue(t, 2)
	write(x.cert, cert)
	shows("the certificate without its key", 1)
	write(x.key, key)
	shows("the new pair", 2)
	write(x.cert, []byte("no certificate"))
	shows("a broken file", 2)
	if c, err := x.state(); err != nil || c.Problem == "" || c.Subject != "CN=pulse" || !c.SelfSigned || len(c.Fingerprint) != 64 || strings.Join(c.Names, " ") != "127.0.0.1" || time.Until(c.Until) > time.Hour {
		t.Errorf("what is told: %+v, %v", c, err)
	}
	complaints := strings.Count(log.String(), "of no use")
	shows("a broken file, again", 2)
	if n := strings.Count(log.String(), "of no use"); complaints != 2 || n != complaints {
		t.Errorf("logged %d times, then %d", complaints, n)
	}
	if err := os.Remove(x.key); err != nil {
		t.Fatal(err)
	}
	shows("a missing key", 2)
	cert, key = issue(t, 3)
	write(x.cert, cert)
	write(x.key, key)
	shows("mended", 3)
	if c, err := x.state(); err != nil || c.Problem != "" {
		t.Errorf("what is told of the mended one: %+v, %v", c, err)
	}
	if text := log.String(); strings.Contains(text, "PRIVATE") {
		t.Errorf("the log has the key: %s", text)
	}
	if _, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		t.Error("an old TLS is spoken")
	}
}

// Files that do not fit keep the server from starting.
func TestCertificateMustFitAtFirst(t *testing.T) {
	dir := t.TempDir()
	cert, _ := issue(t, 1)
	_, other := issue(t, 2)
	c := config.Server{TLSCertificate: filepath.Join(dir, "cert.pem"), TLSKey: filepath.Join(dir, "key.pem")}
	if _, err := openTLS(c, hclog.NewNullLogger()); err == nil || !strings.Contains(err.Error(), "server.tls_certificate") {
		t.Errorf("no files: %v", err)
	}
	if err := os.WriteFile(c.TLSCertificate, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.TLSKey, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openTLS(c, hclog.NewNullLogger()); err == nil {
		t.Error("a key of another certificate was taken")
	}
	if c, err := openTLS(config.Server{}, hclog.NewNullLogger()); c != nil || err != nil {
		t.Errorf("without TLS: %v %v", c, err)
	}
}

// The server speaks TLS as a whole: requests are known as encrypted, and it begins anew without losing its address.
func TestServeTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := issue(t, 7)
	for name, content := range map[string][]byte{"cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plugins := filepath.Join(dir, "plugins")
	if err := os.Mkdir(plugins, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg, diags := config.LoadWith("", func(string) string { return "" }, map[string]string{"listen": "127.0.0.1:0", "data": filepath.Join(dir, "data"), "plugins": plugins})
	if cfg == nil {
		t.Fatal(diags)
	}
	cfg.Server.TLSCertificate, cfg.Server.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	runs := make(chan *server, 2)
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		ended <- serve(ctx, cfg, hclog.NewNullLogger(), time.Now(), func(s *server) error { runs <- s; return nil })
	}()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}, Timeout: 3 * time.Minute}
	for run := range 2 {
		var s *server
		select {
		case s = <-runs:
		case err := <-ended:
			t.Fatal(err)
		}
		res, err := client.Get("https://" + s.listener.Addr().String() + "/api/security/status")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil || !bytes.Contains(body, []byte(`"hasHTTPS":true`)) {
			t.Errorf("%v %s", err, body)
		}
		if run == 0 {
			s.again()
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
