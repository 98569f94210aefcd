package licence

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// grace is how long features last after a licence has ended.
const grace = 7 * 24 * time.Hour

// maxKey bounds a key, in bytes; maxTime its times: the last second of the year 9999, past which RFC 3339 has no form.
const (
	maxKey  = 8 << 10
	maxTime = 253402300799
)

// claims are what a key says, under the contract's names.
type claims struct {
	ID        string   `json:"lid"`
	Email     string   `json:"email"`
	Tier      string   `json:"tier"`
	Issued    int64    `json:"iat"` // Unix seconds
	Expires   int64    `json:"exp"` // Unix seconds, 0 for never
	Features  []string `json:"features"`
	MaxNodes  int      `json:"max_nodes"`
	MaxGuests int      `json:"max_guests"`
}

// ParsePublicKey reads the base64 of the 32 bytes of an Ed25519 public key.
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("an Ed25519 public key is the base64 of 32 bytes: openssl pkey -in key.pem -pubout -outform DER | tail -c 32 | base64")
	}
	return raw, nil
}

// parse verifies a key: a JSON Web Token, signed with EdDSA. Errors are for people and hold nothing of the key.
func parse(key string, signer ed25519.PublicKey) (claims, error) {
	if len(key) > maxKey {
		return claims{}, fmt.Errorf("a licence key has at most %d bytes", maxKey)
	}
	parts := strings.Split(key, ".")
	if len(parts) != 3 {
		return claims{}, errors.New("a licence key is three parts with dots between them: it is cut off or mistyped")
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return claims{}, errors.New("the licence key has a character that does not belong there")
		}
	}
	signed := key[:len(key)-len(parts[2])-1]
	if len(signer) != ed25519.PublicKeySize || !ed25519.Verify(signer, []byte(signed), raw[2]) {
		return claims{}, errors.New("the licence key is not signed by who issues licences for this server")
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	var c claims
	if json.Unmarshal(raw[0], &header) != nil || header.Algorithm != "EdDSA" || json.Unmarshal(raw[1], &c) != nil {
		return claims{}, errors.New("the licence key cannot be read")
	}
	if tiers[c.Tier] == nil {
		return claims{}, fmt.Errorf("the licence key has no known tier: %q", c.Tier)
	}
	if c.Expires < 0 || c.Expires > maxTime {
		return claims{}, errors.New("the licence key ends at no time that there is")
	}
	return c, nil
}

// features are those of the tier and those that the key adds.
func (c claims) features() []string {
	all := slices.Clone(tiers[c.Tier])
	for _, f := range c.Features {
		if slices.Contains(everything, f) && !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}
