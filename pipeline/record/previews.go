package record

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Previewed is a rule that somebody was told the numbers of. Conditions are digests of its innermost conditions,
// sorted.
type Previewed struct {
	Segment    string   `json:"segment"`
	Definition string   `json:"definition"` // its hash
	Conditions []string `json:"conditions"`
	Shape      string   `json:"shape,omitempty"`    // of a single condition: a digest of it without its values
	Settings   []string `json:"settings,omitempty"` // "key: value", that were asked instead of the project's
}

// PreviewDay counts the previews of one day, and the replays of rules that no accepted run knows. Rules are nearly
// equal that are the same but for one condition, which one of them may lack; those of one condition, if they are of
// the same segment, or the same but for values. A rule under other settings is another rule. Whoever asks many of
// those may be after a single person.
type PreviewDay struct {
	Day         string `json:"day"` // UTC
	Previews    int    `json:"previews"`
	Rules       int    `json:"rules"`        // different ones
	NearlyEqual int    `json:"nearly_equal"` // of those, the most that are nearly equal to one another
	Segment     string `json:"segment"`      // one of them
}

// PreviewDays counts the previews among lines by day, newest first.
func PreviewDays(lines []Line) (out []PreviewDay) {
	days := map[string][]Previewed{}
	for _, l := range lines {
		if day, _, ok := strings.Cut(l.Manifest.GeneratedAt, "T"); ok && len(l.Manifest.Previewed) > 0 {
			days[day] = append(days[day], l.Manifest.Previewed...)
		}
	}
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(days))) {
		out = append(out, previewDay(day, days[day]))
	}
	return out
}

func previewDay(day string, previews []Previewed) PreviewDay {
	d := PreviewDay{Day: day, Previews: len(previews)}
	rules := map[string]bool{}
	families := map[string]map[string]bool{} // by what is left when one condition, or none, is taken away
	for _, p := range previews {
		rule := strings.Join(append([]string{p.Definition}, p.Settings...), "\n")
		rules[rule] = true
		for out := range len(p.Conditions) + 1 {
			left := p.Conditions
			if out < len(left) {
				left = slices.Delete(slices.Clone(left), out, out+1)
			}
			of := []string{strings.Join(left, " ")}
			if len(left) == 0 { // of one condition, all of it is another: name or shape says that one became the other
				of = []string{"segment " + p.Segment, "shape " + cmp.Or(p.Shape, p.Segment)}
			}
			for _, of := range of {
				if families[of] == nil {
					families[of] = map[string]bool{}
				}
				families[of][rule] = true
				if n := len(families[of]); n > d.NearlyEqual {
					d.NearlyEqual, d.Segment = n, p.Segment
				}
			}
		}
	}
	d.Rules = len(rules)
	return d
}
