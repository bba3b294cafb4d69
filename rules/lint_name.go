package rules

import (
	"fmt"
	"slices"
)

// lintNames looks for words about money, health, belief and the like in what people and platforms read of a segment, and in
// texts that its conditions look for although no schema labels them.
func (l *linter) lintNames(r *report, seg *Segment) {
	if seg.Purpose != Advertising || len(seg.Deliver) == 0 {
		return
	}
	for key, text := range map[string]string{"title": seg.Title, "reason": seg.Reason} {
		if d, found := delicateIn(text); found {
			r.warn("W-SENSITIVE-NAME", keyAt(seg.Source, "metadata", key), fmt.Sprintf("%q in the %s speaks of %s", d.word, key, d.about), expected(d.instead))
		}
	}
	for cond := range seg.Conditions() {
		for _, w := range cond.demands() {
			for t := range Tests(w.where) {
				l.lintLiterals(r, t)
			}
		}
	}
}

func (l *linter) lintLiterals(r *report, t *Test) {
	w, ok := l.words.columns[t.Term.Column]
	if !ok {
		return
	}
	for _, v := range t.Args {
		labelled := slices.ContainsFunc(w.labels, func(l labelled) bool { return l.touches(t.Op, v.Text) })
		if d, found := delicateIn(v.Text); found && v.Kind == Text && !labelled {
			r.warn("W-SENSITIVE-NAME", t.Span, fmt.Sprintf("%q speaks of %s, and no schema labels it", d.word, d.about),
				expected("label: {value or prefix: ..., is: ..., policy: no_ads} at the column in the schema, if that is what it means"))
		}
	}
}
