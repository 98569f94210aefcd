package integrations

import (
	"context"
	"slices"
	"testing"

	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/integration"
)

// trying is a service of which only trials are asked.
type trying struct {
	Service
	failure string
}

func (t trying) Try(context.Context, integration.Integration) (integration.Trial, error) {
	return integration.Trial{Failure: t.failure}, nil
}

// A test that goes well has all that the integration brings be asked for soon; one that fails, or of what has no name yet, does not.
func TestATestHasAllBeAskedForAgain(t *testing.T) {
	var again []id.Integration
	for _, x := range []struct{ name, failure string }{{"kitchen", ""}, {"kitchen", "Nobody is at home."}, {"", ""}} {
		a := Area{Service: trying{failure: x.failure}, Again: func(name id.Integration) { again = append(again, name) }}
		if _, err := a.try(t.Context(), tryIn{Kind: "pot", Name: x.name}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(again, []id.Integration{"pot/kitchen"}) {
		t.Errorf("%v", again)
	}
}
