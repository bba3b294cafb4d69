package pipeline

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/pipeline/state"
)

// SinceRun is what changed since the last accepted run told destinations about a segment.
type SinceRun struct {
	RunID string      `json:"run_id"`
	Lists []SinceList `json:"lists"`
}

// SinceList is who entered and who left one list. Of those who left it is known what keeps them out now; what those who
// entered lacked at the last run nobody kept.
type SinceList struct {
	Destination string        `json:"destination"`
	Part        string        `json:"part,omitempty"`
	Use         string        `json:"use"`
	Held        shown.Count   `json:"held"`
	Entered     shown.Count   `json:"entered"`
	Left        shown.Count   `json:"left"`
	Because     []LeftBecause `json:"left_because"`
}

// LeftBecause is what keeps people out who were told before: the path of a condition, or one of the words below.
type LeftBecause struct {
	What   string      `json:"what"`
	People shown.Count `json:"people"`
}

// What keeps people out beside conditions.
const (
	leftToControl = "control group"
	leftBeyond    = "beyond top or cap"
	leftUnnamed   = "no identifier to send"
	leftUnseen    = "not seen with consent"
	leftElsewhere = "not seen with consent, or in another segment of the group"
)

// sinceRun compares every list of a segment with what was last told, before anything is held back.
func (r *run) sinceRun(segment string) (*SinceRun, error) {
	if r.history.marker == nil {
		return nil, fault.New(fault.Usage, "COMPARE", errors.New("compare with the last run: no run was published yet"), "compare with a rule file instead")
	}
	out := &SinceRun{RunID: r.history.marker.RunID, Lists: []SinceList{}}
	for _, l := range r.eval.Lists {
		if l.Segment.Name != segment {
			continue
		}
		kind, _ := platform.Of(l.Destination.Type) // differences has met it
		for i := range kind.Parts {
			c := r.difference(l, kind, &kind.Parts[i], nil)
			now, _ := platform.Members(r.eval.audience(l), platform.Source{
				Platform: kind, Part: &kind.Parts[i], Send: c.send, Contacts: r.contacts, Consent: c.count.Use, Workers: r.Workers,
			})
			since, err := r.sinceList(l, c.list, now)
			if err != nil {
				return nil, err
			}
			since.Part, since.Use = c.list.Part, c.count.Use
			if i == 0 || since.Held+since.Entered > 0 {
				out.Lists = append(out.Lists, since)
			}
		}
	}
	return out, nil
}

// keyers make the keyed ids under which a destination's members are held, one for each master key that is met.
type keyers []*keys.Keyer

func (r *run) keyers(destination string, held map[string]bool) (out keyers, err error) {
	numbers := map[int]bool{}
	for key := range held {
		if n, ok := keys.NumberOf(key); ok {
			numbers[n] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		keyer, err := r.Keys.KeyerOf(n, keys.Dest(destination))
		if err != nil {
			return nil, err
		}
		out = append(out, keyer)
	}
	return out, nil
}

// find returns the key under which a subject is held, "" if it is not.
func (k keyers) find(held map[string]bool, subject string) string {
	for _, keyer := range k {
		if key := keyer.Key(keys.NewID(subject)); held[key] {
			return key
		}
	}
	return ""
}

func (r *run) sinceList(l List, list state.List, now platform.Additions) (s SinceList, err error) {
	held := r.holdings.Keys(list)
	keyers, err := r.keyers(list.Destination, held)
	if err != nil {
		return s, err
	}
	s = SinceList{Destination: list.Destination, Held: shown.Count(len(held)), Because: []LeftBecause{}}
	for _, subject := range now.Told() {
		if key := keyers.find(held, subject); key != "" {
			delete(held, key)
		} else {
			s.Entered++
		}
	}
	s.Left = shown.Count(len(held))
	because := map[string]shown.Count{}
	blame := func(subject, what string) {
		if key := keyers.find(held, subject); key != "" {
			delete(held, key)
			because[what]++
		}
	}
	a := r.eval.audience(l)
	for subject, path := range a.Absent() {
		blame(subject, path)
	}
	for _, of := range []struct {
		what string
		ids  func(yield func(string) bool)
	}{{leftToControl, a.Control()}, {leftBeyond, a.Capped()}, {leftUnnamed, a.Members()}} {
		for subject := range of.ids {
			blame(subject, of.what)
		}
	}
	if n := len(held); n > 0 && l.Segment.Exclusive != nil {
		because[leftElsewhere] = shown.Count(n)
	} else if n > 0 {
		because[leftUnseen] = shown.Count(n)
	}
	for _, what := range slices.Sorted(maps.Keys(because)) {
		s.Because = append(s.Because, LeftBecause{what, because[what]})
	}
	slices.SortStableFunc(s.Because, func(a, b LeftBecause) int { return cmp.Compare(b.People, a.People) })
	return s, nil
}
