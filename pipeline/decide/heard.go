package decide

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// heard collects what a reading of the consent log sees, day by day, also of rows that known_by hides; one of each row
// group. What is of people who are forgotten is counted apart as well: the log may lose it from now on.
type heard struct {
	days, lost map[int64]*state.Day
	acts       state.Acts
	on         int64 // the day of the last row
	to         []*state.Day
	texts      [5]hashed // subject, kind, action, purpose, TC string

	answered []uint64 // of an export of states: whose denial stands or has a later answer (mapped.go)
}

// row counts row i, recorded at an instant.
func (h *heard) row(c *consentRows, i int, recorded int64) {
	on, lost := recorded/value.MicrosPerDay, c.forgotten(i, recorded)
	if h.to == nil || on != h.on || lost != (len(h.to) > 1) {
		h.on, h.to = on, append(h.to[:0], dayOf(&h.days, on))
		if lost {
			h.to = append(h.to, dayOf(&h.lost, on))
		}
	}
	for _, d := range h.to {
		d.Rows++
	}
}

func dayOf(days *map[int64]*state.Day, on int64) *state.Day {
	if *days == nil {
		*days = map[int64]*state.Day{}
	}
	if (*days)[on] == nil {
		(*days)[on] = &state.Day{}
	}
	return (*days)[on]
}

// denied notes a denial of the last row that was counted.
func (h *heard) denied(fingerprint int64) {
	for _, d := range h.to {
		d.Denials = append(d.Denials, fingerprint)
	}
}

// forgotten reports whether a row says something from before its person was forgotten. What she says later is a new
// person's, whose denials the log must keep.
func (c *consentRows) forgotten(i int, recorded int64) bool {
	g := c.grave(i)
	return g.there && (g.Forever || min(recorded, int64(c.at.Value(i))) <= g.At)
}

// grave is the tombstone of a row's subject.
func (c *consentRows) grave(i int) grave {
	if c.log.in.Buried == nil || c.subject.Null(i) {
		return grave{}
	}
	kind, code := c.kinds[c.kind.Codes[i]], c.subject.Codes[i]
	if c.buried[kind] == nil {
		c.buried[kind] = make([]grave, c.subject.Dict.Len())
	}
	g := &c.buried[kind][code]
	if !g.asked {
		g.asked = true
		g.Tombstone, g.there = c.log.in.Buried(KindName(kind), identity.Normalise(c.subject.Dict.Value(int(code))))
	}
	return *g
}

// grave is the tombstone of a subject, if there is one and somebody asked.
type grave struct {
	state.Tombstone
	asked, there bool
}

// event takes the event of the last row that was counted: a denial by its fingerprint, and what holds for longer than
// the log must reach back with all it says.
func (h *heard) event(c *consentRows, i int) {
	action := c.actions[c.action.Codes[i]]
	switch {
	case c.log.in.states():
		h.state(c, i)
		return
	case action == consent.TCString:
		// What a string says about a purpose is a matter of settings, so each counts; but once a day, not for every page
		// that carried it.
		n := mix(mix(h.texts[0].hash(c.subject, i), h.texts[1].hash(c.kind, i)), h.texts[4].hash(c.tc, i))
		h.denied(int64(n))
		return
	case action.Denies():
		h.denied(h.fingerprint(c, i))
	case action != consent.Lift:
		return
	}
	if action == consent.Object || action == consent.Erase || action == consent.Lift {
		h.acts = append(h.acts, state.Act{
			Kind: strings.Clone(c.kind.At(i)), ID: identity.Normalise(strings.Clone(c.subject.At(i))),
			Action: strings.Clone(c.action.At(i)), Purpose: strings.Clone(c.purpose.At(i)),
			Source: strings.Clone(c.source.At(i)), At: int64(c.at.Value(i)),
		})
	}
}

// fingerprint stands for a denial in the state, whatever its event id: an export may give it another. Texts are hashed
// once per dictionary entry.
func (h *heard) fingerprint(c *consentRows, i int) int64 {
	out := h.texts[0].hash(c.subject, i)
	for k, text := range []parquet.Text{c.kind, c.action, c.purpose} {
		out = mix(out, h.texts[k+1].hash(text, i))
	}
	return int64(mix(out, uint64(c.at.Value(i))))
}

// mix joins two numbers to one; no pair is likelier than another to give the same.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xe7037ed1a0b428db)
	return hi ^ lo ^ a
}

// hashed are the hashes of a dictionary's entries, the same in every run; 0: not met yet.
type hashed []uint64

func (h *hashed) hash(t parquet.Text, i int) uint64 {
	if *h == nil {
		*h = make(hashed, t.Dict.Len())
	}
	at := &(*h)[t.Codes[i]]
	if *at == 0 {
		*at = hashText(t.At(i))
	}
	return *at
}

func hashText(text string) uint64 {
	sum := sha256.Sum256([]byte(identity.Normalise(text)))
	return binary.BigEndian.Uint64(sum[:8])
}

// add takes in what another reading saw.
func (h *heard) add(o *heard) {
	for _, of := range []struct {
		into *map[int64]*state.Day
		from map[int64]*state.Day
	}{{&h.days, o.days}, {&h.lost, o.lost}} {
		for on, d := range of.from {
			into := dayOf(of.into, on)
			into.Rows += d.Rows
			into.Denials = append(into.Denials, d.Denials...)
		}
	}
	h.acts, h.answered = append(h.acts, o.acts...), append(h.answered, o.answered...)
}

// seen is what was collected, of days that a first one does not come after.
func (h *heard) seen(first int64) state.Heard {
	out := state.Heard{Days: map[int64]state.Day{}, Lists: map[string]int64{}}
	for on, d := range h.days {
		if on >= first {
			slices.Sort(d.Denials)
			out.Days[on] = state.Day{Rows: d.Rows, Denials: slices.Compact(d.Denials)}
		}
	}
	return out
}

// without is what was seen but for what was of people who are forgotten.
func (h *heard) without(seen state.Heard) state.Heard {
	out := state.Heard{Days: maps.Clone(seen.Days), Lists: seen.Lists}
	for on, d := range h.lost {
		was, there := out.Days[on]
		if !there {
			continue
		}
		slices.Sort(d.Denials)
		denials := slices.DeleteFunc(slices.Clone(was.Denials), func(n int64) bool {
			_, theirs := slices.BinarySearch(d.Denials, n)
			return theirs
		})
		out.Days[on] = state.Day{Rows: was.Rows - d.Rows, Denials: denials}
	}
	return out
}

// firstHeard is the first day that the log must still have, and from which rows are heard: no grant and no row reaches
// further back.
func (in *Inputs) firstHeard() int64 {
	back := max(395*value.MicrosPerDay, project.Micros(in.Project.Retention),
		project.Micros(in.Project.Consent.MaxConsentAge))
	return (in.KnownBy - back) / value.MicrosPerDay
}

// grown refuses a log that lacks what an accepted run saw in it, however little that is.
func (in *Inputs) grown(now state.Heard) error {
	if in.states() {
		return nil // its denials are owed an answer (mapped.go)
	}
	first := in.firstHeard()
	for _, on := range slices.Sorted(maps.Keys(in.Seen.Heard.Days)) {
		was, is := in.Seen.Heard.Days[on], now.Days[on]
		lacks := ""
		switch {
		case on < first:
		case is.Rows < was.Rows:
			lacks = "rows"
		case !holds(is.Denials, was.Denials):
			lacks = "denials"
		}
		if lacks != "" {
			return consentFailure(&consent.FeedError{
				Code: "FEED_SHRUNK",
				Reason: "the consent log lacks " + lacks + " recorded on " + value.DateOfDays(on).String() +
					" that an accepted run saw",
				Hint: "find out who removed or changed rows, and restore them from the exporter; objects may be merged or " +
					"written anew, with the same rows",
			})
		}
	}
	return nil
}

// kept refuses a list of people that has become shorter than it may, unless somebody said so.
func (in *Inputs) kept(name string, entries int64, conf *project.List) error {
	was := in.Seen.Heard.Lists[name]
	if 100*entries >= (100-int64(conf.MayShrink))*was || slices.Contains(in.Seen.Shrunk, name) {
		return nil
	}
	reason := fmt.Sprintf("the %s list has become shorter since the last accepted run than it may: may_shrink is %d %%",
		name, conf.MayShrink)
	if conf.URL == "" {
		reason = fmt.Sprintf("the %s list, which the last accepted run read, is not in the settings any more", name)
	}
	return consentFailure(&consent.FeedError{
		Code: "SUPPRESSION_SHRUNK", Reason: reason,
		Hint: "restore the list; if people were meant to leave it, malgrupp run --accept-shrunk " + name + " --reason TEXT",
	})
}

// holds reports whether ascending numbers hold all of others.
func holds(all, of []int64) bool {
	for _, n := range of {
		i, found := slices.BinarySearch(all, n)
		if !found {
			return false
		}
		all = all[i:]
	}
	return true
}

// recall files objections, erasures and lifts that accepted runs saw: the log need not hold them for ever.
func (d *Decision) recall(l *consent.Loader) error {
	for _, a := range d.Seen.Acts {
		if a.OnRow() {
			continue // recallRows
		}
		action, err := consent.ParseAction(a.Action)
		if err != nil {
			return err
		}
		pattern, err := d.policy.Purposes.Pattern(a.Purpose)
		if err != nil {
			return err
		}
		kind := identity.Device
		if a.Kind == "customer" {
			kind = identity.Customer
		}
		if pattern == consent.OtherPurpose && action != consent.Erase ||
			identity.Blocked(a.ID, d.Project.Identity.Blocked...) || d.leftOut(kind, a.ID) {
			continue
		}
		trusted := slices.Contains(d.Project.Consent.TrustedSources, a.Source)
		ref := l.Subject(kind, []byte(a.ID))
		l.Add(ref, consent.Event{At: a.At, Action: action, Pattern: pattern, Trusted: trusted})
		d.bury(l, ref, kind, a.ID)
	}
	return nil
}

// bury files that somebody is forgotten, if there is a tombstone.
func (in *Inputs) bury(to *consent.Loader, ref consent.Ref, kind identity.Kind, id string) {
	if in.Buried == nil {
		return
	}
	if t, ok := in.Buried(KindName(kind), id); ok {
		e := consent.Event{At: t.At, Action: consent.Forget, Pattern: consent.EveryPurpose}
		if t.Forever {
			e.Action = consent.Erase
		}
		to.Add(ref, e)
	}
}

// KindName is how logs and state call a kind of subject.
func KindName(kind identity.Kind) string {
	if kind == identity.Customer {
		return "customer"
	}
	return "device"
}
