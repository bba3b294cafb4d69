package pipeline

import (
	"cmp"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// place is one row that a dossier holds.
type place struct{ source, group, row int }

// sight is a row that the gate admitted for the person, and what the conditions of a use take it for.
type sight struct {
	place
	at     int64
	wanted map[int][]segments.Wanted // by use
}

// verdict is what became of the person in the segment that was asked about, for one use.
type verdict struct {
	outcome segments.Outcome
	today   bool            // of a segment in which people stay: in for today's match
	trace   *segments.Trace // nil: the use was given no row
}

// retrial is a decision about the person alone.
type retrial struct {
	verdicts map[int]verdict // by use
	seen     []sight         // in time
	counts   scan.Counts
	roll     consent.Roll
}

// decide runs the person's rows through scan, gate and fold again, with windows that end then, without the rows named. What
// the gate knows of consent is what it knew. Others are not there: nobody is cut off by top or cap. The person is judged even
// if no condition wants a row; asked for the rows that some condition wants, it leaves out all others, and whoever has none.
func (d *dossier) decide(asOf int64, onlyWanted bool, without ...place) (*retrial, error) {
	var beside []segments.Request
	if !onlyWanted {
		beside = d.everybody()
	}
	plan, err := d.planAsOf(asOf, later{d.cover, d.Job.AsOf}, beside...)
	if err != nil {
		return nil, err
	}
	scanPlan, gate, tally := d.scanPlan(plan), d.gate.For(plan.Asked), segments.NewTally(plan)
	out := &retrial{verdicts: map[int]verdict{}}
	var doors []*consent.Door
	open := func() (*consent.Door, *segments.Lane) {
		doors = append(doors, gate.Open())
		return doors[len(doors)-1], tally.Lane()
	}
	names := scan.NewNames()
	for i := range d.Sources {
		s := &d.Sources[i]
		scanner, err := scan.New(scanPlan, s.Schema, s.Partner != "", d.subjects, names)
		if err != nil {
			return nil, err
		}
		worker := scanner.Worker()
		door, lane := open()
		for g, h := range d.rows[i] {
			block, err := worker.Scan(h, d.dropped(asOf, i, g, without))
			if err != nil {
				return nil, err
			}
			batch := door.Admit(block)
			d.look(out, batch, plan, func(row int) place { return place{i, g, int(worker.Row(row))} })
			lane.Add(batch)
		}
		out.counts.Add(worker.Counts())
	}
	door, lane := open()
	if err := d.tell(scanPlan, plan, asOf, door, lane); err != nil {
		return nil, err
	}
	if d.known {
		tally.Trace(d.number)
	}
	out.roll = gate.Close(doors...)
	for _, a := range tally.Settle(1, out.roll) {
		if a.Segment() == d.segment {
			v := verdictOf(&a, d.raw)
			v.today = slices.Contains(slices.Collect(a.Today()), d.raw)
			if v.outcome == segments.Withheld { // for a single person every min_size is too large
				v.outcome = segments.In
			}
			out.verdicts[a.Use()] = v
		}
	}
	slices.SortStableFunc(out.seen, func(a, b sight) int { return cmp.Compare(a.at, b.at) })
	return out, nil
}

// dropped are the rows, ascending, of what is held of a row group that do not count as of then: copies, and those left out.
func (d *dossier) dropped(asOf int64, source, group int, without []place) []uint32 {
	copies := d.copies[0]
	if asOf > d.Job.AsOf {
		copies = d.copies[1]
	}
	out := slices.Clone(copies[source][group])
	for _, p := range without {
		if p.source == source && p.group == group {
			out = append(out, uint32(p.row))
		}
	}
	slices.Sort(out)
	return out
}

// verdictOf is what became of somebody in an audience.
func verdictOf(a *segments.Audience, id string) verdict {
	v := verdict{outcome: segments.Out, trace: a.Trace()}
	if o, ok := a.Outcomes(0)[id]; ok {
		v.outcome = o
	}
	return v
}

// look notes the admitted rows of the person.
func (d *dossier) look(out *retrial, b consent.Batch, plan *segments.Plan, of func(row int) place) {
	for i := range b.Len() {
		r := b.Row(i)
		if !d.known || r.Subject != d.number {
			continue
		}
		picks, slot := b.Class(r.Class)
		s := sight{place: of(b.Origin(i)), at: r.Time, wanted: map[int][]segments.Wanted{}}
		for use := range d.Uses {
			if r.Uses>>use&1 != 0 {
				s.wanted[use] = plan.Wanted(picks, slot, use)
			}
		}
		out.seen = append(out.seen, s)
	}
}

// tell brings what is known of the person beside rows before the gate: attributes, and segments the person qualified for.
func (d *dossier) tell(scanPlan *scan.Plan, plan *segments.Plan, asOf int64, door *consent.Door, lane *segments.Lane) error {
	if records := d.stayRecords(plan, d.stays, asOf); len(records) > 0 {
		lane.Add(door.Admit(scan.Records(scanPlan, d.subjects, records)))
	}
	if len(d.records) == 0 {
		return nil
	}
	reader, err := scan.NewAttributes(scanPlan, builtin.ProfileRecord, d.Job.Attributes(), d.Job.KnownBy, d.subjects)
	if err != nil {
		return err
	}
	for _, h := range d.records {
		block, err := reader.Records(h)
		if err != nil {
			return err
		}
		lane.Add(door.Admit(block))
	}
	return nil
}

// everybody asks, for the uses of the segment, about everybody who did anything.
func (d *dossier) everybody() []segments.Request {
	r := segments.Request{Segment: Everybody(d.segment)}
	for i := range d.Audiences {
		if a := &d.Audiences[i]; a.Segment() == d.segment {
			r.Uses = append(r.Uses, a.Use())
		}
	}
	return []segments.Request{r}
}

// later is what the data cover when time goes on and nothing of the person's comes in any more: all of it.
type later struct {
	*coverage
	asOf int64
}

func (l later) Covers(c *rules.Condition, from, before int64) bool {
	return l.coverage.Covers(c, from, min(before, l.asOf))
}
