package rules

import (
	"fmt"
	"regexp"
	"slices"
)

// lintTogether looks at segments beside one another.
func (l *linter) lintTogether() {
	byName := map[string]*Segment{}
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
	salts, rules := map[string]string{}, map[string]string{}
	for _, name := range sortedKeys(byName) {
		seg := byName[name]
		r := &report{source: seg.Source}
		if len(seg.Deliver) == 0 && seg.Purpose != Analysis && !referred[name] {
			r.warn("W-UNUSED", seg.NameSpan, "nobody receives this segment and no other refers to it", expected("deliver: [...], purpose: analysis, or no such file"))
		}
		if h := seg.Holdout; h != nil && h.Salt != l.scope.Salt {
			if other, taken := salts[h.Salt]; taken {
				r.warn("W-HOLDOUT-SALT", keyAt(seg.Source, "spec", "holdout", "salt"), fmt.Sprintf("%s draws its control group with the same salt, so both hold the same people", other),
					expected("a salt of its own for each campaign"))
			} else {
				salts[h.Salt] = name
			}
		}
		key := seg.decides()
		if other, twice := rules[key]; twice && seg.Top == nil {
			r.warn("W-DUPLICATE", seg.NameSpan, "this segment has the same rule as "+other, expected("in_segment: "+other+", or one of the two"))
		} else {
			rules[key] = name
		}
		l.found = append(l.found, r.found...)
	}
	l.lintSets()
}

// decides is equal for segments with the same rule, as far as it asks nothing of the others' people.
func (s *Segment) decides() string {
	return fmt.Sprint(s.Level, s.Zone.Name(), s.Match.Normal(), s.Exclude.Normal(), s.Top != nil)
}

// lintReference reports a reference to a segment that has emptied itself.
func (l *linter) lintReference(seg *Segment, cond *Condition, target *Segment) {
	if target.Expires == 0 || l.scope.AsOf == 0 || l.scope.AsOf <= target.Expires {
		return
	}
	r := &report{source: seg.Source}
	r.fail("E-EXPIRED-REFERENCE", cond.NameSpan, fmt.Sprintf("%s expired on %v", target.Name, target.Expires),
		expected("a segment that is kept up, or a new date there: expires"))
	l.found = append(l.found, r.found...)
}

// setUse is a condition's mention of a value set.
var setUse = regexp.MustCompile(`@([a-z][a-z0-9-]*)`)

// lintSets reports value sets that no rule mentions.
func (l *linter) lintSets() {
	var used []string
	for _, seg := range l.segs {
		for _, m := range setUse.FindAllStringSubmatch(seg.Source.Text, -1) {
			used = append(used, m[1])
		}
	}
	for _, name := range l.scope.setNames() {
		if src := l.scope.ValueSets[name].Source; src != nil && !slices.Contains(used, name) {
			r := &report{source: src}
			r.warn("W-UNUSED", keyAt(src, "metadata", "name"), "no rule mentions this value set", expected("in @"+name+", or no such file"))
			l.found = append(l.found, r.found...)
		}
	}
}
