package licence

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Terms are what a key grants.
type Terms struct {
	ID, Email, Tier     string
	Issued              time.Time
	Ends                time.Time // zero for never
	Features            []string  // beyond those of the tier
	MaxNodes, MaxGuests int       // 0 for any number
}

// Tiers are the words for tiers.
func Tiers() []string { return slices.Sorted(maps.Keys(tiers)) }

// Issue signs a key. It refuses what a server would not take.
func Issue(signer ed25519.PrivateKey, t Terms) (string, error) {
	switch {
	case tiers[t.Tier] == nil:
		return "", fmt.Errorf("there is no tier %q: it is one of %s", t.Tier, strings.Join(Tiers(), ", "))
	case !t.Ends.IsZero() && !t.Ends.After(t.Issued):
		return "", errors.New("the licence ends before it begins")
	case t.MaxNodes < 0 || t.MaxGuests < 0:
		return "", errors.New("a number of nodes or guests is not negative")
	}
	for _, f := range t.Features {
		if !slices.Contains(everything, f) {
			return "", fmt.Errorf("there is no feature %q: it is one of %s", f, strings.Join(everything, ", "))
		}
	}
	c := claims{ID: t.ID, Email: t.Email, Tier: t.Tier, Issued: t.Issued.Unix(), Features: t.Features, MaxNodes: t.MaxNodes, MaxGuests: t.MaxGuests}
	if !t.Ends.IsZero() {
		c.Expires = t.Ends.Unix()
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write the licence key: %w", err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	text := enc([]byte(`{"alg":"EdDSA","typ":"JWT"}`)) + "." + enc(body)
	key := text + "." + enc(ed25519.Sign(signer, []byte(text)))
	if _, err := parse(key, signer.Public().(ed25519.PublicKey)); err != nil {
		return "", err
	}
	return key, nil
}
