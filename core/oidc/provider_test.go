package oidc_test

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// idp is a provider that signs with a real key and checks the code flow as RFC 6749 and RFC 7636 ask. Its claims and
// faults are set by tests.
type idp struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey

	mu     sync.Mutex
	claims map[string]any // of the ID token; nil values are left out
	info   map[string]any // of the userinfo endpoint
	signer jose.SigningKey
	codes  map[string]url.Values // what the login page was asked, by code
	// refresh is the refresh token that counts, empty for none; word is the error with which it is refused, "down" for a
	// provider that is ill.
	refresh, word string
}

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newIDP(t *testing.T) *idp {
	t.Helper()
	p := &idp{t: t, key: testKey(), codes: map[string]url.Values{}, claims: map[string]any{}}
	p.signer = jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key, KeyID: "one"}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, 200, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"userinfo_endpoint": p.URL + "/me", "end_session_endpoint": p.URL + "/out", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "one", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/token", p.token)
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer access" {
			p.answer(w, 401, map[string]any{})
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.answer(w, 200, p.info)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *idp) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		p.t.Error(err)
	}
}

// login is what the login page does: it gives a code for what it was asked.
func (p *idp) login(page string) (code, state string) {
	p.t.Helper()
	u, err := url.Parse(page)
	if err != nil {
		p.t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || q.Get("state") == "" || q.Get("response_type") != "code" {
		p.t.Errorf("the login page is asked %v", q)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code = rand.Text()
	p.codes[code] = q
	return code, q.Get("state")
}

func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.FormValue("grant_type") == "refresh_token" {
		p.renew(w, r.FormValue("refresh_token"))
		return
	}
	q, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	if id != "pulse" || secret != "hush" {
		p.answer(w, 401, map[string]any{"error": "invalid_client"})
		return
	}
	if !ok || q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(challenge[:]) || r.FormValue("redirect_uri") != q.Get("redirect_uri") {
		p.answer(w, 400, map[string]any{"error": "invalid_grant"})
		return
	}
	p.give(w, q.Get("nonce"))
}

// renew answers a refresh token, which it changes. The lock is held.
func (p *idp) renew(w http.ResponseWriter, token string) {
	switch {
	case p.word == "down":
		p.answer(w, 503, map[string]any{})
	case p.word != "" || token != p.refresh || token == "":
		p.answer(w, 400, map[string]any{"error": cmp.Or(p.word, "invalid_grant")})
	default:
		p.refresh += "+"
		p.give(w, "")
	}
}

// give answers with tokens. The lock is held.
func (p *idp) give(w http.ResponseWriter, nonce string) {
	all := map[string]any{
		"iss": p.URL, "aud": "pulse", "sub": "0001", "nonce": nonce, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		"preferred_username": "ann", "email": "ann@example.com", "email_verified": true, "groups": []string{"staff"},
	}
	for k, v := range p.claims {
		if all[k] = v; v == nil {
			delete(all, k)
		}
	}
	payload, _ := json.Marshal(all)
	signer, err := jose.NewSigner(p.signer, nil)
	if err != nil {
		p.t.Error(err)
		return
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		p.t.Error(err)
		return
	}
	raw, _ := signed.CompactSerialize()
	answer := map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 300}
	if p.refresh != "" {
		answer["refresh_token"] = p.refresh
	}
	if all["iss"] != "nothing" {
		answer["id_token"] = raw
	}
	p.answer(w, 200, answer)
}
