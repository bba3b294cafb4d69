package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
)

// nightly is one night of a town: what has come in since the night before, and when its run begins.
type nightly struct {
	clock string
	bring func(b *bank)
}

// The nights of a town. Who looked at loans on the first day stays for a week; in the second night d5 withdraws, who is
// in both lists, and others come; in the third d30 withdraws.
var townNights = []nightly{
	{"2026-04-10T22:00:00Z", func(b *bank) {
		b.views("events/dt=2026-04-10/loans.parquet", "/lainat/asunto", "2026-04-10T10:00:00Z", 0, 80)
		b.views("events/dt=2026-04-10/cards.parquet", "/kortit/credit", "2026-04-10T11:00:00Z", 20, 100)
		b.consent("consent/first.parquet", "2026-04-10T20:59:00Z", 0, 140)
	}},
	{"2026-04-11T22:00:00Z", func(b *bank) {
		b.views("events/dt=2026-04-11/loans.parquet", "/lainat/auto", "2026-04-11T10:00:00Z", 70, 95)
		b.views("events/dt=2026-04-11/cards.parquet", "/kortit/debit", "2026-04-11T11:00:00Z", 90, 110)
		b.leaves("consent/second.parquet", "2026-04-11", "d5", "d25")
	}},
	{"2026-04-12T22:00:00Z", func(b *bank) {
		b.views("events/dt=2026-04-12/loans.parquet", "/lainat/auto", "2026-04-12T10:00:00Z", 95, 100)
		b.views("events/dt=2026-04-12/cards.parquet", "/kortit/debit", "2026-04-12T11:00:00Z", 110, 112)
		b.leaves("consent/third.parquet", "2026-04-12", "d30")
	}},
}

// leaves lets devices withdraw on a day, until whose evening the consent log reaches.
func (b *bank) leaves(name, day string, devices ...string) {
	acts := []act{{"", "heartbeat", "", day + "T20:59:00Z", day + "T20:59:00Z"}}
	for _, d := range devices {
		acts = append(acts, act{d, "withdraw", "*", day + "T12:00:00Z", day + "T12:00:00Z"})
	}
	b.acts(name, acts)
}

// town is a bank with two segments and two destinations, people who stay and a control group. Nothing has come in yet.
func newTown(t *testing.T) *bank {
	b := newBank(t)
	b.memory = &store.Memory{}
	p := b.loaded.Project
	p.Head = "mem://heads/"
	more := p.Destinations[0]
	more.Name, more.Activate = "more", []string{"more"}
	p.Destinations = append(p.Destinations, more)
	scope := &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{b.loaded.Schemas["web"]}, Zone: p.Zone, AnyEvent: true,
		Destinations: map[string]rules.Destination{},
	}
	for _, d := range p.Destinations {
		scope.Destinations[d.Name] = rules.Destination{Purposes: []rules.Purpose{rules.Advertising}}
	}
	b.loaded.Segments = nil
	for name, body := range map[string]string{
		"card-visitors": `
  match: {did: page_view, where: page starts_with '/kortit', within: 14d}
  deliver: [files]`,
		"loan-visitors": `
  match: {did: page_view, where: page starts_with '/lainat', within: 1d}
  stay: 7d
  holdout: {percent: 10, salt: spring}
  deliver: [files, more]`,
	} {
		segment, found := scope.Segment(&source.Source{Name: name + ".yaml", Text: `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: ` + name + `, owner: team, review_by: 2026-12-31}
spec:
  purpose: advertising
  identity: device` + body + "\n"})
		check(t, found.Err())
		b.loaded.Segments = append(b.loaded.Segments, segment)
	}
	slices.SortFunc(b.loaded.Segments, func(x, y *rules.Segment) int { return strings.Compare(x.Name, y.Name) })
	return b
}

// elsewhere is the same bank with what lies in it in a storage of its own.
func (b *bank) elsewhere(t *testing.T) *bank {
	to := &bank{t: t, memory: &store.Memory{}, ring: b.ring, opens: b.opens, loaded: b.loaded, workers: 1}
	urls := []string{"mem://events/", "mem://consent/"}
	if b.dir == "" {
		urls = append(urls, "mem://out/", "mem://state/", "mem://audit/", "mem://heads/")
	} else {
		dir, err := os.MkdirTemp(filepath.Dir(b.dir), "")
		check(t, err)
		check(t, os.CopyFS(dir, os.DirFS(b.dir)))
		to.moveTo(dir)
	}
	for _, url := range urls {
		from := b.place(url)
		objects, err := from.List(context.Background(), "")
		check(t, err)
		for _, o := range objects {
			data, err := from.ReadAll(context.Background(), o.Key, 1<<24)
			check(t, err)
			check(t, to.place(url).UploadBytes(context.Background(), o.Key, data, ""))
		}
	}
	return to
}

// moveTo lets a bank write into a folder.
func (b *bank) moveTo(dir string) {
	l, p := *b.loaded, *b.loaded.Project
	check(b.t, os.MkdirAll(dir, 0o700))
	at := func(name string) string { return "file://" + dir + "/" + name + "/" }
	p.Output, p.State, p.Audit, p.Head = at("out"), at("state"), at("audit"), at("heads")
	l.Project, b.loaded, b.dir = &p, &l, dir
}

// tonight runs a night; time passes for it as for the test.
func (b *bank) tonight(clock, id string, o store.Options) (*pipeline.Report, error) {
	begun, now := time.Now(), time.UnixMicro(instant(b.t, clock))
	o.Memory, o.Roots = b.memory, []string{b.dir}
	return b.perform(context.Background(), id, time.Hour, func() time.Time { return now.Add(time.Since(begun)) }, o)
}

// held is what holds of a project, without what differs from run to run.
type held struct {
	Heard, Acts string              // what was seen of the consent log
	Told        map[string][]string // by list: whom a platform has that did all that it was ever told
	Lists       map[string][]string // of the last marker: snapshots and control groups
	Holdings    map[string][]string // what the state says, by list
	Stay        []string
	Wrong       []string // what is not as it must be, of the chain and of what platforms were told
}

func (h *held) wrong(format string, args ...any) {
	h.Wrong = append(h.Wrong, fmt.Sprintf(format, args...))
}

// holds reads what holds.
func (b *bank) holds() *held {
	h := &held{Told: map[string][]string{}, Lists: map[string][]string{}, Holdings: map[string][]string{}}
	told := map[string]map[string]bool{}
	markers := b.markers()
	b.intact(h, markers)
	for i, m := range markers {
		for _, o := range m.Objects {
			name := strings.TrimSuffix(strings.ReplaceAll(o.Name, m.RunID+"/", ""), ".csv.age")
			last := i == len(markers)-1
			switch list, action := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name); {
			case o.Root == "state" && last:
				b.kept(h, o.Name)
			case o.Root == "state":
			case action == ".adds", action == ".removes":
				if told[list] == nil {
					told[list] = map[string]bool{}
				}
				for _, id := range b.members(o.Name) {
					if told[list][id] == (action == ".adds") {
						h.wrong("%s says of %s what holds already", o.Name, id)
					}
					told[list][id] = action == ".adds"
				}
			case last:
				h.Lists[name] = b.members(o.Name)
			}
		}
	}
	for list, of := range told {
		maps.DeleteFunc(of, func(_ string, there bool) bool { return !there })
		h.Told[list] = slices.Sorted(maps.Keys(of))
	}
	return h
}

// kept reads an object of the state.
func (b *bank) kept(h *held, name string) {
	data, err := b.place(b.loaded.Project.State).ReadAll(context.Background(), name, 1<<24)
	check(b.t, err)
	switch path.Base(name) {
	case record.LinesName:
		return
	case "heard.parquet.age":
		heard, err := state.ReadHeard(data, b.ring)
		check(b.t, err)
		h.Heard = fmt.Sprint(heard)
		return
	case "acts.parquet.age":
		acts, err := state.ReadActs(data, b.ring)
		check(b.t, err)
		h.Acts = fmt.Sprint(acts)
		return
	}
	if strings.Contains(name, "stay") {
		stay, err := state.ReadStay(data, b.ring)
		check(b.t, err)
		for _, k := range stay {
			h.Stay = append(h.Stay, fmt.Sprint(k))
		}
		return
	}
	holdings, err := state.Read(data, b.ring)
	check(b.t, err)
	for _, l := range holdings.Lists() {
		h.Holdings[l.Destination+"/"+l.Segment] = holdings.Of(l)
	}
}

// members opens a list by its name.
func (b *bank) members(name string) (ids []string) {
	sealed, err := b.place(b.loaded.Project.Output).ReadAll(context.Background(), name, 1<<20)
	check(b.t, err)
	plain, err := b.opens.Decrypt(bytes.NewReader(sealed))
	check(b.t, err)
	text, err := io.ReadAll(plain)
	check(b.t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		id, _, _ := strings.Cut(line, ",")
		ids = append(ids, id)
	}
	return ids
}

// places are where the bank's record lies.
func (b *bank) places() record.Places {
	p := b.loaded.Project
	return record.Places{
		Whose: p.Name, Output: b.place(p.Output), State: b.place(p.State), Audit: b.place(p.Audit), Heads: b.place(p.Head),
	}
}

// markers are all markers in their order.
func (b *bank) markers() (markers []record.Marker) {
	at := b.place(b.loaded.Project.Output)
	objects, err := record.List(context.Background(), at, record.MarkersBelow)
	check(b.t, err)
	for _, o := range objects {
		data, err := at.ReadAll(context.Background(), o.Key, record.MaxSize)
		check(b.t, err)
		var m record.Marker
		if json.Unmarshal(data, &m) == nil { // else it is not whole
			markers = append(markers, m)
		}
	}
	return markers
}

// intact walks the whole record: each marker has its line, its head and its objects.
func (b *bank) intact(h *held, markers []record.Marker) {
	verdict, err := record.Verify(context.Background(), b.places(), b.ring, record.Check{Opens: b.opens})
	check(b.t, err)
	for _, f := range verdict.Findings {
		h.wrong("%s %s", f.Object, f.What)
	}
	if verdict.Markers != len(markers) || verdict.Heads != len(markers) {
		h.wrong("%d markers, %d of them read and %d with a head", len(markers), verdict.Markers, verdict.Heads)
	}
	for _, m := range markers {
		if there, err := b.place(b.loaded.Project.Audit).Exists(context.Background(), record.LineKey(m.RunID)); !there {
			h.wrong("the line of marker %d is not there: %v", m.N, err)
		}
	}
}
