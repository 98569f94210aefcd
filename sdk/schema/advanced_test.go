package schema

import (
	"strings"
	"testing"
)

func TestAdvancedKeysAreMarked(t *testing.T) {
	s, err := Of[struct {
		Host string `name:"host" help:"."`
		Pace int    `name:"pace" help:"." advanced:"true"`
	}]()
	if err != nil {
		t.Fatal(err)
	}
	raw := s.JSON()
	again, err := Parse(raw)
	if err != nil || strings.Count(string(raw), `"x-advanced":true`) != 1 || !again.Field("pace").Advanced || again.Field("host").Advanced {
		t.Errorf("%s, %v", raw, err)
	}
	if _, err := Of[struct {
		A string `name:"a" help:"." advanced:"very"`
	}](); err == nil {
		t.Error("a tag that is neither true nor false is taken")
	}
}
