package preview

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
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
func sinceRun(j *pipeline.Job, look *pipeline.Look, s *rules.Segment) (*SinceRun, error) {
	if look.LastRun() == "" {
		return nil, fault.New(fault.Usage, "COMPARE", errors.New("compare with the last run: no run was published yet"),
			"compare with a rule file instead")
	}
	out := &SinceRun{RunID: look.LastRun(), Lists: []SinceList{}}
	told := map[string]bool{}
	for _, t := range look.Told(s.Name) {
		since, err := sinceList(j.Keys, look.Held(t.List), s, t)
		if err != nil {
			return nil, err
		}
		if first := !told[t.Destination]; first || !(since.Held + since.Entered).Few() {
			out.Lists = append(out.Lists, since)
		}
		told[t.Destination] = true
	}
	return out, nil
}

// keyers make the keyed ids under which a destination's members are held, one for each master key that is met.
type keyers []*keys.Keyer

func newKeyers(ring *keys.Ring, destination string, held map[string]bool) (out keyers, err error) {
	numbers := map[int]bool{}
	for key := range held {
		if n, ok := keys.NumberOf(key); ok {
			numbers[n] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		keyer, err := ring.KeyerOf(n, keys.Dest(destination))
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

func sinceList(ring *keys.Ring, held map[string]bool, segment *rules.Segment,
	t pipeline.Told,
) (s SinceList, err error) {
	keyers, err := newKeyers(ring, t.Destination, held)
	if err != nil {
		return s, err
	}
	s = SinceList{
		Destination: t.Destination, Part: t.Part, Use: t.Use, Held: shown.Count(len(held)), Because: []LeftBecause{},
	}
	for _, subject := range t.Members.Told() {
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
	a := t.Audience
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
	if n := len(held); n > 0 && segment.Exclusive != nil {
		because[leftElsewhere] = shown.Count(n)
	} else if n > 0 {
		because[leftUnseen] = shown.Count(n)
	}
	for _, what := range slices.Sorted(maps.Keys(because)) {
		if because[what].Few() {
			continue // that there is such a reason would say that somebody has it
		}
		s.Because = append(s.Because, LeftBecause{what, because[what]})
	}
	var apart shown.Apart
	people := func(n *shown.Count) { *n = shown.Count(apart.Tell(int(*n))) }
	people(&s.Held)
	people(&s.Entered)
	people(&s.Left)
	for i := range s.Because {
		people(&s.Because[i].People)
	}
	slices.SortStableFunc(s.Because, func(a, b LeftBecause) int { return cmp.Compare(b.People, a.People) })
	return s, nil
}
