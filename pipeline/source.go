package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// SourceRun is one source in one run.
type SourceRun struct {
	project.Source
	Schema     *rules.Schema
	Counts     scan.Counts
	Conflicts  int64
	Inputs     []InputObject
	Skipped    []string // damaged objects that were left out
	Incomplete []string // partitions without their _SUCCESS
	bucket     *store.Bucket
	parts      []folder.Partition
	cover      sourceCoverage
	scanner    *scan.Scanner
	copies     *scan.Copies
	bad        map[string]bool

	oversizedIn []string // columns that held the values counted as oversized
}

// sourceError is an error while a source was read.
type sourceError struct {
	source *SourceRun
	object store.Object
	err    error
}

func (s *sourceError) Error() string { return s.err.Error() }

func (s *sourceError) Unwrap() error { return s.err }

// skip decides whether an error is a damaged object that may be left out.
func (e *Evaluation) skip(err error) (again bool, _ error) {
	s, ok := errors.AsType[*sourceError](err)
	if !ok || s.source.OnBadObject != project.Skip {
		return false, err
	}
	s.source.bad[s.object.Key] = true
	s.source.Skipped = append(s.source.Skipped, s.object.Key)
	slices.Sort(s.source.Skipped)
	e.Job.Log.Warn("skipped a damaged object", "source", s.source.Name, "object", s.object.Key, "error", s.err)
	return true, nil
}

// listSources lists every source and finds what it covers.
func (e *Evaluation) listSources(ctx context.Context) error {
	for _, conf := range e.Job.Project.Sources {
		s := SourceRun{Source: conf, Schema: e.Job.Schemas[conf.Schema], bad: map[string]bool{}}
		bucket, listing, err := e.Job.list(ctx, conf.URL)
		if err != nil {
			return err
		}
		s.bucket = bucket
		if s.parts, err = folder.Partitions(conf.URL, conf.Partition, listing); err != nil {
			return err
		}
		if !slices.ContainsFunc(s.parts, func(p folder.Partition) bool { return len(p.Objects) > 0 }) {
			return fault.BadInput("INPUT_MISSING", fmt.Sprintf("list source %s: %s holds no objects", conf.Name, s.bucket.URL()),
				"check the export and the url of the source in malgrupp.yaml")
		}
		e.Sources = append(e.Sources, s)
	}
	return nil
}

// objects returns the objects of a source that can hold rows that arrived (or happened) in [from, before).
func (s *SourceRun) objects(from, before int64) (out []store.Object) {
	for i := range s.parts {
		p := &s.parts[i]
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
func (s *SourceRun) reach(j *Job, p *segments.Plan) (from, before int64) {
	if len(p.Edges) == 0 {
		return 0, 0
	}
	from = p.Edges[0] - project.Micros(j.Project.MaxClockSkew)
	if s.Partition.Event {
		return from, p.Edges[len(p.Edges)-1]
	}
	return from, j.KnownBy
}

// read scans a source, judges its evidence and files what is admitted.
func (e *Evaluation) read(ctx context.Context, s *SourceRun, plan *segments.Plan, tally *segments.Tally, doors []*consent.Door) ([]*consent.Door, error) {
	workers := max(1, e.Job.Workers)
	scans := make([]*scan.Worker, workers)
	lanes := make([]*segments.Lane, workers)
	mine := make([]*consent.Door, workers)
	for i := range workers {
		scans[i], lanes[i], mine[i] = s.scanner.Worker(), tally.Lane(), e.gate.Open()
	}
	objects := s.objects(s.reach(e.Job, plan))
	number := s.numbers()
	rows := make([]int64, len(objects))
	share := make([]int64, len(objects)) // of an object's bytes that one of its row groups stands for
	total := int64(0)
	for _, o := range objects {
		total += o.Size
	}
	var done, read atomic.Int64
	r := folder.Reading{Bucket: s.bucket, Objects: objects, Schema: s.Schema, Limits: e.Job.limits(), Workers: workers, Opened: func(i int, f *parquet.File) {
		rows[i] = f.Rows()
		share[i] = objects[i].Size / int64(max(1, f.RowGroups()))
	}}
	err := r.Each(ctx, func(w int, u scan.Unit, g *parquet.RowGroup) error {
		block, err := scans[w].Scan(g, s.copies.Of(scan.Unit{Object: number[objects[u.Object].Key], RowGroup: u.RowGroup}))
		if err != nil {
			return err
		}
		lanes[w].Add(mine[w].Admit(block))
		e.Job.watch(Progress{"read", done.Add(share[u.Object]), total, read.Add(int64(g.Rows()))})
		return nil
	})
	if err != nil {
		return nil, s.wrap(err, objects)
	}
	for _, w := range scans {
		s.Counts.Add(w.Counts())
		s.oversizedIn = append(s.oversizedIn, w.OversizedIn()...)
	}
	if err := s.absurd(); err != nil {
		return nil, err
	}
	s.Inputs = etags(s.Name, objects, rows)
	return append(doors, mine...), nil
}

// numbers gives every object of a source a number that all passes share.
func (s *SourceRun) numbers() map[string]int {
	out := map[string]int{}
	for _, p := range s.parts {
		for _, o := range p.Objects {
			out[o.Key] = len(out)
		}
	}
	return out
}

// wrap names the object behind a damaged one's error.
func (s *SourceRun) wrap(err error, objects []store.Object) error {
	if bad, ok := errors.AsType[*folder.BadObject](err); ok {
		return &sourceError{s, objects[bad.Number], bad.Err}
	}
	return err
}

// findCopies tells the copies of a source apart as of a moment, among partitions of [from, before); nil where its schema or
// setting does not let it.
func (e *Evaluation) findCopies(ctx context.Context, s *SourceRun, asOf, from, before int64) (*scan.Copies, error) {
	within := project.Micros(s.Dedupe)
	copies := s.scanner.NewCopies(within, asOf)
	if within == 0 || !copies.Possible() {
		return nil, nil
	}
	objects := s.objects(from-within, before)
	number := s.numbers()
	r := folder.Reading{Bucket: s.bucket, Objects: objects, Schema: s.Schema, Limits: e.Job.limits(), Workers: e.Job.Workers}
	var done atomic.Int64
	pass := func(look func(g scan.RowGroup, u scan.Unit) error) error {
		return s.wrap(r.Each(ctx, func(_ int, u scan.Unit, g *parquet.RowGroup) error {
			e.Job.watch(Progress{Phase: "copies", Done: done.Add(1)})
			return look(g, scan.Unit{Object: number[objects[u.Object].Key], RowGroup: u.RowGroup})
		}), objects)
	}
	if err := pass(func(g scan.RowGroup, _ scan.Unit) error { return copies.Note(g) }); err != nil {
		return nil, err
	}
	copies.Suspect()
	if err := pass(copies.Look); err != nil {
		return nil, err
	}
	copies.Decide()
	return copies, nil
}

// readLogins reads the logins of all retained rows where identity is linked.
func (e *Evaluation) readLogins(ctx context.Context, subjects *identity.Subjects) (*identity.Star, error) {
	conf := e.Job.Project.Identity
	if !conf.Linked {
		return nil, nil
	}
	var logins []identity.Login
	for i := range e.Sources {
		s := &e.Sources[i]
		readers := make([]*scan.Logins, max(1, e.Job.Workers))
		for w := range readers {
			readers[w] = s.scanner.Logins()
		}
		objects := s.objects(e.Job.KnownBy-395*value.MicrosPerDay, e.Job.KnownBy+1)
		r := folder.Reading{Bucket: s.bucket, Objects: objects, Schema: s.Schema, Limits: e.Job.limits(), Workers: e.Job.Workers}
		var done atomic.Int64
		err := r.Each(ctx, func(w int, _ scan.Unit, g *parquet.RowGroup) error {
			e.Job.watch(Progress{Phase: "logins", Done: done.Add(1)})
			return readers[w].Read(g)
		})
		if err != nil {
			return nil, s.wrap(err, objects)
		}
		for _, l := range readers {
			logins = append(logins, l.Found...)
		}
	}
	limits := identity.Limits{
		Attach: project.Micros(conf.AttachWindow), Shared: project.Micros(conf.SharedWindow), Kiosk: conf.KioskCustomers, MaxDevices: conf.MaxDevices,
	}
	if err := limits.Check(); err != nil {
		return nil, fault.New(fault.Invalid, "IDENTITY", err, "see identity: in malgrupp.yaml")
	}
	if e.Job.focus != nil {
		e.logins = slices.Clone(logins)
	}
	return identity.NewStar(identity.Compact(logins), subjects.Bound(), e.Job.KnownBy, limits), nil
}
