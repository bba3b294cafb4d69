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
// group.
type heard struct {
	days  map[int64]*state.Day
	acts  state.Acts
	on    int64 // the day of the last row
	day   *state.Day
	texts [5]hashed // subject, kind, action, purpose, TC string
}

// row counts a row recorded at an instant.
func (h *heard) row(recorded int64) {
	on := recorded / value.MicrosPerDay
	if h.day == nil || on != h.on {
		if h.days == nil {
			h.days = map[int64]*state.Day{}
		}
		if h.days[on] == nil {
			h.days[on] = &state.Day{}
		}
		h.on, h.day = on, h.days[on]
	}
	h.day.Rows++
}

// event takes the event of the last row that was counted: a denial by its fingerprint, and what holds for longer than
// the log must reach back with all it says.
func (h *heard) event(c *consentRows, i int) {
	action := c.actions[c.action.Codes[i]]
	switch {
	case action == consent.TCString:
		// What a string says about a purpose is a matter of settings, so each counts; but once a day, not for every page
		// that carried it.
		n := mix(mix(h.texts[0].hash(c.subject, i), h.texts[1].hash(c.kind, i)), h.texts[4].hash(c.tc, i))
		h.day.Denials = append(h.day.Denials, int64(n))
		return
	case action.Denies():
		h.day.Denials = append(h.day.Denials, h.fingerprint(c, i))
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
		sum := sha256.Sum256([]byte(identity.Normalise(t.At(i))))
		*at = binary.BigEndian.Uint64(sum[:8])
	}
	return *at
}

// add takes in what another reading saw.
func (h *heard) add(o *heard) {
	if h.days == nil {
		h.days = map[int64]*state.Day{}
	}
	for on, d := range o.days {
		if h.days[on] == nil {
			h.days[on] = &state.Day{}
		}
		h.days[on].Rows += d.Rows
		h.days[on].Denials = append(h.days[on].Denials, d.Denials...)
	}
	h.acts = append(h.acts, o.acts...)
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

// firstHeard is the first day that the log must still have: no grant and no row reaches further back.
func (in *Inputs) firstHeard() int64 {
	back := max(395*value.MicrosPerDay, project.Micros(in.Project.Retention),
		project.Micros(in.Project.Consent.MaxConsentAge))
	return (in.KnownBy - back) / value.MicrosPerDay
}

// grown refuses a log that lacks what an accepted run saw in it, however little that is.
func (in *Inputs) grown(now state.Heard) error {
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
	return consentFailure(&consent.FeedError{
		Code: "SUPPRESSION_SHRUNK",
		Reason: fmt.Sprintf("the %s list has become shorter since the last accepted run than it may: may_shrink is %d %%",
			name, conf.MayShrink),
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
		l.Add(l.Subject(kind, []byte(a.ID)), consent.Event{At: a.At, Action: action, Pattern: pattern, Trusted: trusted})
	}
	return nil
}
