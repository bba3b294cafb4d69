// Package decide says who is in which audience: one call, a pure function of inputs, requests and options. Nothing is
// written.
//
// In come a checked project, its storage and what is asked; out comes a Decision, made once and never changed. What a
// segment comes to on its way, what a single person's rows are to it, and deciding again about them belong to it, too.
package decide

import (
	"context"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Request asks who is in a segment. The segments of one world must be in dependency order, with all they refer to;
// requests of different worlds share the rows and nothing else.
type Request struct {
	Segment *rules.Segment
	World   int  // 0 is the project itself: only its segments go to destinations
	Absent  bool // tell also what keeps out whoever is not in
	Hidden  bool // tell also how many members rest on time that consent hides
}

// Ask asks for segments of the project.
func Ask(segs []*rules.Segment) []Request {
	out := make([]Request, len(segs))
	for i, s := range segs {
		out[i].Segment = s
	}
	return out
}

// Options say how closely the decision is looked at. The zero Options look at who is in.
type Options struct {
	Breakdown bool    // count what each condition is for how many people
	Sample    *Sample // of the people; nil: all
	Person    *Person // whose decision can be explained and made again; nil: nobody's
	Count     []*rules.Statistic
}

// Sample is a share of the people of one kind. Of the other kind all are looked at, for they share rows with those who
// are drawn.
type Sample struct {
	segments.Sample
	Kind identity.Kind
}

// Decision is who is in which audience, and every count on the way.
type Decision struct {
	Inputs
	Options
	Requests  []Request
	Uses      []consent.Use
	Lists     []List
	Audiences []segments.Audience // in the order of the requests, uses ascending
	Roll      consent.Roll
	Counted   []segments.Counted // in the order of Options.Count
	Reports   int                // the use that statistics are counted for, -1: there are none
	Sources   []Source
	Feed      consent.Feed
	Consent   []folder.Input  // objects of the consent log and of the lists
	Heard     state.Heard     // what was seen of the consent log and of the lists
	Acts      state.Acts      // objections, erasures and lifts that any accepted run saw, and this one
	Skewed    int64           // consent events recorded long before they happened
	FirstDay  value.CivilDate // of the consent log's partitions; zero: it has none
	Phases    []Phase

	asked      []segments.Request
	names      *scan.Names
	policy     *consent.Policy
	newest     int64           // when the newest row of the consent log was recorded
	hidden     map[string]bool // objects of the consent log of which known_by hides rows
	subjects   *identity.Subjects
	star       *identity.Star
	logins     []identity.Login // kept where one person is asked about
	gate       *consent.Gate
	met        consent.Met // everybody's company; nil: nobody asked yet
	cover      *coverages
	attributes folder.Table // of customers

	// machine folds what one person said; where only hers is read.
	machine  *consent.Machine
	only     func(kind identity.Kind, id string) bool          // whose consent is read; nil: everybody's
	listen   func(c *consentRows) func(i int, e consent.Event) // hears every event of the log that is read; nil: nobody
	overhear func(device string, e consent.Event)              // hears what rows say; nil: nobody
}

// Phase is one part of a decision and how long it took by the inputs' clock: list, ledger, copies, logins, gate, read
// (scan, gate and filing together) or settle.
type Phase struct {
	Name string
	Took time.Duration
}

// timed runs one part and notes how long it took.
func (d *Decision) timed(name string, part func() error) error {
	start := d.Clock()
	err := part()
	d.Phases = append(d.Phases, Phase{name, d.Clock().Sub(start)})
	return err
}

// Decide answers requests: the feed is checked, the ledger is complete before the first row is judged, and the same
// inputs give the same audiences.
func Decide(ctx context.Context, in Inputs, requests []Request, o Options) (*Decision, error) {
	in, err := in.Resolve()
	if err != nil {
		return nil, err
	}
	d := &Decision{Inputs: in, Options: o, Requests: requests}
	if d.policy, err = in.policy(); err != nil {
		return nil, err
	}
	if err := d.ask(); err != nil {
		return nil, err
	}
	if err := d.timed("list", func() error { return d.listSources(ctx) }); err != nil {
		return nil, err
	}
	// A damaged object of a source that may skip them starts anew without it, so that no half-read object ever counts.
	for again := true; again; {
		if again, err = d.skip(d.attempt(ctx)); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Selected decides the project's segments that patterns name, with those they refer to; without patterns, all.
func Selected(ctx context.Context, in Inputs, patterns []string, o Options) (*Decision, error) {
	segs, err := in.Select(patterns)
	if err != nil {
		return nil, err
	}
	return Decide(ctx, in, Ask(segs), o)
}

// attempt runs the phases over inputs that are listed.
func (d *Decision) attempt(ctx context.Context) error {
	d.subjects, d.met = identity.NewSubjects(), nil
	var ledger *consent.Ledger
	err := d.timed("ledger", func() (err error) {
		ledger, err = d.ledger(ctx)
		return err
	})
	if err != nil {
		return err
	}
	plan, err := d.plan(ctx)
	if err != nil {
		return err
	}
	h := &hearing{Decision: d, plan: plan, scan: d.scanPlan(plan)}
	partners, err := d.openSources(h)
	if err != nil {
		return err
	}
	if err := d.timed("copies", func() error { return d.tellCopies(ctx, plan) }); err != nil {
		return err
	}
	err = d.timed("logins", func() (err error) {
		d.star, err = d.readLogins(ctx)
		return err
	})
	if err != nil {
		return err
	}
	_ = d.timed("gate", func() error {
		d.gate = consent.NewGate(ledger, d.Uses, plan.Asked, d.star, partners, d.Workers)
		return nil
	})
	h.begin(d.gate, d.Options)
	if err := d.timed("read", func() error { return h.readAll(ctx) }); err != nil {
		return err
	}
	if err := d.find(d.Person); err != nil {
		return err
	}
	return d.timed("settle", func() error {
		d.Audiences, d.Roll = h.settle(d.Workers)
		d.Counted = h.tally.Counted()
		return nil
	})
}

// openSources makes the scanners of all sources and reports whether one is a partner's.
func (d *Decision) openSources(h *hearing) (partners bool, err error) {
	names := scan.NewNames()
	d.names = names
	for i := range d.Sources {
		s := &d.Sources[i]
		s.Counts, s.Inputs, s.copies, s.later, s.oversizedIn = scan.Counts{}, nil, nil, nil, nil
		partners = partners || s.Partner != ""
		if s.scanner, err = h.scanner(s, names); err != nil {
			return false, err
		}
	}
	return partners, nil
}

// tellCopies tells the copies of all sources apart.
func (d *Decision) tellCopies(ctx context.Context, plan *segments.Plan) error {
	task := d.beginCopies(sizeOf(d.Sources, func(s *Source) []store.Object { return s.compared(d.copied(s, plan)) }))
	for i := range d.Sources {
		if err := d.findCopies(ctx, task, plan, &d.Sources[i]); err != nil {
			return err
		}
	}
	return nil
}

// Text is the text that a value of a cell stands for.
func (d *Decision) Text(number int64) string { return d.names.Text(number) }

// Audience returns who is in a list.
func (d *Decision) Audience(l List) *segments.Audience {
	for i := range d.Audiences {
		if a := &d.Audiences[i]; a.Segment() == l.Segment && a.Use() == l.Use {
			return a
		}
	}
	return &segments.Audience{}
}

// Asks reports whether a request is decided for a use on its own account, not only because another one refers to it.
func (d *Decision) Asks(r Request, use int) bool {
	for i := range d.Requests {
		if d.Requests[i].Segment == r.Segment && d.Requests[i].World == r.World {
			for _, u := range d.asked[i].Uses {
				if u == use {
					return true
				}
			}
		}
	}
	return false
}
