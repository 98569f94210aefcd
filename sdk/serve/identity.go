package serve

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pulse-platform/pulse/sdk/internal/rpc"
)

// hostCertificate names the variable in which go-plugin's host tells its certificate.
const hostCertificate = "PLUGIN_CLIENT_CERT"

// identity returns how this process and its host know each other in TLS, or nil when the host told no certificate. The host learns
// this end's from the handshake.
func identity() (*tls.Config, error) {
	host := os.Getenv(hostCertificate)
	if host == "" {
		return nil, nil //nolint:nilnil // that is how go-plugin is told of none
	}
	config, err := rpc.Identify()
	if err != nil {
		return nil, err
	}
	if !config.ClientCAs.AppendCertsFromPEM([]byte(host)) {
		return nil, errors.New("the variable " + hostCertificate + " holds no certificate")
	}
	config.RootCAs = config.ClientCAs // both ends serve: the broker's connections go the other way
	if err := announce(config.Certificates[0].Certificate[0]); err != nil {
		return nil, err
	}
	return config, nil
}

// announce puts a certificate into the line that go-plugin is going to print: it tells only those that it has made itself.
func announce(certificate []byte) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("prepare the handshake: %w", err)
	}
	stdout := os.Stdout
	os.Stdout = w
	go func() {
		defer r.Close()
		line, err := bufio.NewReader(r).ReadString('\n')
		if err != nil {
			return // go-plugin has told on stderr why it does not serve
		}
		fmt.Fprintln(stdout, withCertificate(strings.TrimSuffix(line, "\n"), certificate))
	}()
	return nil
}

// withCertificate sets the sixth field of go-plugin's handshake: core version | version | network | address | protocol | certificate.
func withCertificate(line string, certificate []byte) string {
	const place = 5
	fields := strings.Split(line, "|")
	if len(fields) > place {
		fields[place] = base64.RawStdEncoding.EncodeToString(certificate)
	}
	return strings.Join(fields, "|")
}
