package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/malgrupp/malgrupp/rules/sets"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// accountData marks columns that come from payment accounts: never in a match, with care in an exclusion.
const accountData = "account_data"

// labelWords are the names of well-known labels in a sentence.
var labelWords = map[string]string{
	"financial_hardship": "negative financial status",
	"account_data":       "payment account data",
}

func labelWord(is string) string {
	if w, ok := labelWords[is]; ok {
		return w
	}
	return strings.ReplaceAll(is, "_", " ")
}

// Touches reports whether a comparison with texts selects by the labelled content: whether it tells texts that show it
// from others that are alike. A test of all paths does not, one of those that begin as the labelled ones do does.
func (l Label) Touches(op where.Op, texts ...string) bool {
	return l.touches(op, texts, func(text string) (string, bool) { return text, true })
}

// touches is Touches for a function of the column.
// Marks reports whether a value of its column shows the labelled content.
func (l Label) Marks(value string) bool { return l.Touches(where.OpEqual, value) }

func (l Label) touches(op where.Op, texts []string, function func(string) (string, bool)) bool {
	return l.whole() || len(texts) > 0 && l.tells([]sets.Demand{demand(op, texts)}, function)
}

// tells reports whether what is asked of a function of the column selects by the labelled content.
func (l Label) tells(demands []sets.Demand, function func(string) (string, bool)) bool {
	mark, ok := function(l.mark())
	if !ok {
		return false
	}
	var others []string
	for _, other := range alike(l.mark()) {
		if text, ok := function(other); ok {
			others = append(others, text)
		}
	}
	return sets.Tells(demands, mark, others, l.Value != "")
}

// mark is the labelled value, or what labelled values begin with.
func (l Label) mark() string { return l.Value + l.Prefix }

func demand(op where.Op, texts []string) sets.Demand {
	d := sets.Demand{Op: op}
	for _, text := range texts {
		d.Args = append(d.Args, value.Value{Kind: value.Text, Text: text})
	}
	return d
}

// alike are texts as a mark is one, with other letters and digits in their last part.
func alike(mark string) (out []string) {
	from := strings.LastIndexByte(strings.TrimRight(mark, "/"), '/') + 1
	for _, letter := range "azqj" {
		other := mark[:from] + strings.Map(func(r rune) rune {
			switch {
			case unicode.IsDigit(r):
				return '0' + (letter+r)%10
			case unicode.IsLetter(r):
				return letter
			}
			return r
		}, mark[from:])
		first := func(text string) rune { return []rune(text[from:] + "/")[0] }
		if first(other) != first(mark) {
			out = append(out, other)
		}
	}
	return out
}

// decides reports whether a test of the column with text literals is about labelled content alone, so that it says
// nothing of any other row.
func (l Label) decides(op where.Op, texts ...string) bool {
	return l.whole() || l.settles([]sets.Demand{demand(op, texts)})
}

// settles is decides for all that is asked of the column.
func (l Label) settles(demands []sets.Demand) bool {
	shown := demand(where.OpStartsWith, []string{l.Prefix})
	if l.Value != "" {
		shown = demand(where.OpEqual, []string{l.Value})
	}
	hidden := shown
	hidden.Not = true
	text := sets.Domain{Type: value.Type{Kind: value.Text}}
	_, labelled := sets.Find(text, append(slices.Clip(demands), shown))
	_, other := sets.Find(text, append(slices.Clip(demands), hidden))
	return labelled != sets.None && other == sets.None
}

// checkTogether reports tests that select by labelled content side by side and not alone: of a range the two ends.
func (b *binder) checkTogether(e Expr) {
	var terms []Expr
	_, or := e.(Or)
	switch e := e.(type) {
	case And:
		terms = e
	case Or:
		terms = e
	}
	asked := map[string][]*Test{}
	for _, term := range terms {
		if t, ok := term.(*Test); ok && t.Term.Type.Kind == value.Text && len(t.Args) > 0 {
			asked[t.Term.String()] = append(asked[t.Term.String()], t)
		}
		b.checkTogether(term)
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if tests := asked[name]; len(tests) > 1 {
			b.checkLabelled(tests, or)
		}
	}
}

// checkLabelled reports tests of one term that select by labelled content together; with not by what fails them all.
func (b *binder) checkLabelled(tests []*Test, not bool) {
	w, term := b.words.Columns[tests[0].Term.Column], tests[0].Term
	if w == nil {
		return
	}
	for _, l := range w.Labels {
		touches := func(demands []sets.Demand) bool { return l.tells(demands, b.applied(term)) }
		if l.Policy == policyDrop && l.Is != accountData {
			if touches = l.settles; term.Function != "" {
				continue
			}
		}
		var all []sets.Demand
		alone := false
		for _, t := range tests {
			all = append(all, sets.Demand{Op: t.Op, Not: t.Not != not, Args: t.Args})
			alone = alone || touches([]sets.Demand{{Op: t.Op, Args: t.Args}})
		}
		if !l.whole() && !alone && touches(all) {
			last := slices.MaxFunc(tests, func(x, y *Test) int { return cmp.Compare(x.Span.Start, y.Span.Start) })
			b.sensitive(&b.Report, l, last.Span)
		}
	}
}

// checkLabels reports a test that selects by labelled content.
func (b *binder) checkLabels(c *where.Comparison, w *Word, t *Test) {
	if w == nil || b.sensitive == nil {
		return
	}
	for _, l := range w.Labels {
		touches := func(op where.Op, texts ...string) bool { return l.touches(op, texts, b.applied(t.Term)) }
		if l.Policy == policyDrop && l.Is != accountData {
			if t.Term.Function != "" && !l.whole() {
				continue // other values may have the same result
			}
			touches = l.decides
		}
		if l.whole() {
			b.sensitive(&b.Report, l, b.place(c.Term.Span))
			continue
		}
		if t.Term.Type.Kind != value.Text {
			continue
		}
		if at, ok := b.touching(c, t, touches); ok {
			b.sensitive(&b.Report, l, b.place(at))
		}
	}
}

// applied is the function of a term, for texts.
func (b *binder) applied(t Term) func(string) (string, bool) {
	return func(text string) (string, bool) {
		f := b.words.Function(t.Function)
		if f == nil || f.Apply == nil {
			return text, f == nil
		}
		v, ok := f.Apply(value.Value{Kind: value.Text, Text: text}, t.Key)
		return v.Text, ok
	}
}

// touching finds the literal, the value set, or the literals together, that touch labelled content.
func (b *binder) touching(c *where.Comparison, t *Test, touches func(where.Op, ...string) bool) (source.Span, bool) {
	switch {
	case c.Set != nil:
		return c.Set.Span, slices.ContainsFunc(t.Args, func(v value.Value) bool { return touches(where.OpEqual, v.Text) })
	case c.Op == where.OpEqual || c.Op == where.OpIn:
		i := slices.IndexFunc(c.Literals, func(l where.Literal) bool { return touches(where.OpEqual, l.Text) })
		if i < 0 {
			return source.Span{}, false
		}
		return c.Literals[i].Span, true
	case len(c.Literals) == 0:
		return source.Span{}, false
	}
	texts := make([]string, len(c.Literals))
	for i, l := range c.Literals {
		texts[i] = l.Text
	}
	return c.Literals[0].Span, touches(c.Op, texts...)
}

// sensitiveAt reports the use of labelled content at a place, if the rule's destinations or the label forbid it.
func (c *checker) sensitiveAt(r *source.Report, l Labelled, at source.Span) {
	note := fmt.Sprintf("labelled %s in schema %s", l.Is, l.schema.title())
	switch {
	case l.Is == accountData && c.part == "exclude":
		r.Warn("W-SENSITIVE", at, "this rule excludes by "+labelWord(l.Is)).Note = note
	case l.Is == accountData:
		r.Fail("E-SENSITIVE", at, "this rule selects by "+labelWord(l.Is),
			source.Expected("a rule that does not include by payment account data")).Note = note
	case l.Policy == policyDrop:
		r.Fail("E-SENSITIVE", at, fmt.Sprintf("this rule asks for %s, and rows that show it are never used", labelWord(l.Is)),
			source.Expected("a test of other content: no rule sees this one (policy: drop)")).Note = note
	case l.Policy == policyNoAds && len(c.ads) > 0:
		r.Fail("E-SENSITIVE", at,
			fmt.Sprintf("this rule selects by %s and is delivered to %s", labelWord(l.Is), strings.Join(c.ads, ", ")),
			source.Expected("no ad destination for a rule that includes or excludes on this label (policy: no_ads)"),
			source.Fix("deliver: []   (keep it for analysis), or a waiver by the policy owner with an expiry date")).Note = note
	case l.Policy == policyNoAds && c.seg.Purpose == Advertising:
		if len(c.seg.Deliver) > 0 {
			r.Warn("W-SENSITIVE", at,
				fmt.Sprintf("this rule selects by %s, and its list is for advertising", labelWord(l.Is)),
				source.Expected("deliver: [] (keep it for analysis), or a decision that no ad platform gets it")).Note = note
		}
		c.seg.sensitive = labelWord(l.Is)
	}
}

// Label marks sensitive content of a column: a value, a prefix, or (without either) the whole column.
type Label struct {
	Value, Prefix string
	Is, Policy    string // policy: drop or no_ads
}

// The policies of labels: rows that show the content are never used, or a rule about it stays away from ad platforms.
const (
	policyDrop  = "drop"
	policyNoAds = "no_ads"
)

// whole reports whether every value of the column is labelled.
func (l Label) whole() bool { return l.Value == "" && l.Prefix == "" }

// shows is true for a row that shows the labelled content in the column. A row without a value shows nothing.
func (l Label) shows(column string, of value.Type) *Test {
	t := &Test{Term: Term{Column: column, Type: of, Of: of}}
	switch {
	case l.whole():
		t.Op, t.Not = where.OpIsNull, true
	case l.Value != "":
		t.Op, t.Args = where.OpEqual, []value.Value{{Kind: value.Text, Text: l.Value}}
	default:
		t.Op, t.Args = where.OpStartsWith, []value.Value{{Kind: value.Text, Text: l.Prefix}}
	}
	return t
}

// Dropped is true for the rows of a table that nobody may use: those that show content labelled with policy: drop. It
// is nil where there are none. all are the schemas of the project: what one of them labels is labelled in every table
// of its kind, for one name means one thing in all of them; the name of the event goes by its role, whatever a log
// calls it. A column that the table lacks shows nothing.
func Dropped(all []*Schema, table *Schema) Expr {
	var terms Or
	for _, s := range all {
		if s.Customers != table.Customers {
			continue
		}
		for i := range s.Columns {
			c, there := table.Column(s.Columns[i].Name)
			if s.Columns[i].Role == RoleEventName {
				c, there = table.WithRole(RoleEventName)
			}
			for _, l := range s.Columns[i].Labels {
				if there && l.Policy == policyDrop {
					terms = append(terms, l.shows(c.Name, c.Type))
				}
			}
		}
	}
	if terms == nil {
		return nil
	}
	return normal(terms)
}
