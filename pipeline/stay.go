package pipeline

import (
	"context"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// nextStay is the stay record after this run: who qualifies today begins anew, who still stays is kept, and segments
// that the run does not decide keep theirs. Who may not be kept, late denials heard, is forgotten at once.
func (r *run) nextStay(ctx context.Context) (state.StayRecord, error) {
	d := r.decision
	kept, err := d.Kept(ctx, r.late)
	if err != nil {
		return nil, err
	}
	decided := map[string]*rules.Segment{}
	for _, s := range d.Decided() {
		decided[s.Name] = s
	}
	before := map[[3]string]state.Stay{}
	for _, k := range kept {
		before[[3]string{k.Segment, k.Use, k.ID}] = k
	}
	var out state.StayRecord
	today := map[[3]string]bool{}
	for i := range d.Audiences {
		a := &d.Audiences[i]
		s, use := a.Segment(), d.Uses[a.Use()].Name
		var gone []string // in byte order
		if r.lost != nil {
			gone = r.lost[a.Use()]
		}
		for id := range a.Today() {
			if _, lost := slices.BinarySearch(gone, id); lost {
				continue
			}
			at := [3]string{s.Name, use, id}
			today[at] = true
			k := state.Stay{Segment: s.Name, Use: use, ID: id, Entered: d.AsOf, Last: d.AsOf, Definition: decide.Definition(s)}
			if old, ok := before[at]; ok && decide.Stays(s, old, d.AsOf) {
				k.Entered, k.Last = old.Entered, max(old.Last, k.Last)
			}
			out = append(out, k)
		}
	}
	for at, k := range before {
		s, now := decided[k.Segment]
		switch {
		case today[at]:
		case now && s.Stay != (value.Duration{}) && decide.Stays(s, k, d.AsOf), !now && d.Has(k.Segment):
			out = append(out, k)
		}
	}
	slices.SortFunc(out, state.Compare)
	return out, nil
}
