package rules

import (
	"fmt"
	"strings"

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

// Touches reports whether a text literal, compared by op, selects by the labelled content.
func (l Label) Touches(op where.Op, text string) bool {
	mark, whole := l.Value, l.Value != ""
	switch {
	case l.whole():
		return true
	case !whole:
		mark = l.Prefix
	}
	switch op {
	case where.OpContains, where.OpEndsWith:
		return strings.Contains(mark, text) && text != "" || strings.Contains(text, mark)
	case where.OpStartsWith:
		return strings.HasPrefix(text, mark)
	case where.OpMatches:
		return strings.Contains(text, strings.TrimLeft(mark, "/"))
	}
	if whole {
		return text == mark
	}
	return strings.HasPrefix(text, mark)
}

// decides reports whether a test of the column with a text literal is about labelled content alone, so that it says
// nothing of any other row.
func (l Label) decides(op where.Op, text string) bool {
	switch {
	case l.whole():
		return true
	case op != where.OpEqual && op != where.OpIn && op != where.OpStartsWith:
		return false
	case l.Value != "":
		return op != where.OpStartsWith && text == l.Value
	}
	return strings.HasPrefix(text, l.Prefix)
}

// checkLabels reports a test that selects by labelled content.
func (b *binder) checkLabels(c *where.Comparison, w *Word, t *Test) {
	if w == nil || b.sensitive == nil {
		return
	}
	for _, l := range w.Labels {
		touches := l.Touches
		if l.Policy == policyDrop && l.Is != accountData {
			if t.Term.Function != "" && !l.whole() {
				continue // other values may have the same result
			}
			touches = l.decides
		}
		switch {
		case l.whole():
			b.sensitive(&b.Report, l, b.place(c.Term.Span))
		case c.Set != nil:
			for _, v := range t.Args {
				if touches(where.OpEqual, v.Text) {
					b.sensitive(&b.Report, l, b.place(c.Set.Span))
					break
				}
			}
		default:
			for _, literal := range c.Literals {
				if literal.Kind == where.LiteralText && touches(c.Op, literal.Text) {
					b.sensitive(&b.Report, l, b.place(literal.Span))
				}
			}
		}
	}
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
