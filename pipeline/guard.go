package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Reasons for holding a list back.
const (
	heldUnderFloor = "SEGMENT_UNDER_K"
	heldAgreement  = "AGREEMENT_EXPIRED"
	heldExpired    = "SEGMENT_EXPIRED"
	heldDisabled   = "DESTINATION_DISABLED"
	heldGone       = "SEGMENT_GONE"
)

// holdBack says why nobody is added to a list, "" if nothing stands in the way. Dates are judged by today, also where
// an old day is computed again.
func (r *run) holdBack(l decide.List, members int) string {
	today := r.Project.Zone.Day(r.Clock().UnixMicro())
	switch {
	case !l.Destination.Enabled:
		return heldDisabled
	case l.Segment.Expires != 0 && today > l.Segment.Expires:
		return heldExpired
	case members < r.Project.Least(l.Destination, l.Segment.MinSize):
		return heldUnderFloor
	case !l.Destination.Own && today > l.Destination.Expires:
		return heldAgreement
	}
	return ""
}

// The guards hold a list as a whole because something about it looks wrong: nobody is added, and nobody leaves but
// those whose removal is owed (docs/how-to/guards.md). Below the floor a list is emptied, which no guard delays.
const (
	GuardIncomplete record.Guard = "incomplete" // its verdicts lean on data that have not arrived
	GuardEmpty      record.Guard = "empty"      // nobody would be left
	GuardFirst      record.Guard = "first"      // it held nobody, and the project wants to hear of first times
	GuardCeiling    record.Guard = "ceiling"    // more people than the project lets a list have
	GuardSwing      record.Guard = "swing"      // it would grow or shrink too much
	GuardKeys       record.Guard = "keys"       // of the whole run: keys are others than they were
	guardOther      record.Guard = "other"      // another list was held, and the project says on_stop: fail
)

// Guards are the guards that can be overridden.
var Guards = []record.Guard{GuardSwing, GuardCeiling, GuardEmpty, GuardFirst, GuardIncomplete, GuardKeys}

const (
	swingAbove   = 200 // people: smaller lists may change as they like
	undecidedOne = 100 // of so many members may be undecided
)

// shrunk begins the guard of a list of people that may be shorter in one run than it was.
const shrunk = "shrunk-"

// Shrunk is the guard of a list of people: suppression or protected.
func Shrunk(list string) record.Guard { return record.Guard(shrunk + list) }

// overrides checks what the job overrides.
func (r *run) overrides() error {
	for _, o := range r.Override {
		list, ok := strings.CutPrefix(string(o.Guard), shrunk)
		switch {
		case ok && list != "suppression" && list != "protected":
			return fault.New(fault.Usage, "GUARD", fmt.Errorf("accept that list %q is shorter: there is none", list),
				"suppression or protected; what the consent log lost must be restored")
		case ok:
			r.Seen.Shrunk = append(r.Seen.Shrunk, list)
		case !slices.Contains(Guards, o.Guard):
			return fault.New(fault.Usage, "GUARD", fmt.Errorf("override guard %q: there is none that could be", o.Guard),
				fmt.Sprintf("one of %v; the floor cannot be overridden", Guards))
		}
		if o.Reason == "" {
			return fault.New(fault.Usage, "GUARD", fmt.Errorf("override guard %s: no reason is given", o.Guard),
				"say why with --reason; it stands in the record of the run")
		}
	}
	return nil
}

func (r *run) overridden(g record.Guard) bool {
	return slices.ContainsFunc(r.Override, func(o record.Override) bool { return o.Guard == g })
}

// watched is a list that guards look at.
type watched struct {
	decide.List
	*run
	list    state.List
	held    platform.Removals // what it holds
	members platform.Additions
	lacks   []decide.Lack                // days that its verdicts lean on and that have not arrived
	stay    *platform.Removals           // of what it holds, whoever consents: once that was asked
	roll    func() (consent.Roll, error) // who is in whose company
	open    int                          // members of yesterday who stand and are undecided today
}

// guard says which guard holds a list, "" for none.
func (w *watched) guard() (record.Guard, error) {
	before, after := w.held.Len(), w.members.Len()
	if w.waits() && !w.overridden(GuardIncomplete) {
		return GuardIncomplete, nil
	}
	if before == 0 {
		switch {
		case after < w.Project.Least(w.Destination, w.Segment.MinSize): // the floor says no already
		case w.Project.Guards.HoldFirst && !w.overridden(GuardFirst):
			return GuardFirst, nil
		case w.above(after):
			return GuardCeiling, nil
		}
		return "", nil
	}
	fresh, staying := len(w.fresh()) > 0, before
	if after == 0 || fresh || w.swings(before, after) {
		if err := w.stand(); err != nil {
			return "", err
		}
		staying = w.stay.Len()
	}
	switch {
	case fresh && undecidedOne*w.open > len(w.holdings.Keys(w.list)) && !w.overridden(GuardIncomplete):
		return GuardIncomplete, nil
	case after == 0 && staying > 0 && !w.overridden(GuardEmpty):
		return GuardEmpty, nil
	case after > 0 && after < w.Project.Least(w.Destination, w.Segment.MinSize):
		return "", nil // the floor empties it
	case w.above(after):
		return GuardCeiling, nil
	case after > 0 && w.swings(staying, after) && !w.overridden(GuardSwing):
		return GuardSwing, nil
	}
	return "", nil
}

// above reports a list with more people than the project lets a list have.
func (w *watched) above(after int) bool {
	most := w.Project.Guards.MaxSize
	return most > 0 && after > most && !w.overridden(GuardCeiling)
}

// swings reports a list that grows or shrinks by more than the project lets it. Who leaves because his removal is owed
// is no change of the list.
func (w *watched) swings(before, after int) bool {
	change := max(after-before, before-after)
	return max(before, after) > swingAbove && 100*change > w.Project.Guards.MaxChange*before
}

// waits reports that a source which says when a day is complete has not said so of the last one.
func (w *watched) waits() bool {
	last := w.Project.Zone.Day(w.AsOf - 1)
	return slices.ContainsFunc(w.fresh(), func(l decide.Lack) bool {
		return l.Day == last.String() && slices.ContainsFunc(w.Project.Sources, func(s project.Source) bool {
			return s.Name == l.Source && s.Complete == project.Success
		})
	})
}

// fresh are the days that the list lacks and did not lack when it was last told: about those somebody decided then.
func (w *watched) fresh() (out []decide.Lack) {
	var known []decide.Lack
	if m := w.history.Manifest; m != nil {
		known = m.ToldLacking[listName(w.list)]
	}
	for _, l := range w.lacks {
		if !slices.Contains(known, l) {
			out = append(out, l)
		}
	}
	return out
}

// toldLacking are the days that each list lacked when it was last told: today, or, where it is held or not selected,
// when it was so by the last accepted run.
func (r *run) toldLacking(changes []change) map[string][]decide.Lack {
	out := map[string][]decide.Lack{}
	if m := r.history.Manifest; m != nil {
		maps.Copy(out, m.ToldLacking)
	}
	for i := range changes {
		c := &changes[i]
		if c.count.Guard != "" {
			continue
		}
		delete(out, listName(c.list))
		if len(c.count.Lacks) > 0 {
			out[listName(c.list)] = c.count.Lacks
		}
	}
	return out
}

// listName is how documents call a list. A destination whose type changed has two for a night.
func listName(l state.List) string { return path.Join(l.Destination, l.Segment, l.Kind, l.Part) }

// stand asks consent which of yesterday's members may stay, and counts those of them who are undecided today: their
// verdict is open, or nothing was seen of them while days are missing.
func (w *watched) stand() error {
	if w.stay != nil {
		return nil
	}
	key, err := w.holdings.Matcher(w.list, w.Keys)
	if err != nil {
		return err
	}
	roll, err := w.roll()
	if err != nil {
		return err
	}
	audience, open := w.decision.Audience(w.List), map[string]bool{}
	for id := range audience.Undecided() {
		open[id] = true
	}
	keys := map[string]bool{}
	for id, seen := range w.decision.Standing(w.Use, roll, w.late, func(id string) bool { return key(id) != "" }) {
		keys[key(id)] = true
		if !audience.Has(id) && (open[id] || !seen) {
			w.open++
		}
	}
	// Who is a member today has consent, whatever is known of him without his rows.
	stay := platform.Staying(w.holdings, w.list, keys).With(w.held.Except(w.held.Gone(w.members)))
	w.stay = &stay
	return nil
}

// guarded holds a list where a guard says so; whole is the guard that holds all lists, "" for none.
func (r *run) guarded(ctx context.Context, c *change, whole record.Guard) error {
	if r.Replay() || c.count.Held == heldDisabled || c.count.Held == heldExpired {
		return nil
	}
	w := r.watch(c, func() (consent.Roll, error) { return r.everybody(ctx) })
	c.count.Lacks = w.lacks
	guard, err := w.guard()
	if guard == "" && c.count.Held != heldUnderFloor {
		guard = whole // what the floor empties is emptied all the same
	}
	if err != nil || guard == "" {
		return err
	}
	if err := w.stand(); err != nil {
		return err
	}
	stay := *w.stay
	if stay.Len() < r.Project.Least(w.Destination, w.Segment.MinSize) {
		stay = platform.Removals{} // the floor holds for what would stay, too
	}
	c.count.Guard, c.count.Held = guard, "GUARD_"+strings.ToUpper(string(guard))
	c.full, c.adds, c.stay, c.removes = platform.Additions{}, platform.Additions{}, &stay, w.held.Except(stay)
	c.tally()
	c.count.Owed = shown.Any(int(c.count.Removals))
	return nil
}

func (r *run) watch(c *change, roll func() (consent.Roll, error)) *watched {
	return &watched{
		List: c.to, run: r, list: c.list, held: platform.Held(r.holdings, c.list), members: c.members,
		lacks: r.decision.Lacks(c.to.Segment), roll: roll,
	}
}

// everybody is the roll with everybody's company, which is found out once.
func (r *run) everybody(ctx context.Context) (_ consent.Roll, err error) {
	if r.company == nil {
		var roll consent.Roll
		if roll, err = r.decision.Company(ctx); err == nil {
			r.company = &roll
		}
	}
	return *cmp.Or(r.company, &consent.Roll{}), err
}

// owed counts how many of those who leave a list do so because consent owes it.
func (r *run) owed(c *change) error {
	if c.removes.Len() == 0 || c.stay != nil || c.to.Segment == nil {
		return nil
	}
	w := r.watch(c, func() (consent.Roll, error) { return r.decision.Roll, nil })
	err := w.stand()
	if err == nil {
		c.count.Owed = shown.Any(c.removes.Except(*w.stay).Len())
	}
	return err
}
