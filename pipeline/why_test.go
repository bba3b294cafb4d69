package pipeline_test

import (
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/pipeline/why"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// asked are rules of every shape that time alone can turn.
var asked = []string{
	"{did: a, within: 5d}",
	"{did: a, within: {from: 9d, to: 3d}, at_least: 2}",
	"{all: [{did: a, within: 7d}, {did_not: b, within: 4d}]}",
	"{any: [{did: a, within: 100h}, {did: b, within: {from: 12d, to: 10d}}]}",
	"{all: [{did: any, within: 20d}, {not: {did: a, within: {from: 2026-04-02, before: 2026-04-13}}}]}",
	"{sequence: [{did: a}, {did: b, within_previous: 3d}, {then_not: a, for: 50h}], within: 15d}",
	"{all: [{did: any, within: 15d}, {at_least_of: {count: 2, of: [{did: a, within: 3d}, {did: b, within: 8d}, " +
		"{did_not: a, within: 6d}]}}]}",
	"{all: [{did: b, within: 30d}, {session: {did: a}, within: 6d}]}",
	"{all: [{last: c, within: 11d, has: page = 'x'}, {did_not: b, within: {from: 6d, to: 1d}}]}",
	"{all: [{in_segment: other}, {did: b, within: 10d}]}",
	"{metric: sessions(), of: a, within: 3d, at_least: 2}",
	"{session: {all: [{did: a}, {did_not: b}]}, within: 3d, lasting_at_least: 10min}",
	"{sequence: [{did: a}, {did: b, without: {did: c}}], within: 2d, same_session: true}",
	"{metric: days(), of: a, within: 4d, at_least: 2}",
	"{sequence: [{did: a}, {then_not: b, for: 1d}], within: {from: 4d, to: 1d}}",
}

func TestWhatChangesByItselfIsWhatLaterNightsDecide(t *testing.T) {
	b := newBank(t)
	rapid.Check(t, func(r *rapid.T) {
		b.memory = &store.Memory{}
		b.loaded.Project.Security.AllowExplain = true
		b.loaded.Project.SessionGap = value.Duration{N: 30, Unit: value.Minute}
		b.loaded.Project.Sources[0].GapsEmpty = true
		b.loaded.Project.Sources[0].CoversFrom = instant(t, "2026-01-01T00:00:00Z")
		rule := rapid.SampledFrom(asked).Draw(r, "rule")
		exclude := rapid.SampledFrom([]string{"", "\n  exclude: {did: b, within: 2d}"}).Draw(r, "exclude")
		b.rules(map[string]string{"other": "{did: a, within: 4d}", "asked": rule + exclude})
		b.history(r)
		now := "2026-04-14T22:00:00Z"
		answer, err := b.why(now, "asked", "d0")
		if err != nil {
			r.Fatal(err)
		}
		u := answer.Uses[0]
		want := b.outcome(r, now, "d0")
		if u.Outcome != want {
			r.Fatalf("why says %s, the run %s", u.Outcome, want)
		}
		checkGrants(r, &u)
		at := instant(t, now)
		for day := 1; day <= 25; day++ {
			at += 24 * 3600 * 1e6
			night := time.UnixMicro(at).UTC().Format(time.RFC3339)
			got := b.outcome(r, night, "d0")
			claimed := u.Outcome
			for _, c := range u.Next {
				if int64(c.At) <= at {
					claimed = c.Outcome
				}
			}
			if n := len(u.Next); n > 0 && u.Next[n-1].Outcome != u.Outcome && int64(u.Next[n-1].At) < at-24*3600*1e6 {
				return // later changes are not claimed
			}
			if got != claimed {
				r.Fatalf("at %s the run decides %s, why claimed %s; it said %v", night, got, claimed, u.Next)
			}
		}
	})
}

// rules makes these segments of devices the project's.
func (b *bank) rules(specs map[string]string) {
	var segs []*rules.Segment
	scope := &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{
			b.loaded.Schemas["web"],
		}, Zone: b.loaded.Project.Zone, AnyEvent: true, Destinations: map[string]rules.Destination{},
	}
	for name, spec := range specs {
		s, found := scope.Segment(&source.Source{Name: name + ".yaml", Text: fmt.Sprintf(`apiVersion: malgrupp/v1
kind: Segment
metadata: {name: %s, owner: team, review_by: 2026-12-31}
spec:
  purpose: analysis
  identity: device
  deliver: []
  match: %s
`, name, spec)})
		check(b.t, found.Err())
		segs = append(segs, s)
	}
	segs, found := rules.Order(segs)
	check(b.t, found.Err())
	b.loaded.Segments = segs
}

// history writes what two devices did in the first half of April, and grants with a heartbeat every day.
func (b *bank) history(r *rapid.T) {
	var v [6]parquet.Values
	n := rapid.IntRange(0, 12).Draw(r, "events")
	for i := range n {
		hour := rapid.IntRange(0, 14*24-1).Draw(r, "hour")
		at := instant(b.t, "2026-03-31T21:00:00Z") + int64(hour)*3600*1e6 +
			int64(rapid.SampledFrom([]int{0, 0, 1, 1800}).Draw(r, "second"))*1e6
		for c, text := range map[int]string{
			0: fmt.Sprintf("e%d", i), 3: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "event"),
			4: rapid.SampledFrom([]string{"d0", "d0", "d1"}).Draw(r, "device"),
			5: rapid.SampledFrom([]string{"x", "y"}).Draw(r, "page"),
		} {
			v[c].Text = append(v[c].Text, text)
		}
		v[1].Ints, v[2].Ints = append(v[1].Ints, at), append(v[2].Ints, at+1e6)
	}
	b.put("events/dt=2026-04-14/part.parquet", table(b.t, eventColumns(), n, v[:]))
	var acts []act
	for _, d := range []string{"d0", "d1"} {
		acts = append(acts, act{d, "grant", "profile", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"})
	}
	at := time.UnixMicro(instant(b.t, "2026-04-01T21:30:00Z")).UTC()
	for day := range 60 {
		beat := at.AddDate(0, 0, day).Format(time.RFC3339)
		acts = append(acts, act{"", "heartbeat", "", beat, beat})
	}
	b.acts("consent/part.parquet", acts)
}

// job is the order for one night, with everything that had arrived by then.
func (b *bank) job(now string) *pipeline.Job {
	return &pipeline.Job{
		Inputs: decide.Inputs{
			Loaded: b.loaded, Clock: func() time.Time {
				return time.UnixMicro(instant(b.t, now))
			}, KnownBy: instant(b.t, now), Workers: 1,
			Stores: folder.NewStores(store.Options{Memory: b.memory}), Log: slog.New(slog.DiscardHandler),
		}, RunID: "20260410T220000Z-000001", Keys: b.ring,
	}
}

func (b *bank) why(now, segment, device string) (*why.Answer, error) {
	j := b.job(now)
	defer j.Stores.Close()
	return why.Ask(b.t.Context(), j, record.Question{Segment: segment, Subject: device, Reason: "test"}, true)
}

// outcome is what became of a device in the segment that is asked about.
func (b *bank) outcome(r *rapid.T, now, device string) segments.Outcome {
	j := b.job(now)
	defer j.Stores.Close()
	e, err := decide.Selected(b.t.Context(), j.Inputs, nil, decide.Options{})
	if err != nil {
		r.Fatal(err)
	}
	for i := range e.Audiences {
		if a := &e.Audiences[i]; a.Segment().Name == "asked" {
			if o, ok := a.Outcomes(0)[device]; ok {
				return o
			}
		}
	}
	return segments.Out
}

func TestNobodyIsLookedUpWhereItIsNotAllowedOrCannotBeWritten(t *testing.T) {
	b := newBank(t)
	_, err := b.why(night, "loan-visitors", "d7")
	if f, ok := fault.Classify(err); !ok || f.Reason != "EXPLAIN_OFF" || f.Kind != fault.Invalid {
		t.Fatalf("%v, want EXPLAIN_OFF", err)
	}
	b.loaded.Project.Security.AllowExplain = true
	j := b.job(night)
	j.Stores = folder.NewStores(store.Options{Memory: b.memory, Around: beforeWrites(func(_, key string) error {
		if strings.HasSuffix(key, ".json") && !strings.HasPrefix(key, "locks/") {
			return fmt.Errorf("the audit folder takes nothing")
		}
		return nil
	})})
	defer j.Stores.Close()
	answer, err := why.Ask(t.Context(), j, record.Question{
		Segment: "loan-visitors", Subject: "d7", Reason: "test",
	}, true)
	if err == nil || answer != nil {
		t.Errorf("got answer %v with error %v, want no answer without a line", answer, err)
	}
	asked := subject.Request{Command: "test", Subject: "d7", Raw: true, Reason: "test"}
	if shown, err := subject.Show(t.Context(), j, asked); err == nil || shown != nil {
		t.Errorf("shown is %v with error %v, want nothing without a line", shown, err)
	}
	if looked, err := subject.Lookup(t.Context(), j, asked); err == nil || looked != nil {
		t.Errorf("told is %v with error %v, want nothing without a line", looked, err)
	}
}

// checkGrants wants every event in evidence to be let in for each purpose of the use, by a grant that was there.
func checkGrants(t *rapid.T, u *why.AnswerUse) {
	for _, n := range u.Conditions {
		for _, e := range n.Evidence {
			purposes := map[string]bool{}
			for _, i := range e.Granted {
				g := u.Granted[i]
				if purposes[g.Purpose] = true; g.At > e.At || g.Action != "grant" || g.ID == "" {
					t.Fatalf("an event of %d is let in by %v", e.At, g)
				}
			}
			if !maps.Equal(purposes, map[string]bool{"profile": true}) || len(e.Granted) != 1 { // nothing is delivered
				t.Fatalf("%s: an event is let in by %v of %v", u.Use, e.Granted, u.Granted)
			}
		}
	}
}
