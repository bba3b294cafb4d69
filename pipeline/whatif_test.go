package pipeline_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// settings are what consent what-if can change, each as somebody writes it into the project.
var settings = map[string]func(p *project.Project, r *rand.Rand){
	"max consent age": func(p *project.Project, r *rand.Rand) {
		p.Consent.MaxConsentAge = daysOf(pick(r, []int{5, 30, 100, 300}...))
	},
	"min notice": func(p *project.Project, r *rand.Rand) {
		of := pick(r, []string{"profile", "link", "activate"}...)
		p.Consent.MinNotice = map[string]int{of: 2 + r.IntN(2)}
	},
	"without":   func(p *project.Project, r *rand.Rand) { oneOf(p, r).Enabled = false },
	"expired":   func(p *project.Project, r *rand.Rand) { oneOf(p, r).Expires, _ = value.ParseDate("2026-04-01") },
	"split":     func(p *project.Project, r *rand.Rand) { oneOf(p, r).Activate = []string{"new", "newer"} },
	"split off": func(p *project.Project, r *rand.Rand) { p.Destinations[0].Activate = []string{"files", "new"} },
	"retention": func(p *project.Project, r *rand.Rand) {
		p.Retention = daysOf(1 + r.IntN(6))
	},
	"identity": func(p *project.Project, r *rand.Rand) {
		switch r.IntN(4) {
		case 0:
			p.Identity.Linked = false
		case 1:
			p.Identity.AttachWindow = daysOf(1)
		case 2:
			p.Identity.MaxDevices = 1
		default:
			p.Identity.KioskCustomers = 2
		}
	},
	"gpc": func(p *project.Project, r *rand.Rand) {
		p.Consent.GPCDenies = pick(r, [][]string{nil, {"profile"}, {"activate:more"}}...)
	},
	"browser": func(p *project.Project, r *rand.Rand) {
		p.Consent.BrowserDenies = pick(r, [][]string{nil, {"profile"}, {"link"}}...)
	},
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func daysOf(n int) value.Duration { return value.Duration{N: n, Unit: value.Day} }

func oneOf(p *project.Project, r *rand.Rand) *project.Destination {
	return &p.Destinations[r.IntN(2)]
}

// changed is the project with some of the settings changed; what others share is copied first.
func changed(l *load.Loaded, r *rand.Rand, names ...string) *load.Loaded {
	out, p := *l, *l.Project
	p.Destinations = slices.Clone(p.Destinations)
	p.Text = &source.Source{Name: "malgrupp.yaml", Text: "in memory, changed"}
	for _, name := range names {
		settings[name](&p, r)
	}
	out.Project = &p
	return &out
}

// asked is a town whose people share devices, signal and say a lot; all that a setting can change matters to somebody.
func newAsked(t *testing.T) *bank {
	b := newTown(t)
	p := b.loaded.Project
	p.Guards.MinAudience = 2
	p.Sources[0].GapsEmpty = true
	p.Identity = project.Identity{
		Linked: true, AttachWindow: daysOf(30), SharedWindow: daysOf(90), KioskCustomers: 5, MaxDevices: 20,
	}
	p.Consent.GPCDenies = []string{"partner_data", "activate:*"}
	p.Consent.BrowserDenies = []string{"profile"}
	schema := b.loaded.Schemas["web"]
	flag := value.Type{Kind: value.Boolean}
	schema.Columns = append(schema.Columns, rules.Column{Name: "gpc", Type: flag, Role: rules.RoleGPC, Optional: true},
		rules.Column{Name: "browser", Type: flag, Role: rules.RoleBrowserDeny, Optional: true})
	customers := *b.loaded.Segments[0]
	customers.Name, customers.Level, customers.Deliver = "customers", rules.CustomerLevel, []string{"files", "more"}
	nowhere := *b.loaded.Segments[1]
	nowhere.Name, nowhere.Deliver = "nowhere", nil
	b.loaded.Segments = append(b.loaded.Segments, &customers, &nowhere)
	return b
}

// visits writes rows of some days up to one.
func (b *bank) visits(r *rand.Rand, until, n int) {
	columns := b.loaded.Schemas["web"].Columns
	for day := max(1, until-6); day <= until; day++ {
		v := make([]parquet.Values, len(columns))
		name := fmt.Sprintf("2026-04-%02d", day)
		for i := range n {
			at := instant(b.t, name+"T10:00:00Z") + int64(i)*60e6
			customer := pick(r, []string{"", "", "c0", "c1", "c2", "c3"}...)
			for c, text := range map[int]string{
				0: fmt.Sprintf("%d-%s-%d", until, name, i), 3: "page_view",
				4: fmt.Sprintf("d%d", r.IntN(10)),
				5: pick(r, []string{"/lainat/auto", "/kortit/debit"}...), 6: customer,
			} {
				v[c].Text = append(v[c].Text, text)
			}
			v[1].Ints, v[2].Ints = append(v[1].Ints, at), append(v[2].Ints, at+1e6)
			v[6].Null = append(v[6].Null, customer == "")
			for _, c := range []int{7, 8} {
				said := r.IntN(31)
				v[c].Ints, v[c].Null = append(v[c].Ints, int64(said/30)), append(v[c].Null, said == 1)
			}
		}
		b.put(fmt.Sprintf("events/dt=%s/%02d.parquet", name, until), table(b.t, columns, n, v))
	}
}

// sayings writes what people answered before a day, most of them everything and once, and a heartbeat of its evening.
func (b *bank) sayings(r *rand.Rand, day, n int) {
	evening := fmt.Sprintf("2026-04-%02dT20:59:00Z", day)
	acts, notices := []act{{"", "heartbeat", "", evening, evening}}, []int64{1}
	for i := range n {
		who := fmt.Sprintf("d%d", i%10)
		if i%14 > 9 {
			who = fmt.Sprintf("c%d", i%14-10)
		}
		at := pick(r, []string{
			"2026-03-20T10:00:00Z", "2026-01-20T10:00:00Z", "2025-08-01T10:00:00Z", "2026-04-07T10:00:00Z",
		}...)
		purposes := []string{"profile", "link", "activate:files", "activate:more", "activate:new", "activate:newer"}
		word := "grant"
		if r.IntN(25) == 24 {
			word = pick(r, []string{"deny", "withdraw", "object", "gpc", "browser"}...)
		}
		notice := 1 + r.Int64N(3)
		left := r.IntN(4 * len(purposes))
		for k, purpose := range purposes {
			if k+1 == left || word != "grant" && k > left || k > 3 && i%3 == 0 {
				continue
			}
			acts, notices = append(acts, act{who, word, purpose, at, at}), append(notices, notice)
		}
	}
	name := fmt.Sprintf("consent/%02d.parquet", day)
	v := actValues(b.t, name, acts)
	v[8].Ints = notices
	b.put(name, table(b.t, decide.ConsentColumns(), len(acts), v))
}

// What consent what-if says of settings is what the run after they were written comes to: list by list, member by
// member, with what is held back and why, and row by row at the gate; and of the settings as they are what a run comes
// to now. Nothing is written.
func TestWhatIfIsWhatTheRunAfterTheChangeDoes(t *testing.T) {
	moved := map[string]bool{}
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := newAsked(t)
		b.loaded.Project.Guards.HoldFirst = seed%4 == 3
		b.visits(r, 10, 4)
		b.sayings(r, 10, 14)
		if seed%4 > 0 {
			_, err := b.run(night, runOne)
			check(t, err)
		}
		b.visits(r, 11, 10)
		b.sayings(r, 11, 4)
		all := slices.Sorted(maps.Keys(settings))
		for i, name := range all {
			names := []string{name}
			if i == int(seed) {
				names = []string{name, all[(i+1)%len(all)]}
			}
			now, then := b.whatIf(changed(b.loaded, r, names...), names, i == 0)
			moved[name] = moved[name] || len(names) == 1 && !slices.EqualFunc(now.Lists, then.Lists,
				func(a, b pipeline.Becomes) bool { return slices.Equal(a.Holds, b.Holds) })
		}
	}
	for name := range settings {
		if !moved[name] {
			t.Errorf("%s by itself never moved anybody: the worlds are too dull to tell", name)
		}
	}
}

// whatIf asks what settings would do, and compares the answer with what a run under them does; with both, also with
// what a run does under the settings as they are.
func (b *bank) whatIf(then *load.Loaded, names []string, both bool) (now, later pipeline.Side) {
	const tonight = "2026-04-11T22:00:00Z"
	before := b.everything()
	j := b.job(tonight)
	j.KnownBy = 0
	sides, err := pipeline.Sides(b.t.Context(), j, then)
	check(b.t, err)
	check(b.t, j.Stores.Close())
	if diff := cmp.Diff(before, b.everything()); diff != "" {
		b.t.Errorf("something was written:\n%s", diff)
	}
	for i, l := range []*load.Loaded{changed(b.loaded, nil), then} {
		if i == 0 && !both {
			continue
		}
		real := b.elsewhere(b.t)
		real.loaded = l
		report, err := real.run(tonight, runTwo)
		check(b.t, err)
		got := map[string][]string{}
		for _, list := range sides[i].Lists {
			if len(list.Holds) > 0 && list.List.Destination != "" {
				got[list.List.Destination+"/"+list.List.Segment] = list.Holds
			}
		}
		if diff := cmp.Diff(real.holds().Holdings, got); diff != "" {
			b.t.Errorf("%v: holdings after the run (-real +what-if):\n%s", names, diff)
		}
		if diff := cmp.Diff(report.Manifest.Segments, counts(sides[i].Lists)); diff != "" {
			b.t.Errorf("%v: counts of lists (-real +what-if):\n%s", names, diff)
		}
		if diff := cmp.Diff(report.Manifest.Uses, sides[i].Manifest.Uses); diff != "" {
			b.t.Errorf("%v: rows at the gate (-real +what-if):\n%s", names, diff)
		}
	}
	return sides[0], sides[1]
}

func counts(of []pipeline.Becomes) (out []record.SegmentCount) {
	for _, b := range of {
		out = append(out, b.Count)
	}
	return out
}

// everything is what lies in the places that runs write to.
func (b *bank) everything() (out []string) {
	for _, place := range allPlaces {
		for _, key := range b.keys("mem://"+place+"/", "") {
			out = append(out, place+"/"+key)
		}
	}
	return out
}
