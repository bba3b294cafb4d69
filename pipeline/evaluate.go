package pipeline

import (
	"context"
	"errors"
	"hash/maphash"
	"math"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Evaluation is what a run decides before it writes anything: who is in which audience, and every count on the way.
type Evaluation struct {
	Job       *Job
	Segments  []*rules.Segment   // what the run decides
	beside    [][]*rules.Segment // what else is decided on the same rows, each by itself, and delivered nowhere
	Uses      []consent.Use
	Lists     []List
	Audiences []segments.Audience // of Segments
	others    []segments.Audience // of those beside; their worlds count from 1
	requests  []segments.Request
	Roll      consent.Roll
	Sources   []SourceRun
	Feed      consent.Feed
	Consent   []InputObject // objects of the consent log and of the lists
	Phases    []Phase       // how long each part took, by the job's clock
	skewed    int64
	first     value.CivilDate
	gate      *consent.Gate
	star      *identity.Star
	subjects  *identity.Subjects
	cover     *coverage
	logins    []identity.Login // kept where the job asks about one person
	policy    *consent.Policy

	contacts   folder.Table // of identifiers
	attributes folder.Table // of customers
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
			return fault.New(fault.Invalid, "SCHEMA", err, "see docs/how-to/schemas.md")
		}
		err := e.timed("copies", func() (err error) {
			from, before := s.reach(e.Job, plan)
			if s.copies, err = e.findCopies(ctx, s, e.Job.AsOf, from, before); s.copies != nil {
				s.Conflicts = s.copies.Conflicts
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	e.subjects = subjects
	err = e.timed("logins", func() (err error) {
		e.star, err = e.readLogins(ctx, subjects)
		return err
	})
	if err != nil {
		return err
	}
	_ = e.timed("gate", func() error {
		e.gate = consent.NewGate(ledger, e.Uses, plan.Asked, e.star, partners, e.Job.Workers)
		return nil
	})
	tally := segments.NewTally(plan)
	tally.Sample(e.Job.sample)
	if e.Job.Study {
		tally.Study()
	}
	if err := e.timed("read", func() error { return e.readAll(ctx, plan, scanPlan, subjects, tally) }); err != nil {
		return err
	}
	if e.Job.focus != nil {
		if err := e.trace(e.Job.focus, tally); err != nil {
			return err
		}
	}
	return e.timed("settle", func() error {
		all := tally.Settle(e.Job.Workers, e.Roll)
		own := slices.IndexFunc(all, func(a segments.Audience) bool { return a.World() > 0 })
		if own < 0 {
			own = len(all)
		}
		e.Audiences, e.others = all[:own], all[own:]
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
	doors = e.readStay(plan, scanPlan, subjects, tally, doors)
	tally.Since(func(use int) func(uint32) int64 { return e.gate.Since(use, doors...) })
	e.Roll = e.gate.Close(doors...)
	return nil
}
