package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"image/png"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/pulse-platform/pulse/core/errs"
)

// The one-time codes: RFC 6238 with what authenticator apps take for granted.
const (
	codePeriod    = 30 // seconds
	codeSkew      = 1  // periods that a clock may be off
	recoveryCodes = 10
	pendingLife   = 15 * time.Minute
	qrSize        = 240 // pixels
	// maxCodeFailures is how many wrong codes a user may have within [LockDuration], from wherever: who guesses them knows
	// the password already.
	maxCodeFailures = 20
)

// SecondStep is what a login asks for after the password. The json names are those in which it is stored, sealed.
type SecondStep struct {
	Secret   string   `json:"secret"`   // base32
	Last     int64    `json:"last"`     // the period of the last code that was taken: none is taken twice
	Recovery []string `json:"recovery"` // SHA-256 of the codes that are left
}

// SecondStepStore keeps second steps.
type SecondStepStore interface {
	SecondSteps(ctx context.Context) (map[string]SecondStep, error)
	// SaveSecondStep stores a user's second step, nil removes it.
	SaveSecondStep(ctx context.Context, user string, x *SecondStep) error
}

// pending is a second step whose first code has not come.
type pending struct {
	secret  string
	expires time.Time
}

// Enrolment is what an authenticator app needs.
type Enrolment struct {
	Secret string
	URL    string // otpauth://
	QR     []byte // the URL as PNG
}

// BeginSecondStep makes a secret for the caller's authenticator app. It counts once [Service.EnableSecondStep] has seen a
// code.
func (s *Service) BeginSecondStep(p Principal) (Enrolment, error) {
	s.mu.Lock()
	u, ok := s.users[p.User]
	_, on := s.seconds[p.User]
	s.mu.Unlock()
	switch {
	case !ok || u.Password == "":
		return Enrolment{}, errs.New(errs.Invalid, "only users who log in here with a password have one-time codes here")
	case p.Token != nil:
		return Enrolment{}, errs.New(errs.Forbidden, "log in to set up one-time codes: a token cannot").WithWord("forbidden")
	case on:
		return Enrolment{}, errs.New(errs.Conflict, "one-time codes are set up already: turn them off first")
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Pulse", AccountName: p.User, Period: codePeriod, Rand: rand.Reader})
	if err != nil {
		return Enrolment{}, err
	}
	picture, err := key.Image(qrSize, qrSize)
	if err != nil {
		return Enrolment{}, err
	}
	var qr bytes.Buffer
	if err := png.Encode(&qr, picture); err != nil {
		return Enrolment{}, err
	}
	s.mu.Lock()
	s.pending[p.User] = pending{key.Secret(), s.now().Add(pendingLife)} // one of each user
	s.mu.Unlock()
	return Enrolment{Secret: key.Secret(), URL: key.URL(), QR: qr.Bytes()}, nil
}

// EnableSecondStep asks for one-time codes from now on, when the code shows that the app has the secret. It returns
// the recovery codes, which are never shown again, and ends the user's other sessions.
func (s *Service) EnableSecondStep(ctx context.Context, p Principal, code string) ([]string, error) {
	s.mu.Lock()
	x, ok := s.pending[p.User]
	s.mu.Unlock()
	if !ok || s.now().After(x.expires) {
		return nil, errs.New(errs.Conflict, "begin anew: the secret is older than %d minutes", int(pendingLife.Minutes()))
	}
	step := SecondStep{Secret: x.secret}
	if !step.take(code, s.now()) {
		return nil, errs.New(errs.Invalid, "this is not the present code: look whether the clocks of this server and of the phone are right").WithField("code")
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = newRecoveryCode()
		step.Recovery = append(step.Recovery, digest(codes[i]))
	}
	if err := s.setSecondStep(ctx, p.User, &step); err != nil {
		return nil, err
	}
	return codes, s.endSessions(ctx, func(x Session) bool { return x.User == p.User && x.Hash != p.SessionID })
}

// newRecoveryCode makes 80 random bits easy to type.
func newRecoveryCode() string {
	b := make([]byte, 10)
	rand.Read(b) // never fails since Go 1.24
	text := strings.ToLower(base32.StdEncoding.EncodeToString(b))
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
}

// DisableSecondStep turns the caller's one-time codes off. It takes a code, so that an open browser is not enough.
func (s *Service) DisableSecondStep(ctx context.Context, p Principal, code, peer string) error {
	if err := s.checkCode(ctx, p.User, code, peer); err != nil {
		return err
	}
	return s.setSecondStep(ctx, p.User, nil)
}

// ResetSecondStep turns off the one-time codes of somebody who has lost them.
func (s *Service) ResetSecondStep(ctx context.Context, maker Principal, user string) error {
	if err := s.MayReach(maker, user); err != nil {
		return err
	}
	return s.setSecondStep(ctx, user, nil)
}

func (s *Service) setSecondStep(ctx context.Context, user string, x *SecondStep) error {
	s.change.Lock()
	defer s.change.Unlock()
	if err := s.store.SaveSecondStep(ctx, user, x); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, user)
	if x == nil {
		delete(s.seconds, user)
	} else {
		s.seconds[user] = *x
	}
	return nil
}

// checkCode looks at the second step of a login whose password was right. Wrong codes count like wrong passwords, and
// beyond that by user.
func (s *Service) checkCode(ctx context.Context, user, code, peer string) error {
	s.mu.Lock()
	x, on := s.seconds[user]
	s.mu.Unlock()
	if !on {
		return nil
	}
	if strings.TrimSpace(code) == "" {
		return &LoginError{NeedCode: true}
	}
	if until, locked := s.locks.lockedKey("codes "+user, maxCodeFailures); locked {
		return &LoginError{Locked: true, Until: until}
	}
	s.change.Lock() // one code at a time, so that none is taken twice
	s.mu.Lock()
	x = s.seconds[user]
	s.mu.Unlock()
	x.Recovery = slices.Clone(x.Recovery)
	ok := x.take(code, s.now()) || x.recover(code)
	var err error
	if ok {
		if err = s.store.SaveSecondStep(ctx, user, &x); err == nil {
			s.mu.Lock()
			s.seconds[user] = x
			s.mu.Unlock()
		}
	}
	s.change.Unlock()
	if ok {
		return err
	}
	s.locks.hit("codes " + user)
	attempts, locked := s.locks.failed(user, peer)
	s.logFailure(user, peer, true, locked)
	return &LoginError{Attempts: attempts, LockedNow: locked, WrongCode: true}
}

// take reports whether a code is one of the present, and newer than the last that was taken.
func (x *SecondStep) take(code string, now time.Time) bool {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	present := now.Unix() / codePeriod
	opts := hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
	for step := present - codeSkew; step <= present+codeSkew; step++ {
		if step <= x.Last || step < 0 {
			continue
		}
		if ok, err := hotp.ValidateCustom(code, uint64(step), x.Secret, opts); err == nil && ok {
			x.Last = step
			return true
		}
	}
	return false
}

// recover uses up a recovery code.
func (x *SecondStep) recover(code string) bool {
	want := digest(strings.ToLower(strings.TrimSpace(code)))
	for i, have := range x.Recovery {
		if same(have, want) {
			x.Recovery = slices.Delete(x.Recovery, i, i+1)
			return true
		}
	}
	return false
}

// RecoveryCodesLeft returns how many recovery codes a user has, and whether one-time codes are on.
func (s *Service) RecoveryCodesLeft(user string) (left int, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, on := s.seconds[user]
	return len(x.Recovery), on
}

// Confirm checks the password of a user who is logged in already, under the lockout.
func (s *Service) Confirm(ctx context.Context, user, password, peer string) error {
	if !s.HasPassword(user) {
		return errs.New(errs.Invalid, "only users who log in here with a password can do this here")
	}
	if err := s.check(ctx, user, password, peer); err != nil {
		var l *LoginError
		if errors.As(err, &l) && !l.Locked {
			return errs.New(errs.Forbidden, "this is not your password").WithWord("wrong_password").WithField("password")
		}
		return err
	}
	s.locks.succeeded(user, peer)
	return nil
}
