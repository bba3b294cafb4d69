package pipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/kept"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// What the rules of a night may ask.
var keptRules = []string{
	"{did: page_view, where: page starts_with '/lainat', within: %dd}",
	"{did: page_view, where: page starts_with '/kortit', within: %dd, at_least: 2}",
	"{metric: distinct(page), of: page_view, within: %dd, at_least: 2}",
	"{all: [{did: page_view, within: 6d}, {did_not: page_view, where: page = '/kortit/debit', within: %dd}]}",
	"{did: any_event, where: page contains 'auto' or page ends_with 'debit', within: %dd}",
	"{sequence: [{did: page_view, where: page starts_with '/lainat'}, {did: page_view, where: page = '/kortit/debit', " +
		"within_previous: 2d}], within: %dd}",
}

var keptPages = []string{"/lainat/asunto", "/lainat/auto", "/kortit/debit", "/kortit/credit"}

// ruled gives the bank segments with these conditions, of devices and of customers.
func (b *bank) ruled(t *rapid.T) {
	schema := b.loaded.Schemas["web"]
	scope := &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{schema}, Zone: b.loaded.Project.Zone, AnyEvent: true,
		Destinations: map[string]rules.Destination{"files": {Purposes: []rules.Purpose{rules.Advertising}}},
	}
	b.loaded.Segments = nil
	for i := range rapid.IntRange(1, 4).Draw(t, "segments") {
		condition := fmt.Sprintf(rapid.SampledFrom(keptRules).Draw(t, "condition"), rapid.IntRange(1, 6).Draw(t, "days"))
		level := rapid.SampledFrom([]string{"device", "device", "customer"}).Draw(t, "level")
		segment, found := scope.Segment(&source.Source{Name: fmt.Sprintf("s%d.yaml", i), Text: fmt.Sprintf(
			"apiVersion: malgrupp/v1\nkind: Segment\nmetadata: {name: rule-%d, owner: team, review_by: 2026-12-31}\nspec:\n"+
				"  purpose: advertising\n  identity: %s\n  match: %s\n  deliver: [files]\n", i, level, condition)})
		if segment == nil {
			t.Fatal(found.Err())
		}
		b.loaded.Segments = append(b.loaded.Segments, segment)
	}
}

// brings changes the log as exporters do: new objects, late ones, some that are written anew or gone, and what people
// decide; it tells whether somebody asks to be erased.
func (b *bank) brings(t *rapid.T, day int, erases bool) (erased bool) {
	date := func(day int) string { return fmt.Sprintf("2026-04-%02d", day) }
	for range rapid.IntRange(1, 4).Draw(t, "objects") {
		of := day - rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(t, "late")
		name := fmt.Sprintf("events/dt=%s/part-%d.parquet", date(of), rapid.IntRange(0, 2).Draw(t, "part"))
		from := rapid.IntRange(0, 10).Draw(t, "from")
		customer := rapid.SampledFrom([]string{"", "", "c1", "c2"}).Draw(t, "customer")
		page := rapid.SampledFrom(keptPages).Draw(t, "page")
		when := date(of - rapid.IntRange(0, 1).Draw(t, "happened before"))
		b.viewsBy(name, page, when+"T10:00:00Z", from, from+rapid.IntRange(0, 6).Draw(t, "rows"), customer)
	}
	if rapid.IntRange(0, 5).Draw(t, "goes") == 0 {
		b.gone(fmt.Sprintf("events/dt=%s/part-0.parquet", date(day-rapid.IntRange(1, 5).Draw(t, "days ago"))))
	}
	said := date(day) + "T20:59:00Z"
	acts := []act{{"", "heartbeat", "", said, said}}
	if rapid.IntRange(0, 9).Draw(t, "recorded ahead") == 0 {
		said = date(day) + "T22:30:00Z"
	}
	for range rapid.IntRange(0, 6).Draw(t, "acts") {
		who := rapid.SampledFrom([]string{"d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "c1", "c2"}).Draw(t, "who")
		at := date(day-rapid.IntRange(-1, 4).Draw(t, "decided")) + "T08:00:00Z"
		if other := rapid.IntRange(0, 10).Draw(t, "says something else"); other < len(keptActs) {
			if keptActs[other] == "erase" {
				if !erases {
					continue
				}
				erased = true
			}
			acts = append(acts, act{who, keptActs[other], "*", at, said})
			continue
		}
		for _, purpose := range []string{"profile", "link", "activate:files"} {
			acts = append(acts, act{who, "grant", purpose, at, said})
		}
	}
	b.acts(fmt.Sprintf("consent/day-%d.parquet", day), acts)
	switch before := fmt.Sprintf("consent/day-%d.parquet", day-1); rapid.IntRange(0, 7).Draw(t, "consent log") {
	case 0:
		b.gone(before)
	case 1:
		b.acts(before, acts[1:]) // written anew, with other rows
	case 2:
		b.acts(fmt.Sprintf("consent/more-%d.parquet", day), acts[1:])
	}
	return erased
}

var keptActs = []string{"withdraw", "deny", "object", "lift", "erase"}

func (b *bank) gone(name string) {
	bucket, key, _ := strings.Cut(name, "/")
	at, err := store.Open(b.t.Context(), "mem://"+bucket+"/", store.Options{Memory: b.memory})
	check(b.t, err)
	if there, err := at.Exists(b.t.Context(), key); err == nil && there {
		check(b.t, at.Delete(b.t.Context(), key))
	}
}

// harm does something to what is kept.
func (b *bank) harm(t *rapid.T) {
	at, err := store.Open(b.t.Context(), "mem://state/", store.Options{Memory: b.memory})
	check(b.t, err)
	objects, err := at.List(b.t.Context(), kept.Folder)
	check(b.t, err)
	for _, o := range objects {
		if there, _ := at.Exists(b.t.Context(), o.Key); !there {
			continue
		}
		content, err := at.ReadAll(b.t.Context(), o.Key, 1<<30)
		check(b.t, err)
		switch rapid.IntRange(0, 12).Draw(t, "harm to "+o.Key) {
		case 0:
			check(b.t, at.Delete(b.t.Context(), o.Key))
		case 1:
			content[rapid.IntRange(0, len(content)-1).Draw(t, "byte")] ^= 1
			check(b.t, at.UploadBytes(b.t.Context(), o.Key, content, ""))
		case 2:
			check(b.t, at.UploadBytes(b.t.Context(), o.Key, content[:len(content)/2], ""))
		case 3:
			other := rapid.SampledFrom(objects).Draw(t, "other")
			if content, err = at.ReadAll(b.t.Context(), other.Key, 1<<30); err != nil {
				continue // it is gone
			}
			check(b.t, at.UploadBytes(b.t.Context(), o.Key, content, ""))
		}
	}
}

// decided is what a night decides, people by name, and all that it counts.
func (b *bank) decided(ctx context.Context, now string, knownBy int64, noKept bool) (people, counts string) {
	stores := folder.NewStores(store.Options{Memory: b.memory})
	defer stores.Close()
	clock := func() time.Time { return time.UnixMicro(instant(b.t, now)) }
	look, err := pipeline.LookAt(ctx, &pipeline.Job{
		Inputs: decide.Inputs{
			Loaded: b.loaded, Clock: clock, KnownBy: knownBy, Workers: 2, Stores: stores, Log: slog.New(slog.DiscardHandler),
		}, RunID: "20260401T000000Z-ffffff", Keys: b.ring, NoKept: noKept,
	}, decide.Ask(b.loaded.Segments), decide.Options{})
	if err != nil {
		return err.Error(), ""
	}
	var out, lists bytes.Buffer
	for _, a := range look.Audiences {
		fmt.Fprintln(&lists, a.Segment().Name, slices.Collect(a.Members()), a.Qualified, a.Outcomes(0))
	}
	for _, s := range look.Sources {
		fmt.Fprintf(&out, "%+v %d %v\n", s.Counts, s.Conflicts, s.Inputs)
	}
	fmt.Fprintf(&out, "%+v\n%+v %d\n%+v\n%+v\n", look.Roll.Tallies, look.Feed, look.Skewed, look.Heard, look.Acts)
	return lists.String(), out.String()
}

// What is kept never shows: whatever nights came before, a night decides with kept evidence what it decides without.
func TestANightWithKeptEvidenceDecidesWhatOneWithoutDoes(t *testing.T) {
	members, ledgers := 0, 0 // nights with members and with something kept, and with a folded consent log
	rapid.Check(t, func(r *rapid.T) {
		b := newBank(t)
		b.gone("events/dt=2026-04-10/part.parquet")
		if rapid.Bool().Draw(r, "linked") {
			b.linked()
		}
		if rapid.Bool().Draw(r, "copies stay") {
			b.loaded.Project.Sources[0].Dedupe = value.Duration{}
		}
		b.ruled(r)
		erases, erased := rapid.IntRange(0, 3).Draw(r, "erases") == 0, false
		for day := 10; day < 10+rapid.IntRange(2, 5).Draw(r, "nights"); day++ {
			erased = b.brings(r, day, erases) || erased
			if rapid.IntRange(0, 2).Draw(r, "other rules") == 0 {
				b.ruled(r)
			}
			if rapid.IntRange(0, 3).Draw(r, "harm") == 0 {
				b.harm(r)
			}
			now := fmt.Sprintf("2026-04-%02dT22:00:00Z", day)
			if rapid.IntRange(0, 2).Draw(r, "grants last otherwise") == 0 {
				b.loaded.Project.Consent.MaxConsentAge = value.Duration{N: rapid.IntRange(3, 30).Draw(r, "days"), Unit: value.Day}
			}
			same := func(now string, knownBy int64) {
				without, counts := b.decided(t.Context(), now, knownBy, true)
				with, keptCounts := b.decided(t.Context(), now, knownBy, false)
				if strings.Contains(without, "[d") && b.keptObjects("") > 0 {
					members++
				}
				// Of whoever is forgotten no row is kept, so that the refusals of hers are not counted.
				if diff := cmp.Diff(without, with); diff == "" && !erased {
					without, with = counts, keptCounts
				}
				if diff := cmp.Diff(without, with); diff != "" {
					r.Fatalf("night %d (-without +with kept evidence):\n%s", day, diff)
				}
			}
			same(now, 0)
			if _, err := b.run(now, fmt.Sprintf("202604%02dT220000Z-000001", day)); err != nil {
				r.Logf("night %d: %v", day, err)
			}
			if b.keptObjects("ledger") > 0 {
				ledgers++
			}
			// What a later known_by hides, the night may have seen.
			same(now, instant(t, now)+rapid.Int64Range(1, 60).Draw(r, "minutes later")*60e6)
		}
	})
	if members < 20 || ledgers < 20 {
		t.Fatalf("%d nights had members and kept evidence, %d a kept ledger; want 20", members, ledgers)
	}
}

func (b *bank) keptObjects(of string) int {
	at, err := store.Open(b.t.Context(), "mem://state/", store.Options{Memory: b.memory})
	check(b.t, err)
	objects, err := at.List(b.t.Context(), kept.Folder+of)
	check(b.t, err)
	return len(objects)
}

func (b *bank) linked() {
	day := func(n int) value.Duration { return value.Duration{N: n, Unit: value.Day} }
	b.loaded.Project.Identity.Linked = true
	b.loaded.Project.Identity.AttachWindow, b.loaded.Project.Identity.SharedWindow = day(30), day(90)
	b.loaded.Project.Identity.KioskCustomers, b.loaded.Project.Identity.MaxDevices = 5, 20
}
