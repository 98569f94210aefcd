package proxmox

import (
	"errors"
	"strings"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Steps tells of the steps of a test, one after the other.
type Steps struct {
	Now      func() time.Time
	Progress func(sdk.CheckStep)
}

// Do takes a step and tells how it went.
func (s Steps) Do(name string, do func() (string, sdk.CheckOutcome, error)) error {
	begun := s.Now()
	text, outcome, err := do()
	if err != nil {
		text, outcome = forPeople(err), sdk.CheckFailed
	}
	s.Progress(sdk.CheckStep{Name: name, Outcome: outcome, Message: text, Took: s.Now().Sub(begun)})
	return err
}

// forPeople is the text of an error that people can do something with.
func forPeople(err error) string {
	var e *sdk.Error
	if errors.As(err, &e) && e.Message != "" {
		return e.Message
	}
	return "It failed."
}

// TellRights says what an account may not see.
func TellRights(missing []sdk.MissingPrivilege) (string, sdk.CheckOutcome) {
	if len(missing) == 0 {
		return "The account may read all that is asked for.", sdk.CheckPassed
	}
	var effects []string
	for _, m := range missing {
		effects = append(effects, strings.TrimSuffix(strings.TrimPrefix(m.Effect, "Missing: "), "."))
	}
	return "The account may not read everything: " + strings.Join(effects, "; ") + ".", sdk.CheckWarning
}

// Quote makes one word of a shell command.
func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
