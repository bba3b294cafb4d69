package pipeline_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// bank is a small project in memory: people who looked at a page, and what they consented to.
type bank struct {
	t      *testing.T
	memory *store.Memory
	ring   *keys.Ring
	opens  *keys.Identity
	loaded *load.Loaded
	fault  func(op, key string) error
	watch  func(decide.Progress)
	later  atomic.Int64 // nanoseconds that pass during a run

	selected []string // the segments to run; none: all

	workers int    // 0: two
	dir     string // where it writes; "": in memory
	keysDir string // where its keys lie
}

const night = "2026-04-10T22:00:00Z"

func newBank(t *testing.T) *bank {
	t.Helper()
	dir := t.TempDir()
	b := &bank{t: t, memory: &store.Memory{}}
	check(t, keys.Generate(filepath.Join(dir, "keys")))
	b.keysDir = filepath.Join(dir, "keys")
	b.ring = ringOf(t, b.keysDir)
	var err error
	b.opens, err = keys.Source{Dir: dir}.Identity("file:keys/" + keys.ListFile)
	check(t, err)
	b.load()
	b.events("events/dt=2026-04-10/part.parquet", 0, 60)
	b.consent("consent/part.parquet", "2026-04-10T20:59:00Z", 0, 80)
	return b
}

// load makes the project and its one segment.
func (b *bank) load() {
	zone, err := value.LoadZone("Europe/Helsinki")
	check(b.t, err)
	utc, err := value.LoadZone("UTC")
	check(b.t, err)
	schema := &rules.Schema{Name: "web", Version: 1, Columns: append(eventColumns(), customerColumn)}
	expires, _ := value.ParseDate("2026-12-31")
	day := func(n int) value.Duration { return value.Duration{N: n, Unit: value.Day} }
	p := &project.Project{
		Name: "bank", Zone: zone, Retention: day(395), MaxClockSkew: value.Duration{
			N: 5, Unit: value.Minute,
		}, Output: "mem://out/", State: "mem://state/",
		Audit: "mem://audit/", MaxListAge: value.Duration{N: 400, Unit: value.Day},
		Text: &source.Source{Name: "malgrupp.yaml", Text: "in memory"},
		Sources: []project.Source{{
			Name: "web", URL: "mem://events/", Schema: "web", Partition: project.Partition{
				Key: "dt=", Zone: utc,
			}, Dedupe: day(7), Complete: project.Listed,
			OnBadObject: project.Stop,
		}},
		Consent: project.Consent{
			URL: "mem://consent/", MaxFeedAge: value.Duration{
				N: 26, Unit: value.Hour,
			}, MaxConsentAge: day(390), TrustedSources: []string{"cmp", "bank_ui"},
		},
		Guards: project.Guards{MinAudience: 50, ReportK: 50, MaxChange: 50},
		Destinations: []project.Destination{
			{
				Name: "files", Type: "file_csv", Activate: []string{"files"},
				Enabled: true, Agreement: "OWN-USE", Expires: expires,
			},
		},
	}
	scope := &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{schema}, Zone: zone, AnyEvent: true,
		Destinations: map[string]rules.Destination{"files": {Purposes: []rules.Purpose{rules.Advertising}}},
	}
	segment, found := scope.Segment(&source.Source{Name: "loans.yaml", Text: `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: loan-visitors, owner: team, review_by: 2026-12-31}
spec:
  purpose: advertising
  identity: device
  match: {did: page_view, where: page starts_with '/lainat', within: 14d}
  deliver: [files]
`})
	check(b.t, found.Err())
	b.loaded = &load.Loaded{
		Project: p, Schemas: map[string]*rules.Schema{"web": schema}, Segments: []*rules.Segment{segment},
	}
}

// customerColumn is a column that some objects have.
var customerColumn = rules.Column{
	Name: "customer", Type: value.Type{Kind: value.Text}, Role: rules.RoleCustomer, Optional: true,
}

func eventColumns() []rules.Column {
	text, at := value.Type{Kind: value.Text}, value.Type{Kind: value.Timestamp}
	return []rules.Column{
		{Name: "event_id", Type: text, Role: rules.RoleEventID},
		{Name: "event_time", Type: at, Role: rules.RoleEventTime},
		{Name: "received_at", Type: at, Role: rules.RoleReceivedAt},
		{Name: "event", Type: text, Role: rules.RoleEventName},
		{Name: "device", Type: text, Role: rules.RoleDevice},
		{Name: "page", Type: text},
	}
}

// events writes one page view for each of the devices d<from> up to d<before>.
func (b *bank) events(name string, from, before int) {
	b.views(name, "/lainat/asunto", "2026-04-10T10:00:00Z", from, before)
}

func (b *bank) views(name, page, when string, from, before int) {
	b.viewsBy(name, page, when, from, before, "")
}

// viewsBy are page views of that time, of a customer if one is named.
func (b *bank) viewsBy(name, page, when string, from, before int, customer string) {
	var v [7]parquet.Values
	at := instant(b.t, when)
	for i := from; i < before; i++ {
		for c, text := range map[int]string{
			0: fmt.Sprintf("%s-%d", name, i), 3: "page_view", 4: fmt.Sprintf("d%d", i), 5: page,
		} {
			v[c].Text = append(v[c].Text, text)
		}
		v[1].Ints, v[2].Ints = append(v[1].Ints, at), append(v[2].Ints, at+1e6)
		v[6].Text, v[6].Null = append(v[6].Text, customer), append(v[6].Null, customer == "")
	}
	b.put(name, table(b.t, append(eventColumns(), customerColumn), before-from, v[:]))
}

// consent writes grants for devices and a heartbeat.
func (b *bank) consent(name, heartbeat string, from, before int) {
	var rows []act
	for i := from; i < before; i++ {
		for _, purpose := range []string{"profile", "activate:files", "activate:more"} {
			rows = append(rows, act{fmt.Sprintf("d%d", i), "grant", purpose, "2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z"})
		}
	}
	b.acts(name, append(rows, act{"", "heartbeat", "", heartbeat, heartbeat}))
}

// act is one event of the consent log about a device, or about a customer whose id begins with c.
type act struct{ device, action, purpose, at, recorded string }

func (b *bank) acts(name string, acts []act) {
	b.put(name, table(b.t, decide.ConsentColumns(), len(acts), actValues(b.t, name, acts)))
}

// actValues are events as columns of the log.
func actValues(t *testing.T, name string, acts []act) []parquet.Values {
	v := make([]parquet.Values, len(decide.ConsentColumns()))
	for i, a := range acts {
		kind := "device"
		if strings.HasPrefix(a.device, "c") {
			kind = "customer"
		}
		for c, text := range []string{fmt.Sprintf("%s-%d", name, i), kind, a.device, a.action, a.purpose} {
			v[c].Text = append(v[c].Text, text)
			v[c].Null = append(v[c].Null, a.device == "" && c != 0 && c != 3)
		}
		v[5].Ints, v[6].Ints = append(v[5].Ints, instant(t, a.at)), append(v[6].Ints, instant(t, a.recorded))
		v[7].Text = append(v[7].Text, "cmp")
		v[8].Ints, v[8].Null = append(v[8].Ints, 1), append(v[8].Null, false)
		for _, c := range []int{9, 10} {
			v[c].Text, v[c].Null = append(v[c].Text, ""), append(v[c].Null, true)
		}
	}
	return v
}

func table(t *testing.T, columns []rules.Column, rows int, v []parquet.Values) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, columns, parquet.WriterOptions{})
	check(t, err)
	check(t, w.Write(rows, v))
	check(t, w.Close())
	return out.Bytes()
}

// protected writes the protected list.
func (b *bank) protected(rows string) *project.List {
	b.put("lists/protected.csv", []byte("subject_type,subject_id\n"+rows))
	return &project.List{URL: "mem://lists/protected.csv", MaxAge: value.Duration{N: 2, Unit: value.Day}}
}

// put writes an object: the first part of the name is the bucket.
func (b *bank) put(name string, data []byte) {
	bucket, key, _ := strings.Cut(name, "/")
	at, err := store.Open(context.Background(), "mem://"+bucket+"/", store.Options{Memory: b.memory})
	check(b.t, err)
	check(b.t, at.UploadBytes(context.Background(), key, data, ""))
}

// run runs the bank's night.
func (b *bank) run(now, id string) (*pipeline.Report, error) {
	clock := func() time.Time { return time.UnixMicro(instant(b.t, now)).Add(time.Duration(b.later.Load())) }
	return b.perform(b.t.Context(), id, 0, clock, store.Options{Memory: b.memory, Around: beforeWrites(b.fault)})
}

// perform runs the bank's job over a storage; it waits so long for the lock.
func (b *bank) perform(ctx context.Context, id string, wait time.Duration, clock func() time.Time,
	o store.Options,
) (*pipeline.Report, error) {
	stores := folder.NewStores(o)
	defer stores.Close()
	return pipeline.Run(ctx, &pipeline.Job{
		Inputs: decide.Inputs{
			Loaded: b.loaded, Clock: clock, Workers: cmp.Or(b.workers, 2), Stores: stores,
			Log: slog.New(slog.DiscardHandler), Watch: b.watch,
		}, RunID: id, Keys: b.ring, LockFor: wait, Select: b.selected,
	})
}

// list opens a list of a run.
func (b *bank) list(id, kind string) []string {
	return b.members("lists/" + id + "/files/loan-visitors." + kind + ".csv.age")
}

func instant(t *testing.T, text string) int64 {
	t.Helper()
	us, ok := value.ParseTimestamp(text)
	if !ok {
		t.Fatalf("%q is no time", text)
	}
	return us
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskAtAnyWriteLeavesTheOldState(t *testing.T) {
	b := newBank(t)
	first, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	b.events("events/dt=2026-04-11/part.parquet", 60, 70)
	b.acts("consent/next.parquet", []act{{"", "heartbeat", "", "2026-04-11T20:59:00Z", "2026-04-11T20:59:00Z"}})
	const nextNight = "2026-04-11T22:00:00Z"
	for k := 1; ; k++ {
		n := 0
		b.fault = func(op, key string) error {
			if strings.HasPrefix(key, "locks/") {
				return nil
			}
			if n++; n >= k {
				return syscall.ENOSPC
			}
			return nil
		}
		id := fmt.Sprintf("20260411T220000Z-%06x", k)
		report, err := b.run(nextNight, id)
		b.fault = nil
		if err == nil {
			if k < 6 {
				t.Errorf("the run made only %d writes", k-1)
			}
			if got := b.list(report.RunID, "adds"); len(got) != 10 {
				t.Errorf("%d were added, want 10", len(got))
			}
			return
		}
		f, ok := fault.Classify(err)
		if !ok || f.Kind != fault.Storage || !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("write %d: %v, want a storage failure", k, err)
		}
		if holds := b.marker(); holds != first.RunID && holds != id {
			t.Fatalf("after write %d failed, run %s holds", k, holds)
		} else if holds == id {
			// The marker was written, and with it lists and state: the run did publish.
			if got := b.list(id, "adds"); len(got) != 10 {
				t.Errorf("%d were added, want 10", len(got))
			}
			return
		}
	}
}

// marker is the run that the highest marker names.
func (b *bank) marker() string {
	at, err := store.Open(context.Background(), "mem://out/", store.Options{Memory: b.memory})
	check(b.t, err)
	markers, err := at.List(context.Background(), "markers/")
	if len(markers) == 0 || err != nil {
		return ""
	}
	data, err := at.ReadAll(context.Background(), markers[len(markers)-1].Key, 1<<20)
	check(b.t, err)
	var m record.Marker
	check(b.t, json.Unmarshal(data, &m))
	return m.RunID
}

func TestADamagedObjectIsSkippedWhereTheSourceSaysSo(t *testing.T) {
	b := newBank(t)
	b.put("events/dt=2026-04-10/broken.parquet", []byte("PAR1 this is no Parquet PAR1"))
	if _, err := b.run(night, "20260410T220000Z-000001"); err == nil || !strings.Contains(err.Error(), "broken.parquet") {
		t.Fatalf("%v, want a refusal that names the object", err)
	}
	b.loaded.Project.Sources[0].OnBadObject = project.Skip
	report, err := b.run(night, "20260410T220000Z-000002")
	check(t, err)
	if got := report.Manifest.Sources[0].Skipped; !slices.Equal(got, []string{"dt=2026-04-10/broken.parquet"}) {
		t.Errorf("skipped %q", got)
	}
	if got := b.list(report.RunID, "snapshot"); len(got) != 60 {
		t.Errorf("%d members, want 60", len(got))
	}
}

// An id that stands for nobody is blocked also where a list names it: were it filed, its rows would be one person's.
func TestAListDoesNotMakeSomebodyOfABlockedID(t *testing.T) {
	b := newBank(t)
	b.loaded.Project.Consent.Suppression = &project.List{
		URL: "mem://lists/suppressed.csv", MaxAge: value.Duration{N: 2, Unit: value.Day},
	}
	b.put("lists/suppressed.csv", []byte("subject_type,subject_id,purpose\ndevice,null,link\ndevice,d7,activate:files\n"))
	at := instant(t, "2026-04-10T11:00:00Z")
	row := func(text string) parquet.Values { return parquet.Values{Text: []string{text}} }
	b.put("events/dt=2026-04-10/null.parquet", table(t, eventColumns(), 1, []parquet.Values{
		row("n1"),
		{Ints: []int64{at}},
		{Ints: []int64{at + 1e6}},
		row("page_view"), row("null"), row("/lainat/asunto"),
	}))
	j := b.job(night)
	defer j.Stores.Close()
	e, err := decide.Selected(t.Context(), j.Inputs, nil, decide.Options{})
	check(t, err)
	refused := e.Roll.Tallies.Refused[0]
	if refused[consent.BlockedDevice] != 1 || refused[consent.Suppressed] != 1 || refused[consent.NoRecord] != 0 {
		t.Errorf("%d rows of blocked ids, %d of suppressed people, %d of people without a record; want 1, 1, 0",
			refused[consent.BlockedDevice], refused[consent.Suppressed], refused[consent.NoRecord])
	}
}
