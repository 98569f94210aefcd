package influx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"
	"github.com/influxdata/influxdb-client-go/v2/api/query"
)

// Step is one step of a test of the connection.
type Step struct {
	// Name says what is so when the step succeeds.
	Name string
	Err  error
}

// Check tests the connection step by step and ends with the first that fails. With setUp it makes the buckets on the way;
// else nothing is written.
func Check(ctx context.Context, opt Options, setUp bool) []Step {
	r := newRemote(opt.withDefaults())
	defer r.close()
	return r.check(ctx, setUp)
}

func (r *remote) check(ctx context.Context, setUp bool) (steps []Step) {
	did := func(name string, err error) bool {
		steps = append(steps, Step{name, err})
		return err == nil
	}
	if !did("It answers", r.reach(ctx)) {
		return steps
	}
	// A bucket that is not there does not speak against the token.
	err := r.readable(ctx, 0)
	refused := unauthorized(err)
	if !did("It takes the token", refused) {
		return steps
	}
	if setUp && !r.opt.WriteOnly && !did("The buckets are made", r.setUp(ctx, true)) {
		return steps
	}
	if r.opt.WriteOnly {
		did("It takes samples; it is not asked for any", err)
		return steps
	}
	for tier := range r.opt.Tiers {
		if err = r.readable(ctx, tier); err != nil {
			break
		}
	}
	did("The buckets are there and can be read", err)
	return steps
}

// reach reports whether something answers at the address at all.
func (r *remote) reach(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(r.opt.URL, "/")+"/ping", nil)
	if err != nil {
		return r.explain(err)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return r.explain(err)
	}
	return resp.Body.Close()
}

// readable reports whether the bucket of a tier can be read; of what is only written to, whether it takes writes: an empty
// body is refused or taken after the token and the bucket were looked at.
func (r *remote) readable(ctx context.Context, tier int) error {
	if r.opt.WriteOnly {
		_, err := r.write(ctx, tier, "")
		return err
	}
	return r.rows(ctx, fmt.Sprintf(`from(bucket: "%s") |> range(start: -1s) |> limit(n: 1)`, r.bucket(tier)), func(*query.FluxRecord) {})
}

// unauthorized returns err when it is about who asks.
func unauthorized(err error) error {
	var answer *influxhttp.Error
	if errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden) {
		return err
	}
	return nil
}

// Try reports whether InfluxDB answers, takes the token and has the buckets.
func Try(ctx context.Context, opt Options) error {
	steps := Check(ctx, opt, false)
	return steps[len(steps)-1].Err
}
