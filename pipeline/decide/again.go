package decide

import (
	"cmp"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Sight is a row that the gate admitted for the person, and what the conditions of a use take it for.
type Sight struct {
	Place
	Time   int64
	Wanted map[int][]segments.Wanted // by use
}

// Verdict is what became of the person in the segment that is asked about, for one use.
type Verdict struct {
	Outcome segments.Outcome
	Today   bool                // of a segment in which people stay: in for today's match
	Trace   *segments.Breakdown // nil: the use was given no row
}

// Question is how the person is decided about once more.
type Question struct {
	Segment *rules.Segment
	AsOf    int64            // where windows end
	Stay    state.StayRecord // that she qualified at earlier runs
	Without []Place          // rows that are left out
	// Wanted leaves out rows that no condition wants, and a person who has no others. Otherwise she is judged even if no
	// condition looks at what she did.
	Wanted bool
}

// Again is a decision about the person alone.
type Again struct {
	Verdicts map[int]Verdict // by use
	Seen     []Sight         // in time
	Counts   scan.Counts
	Roll     consent.Roll
}

// Again hears the person's rows once more, through scan, gate and fold. What the gate knows of consent is what it knew.
// Others are not there: nobody is cut off by top or cap.
func (r *Rows) Again(q Question) (*Again, error) {
	var beside []segments.Request
	if !q.Wanted {
		beside = r.everybody(q.Segment)
	}
	plan, err := r.planAsOf(q.AsOf, later{r.cover, r.AsOf}, beside...)
	if err != nil {
		return nil, err
	}
	h := &hearing{Decision: r.Decision, plan: plan, scan: r.scanPlan(plan)}
	h.begin(r.gate.For(plan.Asked), Options{})
	out := &Again{Verdicts: map[int]Verdict{}}
	if err := r.hear(h, q, out); err != nil {
		return nil, err
	}
	var audiences []segments.Audience
	audiences, out.Roll = h.settle(1)
	for i := range audiences {
		a := &audiences[i]
		if a.Segment() != q.Segment {
			continue
		}
		v := Verdict{
			Outcome: OutcomeOf(a, r.Person.Raw), Today: slices.Contains(slices.Collect(a.Today()), r.Person.Raw),
			Trace: a.Trace(),
		}
		if v.Outcome == segments.Withheld { // for a single person every min_size is too large
			v.Outcome = segments.In
		}
		out.Verdicts[a.Use()] = v
	}
	slices.SortStableFunc(out.Seen, func(a, b Sight) int { return cmp.Compare(a.Time, b.Time) })
	return out, nil
}

// OutcomeOf is what became of somebody in an audience.
func OutcomeOf(a *segments.Audience, id string) segments.Outcome {
	if o, ok := a.Outcomes(0)[id]; ok {
		return o
	}
	return segments.Out
}

// hear brings the copied rows before the gate, and what is known of the person beside rows.
func (r *Rows) hear(h *hearing, q Question, out *Again) error {
	names := scan.NewNames()
	for i := range r.Sources {
		scanner, err := h.scanner(&r.Sources[i], names)
		if err != nil {
			return err
		}
		worker := scanner.Worker()
		door, lane := h.open()
		for g, c := range r.groups[i] {
			block, err := worker.Scan(c, r.dropped(q, i, g))
			if err != nil {
				return err
			}
			batch := door.Admit(block)
			r.look(out, batch, h.plan, func(row int) Place { return Place{i, g, int(worker.Row(row))} })
			lane.Add(batch)
		}
		out.Counts.Add(worker.Counts())
	}
	h.remain(stayRecords(r.Decision, h.plan, q.Stay, q.AsOf))
	if len(r.Records) == 0 {
		return nil
	}
	reader, err := h.records()
	if err != nil {
		return err
	}
	door, lane := h.open()
	for _, c := range r.Records {
		block, err := reader.Records(c)
		if err != nil {
			return err
		}
		lane.Add(door.Admit(block))
	}
	return nil
}

// dropped are the rows, ascending, of what was copied of a row group that do not count: copies, and those left out.
func (r *Rows) dropped(q Question, source, group int) []uint32 {
	copies := r.copies[0]
	if q.AsOf > r.AsOf {
		copies = r.copies[1]
	}
	out := slices.Clone(copies[source][group])
	for _, p := range q.Without {
		if p.Source == source && p.Group == group {
			out = append(out, uint32(p.Row))
		}
	}
	slices.Sort(out)
	return out
}

// look notes the admitted rows of the person.
func (r *Rows) look(out *Again, b consent.Batch, plan *segments.Plan, of func(row int) Place) {
	for i := range b.Len() {
		row := b.Row(i)
		if !r.Person.Known || row.Subject != r.Person.number {
			continue
		}
		picks, slot := b.Class(row.Class)
		s := Sight{Place: of(b.Origin(i)), Time: row.Time, Wanted: map[int][]segments.Wanted{}}
		for use := range r.Uses {
			if row.Uses>>use&1 != 0 {
				s.Wanted[use] = plan.Wanted(picks, slot, use)
			}
		}
		out.Seen = append(out.Seen, s)
	}
}

// everybody asks, for the uses of the segment, about everybody who did anything.
func (r *Rows) everybody(s *rules.Segment) []segments.Request {
	q := segments.Request{Segment: Everybody(s)}
	for i := range r.Audiences {
		if a := &r.Audiences[i]; a.Segment() == s {
			q.Uses = append(q.Uses, a.Use())
		}
	}
	return []segments.Request{q}
}

// Everybody is a segment of everybody who did anything at all, seen as s sees people. The engine meets only people of
// whom some rule wants a row; beside this one a person is judged even if no condition looks at what she did.
func Everybody(s *rules.Segment) *rules.Segment {
	return &rules.Segment{
		Name: "everybody beside " + s.Name, Purpose: s.Purpose, Level: s.Level, Zone: s.Zone,
		Match: &rules.Condition{
			Verb: "did", Path: "match", AnyEvent: true, Window: &rules.Window{All: true}, Compare: &rules.Compare{
				Op: rules.AtLeast, Bound: value.Number{Int: 1},
			},
		},
	}
}

// later is what the data cover when time goes on and nothing of the person's comes in any more: all of it.
type later struct {
	*coverages
	asOf int64
}

func (l later) Covers(c *rules.Condition, from, before int64) bool {
	return l.coverages.Covers(c, from, min(before, l.asOf))
}
