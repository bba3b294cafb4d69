package decide

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/kept"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Source is one source in one run.
type Source struct {
	project.Source
	Schema     *rules.Schema
	Counts     scan.Counts
	Conflicts  int64
	Inputs     []folder.Input
	Skipped    []string // damaged objects that were left out
	Incomplete []string // partitions without their _SUCCESS
	bucket     *store.Bucket
	Parts      []folder.Partition
	Cover      Coverage
	scanner    *scan.Scanner
	copies     *scan.Copies // as of the decision's moment
	later      *scan.Copies // as of any later one, over all retained rows; nil where nobody asks
	bad        map[string]bool

	oversizedIn []string // columns that held the values counted as oversized
	// without are the days, zero for a log without partitions, whose objects lack a column that statistics read.
	without map[string][]value.CivilDate
}

// Deduped reports whether copies of rows were told apart.
func (s *Source) Deduped() bool { return s.copies != nil }

// sourceError is an error while a source was read.
type sourceError struct {
	source *Source
	object store.Object
	err    error
}

func (s *sourceError) Error() string { return s.err.Error() }

func (s *sourceError) Unwrap() error { return s.err }

// skip decides whether an error is a damaged object that may be left out.
func (d *Decision) skip(err error) (again bool, _ error) {
	if _, damaged := errors.AsType[*kept.Damaged](err); damaged {
		d.Log.Warn("kept evidence is damaged, or another run is keeping some; the log is read instead", "error", err)
		d.Evidence.Distrust()
		return true, nil
	}
	s, ok := errors.AsType[*sourceError](err)
	if !ok || s.source.OnBadObject != project.Skip {
		return false, err
	}
	s.source.bad[s.object.Key] = true
	s.source.Skipped = append(s.source.Skipped, s.object.Key)
	slices.Sort(s.source.Skipped)
	d.Log.Warn("skipped a damaged object", "source", s.source.Name, "object", s.object.Key, "error", s.err)
	return true, nil
}

// NewSource is a source with the days of its listing.
func (in *Inputs) NewSource(conf project.Source, b *store.Bucket, listing []store.Object) (s *Source, err error) {
	s = &Source{Source: conf, Schema: in.Schemas[conf.Schema], bucket: b, bad: map[string]bool{}}
	s.Parts, err = folder.Partitions(conf.URL, conf.Partition, listing)
	return s, err
}

// Objects returns the objects of a source that can hold rows that arrived (or happened) in [from, before).
func (s *Source) Objects(from, before int64) (out []store.Object) {
	for i := range s.Parts {
		p := &s.Parts[i]
		if !p.Within(s.Partition.Zone, from, before) || s.Complete == project.Success && !p.Success {
			continue
		}
		for _, o := range p.Objects {
			if !s.bad[o.Key] {
				out = append(out, o)
			}
		}
	}
	return out
}

// reach is what the plan asks of a source, in terms of its partitions: rows that happened in the plan's windows arrived
// (give or take the tolerated skew) after they happened and before known_by.
func (s *Source) reach(d *Decision, p *segments.Plan) (from, before int64) {
	if len(p.Edges) == 0 {
		return 0, 0
	}
	from = p.Edges[0] - project.Micros(d.Project.MaxClockSkew)
	if s.Partition.Event {
		return from, p.Edges[len(p.Edges)-1]
	}
	return from, d.KnownBy
}

// read scans a source, judges its evidence and files what is admitted.
func (h *hearing) read(ctx context.Context, task *Task, s *Source) error {
	workers := max(1, h.Workers)
	scans := make([]*scan.Worker, workers)
	doors, lanes := make([]*consent.Door, workers), make([]*segments.Lane, workers)
	for i := range workers {
		scans[i] = s.scanner.Worker()
		doors[i], lanes[i] = h.open()
	}
	admit := func(w int, b *evidence.Block) { lanes[w].Add(doors[w].Admit(b)) }
	objects := s.Objects(s.reach(h.Decision, h.plan))
	k := h.keeps(s, objects, scans)
	if err := h.scanAll(ctx, task, s, objects, k, scans, admit); err != nil {
		return err
	}
	for _, w := range scans {
		s.Counts.Add(w.Counts())
		s.oversizedIn = append(s.oversizedIn, w.OversizedIn()...)
	}
	if err := s.absurd(); err != nil {
		return err
	}
	return s.doubtful()
}

// scanAll hands on the evidence of a source: what was kept of its objects, and what is found in the others.
func (h *hearing) scanAll(ctx context.Context, task *Task, s *Source, objects []store.Object, k *keeping,
	scans []*scan.Worker, admit func(worker int, b *evidence.Block),
) error {
	number := s.numbers()
	rows, lacks := make([]int64, len(objects)), make([][]string, len(objects))
	fresh, places := k.fresh(objects)
	r := task.Reading(s.bucket, fresh, s.Schema)
	r.Opened = func(i int, f *parquet.File) {
		rows[places[i]] = f.Rows()
		for _, s := range h.Count {
			for _, column := range s.Reads() {
				if f.Lacks(column) {
					lacks[places[i]] = append(lacks[places[i]], column)
				}
			}
		}
		k.opened(ctx, places[i], fresh[i], f)
	}
	err := r.Each(ctx, func(w int, u scan.Unit, g *parquet.RowGroup) error {
		block, err := scans[w].Scan(g, s.copies.Of(scan.Unit{Object: number[fresh[u.Object].Key], RowGroup: u.RowGroup}))
		if err != nil {
			return err
		}
		admit(w, block)
		return k.take(ctx, places[u.Object], u.RowGroup, g, scans[w])
	})
	if err != nil {
		return s.wrap(err, fresh)
	}
	if k != nil {
		if err := k.resume(ctx, task, objects, scans, admit); err != nil {
			return err
		}
		for i, e := range k.entries {
			if e != nil {
				rows[i] = e.Rows
				s.Counts.Rows += e.Rows
			}
		}
	}
	s.Inputs = folder.Pin(s.Name, objects, rows)
	s.missed(objects, lacks)
	return nil
}

// missed notes which columns objects lack, by the days they lie in.
func (s *Source) missed(objects []store.Object, lacks [][]string) {
	s.without = map[string][]value.CivilDate{}
	for i, o := range objects {
		for _, p := range s.Parts {
			if len(lacks[i]) == 0 || !slices.ContainsFunc(p.Objects, func(k store.Object) bool { return k.Key == o.Key }) {
				continue
			}
			for _, column := range lacks[i] {
				if !slices.Contains(s.without[column], p.Day) {
					s.without[column] = append(s.without[column], p.Day)
				}
			}
		}
	}
}

// ReadAgain reads row groups of what may have arrived, or happened, in a time, once the decision is made. A damaged
// object of a source that may skip them starts anew without it: begin is called first, and again then.
func (d *Decision) ReadAgain(ctx context.Context, phase string, within func(s *Source) (from, before int64),
	begin func(), visit func(worker int, s *Source, g *parquet.RowGroup) error,
) error {
	sources := slices.Clone(d.Sources)
	for i := range sources {
		sources[i].bad = maps.Clone(sources[i].bad)
	}
	all := func() error {
		task := d.Begin(phase, sizeOf(sources, func(s *Source) []store.Object { return s.Objects(within(s)) }))
		for i := range sources {
			s := &sources[i]
			objects := s.Objects(within(s))
			r := task.Reading(s.bucket, objects, s.Schema)
			err := r.Each(ctx, func(w int, _ scan.Unit, g *parquet.RowGroup) error { return visit(w, s, g) })
			if err != nil {
				return s.wrap(err, objects)
			}
		}
		return nil
	}
	for again := true; again; {
		begin()
		var err error
		if again, err = d.skip(all()); err != nil {
			return err
		}
	}
	return nil
}

// numbers gives every object of a source a number that all passes share.
func (s *Source) numbers() map[string]int {
	out := map[string]int{}
	for _, p := range s.Parts {
		for _, o := range p.Objects {
			out[o.Key] = len(out)
		}
	}
	return out
}

// wrap names the object behind a damaged one's error.
func (s *Source) wrap(err error, objects []store.Object) error {
	if bad, ok := errors.AsType[*folder.BadObject](err); ok {
		return &sourceError{s, objects[bad.Number], bad.Err}
	}
	return err
}

// tellsCopies reports whether the schema and the setting of a source let copies be told apart.
func (s *Source) tellsCopies() bool { return s.Dedupe.N != 0 && s.scanner.TellsCopies() }

// compared are the objects of [from, before) with those that hold what their rows may be copies of.
func (s *Source) compared(from, before int64) []store.Object {
	if !s.tellsCopies() {
		return nil
	}
	return s.Objects(from-project.Micros(s.Dedupe), before)
}

// beginCopies begins telling copies apart, which reads the objects twice.
func (d *Decision) beginCopies(objects int64) *Task { return d.Begin("copies", 2*objects) }

// findCopies tells the copies of a source apart, where its schema and setting let it.
func (d *Decision) findCopies(ctx context.Context, task *Task, p *segments.Plan, s *Source) error {
	if !s.tellsCopies() {
		return nil
	}
	copies := s.scanner.NewVersions(project.Micros(s.Dedupe))
	objects := s.compared(d.copied(s, p))
	number := s.numbers()
	r := task.Reading(s.bucket, objects, s.Schema)
	pass := func(look func(g scan.RowGroup, u scan.Unit) error) error {
		return s.wrap(r.Each(ctx, func(_ int, u scan.Unit, g *parquet.RowGroup) error {
			return look(g, scan.Unit{Object: number[objects[u.Object].Key], RowGroup: u.RowGroup})
		}), objects)
	}
	if err := pass(copies.Note); err != nil {
		return err
	}
	copies.Suspect(d.Workers)
	if err := pass(copies.Look); err != nil {
		return err
	}
	if ties := copies.Ties(); len(ties) > 0 {
		if err := pass(func(g scan.RowGroup, u scan.Unit) error {
			if !ties[u] {
				return nil
			}
			return copies.Settle(g, u)
		}); err != nil {
			return err
		}
	}
	s.copies = copies.AsOf(d.AsOf)
	s.Conflicts = s.copies.Conflicts
	if d.looksLater() {
		s.later = copies.AsOf(math.MaxInt64)
	}
	return nil
}

// looksLater reports whether rows are looked at that lie in no window now: as logins, or of one person later on.
func (d *Decision) looksLater() bool { return d.Project.Identity.Linked || d.Person != nil }

// copied is the time of a source's partitions among which copies are told apart.
func (d *Decision) copied(s *Source, p *segments.Plan) (from, before int64) {
	from, before = s.reach(d, p)
	if !d.looksLater() {
		return from, before
	}
	first, last := d.retained()
	if !d.Project.Identity.Linked {
		first = from
	}
	return min(from, first), max(before, last)
}

// loginsCount is how long logins count, in microseconds.
const loginsCount = 395 * value.MicrosPerDay

// retained is the time of which logins count.
func (d *Decision) retained() (from, before int64) { return d.KnownBy - loginsCount, d.KnownBy + 1 }

// keptRows is the time of which rows have a say: in what is heard, and in who was logged in with whom.
func (d *Decision) keptRows() (from, before int64) {
	return d.firstHeard() * value.MicrosPerDay, d.KnownBy + 1
}

// loginReaders are readers of logins, one for each source and worker.
func (d *Decision) loginReaders() map[*scan.Scanner][]*scan.Logins {
	out := map[*scan.Scanner][]*scan.Logins{}
	for i := range d.Sources {
		s := d.Sources[i].scanner
		for range max(1, d.Workers) {
			out[s] = append(out[s], s.Logins())
		}
	}
	return out
}

// readLogins reads the logins of all retained rows where identity is linked.
func (d *Decision) readLogins(ctx context.Context) (*identity.Star, error) {
	conf := d.Project.Identity
	if !conf.Linked {
		return nil, nil
	}
	retained := func(s *Source) []store.Object { return s.Objects(d.retained()) }
	task := d.Begin("logins", sizeOf(d.Sources, retained))
	var logins []identity.Login
	all := d.loginReaders()
	for i := range d.Sources {
		s := &d.Sources[i]
		readers := all[s.scanner]
		objects := retained(s)
		r := task.Reading(s.bucket, objects, s.Schema)
		number := s.numbers()
		err := r.Each(ctx, func(w int, u scan.Unit, g *parquet.RowGroup) error {
			return readers[w].Read(g, s.later.Of(scan.Unit{Object: number[objects[u.Object].Key], RowGroup: u.RowGroup}))
		})
		if err != nil {
			return nil, s.wrap(err, objects)
		}
		for _, l := range readers {
			logins = append(logins, l.Found...)
		}
	}
	limits := identity.Limits{
		Attach: project.Micros(conf.AttachWindow), Shared: project.Micros(conf.SharedWindow), Kiosk: conf.KioskCustomers,
		MaxDevices: conf.MaxDevices,
	}
	if err := limits.Check(); err != nil {
		return nil, fault.New(fault.Invalid, "IDENTITY", err, "see identity: in malgrupp.yaml")
	}
	if d.Person != nil {
		d.logins = slices.Clone(logins)
	}
	return identity.NewStar(logins, d.subjects.Bound(), d.KnownBy, limits), nil
}
