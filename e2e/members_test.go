package e2e_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/e2e/oracle"
	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// moments are as_of, at a local midnight, and known_by, hours or days later.
var moments = [][2]string{
	{"2008-05-31T22:00:00Z", "2008-06-01T04:00:00Z"},
	{"2008-07-31T22:00:00Z", "2008-08-03T10:30:00Z"},
	{"2008-08-21T22:00:00Z", "2008-08-22T06:00:00Z"}, // no row arrived on 19 August: that day is not covered
}

// logs are the same clicks under two consent logs.
func logs(t *testing.T, dir string) map[string]*oracle.Log {
	t.Helper()
	from := enriched(t)
	events := filepath.Join(from, "events")
	days := must(feed.Days(events))(t)
	check(t, feed.CopyDays(events, filepath.Join(dir, "data", "events"), days))
	rows := must(feed.Rows(events))(t)
	acts := map[string][]feed.Event{
		"data/consent/":  must(feed.Answers(filepath.Join(from, "consent.csv.gz"), activations))(t),
		"data/granting/": feed.AllGranting(rows, activations, instant(t, "2008-10-20T00:00:00Z")),
	}
	out := map[string]*oracle.Log{}
	for url, said := range acts {
		folder := filepath.Join(dir, filepath.FromSlash(url))
		check(t, feed.WriteConsent(folder, "part-00000.parquet", append(said, heartbeats(t)...)))
		l := &oracle.Log{Rows: rows, Acts: must(feed.Acts(folder))(t), Partitions: days}
		out[url] = must(oracle.Prepare(l, oracle.Shop(), "Europe/Warsaw"))(t)
	}
	return out
}

func TestTheEngineAndTheOracleNameTheSameMembersAndRefuseTheSameRows(t *testing.T) {
	dir := t.TempDir()
	both := logs(t, dir)
	for _, c := range []struct {
		consent, profile string
		strict           bool // shorter retention and consent age, so that both have something to refuse
	}{
		{"data/consent/", "", false}, {"data/consent/", "linked", false}, {"data/consent/", "linked", true},
		{"data/granting/", "", false}, {"data/granting/", "linked", false},
	} {
		for _, m := range moments {
			t.Run(fmt.Sprintf("%s %s %v %s", filepath.Base(c.consent), c.profile, c.strict, m[0]), func(t *testing.T) {
				l := load(t, dir, c.profile)
				p := l.Project
				p.Consent.URL = c.consent
				if c.strict {
					p.Retention, p.Consent.MaxConsentAge = rules.Duration{N: 100, Unit: rules.Day}, rules.Duration{N: 45, Unit: rules.Day}
				}
				asOf, knownBy := instant(t, m[0]), instant(t, m[1])
				want := both[c.consent].Run(oracle.Settings{
					AsOf: asOf, KnownBy: knownBy, Linked: p.Identity.Linked,
					Retention: project.Micros(p.Retention), MaxAge: project.Micros(p.Consent.MaxConsentAge),
				})
				compare(t, want, evaluate(t, l, asOf, knownBy))
			})
		}
	}
}

// compare compares everything a run decides.
func compare(t *testing.T, want *oracle.Result, got *pipeline.Evaluation) {
	t.Helper()
	members, control := map[[2]string][]string{}, map[[2]string][]string{}
	for i := range got.Audiences {
		a := &got.Audiences[i]
		use := got.Uses[a.Use()].Name
		key := [2]string{a.Segment().Name, use}
		if _, asked := want.Members[key]; !asked {
			continue // only there to be referred to
		}
		members[key] = append([]string{}, slices.Collect(a.Members())...)
		if ids := slices.Collect(a.Control()); len(ids) > 0 {
			control[key] = ids
		}
	}
	for key, ids := range want.Members {
		if diff := cmp.Diff(append([]string{}, ids...), members[key]); diff != "" {
			t.Errorf("members of %v (-oracle +engine), %d and %d:\n%.600s", key, len(ids), len(members[key]), diff)
		}
		if diff := cmp.Diff(want.Control[key], control[key]); diff != "" {
			t.Errorf("control group of %v (-oracle +engine):\n%.600s", key, diff)
		}
	}
	if len(members) != len(want.Members) {
		t.Errorf("the engine made %d audiences, the oracle %d", len(members), len(want.Members))
	}
	compareCounts(t, want, got)
}

func compareCounts(t *testing.T, want *oracle.Result, got *pipeline.Evaluation) {
	t.Helper()
	for u := range got.Uses {
		use := got.Uses[u].Name
		refused := map[string]int64{}
		for reason, n := range got.Roll.Tallies.Refused[u] {
			if n > 0 {
				refused[consent.Reason(reason).String()] = n
			}
		}
		if diff := cmp.Diff(want.Refused[use], refused); diff != "" {
			t.Errorf("refused rows of %s (-oracle +engine):\n%s", use, diff)
		}
		if n := got.Roll.Tallies.Admitted[u]; n != want.Admitted[use] {
			t.Errorf("admitted rows of %s: oracle %d, engine %d", use, want.Admitted[use], n)
		}
		if n := got.Roll.People(u); n != want.People[use] {
			t.Errorf("people of %s: oracle %d, engine %d", use, want.People[use], n)
		}
	}
	c := got.Sources[0].Counts
	counts := map[string][2]int64{
		"wanted": {want.Wanted, c.Wanted}, "hidden": {want.Hidden, c.Hidden}, "skewed": {want.Skewed, c.Skewed}, "copies": {want.Copies, c.Copies},
	}
	for name, n := range counts {
		if n[0] != n[1] {
			t.Errorf("%s rows: oracle %d, engine %d", name, n[0], n[1])
		}
	}
}
