package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// lintEmpty reports a segment that hardly anybody is in, where it comes about. Where data is missing, or verdicts still
// wait, people may yet be.
func (l *linter) lintEmpty(r *source.Report, seg *rules.Segment) (reported bool) {
	seen, matched, excluded := 0, 0, 0
	for _, s := range l.facts.Sizes[seg.Name] {
		if s.Qualified > 0 || s.Undecided > 0 {
			return false
		}
		seen, matched, excluded = max(seen, s.Recent), matched+s.Matched, excluded+s.Excluded
	}
	if seen < enough {
		return false
	}
	today := seg.Zone.Day(l.facts.AsOf)
	want := source.Expected("people in every segment; malgrupp preview " + seg.Name + " shows each condition for how " +
		"many")
	switch at := l.nobodys(seg); {
	case matched > 0 && excluded == matched:
		r.Warn("W-ALWAYS-EMPTY", seg.Exclude.Span,
			fmt.Sprintf("as of %v this leaves %s of those who match", today, hardly), want)
	case matched > 0:
		r.Warn("W-ALWAYS-EMPTY", seg.NameSpan,
			fmt.Sprintf("as of %v others of its exclusive group have all but %s of those who match", today, hardly), want)
	case at == seg.Match && len(at.Children) > 1:
		r.Warn("W-ALWAYS-EMPTY", at.Span, fmt.Sprintf("as of %v %s fulfil these together", today, hardly), want)
	default:
		r.Warn("W-ALWAYS-EMPTY", at.Span, fmt.Sprintf("as of %v %s fulfil this", today, hardly), want)
	}
	return true
}

// nobodys is the innermost condition that hardly anybody fulfils and that alone leaves the segment empty.
func (l *linter) nobodys(seg *rules.Segment) *rules.Condition {
	anybody := func(c *rules.Condition) bool {
		return slices.ContainsFunc(l.facts.Sizes[seg.Name], func(s Size) bool { return s.True[c.Path] > 0 })
	}
	at := seg.Match
	for at.Is().Logic == rules.LogicAll {
		i := slices.IndexFunc(at.Children, func(c *rules.Condition) bool { return !anybody(c) })
		if i < 0 {
			break
		}
		at = at.Children[i]
	}
	return at
}

// everybody is the share, in per cent, above which a segment leaves hardly anybody out.
const everybody = 95

// lintEverybody reports a segment that hardly anybody is not in.
func (l *linter) lintEverybody(r *source.Report, seg *rules.Segment) {
	if s, ok := l.facts.everybody(seg.Name); ok {
		r.Warn("W-EVERYONE", seg.Match.Span,
			fmt.Sprintf("more than %d %% of the %s people seen in %s are in this segment", everybody, l.facts.Show(s.Recent),
				l.recently()),
			source.Expected("a condition that chooses, unless everybody is meant"))
	}
}

// everybody finds a use of consent in which hardly anybody is not in the segment.
func (f *Facts) everybody(segment string) (Size, bool) {
	for _, s := range f.Sizes[segment] {
		if s.Recent >= enough && 100*s.Among > everybody*s.Recent {
			return s, true
		}
	}
	return Size{}, false
}

// lintSmall reports, once for a segment, the lists that would be withheld because too few people are in them.
func (l *linter) lintSmall(r *source.Report, seg *rules.Segment) {
	var names []string
	people := 0
	for _, list := range l.facts.Lists[seg.Name] {
		if list.Members < list.Least {
			names = append(names, fmt.Sprintf("%s (at least %d)", list.Destination, list.Least))
			people = max(people, list.Members)
		}
	}
	if names != nil {
		r.Warn("W-SMALL", keyAt(seg.Source, "spec", "deliver"),
			fmt.Sprintf("%s people are in this segment, so its list would be withheld from %s", l.facts.Show(people),
				strings.Join(names, ", ")),
			source.Expected("a wider rule; min_size of the segment, min_size of the destination and guards: min_audience "+
				"decide what is too small"))
	}
}
