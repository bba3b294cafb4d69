package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/value"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Where reads a `where` that stands alone, such as one typed at a prompt. Places in the findings are places of src.
func (s *Scope) Where(src *source.Source) (Expr, source.Findings) {
	patterns := 0
	b := &binder{
		Report: source.Report{Source: src}, text: src.Text, place: func(at source.Span) source.Span {
			return at
		}, encode: func(text string) string { return text },
		scope: s, words: s.Vocabulary(), patterns: &patterns,
	}
	return b.read(), b.Found.Sorted()
}

// where reads the `where` of a condition; nil if it is absent or wrong.
func (c *checker) where(n yaml.Node, events []string) Expr {
	text, ok := n.Condition()
	if !ok {
		return nil
	}
	b := &binder{
		Report: source.Report{Source: c.doc.Source}, text: text.Value, events: events,
		scope: c.scope, words: c.words, patterns: &c.patterns, sensitive: c.sensitiveAt,
		place: text.Place, encode: text.Encode,
	}
	e := b.read()
	c.doc.Found = append(c.doc.Found, b.Found...)
	return e
}

// read turns the text into a bound expression; nil after an error.
func (b *binder) read() Expr {
	if len(b.text) > where.MaxBytes {
		b.fault("E-LIMIT", source.Span{
			Start: 0, End: 1,
		}, fmt.Sprintf("the condition has %d bytes", len(b.text)),
			source.Expected("at most 4 KiB, long lists as a value set"))
		return nil
	}
	l := where.Lex(b.text)
	b.misspelt(l.Wrong)
	if l.Broken != "" {
		b.fault("E-WHERE", l.At, l.Broken, append(l.Hints, source.Expected("column = 'text', column > 100, and, or, not"))...)
		return nil
	}
	t, err := where.Parse(l.Tokens)
	if err != nil {
		if len(l.Wrong) == 0 {
			b.fault("E-WHERE", err.Span, err.Message, err.Hints...)
		}
		return nil
	}
	before := b.errors()
	e := b.bind(t, false)
	if len(l.Wrong) > 0 || b.errors() > before {
		return nil
	}
	return e
}

// errors counts what is wrong so far, warnings left out.
func (b *binder) errors() int {
	n := 0
	for _, e := range b.Found {
		if e.Severity == source.SeverityError {
			n++
		}
	}
	return n
}

// misspelt reports the operators of other languages in one finding, with the whole text put right.
func (b *binder) misspelt(wrong []where.Misspelt) {
	if len(wrong) == 0 {
		return
	}
	var right, others strings.Builder
	var edits []source.Edit
	last := 0
	for i, w := range wrong {
		spelling := where.Spaced(b.text, w)
		right.WriteString(b.text[last:w.Span.Start] + spelling)
		edits = append(edits, b.edit(w.Span, spelling))
		last = w.Span.End
		if i > 0 {
			column := b.Source.Position(b.place(w.Span).Start).Column
			fmt.Fprintf(&others, " (and %q is written %q, column %d)", b.written(w.Span), w.Right, column)
		}
	}
	right.WriteString(b.text[last:])
	b.fault("E-OPERATOR", wrong[0].Span,
		fmt.Sprintf("%q is written %q here%s", b.written(wrong[0].Span), wrong[0].Right, others.String()),
		source.Fix(strings.TrimSpace(right.String())+"        (malgrupp validate --fix)")).Edits = edits
}

// edit is an edit of the file that puts a text in place of a piece of the condition.
func (b *binder) edit(at source.Span, text string) source.Edit {
	return b.place(at).Edit(b.encode(text))
}

// disjoint reports whether two conditions plainly exclude each other: both demand values of one term that do not
// overlap.
func disjoint(a, b Expr) bool {
	for _, x := range Demands(a) {
		for _, y := range Demands(b) {
			if x.Term.String() == y.Term.String() && Apart(x, y) {
				return true
			}
		}
	}
	return false
}

// Demands are the tests that every passing row fulfils.
func Demands(e Expr) []*Test {
	switch e := e.(type) {
	case *Test:
		return []*Test{e}
	case And:
		var out []*Test
		for _, t := range e {
			out = append(out, Demands(t)...)
		}
		return out
	}
	return nil
}

// Apart reports whether no value fulfils both tests of one term. It knows lists of values, and texts that must begin,
// end or be inside; of anything else it says that they may meet.
func Apart(x, y *Test) bool {
	if x.Op != where.OpEqual && x.Op != where.OpIn {
		x, y = y, x
	}
	if x.Op != where.OpEqual && x.Op != where.OpIn {
		return false
	}
	if x.Not { // all values but some: they meet unless the other demands only those
		return (y.Op == where.OpEqual || y.Op == where.OpIn) && !y.Not &&
			!slices.ContainsFunc(y.Args, func(v value.Value) bool { return !has(x.Args, v) })
	}
	return !slices.ContainsFunc(x.Args, func(v value.Value) bool { return y.mayHold(v) })
}

func has(of []value.Value, v value.Value) bool {
	return slices.ContainsFunc(of, func(o value.Value) bool { return value.Compare(o, v) == 0 })
}

// mayHold reports whether the test could be true for a value of its term.
func (t *Test) mayHold(v value.Value) bool {
	holds := true
	switch t.Op {
	case where.OpEqual, where.OpIn:
		holds = has(t.Args, v)
	case where.OpStartsWith:
		holds = strings.HasPrefix(v.Text, t.Args[0].Text)
	case where.OpEndsWith:
		holds = strings.HasSuffix(v.Text, t.Args[0].Text)
	case where.OpContains:
		holds = strings.Contains(v.Text, t.Args[0].Text)
	default:
		return true
	}
	return holds != t.Not
}
