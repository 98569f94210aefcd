package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/pulse-platform/pulse/core/licence"
)

type licenseCommand struct {
	NewKey newLicenceKeyCommand `cmd:"" name:"new-key" help:"Make the Ed25519 key that licences are signed with."`
	Issue  issueCommand         `cmd:"" help:"Sign a licence key and print it."`
}

type newLicenceKeyCommand struct {
	File string `arg:"" help:"Where the private key goes (PEM, PKCS #8). The file must not exist."`
}

// Run writes the private key, for its owner only, and prints what the configuration of servers needs.
func (c newLicenceKeyCommand) Run(io streams) (err error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	fmt.Fprintf(io.out, "The private key is in %s: keep it away from every server. Servers that ask for licences get\n\nlicense {\n  enforce    = true\n  public_key = %q\n}\n", c.File, base64.StdEncoding.EncodeToString(public))
	return nil
}

type issueCommand struct {
	Key       string   `required:"" help:"File of the private key, as pulse license new-key writes it." placeholder:"FILE"`
	Tier      string   `default:"pro" help:"What it opens: free, pro, pro_annual, lifetime, msp or enterprise." placeholder:"TIER"`
	Email     string   `help:"Whom it is for." placeholder:"ADDRESS"`
	Days      int      `default:"365" help:"How long it lasts; 0 for ever." placeholder:"N"`
	Features  []string `help:"Features beyond those of the tier, separated by commas." placeholder:"KEYS"`
	MaxNodes  int      `help:"Number of nodes that is told." placeholder:"N"`
	MaxGuests int      `help:"Number of guests that is told." placeholder:"N"`
}

// Run prints the key alone, so that a script can take it.
func (c issueCommand) Run(io streams) error {
	signer, err := readSigner(c.Key)
	if err != nil {
		return err
	}
	if c.Days < 0 {
		return errors.New("--days is not negative")
	}
	now := time.Now().UTC()
	t := licence.Terms{ID: uuid.NewString(), Email: c.Email, Tier: c.Tier, Issued: now, Features: c.Features, MaxNodes: c.MaxNodes, MaxGuests: c.MaxGuests}
	if c.Days > 0 {
		t.Ends = now.AddDate(0, 0, c.Days)
	}
	key, err := licence.Issue(signer, t)
	if err != nil {
		return err
	}
	fmt.Fprintln(io.out, key)
	return nil
}

// readSigner reads an Ed25519 private key.
func readSigner(file string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is not PEM: make a key with pulse license new-key", file)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, ok := key.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s holds no Ed25519 private key: make one with pulse license new-key", file)
	}
	return signer, nil
}
