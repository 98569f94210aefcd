package sdktest

import (
	"slices"
	"testing"
	"time"

	"github.com/pulse-platform/pulse/sdk"
)

// Options of [Conformance] and [TryBinary].
type Options struct {
	// Config is a working configuration, a JSON object; "{}" by default.
	Config string
	// Secrets are the secret values within Config: they must not come back.
	Secrets []string
	// Tasks are those to collect; by default all that are declared.
	Tasks []string
	// Blind are configurations with which a cycle cannot see everything, by what is wrong: nobody answers, the token may
	// not read, half of the source is away. Such a cycle must not be complete: what it does not name would be taken as gone.
	Blind map[string]string
	// Zeros are metrics that are 0 of things that are down because that was measured, such as availability.
	Zeros []string

	// patience is how long what has to end may take to do so on a busy machine; 30 s.
	patience time.Duration
}

func (o Options) withDefaults(d sdk.Description) Options {
	if o.patience == 0 {
		o.patience = 30 * time.Second
	}
	if o.Config == "" {
		o.Config = "{}"
	}
	if o.Tasks == nil {
		for _, task := range d.Tasks {
			o.Tasks = append(o.Tasks, task.Name)
		}
	}
	return o
}

// subject is a plugin on trial: in the process of the test, or a program.
type subject struct {
	description sdk.Description
	connect     func(testing.TB) *Connection
	// plugin is nil for a program: what only the same process can see is left out.
	plugin sdk.Plugin
}

func inProcess(p sdk.Plugin) subject {
	return subject{p.Describe(), func(t testing.TB) *Connection { t.Helper(); return Conn(t, p) }, p}
}

// trial is one thing that the server relies on.
type trial struct {
	name string
	// needs is the capability without which the trial says nothing.
	needs sdk.Capability
	try   func(testing.TB, subject, Options)
	// each is tried for each task instead.
	each func(testing.TB, subject, Options, string)
}

// trials are all of them, in the order in which they help most.
var trials = []trial{
	{name: "describe", try: tryDescribe},
	{name: "references", try: tryReferences},
	{name: "units", try: tryUnits},
	{name: "config", try: tryConfig},
	{name: "schema", try: trySchema},
	{name: "secrets", try: trySecrets},
	{name: "close", try: tryClose},
	{name: "identities", needs: sdk.CapCollect, each: tryIdentities},
	{name: "cancel", needs: sdk.CapCollect, each: tryCancel},
	{name: "declared", needs: sdk.CapCollect, each: tryDeclared},
	{name: "honest", needs: sdk.CapCollect, each: tryHonest},
	{name: "blind", needs: sdk.CapCollect, each: tryBlind},
	{name: "nonsense", needs: sdk.CapIngest, try: tryNonsense},
}

// Conformance tries what the server relies on, over a real connection. Each trial is a subtest.
func Conformance(t *testing.T, p sdk.Plugin, o Options) {
	t.Helper()
	s := inProcess(p)
	eachTrial(s, o.withDefaults(s.description), func(name string, try func(testing.TB)) {
		t.Run(name, func(t *testing.T) { try(t) })
	})
}

// eachTrial calls run with each trial that says something about the subject.
func eachTrial(s subject, o Options, run func(name string, try func(testing.TB))) {
	for _, x := range trials {
		if x.needs != "" && !slices.Contains(s.description.Capabilities, x.needs) {
			continue
		}
		if x.try != nil {
			run(x.name, func(t testing.TB) { x.try(t, s, o) })
			continue
		}
		for _, task := range o.Tasks {
			run(x.name+"/"+task, func(t testing.TB) { x.each(t, s, o, task) })
		}
	}
}
