package influx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"
	"github.com/influxdata/influxdb-client-go/v2/api/query"
	"github.com/influxdata/influxdb-client-go/v2/domain"

	"github.com/pulse-platform/pulse/core/errs"
	"github.com/pulse-platform/pulse/core/id"
	"github.com/pulse-platform/pulse/core/metric"
)

// remote is InfluxDB as the store uses it. What 1.8 lacks of the second API (buckets, deletion) is done in InfluxQL there.
type remote struct {
	opt    Options
	client influxdb2.Client
	http   *http.Client
}

func newRemote(opt Options) *remote {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is what it is
	transport.MaxIdleConnsPerHost = 4
	h := &http.Client{Timeout: opt.Timeout, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	o := influxdb2.DefaultOptions().SetHTTPClient(h).SetUseGZip(true).SetPrecision(time.Millisecond).SetLogLevel(0)
	return &remote{opt, influxdb2.NewClientWithOptions(strings.TrimRight(opt.URL, "/"), opt.Token, o), h}
}

func (r *remote) close() {
	r.client.Close()
	r.http.CloseIdleConnections()
}

// former reports whether the server is a 1.8.
func (r *remote) former() bool { return r.opt.Org == "" }

// bucket returns the name of a tier's bucket; of 1.8, database and retention policy.
func (r *remote) bucket(tier int) string {
	name := r.opt.Tiers[tier].Name
	switch {
	case r.former():
		return r.opt.Bucket + "/" + name
	case tier == 0:
		return r.opt.Bucket
	}
	return r.opt.Bucket + "_" + name
}

// write sends lines. A nil error means that InfluxDB has dealt with them; then refused says what it did not want of them.
func (r *remote) write(ctx context.Context, tier int, lines string) (refused string, err error) {
	err = r.client.WriteAPIBlocking(r.opt.Org, r.bucket(tier)).WriteRecord(ctx, strings.TrimSuffix(lines, "\n"))
	var answer *influxhttp.Error
	if errors.As(err, &answer) && (answer.StatusCode == http.StatusBadRequest || answer.StatusCode == http.StatusUnprocessableEntity) {
		return answer.Message, nil
	}
	return "", r.explain(err)
}

// explain says what an error means and what to do.
func (r *remote) explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	said := func(format string, args ...any) error { return errs.Wrap(errs.Unavailable, err, format, args...) }
	var answer *influxhttp.Error
	if !errors.As(err, &answer) || answer.StatusCode == 0 {
		return said("InfluxDB at %s cannot be reached: %s", r.host(), cause(err))
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized:
		return said("InfluxDB at %s does not accept the token", r.host())
	case http.StatusForbidden:
		return said("the token may not use the buckets %s in InfluxDB at %s", r.opt.Bucket, r.host())
	case http.StatusNotFound:
		return said("InfluxDB at %s does not have the buckets %s: set them up", r.host(), r.opt.Bucket)
	}
	return said("InfluxDB at %s answers %d: %s", r.host(), answer.StatusCode, answer.Message)
}

// host is the address without what might be secret in it.
func (r *remote) host() string {
	u, err := url.Parse(r.opt.URL)
	if err != nil {
		return "its address"
	}
	return u.Host
}

// cause is the innermost text of a failure to connect, which names no address twice.
func cause(err error) string {
	var at *url.Error
	if errors.As(err, &at) {
		if at.Timeout() {
			return "it does not answer in time"
		}
		return at.Err.Error()
	}
	return err.Error()
}

// rows runs a query and visits its rows.
func (r *remote) rows(ctx context.Context, flux string, visit func(*query.FluxRecord)) error {
	result, err := r.client.QueryAPI(r.opt.Org).Query(ctx, flux)
	if err != nil {
		return r.explain(err)
	}
	defer result.Close() //nolint:errcheck // it was only read
	for result.Next() {
		visit(result.Record())
	}
	return r.explain(result.Err())
}

// influxQL runs a statement of 1.8 and fails when the server does.
func (r *remote) influxQL(ctx context.Context, statement string) (json.RawMessage, error) {
	form := url.Values{"q": {statement}, "db": {r.opt.Bucket}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(r.opt.URL, "/")+"/query", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user, password, ok := strings.Cut(r.opt.Token, ":"); ok {
		req.SetBasicAuth(user, password)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, r.explain(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return nil, r.explain(err)
	}
	var answer struct {
		Error   string `json:"error"`
		Results []struct {
			Error string `json:"error"`
		} `json:"results"`
	}
	_ = json.Unmarshal(body, &answer)
	for _, one := range answer.Results {
		if answer.Error == "" {
			answer.Error = one.Error
		}
	}
	if resp.StatusCode != http.StatusOK || answer.Error != "" {
		return nil, r.explain(&influxhttp.Error{StatusCode: resp.StatusCode, Message: answer.Error})
	}
	return body, nil
}

// forget deletes all of records, in every tier.
func (r *remote) forget(ctx context.Context, records []id.UID) error {
	for _, record := range records {
		name := encode(string(record))
		if r.former() {
			if _, err := r.influxQL(ctx, fmt.Sprintf(`DROP SERIES FROM /.*/ WHERE "%s" = '%s'`, tagRecord, name)); err != nil {
				return err
			}
			continue
		}
		for tier := range r.opt.Tiers {
			err := r.client.DeleteAPI().DeleteWithName(ctx, r.opt.Org, r.bucket(tier), time.Unix(0, 0), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), fmt.Sprintf(`%s="%s"`, tagRecord, name))
			if err != nil {
				return r.explain(err)
			}
		}
	}
	return nil
}

// roll lets a 1.8 compute the buckets of a tier from those of another, or from raw samples.
func (r *remote) roll(ctx context.Context, source, tier int, from, to int64) error {
	of := [...]string{"min", "max", "sum", "sum"}
	what := fields
	if source == 0 {
		of[3], what = "count", [...]string{fieldValue, fieldValue, fieldValue, fieldValue}
	}
	chosen := make([]string, len(fields))
	for i, f := range fields {
		chosen[i] = fmt.Sprintf(`%s("%s") AS "%s"`, of[i], what[i], f)
	}
	db := encode(r.opt.Bucket)
	_, err := r.influxQL(ctx, fmt.Sprintf(`SELECT %s INTO "%s"."%s".:MEASUREMENT FROM "%s"."%s"./.*/ WHERE time >= %dms AND time < %dms GROUP BY time(%ds), * fill(none)`,
		strings.Join(chosen, ", "), db, r.opt.Tiers[tier].Name, db, r.opt.Tiers[source].Name, from, to, int64(r.opt.Tiers[tier].Step.Seconds())))
	return err
}

// setUp makes the buckets that are missing, and sets how long each keeps what it has: by a step of the next tier longer
// than configured, so that this one can be computed anew. Without limits they keep it for ever.
func (r *remote) setUp(ctx context.Context, limits bool) error {
	if r.former() {
		if _, err := r.influxQL(ctx, fmt.Sprintf(`CREATE DATABASE "%s"`, encode(r.opt.Bucket))); err != nil {
			return err
		}
	}
	for tier, t := range r.opt.Tiers {
		keep := t.Retention
		if tier+1 < len(r.opt.Tiers) {
			keep += r.opt.Tiers[tier+1].Step
		}
		if !limits {
			keep = 0
		}
		if err := r.setUpTier(ctx, tier, keep); err != nil {
			return err
		}
	}
	return nil
}

func (r *remote) setUpTier(ctx context.Context, tier int, keep time.Duration) error {
	if r.former() {
		lasts := "INF"
		if keep > 0 {
			lasts = fmt.Sprintf("%dm", int64(keep/time.Minute))
		}
		name := r.opt.Tiers[tier].Name
		if _, err := r.influxQL(ctx, fmt.Sprintf(`CREATE RETENTION POLICY "%s" ON "%s" DURATION %s REPLICATION 1`, name, encode(r.opt.Bucket), lasts)); err == nil {
			return nil
		}
		_, err := r.influxQL(ctx, fmt.Sprintf(`ALTER RETENTION POLICY "%s" ON "%s" DURATION %s`, name, encode(r.opt.Bucket), lasts))
		return err
	}
	rule := domain.RetentionRule{EverySeconds: int64(keep / time.Second)}
	if found, err := r.client.BucketsAPI().FindBucketByName(ctx, r.bucket(tier)); err == nil && found != nil {
		found.RetentionRules = domain.RetentionRules{rule}
		_, err = r.client.BucketsAPI().UpdateBucket(ctx, found)
		return r.explain(err)
	}
	org, err := r.client.OrganizationsAPI().FindOrganizationByName(ctx, r.opt.Org)
	if err != nil {
		return r.explain(err)
	}
	_, err = r.client.BucketsAPI().CreateBucketWithName(ctx, org, r.bucket(tier), rule)
	return r.explain(err)
}

// keyOf reads the series of a row.
func keyOf(row *query.FluxRecord) metric.Key {
	record, _ := row.ValueByKey(tagRecord).(string)
	instance, _ := row.ValueByKey(tagInstance).(string)
	return metric.Key{Record: id.UID(decode(record)), Metric: decode(row.Measurement()), Instance: decode(instance)}
}
