package builtin

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

// matchingSQL is true for the rows that a condition over events is about.
func matchingSQL(c *rules.Condition, s sql.Setting) (string, error) {
	return s.Rows(rules.Pick{Events: c.Events, Any: c.AnyEvent, Where: c.Where}, s.From, s.Before)
}

// aggregated is the form of one aggregate over the matching rows. aggregate gets the rows' condition; value is made of
// the aggregate's column and NULL for whoever has no value, unless empty says what nothing is.
func aggregated(c *rules.Condition, s sql.Setting, aggregate func(rows string) string, empty string,
	t trend,
) (sql.Form, error) {
	rows, err := matchingSQL(c, s)
	if err != nil {
		return sql.Form{}, err
	}
	value := s.Name("value")
	f := sql.Form{Stages: []sql.Stage{{By: s.Key, Columns: []sql.Column{{Name: value, Expr: aggregate(rows)}}}}}
	return compared(f, c, s, value, empty, t), nil
}

// compared adds to a form what becomes of its aggregate.
func compared(f sql.Form, c *rules.Condition, s sql.Setting, aggregate, empty string, t trend) sql.Form {
	exact := aggregate
	if empty != "" {
		exact = "coalesce(" + aggregate + ", " + empty + ")"
	}
	f.Rank = exact
	if c.Compare == nil {
		return f
	}
	places := 0
	float := false
	if m := c.Metric; m != nil && !aggregates[m.Function].Counts && m.Column != "" {
		places, float = scale(m), m.Type.Kind == value.Float && m.Quantise == nil
	}
	b := boundsOf(c.Compare, places, exact)
	if float {
		b = floatBounds(c.Compare, exact)
	}
	f.Verdict = judgeSQL(b, t, s.Covered)
	if empty == "" {
		f.Verdict = fmt.Sprintf("CASE WHEN %s IS NULL THEN %d ELSE %s END", aggregate, nothingSQL(s.Covered), f.Verdict)
	}
	return f
}

// when is a value for the rows that a condition is true for.
func when(rows, value string) string { return "CASE WHEN " + rows + " THEN " + value + " END" }

func countSQL(c *rules.Condition, s sql.Setting) (sql.Form, error) {
	return aggregated(c, s, func(rows string) string { return "count(" + when(rows, "1") + ")" }, "0", grows)
}
