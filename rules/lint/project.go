package lint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// lintTogether looks at segments beside one another.
func (l *linter) lintTogether() {
	byName := map[string]*rules.Segment{}
	for _, seg := range l.segs {
		byName[seg.Name] = seg
	}
	referred := map[string]bool{}
	for _, seg := range l.segs {
		for cond := range seg.Conditions() {
			if target := byName[cond.Segment]; target != nil {
				referred[target.Name] = true
				l.lintReference(seg, cond, target)
			}
		}
	}
	salts, same := map[string]string{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		seg := byName[name]
		r := &source.Report{Source: seg.Source}
		if len(seg.Deliver) == 0 && seg.Purpose != rules.Analysis && !referred[name] {
			r.Warn("W-UNUSED", seg.NameSpan, "nobody receives this segment and no other refers to it",
				source.Expected("deliver: [...], purpose: analysis, or no such file"))
		}
		if h := seg.Holdout; h != nil && h.Salt != l.scope.Salt {
			if other, taken := salts[h.Salt]; taken {
				r.Warn("W-HOLDOUT-SALT", keyAt(seg.Source, "spec", "holdout", "salt"),
					fmt.Sprintf("%s draws its control group with the same salt, so both hold the same people", other),
					source.Expected("a salt of its own for each campaign"))
			} else {
				salts[h.Salt] = name
			}
		}
		key := ruleOf(seg)
		if other, twice := same[key]; twice && seg.Top == nil {
			r.Warn("W-DUPLICATE", seg.NameSpan, "this segment has the same rule as "+other,
				source.Expected("in_segment: "+other+", or one of the two"))
		} else {
			same[key] = name
		}
		l.found = append(l.found, r.Found...)
	}
	l.lintSets()
}

// ruleOf is equal for segments with the same rule, as far as it asks nothing of the others' people.
func ruleOf(s *rules.Segment) string {
	return fmt.Sprint(s.Level, s.Zone.Name(), s.Match.Normal(), s.Exclude.Normal(), s.Top != nil)
}

// lintReference reports a reference to a segment that has emptied itself.
func (l *linter) lintReference(seg *rules.Segment, cond *rules.Condition, target *rules.Segment) {
	if target.Expires == 0 || l.scope.AsOf == 0 || l.scope.AsOf <= target.Expires {
		return
	}
	r := &source.Report{Source: seg.Source}
	r.Fail("E-EXPIRED-REFERENCE", cond.NameSpan, fmt.Sprintf("%s expired on %v", target.Name, target.Expires),
		source.Expected("a segment that is kept up, or a new date there: expires"))
	l.found = append(l.found, r.Found...)
}

// setUse is a condition's mention of a value set.
var setUse = regexp.MustCompile(`@([a-z][a-z0-9-]*)`)

// lintSets reports value sets that no rule mentions.
func (l *linter) lintSets() {
	var used []string
	asks := slices.Clone(l.segs)
	for _, st := range l.scope.Statistics {
		asks = append(asks, st.Segment()) // its source is that of the topics, too
	}
	for _, seg := range asks {
		for _, m := range setUse.FindAllStringSubmatch(seg.Source.Text, -1) {
			used = append(used, m[1])
		}
	}
	for _, name := range l.scope.SetNames() {
		if src := l.scope.ValueSets[name].Source; src != nil && !slices.Contains(used, name) {
			r := &source.Report{Source: src}
			r.Warn("W-UNUSED", keyAt(src, "metadata", "name"), "no rule mentions this value set",
				source.Expected("in @"+name+", or no such file"))
			l.found = append(l.found, r.Found...)
		}
	}
}
