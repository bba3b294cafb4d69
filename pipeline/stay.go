package pipeline

import (
	"encoding/hex"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// readStay brings former qualifiers before the gate, as records of the time at which they qualified last, and files whom it
// admits. The door is returned with the others.
func (e *Evaluation) readStay(plan *segments.Plan, scanPlan *scan.Plan, subjects *identity.Subjects, tally *segments.Tally, doors []*consent.Door) []*consent.Door {
	records := e.stayRecords(plan, e.Job.Stay, e.Job.AsOf)
	if len(records) == 0 {
		return doors
	}
	lane, door := tally.Lane(), e.gate.Open()
	lane.Add(door.Admit(scan.Records(scanPlan, subjects, records)))
	return append(doors, door)
}

// stayRecords are the records of those whose time in a segment of the plan lasts as of then. A record of a night to come, of which
// `why` thinks, asks for the consent that holds now.
func (e *Evaluation) stayRecords(plan *segments.Plan, of state.StayRecord, asOf int64) (records []scan.Record) {
	for _, s := range plan.Stays() {
		for _, k := range of {
			if k.Segment == s.Segment.Name && k.Use == e.Uses[s.Use].Name && stays(s.Segment, k, asOf) {
				records = append(records, scan.Record{Customer: s.Segment.Level == rules.CustomerLevel, ID: k.ID, At: min(k.Last, e.Job.KnownBy), Pick: s.Pick})
			}
		}
	}
	return records
}

// stays reports whether somebody's time in a segment lasts: as_of < last_qualified + stay, under the same definition.
func stays(s *rules.Segment, k state.Stay, asOf int64) bool {
	return k.Definition == definition(s) && asOf < s.Zone.Step(k.Last, s.Stay, 1)
}

func definition(s *rules.Segment) string { return hex.EncodeToString(s.Hash[:]) }

// nextStay is the stay record after this run: who qualifies today begins anew, who still stays is kept, and segments that
// the run does not decide keep theirs. People whom the gate no longer knows are forgotten with their stay.
func (e *Evaluation) nextStay() state.StayRecord {
	decided := map[string]*rules.Segment{}
	for _, s := range e.Segments {
		decided[s.Name] = s
	}
	before := map[[3]string]state.Stay{}
	for _, k := range e.Job.Stay {
		before[[3]string{k.Segment, k.Use, k.ID}] = k
	}
	var out state.StayRecord
	today := map[[3]string]bool{}
	for i := range e.Audiences {
		a := &e.Audiences[i]
		s, use := a.Segment(), e.Uses[a.Use()].Name
		for id := range a.Today() {
			at := [3]string{s.Name, use, id}
			today[at] = true
			k := state.Stay{Segment: s.Name, Use: use, ID: id, Entered: e.Job.AsOf, Last: e.Job.AsOf, Definition: definition(s)}
			if old, ok := before[at]; ok && stays(s, old, e.Job.AsOf) {
				k.Entered, k.Last = old.Entered, max(old.Last, k.Last)
			}
			out = append(out, k)
		}
	}
	for at, k := range before {
		s, now := decided[k.Segment]
		switch {
		case today[at]:
		case now && s.Stay != (value.Duration{}) && stays(s, k, e.Job.AsOf), !now && e.Job.has(k.Segment):
			out = append(out, k)
		}
	}
	slices.SortFunc(out, state.Compare)
	return out
}

// has reports whether the project has a segment of that name.
func (j *Job) has(segment string) bool {
	return slices.ContainsFunc(j.Segments, func(s *rules.Segment) bool { return s.Name == segment })
}
