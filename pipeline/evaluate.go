package pipeline

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Evaluation is what a run decides before it writes anything: who is in which audience, and every count on the way.
type Evaluation struct {
	Job       *Job
	Segments  []*rules.Segment
	Uses      []consent.Use
	Lists     []List
	Audiences []segments.Audience
	Roll      consent.Roll
	Sources   []SourceRun
	Feed      consent.Feed
	Consent   []InputObject // objects of the consent log and of the lists
	Phases    []Phase       // how long each part took, by the job's clock
	skewed    int64
	first     rules.CivilDate
	gate      *consent.Gate
	policy    *consent.Policy

	contacts   table // of identifiers
	attributes table // of customers
}

// Phase is one part of an evaluation: list, ledger, copies, logins, gate, read (scan, gate and filing together) or settle.
type Phase struct {
	Name string
	Took time.Duration
}

// timed runs one part and notes how long it took.
func (e *Evaluation) timed(name string, part func() error) error {
	start := e.Job.Clock()
	err := part()
	e.Phases = append(e.Phases, Phase{name, e.Job.Clock().Sub(start)})
	return err
}

// List is one segment at one destination.
type List struct {
	Segment     *rules.Segment
	Destination project.Destination
	Use         int
}

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
	parts      []partition
	cover      sourceCoverage
	scanner    *scan.Scanner
	copies     *scan.Copies
	bad        map[string]bool

	oversizedIn []string // columns that held the values counted as oversized
}

// Evaluate decides the job's segments and writes nothing: the feed is checked, the ledger is complete before the first
// row is judged, and the same inputs give the same audiences.
func Evaluate(ctx context.Context, j *Job) (*Evaluation, error) {
	if err := j.instants(); err != nil {
		return nil, err
	}
	e := &Evaluation{Job: j}
	var err error
	if e.Segments, err = j.selected(); err != nil {
		return nil, err
	}
	if err := e.timed("list", func() error { return e.listSources(ctx) }); err != nil {
		return nil, err
	}
	if err := e.decide(ctx); err != nil {
		return nil, err
	}
	return e, e.listContacts(ctx)
}

// decide runs the phases over inputs that are listed. A damaged object of a source that may skip them starts the phases
// anew without it, so that no half-read object ever counts.
func (e *Evaluation) decide(ctx context.Context) error {
	for {
		subjects := identity.NewSubjects()
		var ledger *consent.Ledger
		err := e.timed("ledger", func() (err error) {
			ledger, err = e.ledger(ctx, subjects)
			return err
		})
		if err != nil {
			return err
		}
		err = e.settle(ctx, ledger, subjects)
		if again, skipErr := e.skip(err); !again {
			return skipErr
		}
	}
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
		var err error
		if s.bucket, err = e.Job.bucket(ctx, conf.URL); err != nil {
			return err
		}
		listing, err := s.bucket.List(ctx, "")
		if err != nil {
			return err
		}
		if s.parts, err = partitions(conf.URL, conf.Partition, listing); err != nil {
			return err
		}
		if !slices.ContainsFunc(s.parts, func(p partition) bool { return len(p.objects) > 0 }) {
			return inputError("INPUT_MISSING", fmt.Sprintf("list source %s: %s holds no objects", conf.Name, s.bucket.URL()),
				"check the export and the url of the source in malgrupp.yaml")
		}
		e.Sources = append(e.Sources, s)
	}
	return nil
}

// ledger reads the consent log and the lists; the feed is judged before any row is.
func (e *Evaluation) ledger(ctx context.Context, subjects *identity.Subjects) (*consent.Ledger, error) {
	j := e.Job
	policy, err := j.newPolicy()
	if err != nil {
		return nil, err
	}
	e.policy = policy
	log := &consentLog{job: j, policy: policy, hideAt: math.MaxInt64, trusted: j.Project.Consent.TrustedSources, seed: maphash.MakeSeed()}
	if j.given {
		log.hideAt = j.KnownBy
	}
	bucket, err := log.list(ctx)
	if err != nil {
		return nil, err
	}
	filling := consent.Fill(policy, subjects)
	if err := log.read(ctx, bucket, filling); err != nil {
		return nil, err
	}
	log.feed.Clock = !j.given
	e.Feed, e.skewed, e.first = log.feed, log.skewed, log.first
	e.Consent = etags("consent", log.objects, nil)
	if err := consentFailure(log.feed.Check(j.feedLimits())); err != nil {
		return nil, err
	}
	if err := e.suppress(ctx, filling.Loader()); err != nil {
		return nil, err
	}
	ledger, err := filling.Seal(j.Workers)
	if errors.Is(err, consent.ErrConflict) {
		return nil, consentFailure(consent.Unreadable(err.Error()))
	}
	return ledger, err
}

// feedLimits are the limits of the consent log; the state of earlier runs is filled in by Run.
func (j *Job) feedLimits() consent.FeedLimits {
	return consent.FeedLimits{
		Now: j.KnownBy, MaxAge: project.Micros(j.Project.Consent.MaxFeedAge), MaxConsentAge: project.Micros(j.Project.Consent.MaxConsentAge),
		PreviousRows: j.previousRows, PreviousFirst: j.previousFirst,
	}
}

// settle reads the rows and decides.
func (e *Evaluation) settle(ctx context.Context, ledger *consent.Ledger, subjects *identity.Subjects) error {
	plan, err := e.plan(ctx)
	if err != nil {
		return err
	}
	names := scan.NewNames()
	scanPlan := e.scanPlan(plan)
	partners := false
	for i := range e.Sources {
		s := &e.Sources[i]
		s.Counts, s.Inputs, s.copies, s.oversizedIn = scan.Counts{}, nil, nil, nil
		partners = partners || s.Partner != ""
		if s.scanner, err = scan.New(scanPlan, s.Schema, s.Partner != "", subjects, names); err != nil {
			return fail(KindInvalid, "SCHEMA", err, "see docs/how-to/schemas.md")
		}
		if err := e.timed("copies", func() error { return e.findCopies(ctx, s, plan) }); err != nil {
			return err
		}
	}
	var star *identity.Star
	err = e.timed("logins", func() (err error) {
		star, err = e.star(ctx, subjects)
		return err
	})
	if err != nil {
		return err
	}
	_ = e.timed("gate", func() error {
		e.gate = consent.NewGate(ledger, e.Uses, plan.Asked, star, partners, e.Job.Workers)
		return nil
	})
	tally := segments.NewTally(plan)
	if e.Job.Study {
		tally.Study()
	}
	if err := e.timed("read", func() error { return e.readAll(ctx, plan, scanPlan, subjects, tally) }); err != nil {
		return err
	}
	return e.timed("settle", func() error {
		e.Audiences = tally.Settle(e.Job.Workers, e.Roll)
		return nil
	})
}

// readAll scans every source and closes the gate.
func (e *Evaluation) readAll(ctx context.Context, plan *segments.Plan, scanPlan *scan.Plan, subjects *identity.Subjects, tally *segments.Tally) (err error) {
	var doors []*consent.Door
	for i := range e.Sources {
		if doors, err = e.read(ctx, &e.Sources[i], plan, tally, doors); err != nil {
			return err
		}
	}
	if doors, err = e.readAttributes(ctx, plan, scanPlan, subjects, tally, doors); err != nil {
		return err
	}
	e.Roll = e.gate.Close(e.readStay(plan, scanPlan, subjects, tally, doors)...)
	return nil
}

// uses finds who is asked for what: a use for each consent and level, and the lists that need them.
func (e *Evaluation) uses() ([]segments.Request, error) {
	e.Uses, e.Lists = nil, nil
	at := map[string]int{}
	number := func(u consent.Use) int {
		i, ok := at[u.Name]
		if !ok {
			i = len(e.Uses)
			at[u.Name] = i
			e.Uses = append(e.Uses, u)
		}
		return i
	}
	var out []segments.Request
	for _, s := range e.Segments {
		r := segments.Request{Segment: s}
		customer := s.Level == rules.CustomerLevel
		if len(s.Deliver) == 0 {
			r.Uses = append(r.Uses, number(e.policy.Purposes.SegmentUse(customer)))
		}
		for _, name := range s.Deliver {
			d, _ := e.Job.Project.Destination(name) // the checker knows every destination
			u, err := e.listUse(d, customer)
			if err != nil {
				return nil, err
			}
			i := number(u)
			r.Uses = append(r.Uses, i)
			e.Lists = append(e.Lists, List{s, d, i})
		}
		slices.Sort(r.Uses)
		r.Uses = slices.Compact(r.Uses)
		out = append(out, r)
	}
	return out, nil
}

func (e *Evaluation) plan(ctx context.Context) (*segments.Plan, error) {
	requests, err := e.uses()
	if err != nil {
		return nil, err
	}
	cover := &coverage{}
	for i := range e.Sources {
		if err := e.Sources[i].coverage(ctx, e.Job); err != nil {
			return nil, err
		}
		cover.sources = append(cover.sources, e.Sources[i].cover)
	}
	plan, err := segments.NewPlan(requests, len(e.Uses), segments.Times{AsOf: e.Job.AsOf, SessionGap: project.Micros(e.Job.Project.SessionGap)}, builtin.Folds, cover)
	if err != nil {
		return nil, fail(KindInvalid, "PLAN", err, "see docs/rules.md")
	}
	return plan, nil
}

// scanPlan is the plan as the scan sees it.
func (e *Evaluation) scanPlan(p *segments.Plan) *scan.Plan {
	s := &scan.Plan{
		Picks: p.Picks, Edges: p.Edges, KnownBy: e.Job.KnownBy, MaxSkew: project.Micros(e.Job.Project.MaxClockSkew),
		Blocked: e.Job.Project.Identity.Blocked, Customers: e.Job.Project.Identity.Linked,
		Compile: func(t *rules.Test, z *rules.Zone) (kernel.Row, error) {
			row, err := builtin.CompileTest(t, z)
			return kernel.Row(row), err
		},
	}
	for i := range e.Uses {
		s.Customers = s.Customers || e.Uses[i].Customer
	}
	for _, w := range p.Wants() {
		s.Wants = append(s.Wants, scan.Want{Pick: w.Pick, From: w.From, Before: w.Before, Value: w.Value})
	}
	for _, v := range p.Values {
		s.Values = append(s.Values, scan.Value{Column: v.Column, Type: v.Type, Quantise: v.Quantise, Role: v.Role, Prefix: v.Prefix})
	}
	return s
}

// objects returns the objects of a source that can hold rows that arrived (or happened) in [from, before).
func (s *SourceRun) objects(from, before int64) (out []store.Object) {
	for i := range s.parts {
		p := &s.parts[i]
		if !p.within(s.Partition.Zone, from, before) || s.Complete == project.Success && !p.success {
			continue
		}
		for _, o := range p.objects {
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
	r := reading{bucket: s.bucket, objects: objects, schema: s.Schema, limits: e.Job.limits(), workers: workers, opened: func(i int, f *parquet.File) {
		rows[i] = f.Rows()
		share[i] = objects[i].Size / int64(max(1, f.RowGroups()))
	}}
	err := r.each(ctx, func(w int, u scan.Unit, g *parquet.RowGroup) error {
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
		for _, o := range p.objects {
			out[o.Key] = len(out)
		}
	}
	return out
}

// wrap names the object behind a damaged one's error.
func (s *SourceRun) wrap(err error, objects []store.Object) error {
	if bad, ok := errors.AsType[*badObject](err); ok {
		return &sourceError{s, objects[bad.number], bad.err}
	}
	return err
}

// findCopies tells the copies of a source apart where its schema allows it.
func (e *Evaluation) findCopies(ctx context.Context, s *SourceRun, plan *segments.Plan) error {
	within := project.Micros(s.Dedupe)
	copies := s.scanner.NewCopies(within, e.Job.AsOf)
	if within == 0 || !copies.Possible() {
		return nil
	}
	from, before := s.reach(e.Job, plan)
	objects := s.objects(from-within, before)
	number := s.numbers()
	r := reading{bucket: s.bucket, objects: objects, schema: s.Schema, limits: e.Job.limits(), workers: e.Job.Workers}
	var done atomic.Int64
	pass := func(look func(g scan.RowGroup, u scan.Unit) error) error {
		return s.wrap(r.each(ctx, func(_ int, u scan.Unit, g *parquet.RowGroup) error {
			e.Job.watch(Progress{Phase: "copies", Done: done.Add(1)})
			return look(g, scan.Unit{Object: number[objects[u.Object].Key], RowGroup: u.RowGroup})
		}), objects)
	}
	if err := pass(func(g scan.RowGroup, _ scan.Unit) error { return copies.Note(g) }); err != nil {
		return err
	}
	copies.Suspect()
	if err := pass(copies.Look); err != nil {
		return err
	}
	copies.Decide()
	s.copies, s.Conflicts = copies, copies.Conflicts
	return nil
}

// star reads the logins of all retained rows where identity is linked.
func (e *Evaluation) star(ctx context.Context, subjects *identity.Subjects) (*identity.Star, error) {
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
		objects := s.objects(e.Job.KnownBy-395*dayMicros, e.Job.KnownBy+1)
		r := reading{bucket: s.bucket, objects: objects, schema: s.Schema, limits: e.Job.limits(), workers: e.Job.Workers}
		var done atomic.Int64
		err := r.each(ctx, func(w int, _ scan.Unit, g *parquet.RowGroup) error {
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
		return nil, fail(KindInvalid, "IDENTITY", err, "see identity: in malgrupp.yaml")
	}
	return identity.NewStar(identity.Compact(logins), subjects.Bound(), e.Job.KnownBy, limits), nil
}
