package why

import (
	"context"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Ask decides like a run, traces one person through it, and tells how the decision came about. A signed line in the
// audit folder says that it was asked; without that line there is no answer. Nothing else is written. raw says that the
// subject is a raw id, which is written nowhere.
func Ask(ctx context.Context, j *pipeline.Job, q record.Question, raw bool) (*Answer, error) {
	s, person, err := asked(j, q, raw)
	if err != nil {
		return nil, err
	}
	segs, err := j.Inputs.Select([]string{s.Name})
	if err != nil {
		return nil, err
	}
	look, err := pipeline.LookAt(ctx, j, decide.Ask(segs), decide.Options{Person: person})
	if err != nil {
		return nil, err
	}
	if err := subject.Unnamed(q.Reason, look.Person.Raw); err != nil {
		return nil, err
	}
	c, err := open(ctx, look, s, j)
	if err != nil {
		return nil, err
	}
	a, err := c.answer(ctx, q)
	if err != nil {
		return nil, err
	}
	q.Subject = person.Keyed
	if err := look.Answered(ctx, q); err != nil {
		return nil, err
	}
	return a, nil
}

// asked checks whether the question may be asked, and finds the segment and the person.
func asked(j *pipeline.Job, q record.Question, raw bool) (*rules.Segment, *decide.Person, error) {
	if err := subject.Allowed(j, q.Reason); err != nil {
		return nil, nil, err
	}
	s, err := j.Segment(q.Segment)
	if err != nil {
		return nil, nil, err
	}
	kind := identity.Device
	if s.Level == rules.CustomerLevel {
		kind = identity.Customer
	}
	p, err := subject.Of(j.Keys, kind, q.Subject, raw)
	return s, p, err
}

// inquiry is the case of one person: what a run decided, and everything that can be decided about her once more.
type inquiry struct {
	*decide.Rows
	look    *pipeline.Look
	segment *rules.Segment
	job     *pipeline.Job
	stays   state.StayRecord // hers
}

func open(ctx context.Context, look *pipeline.Look, s *rules.Segment, j *pipeline.Job) (*inquiry, error) {
	rows, err := look.Rows(ctx)
	if err != nil {
		return nil, err
	}
	q := &inquiry{Rows: rows, look: look, segment: s, job: j}
	for _, k := range look.Stay {
		if k.ID == look.Person.Raw {
			q.stays = append(q.stays, k)
		}
	}
	return q, nil
}

// again decides about the person alone once more.
func (q *inquiry) again(asOf int64, without ...decide.Place) (*decide.Again, error) {
	return q.Again(decide.Question{Segment: q.segment, AsOf: asOf, Stay: q.stays, Without: without})
}

// maxMoments bounds how often the person is decided about again to find the next change, maxRests how many events are
// left out one by one.
const (
	maxMoments = 400
	maxRests   = 20
)

// answer gathers what became of the person, use by use.
func (q *inquiry) answer(ctx context.Context, asked record.Question) (*Answer, error) {
	now, err := q.again(q.AsOf)
	if err != nil {
		return nil, err
	}
	wanted, err := q.Again(decide.Question{Segment: q.segment, AsOf: q.AsOf, Stay: q.stays, Wanted: true})
	if err != nil {
		return nil, err
	}
	a := &Answer{
		Segment: asked.Segment, Level: string(q.segment.Level), Subject: q.Person.Keyed, Reason: asked.Reason,
		AsOf: Instant(q.AsOf), KnownBy: Instant(q.KnownBy), Definition: decide.Definition(q.segment), inquiry: q,
		wanted: wanted.Seen,
	}
	granted, err := q.Granted(ctx, wanted.Seen)
	if err != nil {
		return nil, err
	}
	for i := range q.Audiences {
		if audience := &q.Audiences[i]; audience.Segment() == q.segment {
			u := q.use(audience, now, wanted)
			if err := q.grants(&u, wanted.Seen, granted); err != nil {
				return nil, err
			}
			a.Uses = append(a.Uses, u)
		}
	}
	if err := q.rests(a, now); err != nil {
		return nil, err
	}
	return a, q.next(a, now)
}

// use is the answer for one use: the outcome is the run's own, the evidence that of the person's rows. Hidden rows are
// those that some condition wanted; of a person of whom no row may be used, all.
func (q *inquiry) use(audience *segments.Audience, now, wanted *decide.Again) AnswerUse {
	use := audience.Use()
	u := AnswerUse{
		Use: q.Uses[use].Name, Conditions: []AnswerNode{}, number: use,
		Outcome: decide.OutcomeOf(audience, q.Person.Raw), Alone: now.Verdicts[use].Outcome,
	}
	for _, c := range q.look.Manifest.Segments {
		if c.Segment == audience.Segment().Name && c.Use == u.Use && c.Destination != "" {
			u.Destinations = append(u.Destinations, AnswerList{c.Destination, c.Held})
		}
	}
	trace, hiding := now.Verdicts[use].Trace, wanted
	if trace == nil {
		hiding = now
	}
	u.Hidden = Hidden{
		NotArrived: hiding.Counts.Hidden, ClockAhead: hiding.Counts.Skewed, Copies: hiding.Counts.Copies,
		ImpossibleTime: hiding.Counts.Invalid, TooLarge: hiding.Counts.Oversized, Refused: map[string]int64{},
	}
	for reason, n := range hiding.Roll.Tallies.Refused[use] {
		if n > 0 {
			u.Hidden.Refused[consent.Reason(reason).String()] = n
		}
	}
	own := audience.Trace()
	if own == nil { // no condition of the run wanted a row: then it did not judge, and the person's other rows do
		own, u.Outcome = trace, u.Alone
	}
	if trace == nil {
		return u
	}
	u.Seen, u.Stays = true, q.stay(audience, u.Outcome)
	u.DecidedBy = q.afterwards(own, u.Outcome)
	for i := range trace.Nodes {
		n := q.node(&trace.Nodes[i], use, now)
		n.Verdict, n.Decides = own.Nodes[i].Verdict(), own.Nodes[i].Decides && u.DecidedBy == "" && u.Stays == 0
		u.Conditions = append(u.Conditions, n)
	}
	return u
}

// afterwards is the step after match and exclude that decided about somebody who qualified by them; "" if none did.
func (q *inquiry) afterwards(t *segments.Breakdown, outcome segments.Outcome) string {
	switch {
	case !t.Qualifies():
		return ""
	case outcome == segments.Control:
		return "holdout"
	case outcome == segments.Capped:
		return "top or cap"
	case outcome == segments.Withheld:
		return "min_size"
	case outcome == segments.Out && q.segment.Exclusive != nil:
		return "exclusive"
	}
	return ""
}

// nodeOf is a condition in one of the decisions, nil where the person was not seen.
func (q *inquiry) nodeOf(of *decide.Again, use int, path string) *segments.Node {
	if t := of.Verdicts[use].Trace; t != nil {
		for i := range t.Nodes {
			if t.Nodes[i].Path == path {
				return &t.Nodes[i]
			}
		}
	}
	return nil
}

// stay is until when somebody remains in the segment for an earlier day's match; zero: not for that.
func (q *inquiry) stay(audience *segments.Audience, outcome segments.Outcome) Instant {
	s := audience.Segment()
	if outcome != segments.In || s.Stay == (value.Duration{}) ||
		slices.Contains(slices.Collect(audience.Today()), q.Person.Raw) {
		return 0
	}
	for _, k := range q.Stay {
		if k.Segment == s.Name && k.ID == q.Person.Raw && k.Use == q.Uses[audience.Use()].Name {
			return Instant(s.Zone.Step(k.Last, s.Stay, 1))
		}
	}
	return 0
}

// node is one condition with the events that it looked at.
func (q *inquiry) node(n *segments.Node, use int, now *decide.Again) AnswerNode {
	out := AnswerNode{Path: n.Path, Depth: n.Depth, Verb: n.Verb, Verdict: n.Verdict(), Decides: n.Decides}
	if n.Leaf < 0 {
		return out
	}
	for _, c := range q.segment.Judged() {
		if c.Path == n.Path {
			out.LooksAt, _ = c.LooksAt()
		}
	}
	for _, s := range now.Seen {
		for _, wanted := range s.Wanted[use] {
			if wanted.Leaf == n.Leaf {
				out.Events++
				out.Evidence = append(out.Evidence, q.event(s, wanted.Parts))
			}
		}
	}
	out.Evidence = out.Evidence[max(0, len(out.Evidence)-maxEvidence):]
	return out
}

// event names a row without saying what was looked at.
func (q *inquiry) event(s decide.Sight, parts []string) AnswerEvent {
	h, source := q.At(s.Place)
	e := AnswerEvent{
		Source: source.Name, Object: h.Object, Row: h.Numbers[s.Row], At: Instant(s.Time), As: parts, place: s.Place,
	}
	if c, ok := source.Schema.WithRole(rules.RoleEventID); ok {
		e.ID = h.Text(c.Name, s.Row)
	}
	if c, ok := source.Schema.WithRole(rules.RoleEventName); ok {
		e.Name = h.Text(c.Name, s.Row)
	}
	if c, ok := source.Schema.WithRole(rules.RoleReceivedAt); ok {
		if at, ok := h.Instant(c.Name, s.Row); ok {
			e.Received = Instant(at)
		}
	}
	return e
}

// rests finds the single events without which the decision would be another, among the latest that deciding conditions
// looked at: each is left out and the person is decided about again.
func (q *inquiry) rests(a *Answer, now *decide.Again) error {
	for i := range a.Uses {
		u := &a.Uses[i]
		tried := map[decide.Place]bool{}
		for _, s := range slices.Backward(now.Seen) {
			if len(tried) == maxRests || tried[s.Place] || !q.decisive(u, s, now) {
				continue
			}
			tried[s.Place] = true
			other, err := q.again(q.AsOf, s.Place)
			if err != nil {
				return err
			}
			if got := other.Verdicts[u.number].Outcome; got != u.Alone {
				u.Rests = append(u.Rests, AnswerRest{Without: q.event(s, nil), Outcome: got})
			}
		}
	}
	return nil
}

// decisive reports whether a condition that decides looks at the row.
func (q *inquiry) decisive(u *AnswerUse, s decide.Sight, now *decide.Again) bool {
	for _, wanted := range s.Wanted[u.number] {
		for _, n := range u.Conditions {
			if alone := q.nodeOf(now, u.number, n.Path); n.Decides && alone != nil && alone.Leaf == wanted.Leaf {
				return true
			}
		}
	}
	return false
}
