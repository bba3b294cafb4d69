package lint

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// lintNames looks for words about money, health, belief and the like in what people and platforms read of a segment,
// and in texts that its conditions look for although no schema labels them.
func (l *linter) lintNames(r *source.Report, seg *rules.Segment) {
	if seg.Purpose != rules.Advertising || len(seg.Deliver) == 0 {
		return
	}
	for key, text := range map[string]string{"title": seg.Title, "reason": seg.Reason} {
		if d, found := rules.DelicateIn(text); found {
			r.Warn("W-SENSITIVE-NAME", keyAt(seg.Source, "metadata", key),
				fmt.Sprintf("%q in the %s speaks of %s", d.Word, key, d.About), source.Expected(d.Instead))
		}
	}
	for cond := range seg.Conditions() {
		for _, w := range demandsOf(cond) {
			for t := range rules.Tests(w.where) {
				l.lintLiterals(r, t)
			}
		}
	}
}

func (l *linter) lintLiterals(r *source.Report, t *rules.Test) {
	w, ok := l.words.Columns[t.Term.Column]
	if !ok {
		return
	}
	op := t.Op
	if op == where.OpIn || op == where.OpBetween {
		op = where.OpEqual // each of its texts stands for itself
	}
	for _, v := range t.Args {
		labelled := slices.ContainsFunc(w.Labels, func(l rules.Labelled) bool { return l.Touches(op, v.Text) })
		if d, found := rules.DelicateIn(v.Text); found && v.Kind == value.Text && !labelled {
			r.Warn("W-SENSITIVE-NAME", t.Span, fmt.Sprintf("%q speaks of %s, and no schema labels it", d.Word, d.About),
				source.Expected("label: {value or prefix: ..., is: ..., policy: no_ads} at the column in the schema, if that is "+
					"what it means"))
		}
	}
}
