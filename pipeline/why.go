package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Question asks what a segment decides about one person, and for what reason somebody wants to know.
type Question struct {
	Segment string `json:"segment"`
	Subject string `json:"subject"` // keyed id
	Reason  string `json:"reason"`
}

// StatusAnswered is the status of a line that says that somebody was asked about.
const StatusAnswered Status = "answered"

// Why decides like a run, traces one person through it, and tells how the decision came about. A signed line in the audit
// folder says that it was asked; without that line there is no answer. Nothing else is written. raw says that the subject is
// a raw id, which is written nowhere.
func Why(ctx context.Context, j *Job, q Question, raw bool) (*Answer, error) {
	r, f, err := j.asks(ctx, q, raw)
	if err != nil {
		return nil, err
	}
	if _, err := r.decide(ctx); err != nil {
		return nil, err
	}
	if strings.Contains(q.Reason, f.raw) {
		return nil, fault.New(fault.Usage, "REASON", errors.New("the reason names the person, and it is kept in the audit folder"), "name the case instead, such as 'complaint 4711'")
	}
	d, err := r.eval.dossier(ctx, f)
	if err != nil {
		return nil, err
	}
	a, err := d.answer(r, q)
	if err != nil {
		return nil, err
	}
	q.Subject = f.keyed
	if err := r.answered(ctx, q); err != nil {
		return nil, err
	}
	return a, nil
}

// asks checks whether the question may be asked and prepares the run that answers it.
func (j *Job) asks(ctx context.Context, q Question, raw bool) (*run, *focus, error) {
	if !j.Project.Security.AllowExplain {
		return nil, nil, fault.New(fault.Invalid, "EXPLAIN_OFF", errors.New("this project does not let anybody look at the decision about one person"),
			"whoever answers for data protection can set security: {allow_explain: true} in malgrupp.yaml")
	}
	if strings.ContainsFunc(q.Reason, unicode.IsControl) || len(q.Reason) > maxReason || q.Reason == "" {
		return nil, nil, fault.New(fault.Usage, "REASON", fmt.Errorf("the reason is empty, has control characters or is longer than %d bytes", maxReason), "give one line, such as 'complaint 4711'")
	}
	if err := j.instants(); err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(j.Segments, func(s *rules.Segment) bool { return s.Name == q.Segment })
	if i < 0 {
		return nil, nil, fault.New(fault.Usage, "SELECT", errNoSegment(q.Segment), "see malgrupp validate for the names")
	}
	f, err := newFocus(j.Keys, j.Segments[i], q.Subject, raw)
	if err != nil {
		return nil, nil, err
	}
	j.Select, j.DryRun, j.Study, j.focus = []string{q.Segment}, true, true, f
	p, err := j.places(ctx)
	return &run{Job: j, places: p}, f, err
}

// answered writes the line that says what was asked. The lock keeps it from splitting the chain.
func (r *run) answered(ctx context.Context, q Question) error {
	lease, err := r.lock(ctx, r.state)
	if err != nil {
		return err
	}
	defer func() { _ = lease.Release(context.WithoutCancel(ctx)) }()
	if r.history, err = readHistory(ctx, r.output, r.audit, r.Keys.Verify, true); err != nil {
		return err
	}
	m := r.blank(StatusAnswered)
	m.Question = &q
	line, err := m.line(r.Keys.Sign)
	if err != nil {
		return err
	}
	if err := r.audit.CreateOnce(ctx, r.RunID+".json", line); err != nil {
		if errors.Is(err, store.ErrExists) {
			return fault.New(fault.Usage, "RUN_ID", fmt.Errorf("write the line of %s: there is one of that name", r.RunID), "give another --run-id, or none")
		}
		return err
	}
	return nil
}

// maxReason is how long a reason may be, in bytes.
const maxReason = 500

// maxTurns bounds how often the person is decided about again to find the next change, maxRests how many events are left out
// one by one.
const (
	maxTurns = 400
	maxRests = 20
)

// answer gathers what became of the person, use by use.
func (d *dossier) answer(r *run, q Question) (*Answer, error) {
	now, err := d.decide(d.Job.AsOf, false)
	if err != nil {
		return nil, err
	}
	wanted, err := d.decide(d.Job.AsOf, true)
	if err != nil {
		return nil, err
	}
	a := &Answer{
		Segment: q.Segment, Level: string(d.segment.Level), Subject: d.keyed, Reason: q.Reason, AsOf: Instant(d.Job.AsOf), KnownBy: Instant(d.Job.KnownBy),
		Definition: definition(d.segment), dossier: d, wanted: wanted.seen,
	}
	for i := range d.Audiences {
		if audience := &d.Audiences[i]; audience.Segment() == d.segment {
			a.Uses = append(a.Uses, d.use(r, audience, now, wanted))
		}
	}
	if err := d.rests(a, now); err != nil {
		return nil, err
	}
	return a, d.next(a, now)
}

// use is the answer for one use: the outcome is the run's own, the evidence that of the person's rows. Hidden rows are those
// that some condition wanted; of a person of whom no row may be used, all.
func (d *dossier) use(r *run, audience *segments.Audience, now, wanted *retrial) AnswerUse {
	use := audience.Use()
	u := AnswerUse{
		Use: d.Uses[use].Name, Conditions: []AnswerNode{}, number: use,
		Outcome: verdictOf(audience, d.raw).outcome, Alone: now.verdicts[use].outcome,
	}
	for _, c := range r.manifest.Segments {
		if c.Segment == audience.Segment().Name && c.Use == u.Use && c.Destination != "" {
			u.Destinations = append(u.Destinations, AnswerList{c.Destination, c.Held})
		}
	}
	trace, hiding := now.verdicts[use].trace, wanted
	if trace == nil {
		hiding = now
	}
	u.Hidden = Hidden{
		NotArrived: hiding.counts.Hidden, ClockAhead: hiding.counts.Skewed, Copies: hiding.counts.Copies,
		ImpossibleTime: hiding.counts.Invalid, TooLarge: hiding.counts.Oversized, Refused: map[string]int64{},
	}
	for reason, n := range hiding.roll.Tallies.Refused[use] {
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
	u.Seen, u.Stays = true, d.stay(audience, u.Outcome)
	u.DecidedBy = d.afterwards(own, u.Outcome)
	for i := range trace.Nodes {
		n := d.node(&trace.Nodes[i], use, now)
		n.Verdict, n.Decides = own.Nodes[i].Verdict, own.Nodes[i].Decides && u.DecidedBy == "" && u.Stays == 0
		u.Conditions = append(u.Conditions, n)
	}
	return u
}

// afterwards is the step after match and exclude that decided about somebody who qualified by them; "" if none did.
func (d *dossier) afterwards(t *segments.Trace, outcome segments.Outcome) string {
	switch {
	case !t.Qualifies:
		return ""
	case outcome == segments.Control:
		return "holdout"
	case outcome == segments.Capped:
		return "top or cap"
	case outcome == segments.Withheld:
		return "min_size"
	case outcome == segments.Out && d.segment.Exclusive != nil:
		return "exclusive"
	}
	return ""
}

// nodeOf is a condition in one of the decisions, nil where the person was not seen.
func (d *dossier) nodeOf(of *retrial, use int, path string) *segments.NodeTrace {
	if t := of.verdicts[use].trace; t != nil {
		for i := range t.Nodes {
			if t.Nodes[i].Path == path {
				return &t.Nodes[i]
			}
		}
	}
	return nil
}

// stay is until when somebody remains in the segment for an earlier day's match; zero: not for that.
func (d *dossier) stay(audience *segments.Audience, outcome segments.Outcome) Instant {
	s := audience.Segment()
	if outcome != segments.In || s.Stay == (value.Duration{}) || slices.Contains(slices.Collect(audience.Today()), d.raw) {
		return 0
	}
	for _, k := range d.Job.Stay {
		if k.Segment == s.Name && k.ID == d.raw && k.Use == d.Uses[audience.Use()].Name {
			return Instant(s.Zone.Step(k.Last, s.Stay, 1))
		}
	}
	return 0
}

// node is one condition with the events that it looked at.
func (d *dossier) node(n *segments.NodeTrace, use int, now *retrial) AnswerNode {
	out := AnswerNode{Path: n.Path, Depth: n.Depth, Verb: n.Verb, Verdict: n.Verdict, Decides: n.Decides}
	if n.Leaf < 0 {
		return out
	}
	for _, c := range conditionsOf(d.segment) {
		if c.Path == n.Path {
			out.LooksAt, _ = c.LooksAt()
		}
	}
	for _, s := range now.seen {
		for _, wanted := range s.wanted[use] {
			if wanted.Leaf == n.Leaf {
				out.Events++
				out.Evidence = append(out.Evidence, d.event(s, wanted.Parts))
			}
		}
	}
	out.Evidence = out.Evidence[max(0, len(out.Evidence)-maxEvidence):]
	return out
}

// event names a row without saying what was looked at.
func (d *dossier) event(s sight, parts []string) AnswerEvent {
	source, h := &d.Sources[s.source], d.rows[s.source][s.group]
	e := AnswerEvent{Source: source.Name, Object: h.object, Row: h.rows[s.row], At: Instant(s.at), As: parts}
	if c, ok := source.Schema.WithRole(rules.RoleEventID); ok {
		e.ID = h.text(c.Name, s.row)
	}
	if c, ok := source.Schema.WithRole(rules.RoleEventName); ok {
		e.Name = h.text(c.Name, s.row)
	}
	if c, ok := source.Schema.WithRole(rules.RoleReceivedAt); ok {
		if at, ok := h.instant(c.Name, s.row); ok {
			e.Received = Instant(at)
		}
	}
	return e
}

// rests finds the single events without which the decision would be another, among the latest that deciding conditions
// looked at: each is left out and the person is decided about again.
func (d *dossier) rests(a *Answer, now *retrial) error {
	for i := range a.Uses {
		u := &a.Uses[i]
		tried := map[place]bool{}
		for _, s := range slices.Backward(now.seen) {
			if len(tried) == maxRests || tried[s.place] || !d.decisive(u, s, now) {
				continue
			}
			tried[s.place] = true
			other, err := d.decide(d.Job.AsOf, false, s.place)
			if err != nil {
				return err
			}
			if got := other.verdicts[u.number].outcome; got != u.Alone {
				u.Rests = append(u.Rests, AnswerRest{Without: d.event(s, nil), Outcome: got})
			}
		}
	}
	return nil
}

// decisive reports whether a condition that decides looks at the row.
func (d *dossier) decisive(u *AnswerUse, s sight, now *retrial) bool {
	for _, wanted := range s.wanted[u.number] {
		for _, n := range u.Conditions {
			if alone := d.nodeOf(now, u.number, n.Path); n.Decides && alone != nil && alone.Leaf == wanted.Leaf {
				return true
			}
		}
	}
	return false
}

// next finds what changes by itself: every instant at which some condition turns, up to the first at which the outcome does.
func (d *dossier) next(a *Answer, now *retrial) error {
	turns := d.turns(d.times())
	before, last := now, d.Job.AsOf
	for i := 0; i < len(turns); i++ {
		if i == maxTurns {
			a.Searched = Instant(last)
			return nil
		}
		at := turns[i]
		turns = append(turns[:i:i], d.remember(before, last, at, turns[i:])...)
		at = turns[i]
		after, err := d.decide(at, false)
		if err != nil {
			return err
		}
		open := false
		for k := range a.Uses {
			u := &a.Uses[k]
			if u.settled {
				continue
			}
			if c, changed := d.change(u, at, before, after); changed {
				u.Next = append(u.Next, c)
				u.settled = c.Outcome != u.Alone
			}
			open = open || !u.settled
		}
		if before, last = after, at; !open {
			return nil
		}
	}
	return nil
}

// remember is what the nights from one turn up to the next leave behind of a segment in which people stay: whoever matches
// begins to stay anew on each of them. The end of that stay is a turn, too.
func (d *dossier) remember(v *retrial, from, to int64, turns []int64) []int64 {
	if d.segment.Stay == (value.Duration{}) {
		return turns
	}
	night := d.Job.Project.Zone.StartOfDay(to - 1)
	if night < from {
		return turns
	}
	for use, is := range v.verdicts {
		if !is.today {
			continue
		}
		of := func(k state.Stay) bool { return k.Segment == d.segment.Name && k.Use == d.Uses[use].Name }
		k := state.Stay{Segment: d.segment.Name, Use: d.Uses[use].Name, ID: d.raw, Entered: night, Last: night, Definition: definition(d.segment)}
		d.stays = append(slices.DeleteFunc(slices.Clone(d.stays), of), k)
		over := d.segment.Zone.Step(night, d.segment.Stay, 1)
		if d.nightly() {
			over = d.Job.midnightFrom(over)
		}
		turns = append(slices.Clone(turns), over)
	}
	slices.Sort(turns)
	return slices.Compact(turns)
}

// change is what turned between two decisions about the person alone.
func (d *dossier) change(u *AnswerUse, at int64, before, after *retrial) (AnswerChange, bool) {
	c := AnswerChange{At: Instant(at), Outcome: after.verdicts[u.number].outcome, Conditions: []AnswerTurn{}}
	for _, n := range u.Conditions {
		was, is := d.nodeOf(before, u.number, n.Path), d.nodeOf(after, u.number, n.Path)
		switch {
		case was == nil || is == nil || was.Verdict == is.Verdict:
		default:
			c.Conditions = append(c.Conditions, AnswerTurn{n.Path, is.Verdict})
		}
	}
	return c, len(c.Conditions) > 0 || c.Outcome != before.verdicts[u.number].outcome
}

// times are when the person's rows happened.
func (d *dossier) times() (out []int64) {
	for i, groups := range d.rows {
		column, _ := d.Sources[i].Schema.WithRole(rules.RoleEventTime)
		for _, h := range groups {
			for row := range h.Rows() {
				if at, ok := h.instant(column.Name, row); ok {
					out = append(out, at)
				}
			}
		}
	}
	return out
}
