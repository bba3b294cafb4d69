package lint

import (
	"fmt"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
)

// alike is the share of common members, in per cent of all of both, above which two lists are nearly one.
const alike = 80

// lintShared reports lists that hold the same people as another of the same destination: all of them, or most.
func (l *linter) lintShared() {
	byName := map[string]*rules.Segment{}
	for _, seg := range l.segs {
		byName[seg.Name] = seg
	}
	within, near := map[string]Pair{}, map[string]Pair{}
	for _, p := range l.facts.Pairs {
		a, b := byName[p.A], byName[p.B]
		if a == nil || b == nil || min(p.InA, p.InB) < enough || ruleOf(a) == ruleOf(b) || l.related(a, b, byName) {
			continue
		}
		switch {
		case p.Common == p.InB: // of equals the later name
			l.contained(within, p)
		case p.Common == p.InA:
			l.contained(within, Pair{A: p.B, B: p.A, Destination: p.Destination, InA: p.InB, InB: p.InA, Common: p.Common})
		case a.Owner == b.Owner && 100*p.Common > alike*(p.InA+p.InB-p.Common):
			if best, ok := near[p.B]; !ok || p.nearer(best) {
				near[p.B] = p
			}
		}
	}
	want := source.Expected("exclusive: {group: ..., priority: ...} in both, if nobody should be in two lists")
	for _, name := range slices.Sorted(maps.Keys(within)) {
		p := within[name]
		r := &source.Report{Source: byName[name].Source}
		r.Warn("W-SUBSET", byName[name].NameSpan,
			fmt.Sprintf("the %s people of this segment are as good as all among the %s of %s, and %s is told both lists",
				l.facts.Show(p.InB), l.facts.Show(p.InA), p.A, p.Destination), want)
		l.found = append(l.found, r.Found...)
	}
	for _, name := range slices.Sorted(maps.Keys(near)) {
		p := near[name]
		r := &source.Report{Source: byName[name].Source}
		r.Warn("W-OVERLAP", byName[name].NameSpan,
			fmt.Sprintf("more than %d %% of the people of this segment and of %s are in both, and %s is told both lists", alike,
				p.A, p.Destination), want)
		l.found = append(l.found, r.Found...)
	}
}

// contained keeps of the segments that hold all of p.B the smallest. What holds everybody holds every segment.
func (l *linter) contained(within map[string]Pair, p Pair) {
	if _, all := l.facts.everybody(p.A); all {
		return
	}
	if best, ok := within[p.B]; !ok || p.InA < best.InA {
		within[p.B] = p
	}
}

// nearer reports whether a pair has more in common than another.
func (p Pair) nearer(o Pair) bool {
	return p.Common*(o.InA+o.InB-o.Common) > o.Common*(p.InA+p.InB-p.Common)
}

// related reports whether somebody has decided already how two segments stand to each other.
func (l *linter) related(a, b *rules.Segment, byName map[string]*rules.Segment) bool {
	return a.Exclusive != nil && b.Exclusive != nil && a.Exclusive.Group == b.Exclusive.Group || refers(a, b, byName) ||
		refers(b, a, byName)
}

// refers reports whether a segment reads another, itself or through others.
func refers(s, to *rules.Segment, byName map[string]*rules.Segment) bool {
	var names []string
	for cond := range s.Conditions() {
		if cond.Segment != "" {
			names = append(names, cond.Segment)
		}
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return name == to.Name || byName[name] != nil && refers(byName[name], to, byName)
	})
}
