package live

import (
	"testing"
)

// TestPollGoesOn lets a client that no connection reaches ask twice: the second answer has only what changed.
func TestPollGoesOn(t *testing.T) {
	onStage(t, func(s *stage) {
		s.farm.put(guest(0, 0), guest(1, 0))
		p, v := page{}, view{Number: 3, Range: []string{"g00000"}}
		raw, err := s.answer(s.ctx, poll{View: v})
		if err != nil || raw.ContentType != "application/json" {
			t.Fatal(err, raw.ContentType)
		}
		if got := p.take(t, raw.Body); !got.Full || got.View != 3 || len(p.rows) != 2 || p.row("g00000")["cpu"] == nil {
			t.Fatalf("%+v", p)
		}
		raw, err = s.answer(s.ctx, poll{Epoch: p.epoch, Seq: p.seq, Held: v, View: view{Number: 4, Range: []string{"g00000", "g00001"}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.take(t, raw.Body); got.Full || got.View != 4 || p.row("g00001")["cpu"] == nil {
			t.Fatalf("what is shown now: %+v", got)
		}
	})
}

func TestPollRefusesTooMuch(t *testing.T) {
	onStage(t, func(s *stage) {
		for _, in := range []poll{{View: view{Documents: make([]string, maxDocuments+1)}}, {Held: view{Range: make([]string, maxRange+1)}}} {
			if _, err := s.answer(s.ctx, in); err == nil {
				t.Errorf("%d documents, %d in range were taken", len(in.View.Documents), len(in.Held.Range))
			}
		}
	})
}
