// Package licence says which features are open. All are, unless whoever runs the server for others asks for a signed key.
package licence

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pulse-platform/pulse/core/errs"
)

// The features that a row or a handler may ask for, by the contract's keys.
const (
	RBAC              = "rbac"
	AuditLogging      = "audit_logging"
	AdvancedReporting = "advanced_reporting"
	LongTermMetrics   = "long_term_metrics"
)

// Listed are the features that clients are told of one by one.
var Listed = []string{
	"ai_patrol", "ai_alerts", "ai_autofix", "kubernetes_ai", "update_alerts", "agent_profiles", "sso", "advanced_sso", RBAC, AuditLogging, AdvancedReporting,
}

// everything is every feature that there is.
var everything = append(slices.Clone(Listed), LongTermMetrics, "multi_user", "white_label", "multi_tenant", "unlimited")

// The tiers with what they open.
var (
	free       = []string{"update_alerts", "sso", "ai_patrol"}
	pro        = append(slices.Clone(free), "ai_alerts", "ai_autofix", "kubernetes_ai", "agent_profiles", "advanced_sso", RBAC, AuditLogging, AdvancedReporting, LongTermMetrics)
	msp        = append(slices.Clone(pro), "unlimited")
	enterprise = append(slices.Clone(msp), "multi_user", "white_label", "multi_tenant")
	tiers      = map[string][]string{"free": free, "pro": pro, "pro_annual": pro, "lifetime": pro, "msp": msp, "enterprise": enterprise}
)

// names are what people read.
var names = map[string]string{
	RBAC: "Role-based access", AuditLogging: "Audit log", AdvancedReporting: "Reports", LongTermMetrics: "Long-term metrics",
}

// Store keeps the key, sealed.
type Store interface {
	// Load returns the key, empty for none.
	Load(ctx context.Context) (string, error)
	Save(ctx context.Context, key string) error
	Delete(ctx context.Context) error
}

// Rule is what whoever runs the server asks for.
type Rule struct {
	Enforce bool
	Signer  ed25519.PublicKey // who issues keys
	Upgrade string            // URL where one gets a key, may be empty
}

// Service knows the key. It is safe for concurrent use.
type Service struct {
	rule  Rule
	store Store
	now   func() time.Time

	mu   sync.Mutex
	held *claims // nil without a key
}

// Open loads the key. One that the rule's signer did not sign counts as none, and its reason is returned beside the service.
func Open(ctx context.Context, rule Rule, store Store, now func() time.Time) (s *Service, ignored, err error) {
	s = &Service{rule: rule, store: store, now: now}
	key, err := store.Load(ctx)
	if err != nil || key == "" {
		return s, nil, err
	}
	c, ignored := parse(key, rule.Signer)
	if ignored == nil {
		s.held = &c
	}
	return s, ignored, nil
}

// Status is the contract's status object.
type Status struct {
	Valid      bool       `json:"valid"`
	Tier       string     `json:"tier"`
	Email      string     `json:"email,omitempty"`
	Expires    *time.Time `json:"expires_at,omitempty"`
	Lifetime   bool       `json:"is_lifetime"`
	Days       int        `json:"days_remaining" help:"-1 for a licence that never ends."`
	Features   []string   `json:"features"`
	MaxNodes   int        `json:"max_nodes,omitempty"`
	MaxGuests  int        `json:"max_guests,omitempty"`
	InGrace    bool       `json:"in_grace_period,omitempty"`
	GraceEnd   *time.Time `json:"grace_period_end,omitempty"`
	Enforced   bool       `json:"enforced" help:"Whether features ask for a licence at all; without it all are open."`
	UpgradeURL string     `json:"-"`
	// State is none, active, grace_period or expired.
	State string `json:"-"`
}

// Status returns what holds now.
func (s *Service) Status() Status {
	s.mu.Lock()
	held := s.held
	s.mu.Unlock()
	now := s.now()
	out := Status{Tier: "free", Features: free, State: "none", Enforced: s.rule.Enforce, UpgradeURL: s.rule.Upgrade}
	if held != nil {
		out.fill(*held, now)
	}
	if !s.rule.Enforce {
		out.Features = everything
	}
	out.Features = slices.Clone(out.Features)
	return out
}

func (out *Status) fill(c claims, now time.Time) {
	out.Tier, out.Email, out.MaxNodes, out.MaxGuests = c.Tier, c.Email, c.MaxNodes, c.MaxGuests
	if c.Expires == 0 {
		out.Valid, out.State, out.Lifetime, out.Days, out.Features = true, "active", true, -1, c.features()
		return
	}
	ends := time.Unix(c.Expires, 0).UTC()
	last := ends.Add(grace)
	out.Expires = &ends
	switch {
	case now.Before(ends):
		out.Valid, out.State, out.Features = true, "active", c.features()
		out.Days = int(math.Ceil(ends.Sub(now).Hours() / 24))
	case now.Before(last):
		out.Valid, out.State, out.Features = true, "grace_period", c.features()
		out.InGrace, out.GraceEnd = true, &last
	default:
		out.State = "expired"
	}
}

// Check returns why a feature is not open, nil when it is.
func (s *Service) Check(feature string) error {
	if !s.rule.Enforce || slices.Contains(s.Status().Features, feature) {
		return nil
	}
	name := names[feature]
	if name == "" {
		name = feature
	}
	e := errs.New(errs.Unlicensed, "feature not included in license: %s requires Pulse Pro", name)
	e.Extra = map[string]any{"error": "license_required", "feature": feature, "upgrade_url": s.rule.Upgrade}
	return e
}

// Activate takes a key in place of the one before.
func (s *Service) Activate(ctx context.Context, key string) (Status, error) {
	key = strings.TrimSpace(key)
	switch {
	case key == "":
		return Status{}, errs.New(errs.Invalid, "the licence key is missing").WithField("license_key")
	case len(s.rule.Signer) == 0:
		return Status{}, errs.New(errs.Invalid, "this server asks for no licence: every feature is open")
	}
	c, err := parse(key, s.rule.Signer)
	if err != nil {
		return Status{}, errs.New(errs.Invalid, "%s", err).WithField("license_key")
	}
	if c.Expires != 0 && !s.now().Before(time.Unix(c.Expires, 0).Add(grace)) {
		return Status{}, errs.New(errs.Invalid, "the licence ended at %s", time.Unix(c.Expires, 0).UTC().Format(time.DateOnly)).WithField("license_key")
	}
	if err := s.store.Save(ctx, key); err != nil {
		return Status{}, fmt.Errorf("store the licence key: %w", err)
	}
	s.mu.Lock()
	s.held = &c
	s.mu.Unlock()
	return s.Status(), nil
}

// Clear forgets the key.
func (s *Service) Clear(ctx context.Context) error {
	if err := s.store.Delete(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	s.held = nil
	s.mu.Unlock()
	return nil
}
