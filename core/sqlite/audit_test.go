package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/core/audit"
	"github.com/pulse-platform/pulse/core/errs"
)

// auditClock is a time that tests move.
type auditClock struct{ t time.Time }

func (c *auditClock) now() time.Time { return c.t }

func openLog(t *testing.T, db *DB, clock *auditClock) *audit.Log {
	t.Helper()
	store := NewAudit(db)
	key, err := store.Key(t.Context(), sealer(t, 1), func() []byte { return bytes.Repeat([]byte{7}, audit.KeyLen) })
	if err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(t.Context(), store, key, clock.now)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// auditOf is a log with some events: the beginning is number 1.
func auditOf(t *testing.T, n int) (*DB, *audit.Log, *auditClock) {
	t.Helper()
	db := openTestState(t)
	clock := &auditClock{time.UnixMilli(1_780_000_000_000)}
	l := openLog(t, db, clock)
	for i := range n {
		clock.t = clock.t.Add(time.Minute)
		user := []string{"admin", "jane"}[i%2]
		if err := l.Add(t.Context(), audit.Event{Event: "token_created", User: user, IP: "192.0.2.1", Path: "/api/security/tokens", Success: i%3 != 0, Details: fmt.Sprintf("n%d|a", i)}); err != nil {
			t.Fatal(err)
		}
	}
	return db, l, clock
}

// tamper does what somebody with the file in their hands can do.
func tamper(t *testing.T, db *DB, statements ...string) {
	t.Helper()
	for _, s := range append([]string{`DROP TRIGGER audit_events_stay`, `DROP TRIGGER audit_events_are_kept`}, statements...) {
		if _, err := db.Write.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestAuditFindsWhatWasChanged(t *testing.T) {
	change := func(column string) string {
		return `UPDATE audit_events SET ` + column + ` = ` + column + ` || 'x' WHERE seq = 5`
	}
	for name, c := range map[string]struct {
		statements []string
		at         int64
		text       string
	}{
		"details":                     {[]string{change("details")}, 5, "changed"},
		"a byte of details":           {[]string{`UPDATE audit_events SET details = 'n3|b' WHERE seq = 5`}, 5, "changed"},
		"text moved over a separator": {[]string{`UPDATE audit_events SET path = path || '|n3', details = 'a' WHERE seq = 5`}, 5, "changed"},
		"user":                        {[]string{change("user")}, 5, "changed"},
		"ip":                          {[]string{change("ip")}, 5, "changed"},
		"event":                       {[]string{change("event")}, 5, "changed"},
		"path":                        {[]string{change("path")}, 5, "changed"},
		"via":                         {[]string{change("via")}, 5, "changed"},
		"method":                      {[]string{change("method")}, 5, "changed"},
		"request":                     {[]string{change("request")}, 5, "changed"},
		"id":                          {[]string{change("id")}, 5, "changed"},
		"time":                        {[]string{`UPDATE audit_events SET time = time + 1 WHERE seq = 5`}, 5, "changed"},
		"success":                     {[]string{`UPDATE audit_events SET success = 1 - success WHERE seq = 5`}, 5, "changed"},
		"hash":                        {[]string{change("hash")}, 5, "changed"},
		"signature":                   {[]string{change("signature")}, 5, "signature"},
		"one gone":                    {[]string{`DELETE FROM audit_events WHERE seq = 5`}, 6, "missing"},
		"two swapped":                 {[]string{`UPDATE audit_events SET seq = 100 WHERE seq = 5`, `UPDATE audit_events SET seq = 5 WHERE seq = 6`, `UPDATE audit_events SET seq = 6 WHERE seq = 100`}, 5, "changed"},
		"the end":                     {[]string{`DELETE FROM audit_events WHERE seq > 8`}, 8, "cut off"},
		"the beginning":               {[]string{`DELETE FROM audit_events WHERE seq < 3`}, 3, "missing"},
		"all":                         {[]string{`DELETE FROM audit_events`}, 0, "cut off"},
		"the head":                    {[]string{`DELETE FROM audit_events WHERE seq > 8`, `UPDATE audit_head SET seq = 8, hash = (SELECT hash FROM audit_events WHERE seq = 8)`}, 8, "head"},
	} {
		t.Run(name, func(t *testing.T) {
			db, l, clock := auditOf(t, 9)
			if r, err := l.VerifyAll(t.Context()); err != nil || len(r.Breaks) > 0 || r.Events != 10 {
				t.Fatalf("untouched: %+v, %v", r, err)
			}
			tamper(t, db, c.statements...)
			r, err := l.VerifyAll(t.Context())
			if err != nil || len(r.Breaks) == 0 || r.Breaks[0].Seq != c.at || !strings.Contains(r.Breaks[0].Text, c.text) {
				t.Errorf("%+v, %v, want %q at %d", r.Breaks, err, c.text, c.at)
			}
			if r, err = openLog(t, db, clock).VerifyAll(t.Context()); err != nil || len(r.Breaks) == 0 {
				t.Errorf("after a restart nothing was found: %+v, %v", r, err)
			}
		})
	}
}

// An attacker with the database but without the key can compute all hashes anew. That does not help.
func TestAuditFindsARewrittenChain(t *testing.T) {
	db, l, clock := auditOf(t, 0)
	forged := openTestState(t)
	store := NewAudit(forged)
	if _, err := store.Key(t.Context(), sealer(t, 1), func() []byte { return make([]byte, audit.KeyLen) }); err != nil {
		t.Fatal(err)
	}
	forger, err := audit.Open(t.Context(), store, make([]byte, audit.KeyLen), clock.now)
	if err != nil {
		t.Fatal(err)
	}
	events, _, err := forger.List(t.Context(), audit.Query{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	h, err := store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tamper(t, db, `DELETE FROM audit_events`)
	if err := NewAudit(db).Append(t.Context(), events[0], h); err != nil {
		t.Fatal(err)
	}
	r, err := l.VerifyAll(t.Context())
	if err != nil || len(r.Breaks) < 2 {
		t.Errorf("a log that somebody else wrote: %+v, %v", r, err)
	}
}

func TestAuditVerifiesOneEvent(t *testing.T) {
	db, l, _ := auditOf(t, 5)
	events, total, err := l.List(t.Context(), audit.Query{Limit: 10})
	if err != nil || total != 6 {
		t.Fatal(total, err)
	}
	for _, e := range events {
		if b, err := l.Verify(t.Context(), e.ID); err != nil || b != nil {
			t.Errorf("%d: %+v, %v", e.Seq, b, err)
		}
	}
	tamper(t, db, `UPDATE audit_events SET user = 'mallory' WHERE seq = 3`)
	for _, e := range events {
		if b, err := l.Verify(t.Context(), e.ID); err != nil || (b != nil) != (e.Seq == 3) {
			t.Errorf("%d after the change: %+v, %v", e.Seq, b, err)
		}
	}
	if _, err := l.Verify(t.Context(), "none"); !errs.Is(err, errs.NotFound) {
		t.Errorf("an event that is not there: %v", err)
	}
}

func TestAuditIsNeverChangedByTheServer(t *testing.T) {
	db, _, _ := auditOf(t, 3)
	for _, s := range []string{`UPDATE audit_events SET user = 'x' WHERE seq = 2`, `DELETE FROM audit_events WHERE seq = 2`} {
		if _, err := db.Write.ExecContext(t.Context(), s); err == nil {
			t.Errorf("%s: done", s)
		}
	}
}

func TestAuditTrimKeepsTheChain(t *testing.T) {
	db, l, clock := auditOf(t, 9) // one a minute
	if err := l.Trim(t.Context(), 4*time.Minute+30*time.Second); err != nil {
		t.Fatal(err)
	}
	for when, l := range map[string]*audit.Log{"running": l, "after a restart": openLog(t, db, clock)} {
		r, err := l.VerifyAll(t.Context())
		if err != nil || len(r.Breaks) > 0 || r.Events != 6 {
			t.Errorf("%s: %+v, %v", when, r, err)
		}
	}
	first, err := l.After(t.Context(), 0, 1)
	if err != nil || first[0].Seq != 6 {
		t.Fatalf("the oldest: %+v, %v", first, err)
	}
	if b, err := l.Verify(t.Context(), first[0].ID); err != nil || b != nil {
		t.Errorf("the oldest: %+v, %v", b, err)
	}
	if err := l.Trim(t.Context(), time.Hour); err != nil || l.Last() != 11 {
		t.Errorf("nothing is due, but: %d, %v", l.Last(), err)
	}
	if err := l.Trim(t.Context(), 0); err == nil || l.Last() != 11 {
		t.Errorf("kept for no time at all: %d, %v", l.Last(), err)
	}
	tamper(t, db, `DELETE FROM audit_events WHERE seq = 6`)
	if r, _ := l.VerifyAll(t.Context()); len(r.Breaks) == 0 {
		t.Error("the oldest one that is kept is gone, and nothing was found")
	}
}

func TestAuditFilters(t *testing.T) {
	_, l, clock := auditOf(t, 9)
	yes, no := true, false
	for name, c := range map[string]struct {
		q    audit.Query
		want int
	}{
		"all":      {audit.Query{}, 10},
		"user":     {audit.Query{User: "jane"}, 4},
		"event":    {audit.Query{Event: "token_created"}, 9},
		"success":  {audit.Query{Success: &yes}, 7},
		"failures": {audit.Query{Success: &no}, 3},
		"from":     {audit.Query{From: clock.t.Add(-2 * time.Minute)}, 3},
		"to":       {audit.Query{To: clock.t.Add(-8 * time.Minute)}, 2},
		"text":     {audit.Query{Text: "N3|"}, 1},
		"wildcard": {audit.Query{Text: "%"}, 0},
		"both":     {audit.Query{User: "admin", Success: &no}, 2},
	} {
		c.q.Limit = 100
		found, total, err := l.List(t.Context(), c.q)
		if err != nil || total != c.want || len(found) != c.want {
			t.Errorf("%s: %d of %d, want %d, %v", name, len(found), total, c.want, err)
		}
	}
	found, total, err := l.List(t.Context(), audit.Query{Limit: 2, Offset: 1})
	if err != nil || total != 10 || len(found) != 2 || found[0].Seq != 9 {
		t.Errorf("a page: %+v of %d, %v", found, total, err)
	}
}

func BenchmarkAuditAdd(b *testing.B) {
	db, err := OpenState(b.Context(), b.TempDir()+"/pulse.db")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	store := NewAudit(db)
	key, err := store.Key(context.Background(), unsealed{}, func() []byte { return make([]byte, audit.KeyLen) })
	if err != nil {
		b.Fatal(err)
	}
	l, err := audit.Open(b.Context(), store, key, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := l.Add(b.Context(), audit.Event{Event: "token_created", User: "admin", Success: true}); err != nil {
			b.Fatal(err)
		}
	}
}

// unsealed seals nothing.
type unsealed struct{}

func (unsealed) Seal(_ string, plain []byte) ([]byte, error)  { return plain, nil }
func (unsealed) Open(_ string, sealed []byte) ([]byte, error) { return sealed, nil }
