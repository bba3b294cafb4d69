package rules

import (
	"fmt"
	"regexp"
	"slices"
)

// callForm is an aggregate call: sum(amount), days().
var callForm = regexp.MustCompile(`^([a-z_]+)\(([A-Za-z0-9_.]*)\)$`)

// metric reads an aggregate call; nil if it is wrong.
func (c *checker) metric(n Node) *Metric {
	text, ok := n.Text()
	if !ok {
		return nil
	}
	parts := callForm.FindStringSubmatchIndex(text)
	if parts == nil {
		c.doc.fail("E-METRIC", n.Span(), fmt.Sprintf("%q is not a metric", text), expected("count(), sum(column), distinct(column) or another metric"))
		return nil
	}
	place := func(from, to int) Span {
		if at, ok := n.offsets(); ok && from < to {
			return Span{at[from], at[to-1] + 1}
		}
		return n.Span()
	}
	name, column := text[parts[2]:parts[3]], text[parts[4]:parts[5]]
	nameAt, columnAt := place(parts[2], parts[3]), place(parts[4], parts[5])
	a, ok := c.scope.aggregate(name)
	if !ok {
		names := c.scope.aggregateNames()
		hints := append(didYouMean(name, names), expected("one of "+list(names)))
		c.doc.fail("E-UNKNOWN-FUNCTION", nameAt, fmt.Sprintf("there is no metric %q", name), hints...)
		return nil
	}
	if c.inSession && a.Sessions {
		c.doc.fail("E-METRIC", nameAt, name+" counts sessions, and this is inside one", expected("a metric of the session's own events"))
	}
	if c.part == "by" && !a.Ranks {
		c.doc.fail("E-RANK", nameAt, name+" cannot rank", expected("a metric with one exact value for everybody, such as sum or count"))
	}
	m := &Metric{Function: name, Column: column, Sessions: a.Sessions, Span: n.Span()}
	if !c.metricColumn(m, a, columnAt) {
		return nil
	}
	return m
}

// metricColumn looks up the column of an aggregate call and checks that the aggregate takes it.
func (c *checker) metricColumn(m *Metric, a *Aggregate, at Span) bool {
	switch {
	case a.Of == nil && m.Column == "":
		return true
	case a.Of == nil:
		c.doc.fail("E-METRIC", at, a.Name+" takes no column", fix(a.Name+"()"))
		return false
	case m.Column == "":
		c.doc.fail("E-METRIC", m.Span, a.Name+" needs a column", expected(a.Name+"(column)"))
		return false
	}
	w, ok := c.words.columns[m.Column]
	if !ok {
		hints := append(didYouMean(m.Column, c.words.names()), c.words.columnHint(c.scope.Schemas, nil))
		c.doc.fail("E-UNKNOWN-COLUMN", at, fmt.Sprintf("there is no column %q", m.Column), hints...)
		return false
	}
	if !c.impersonalMetric(m, a, w, at) {
		return false
	}
	m.Type = w.column.Type
	if a.Sums {
		m.Quantise = w.column.Quantise // everything else compares floats as they are
	}
	if !slices.Contains(a.Of, m.Type.Kind) {
		c.doc.fail("E-TYPE", at, fmt.Sprintf("%s is %s, %s takes %s", m.Column, m.Type.describe(), a.Name, describeKinds(a.Of)))
		return false
	}
	if a.Sums && m.Type.Kind == Float && m.Quantise == nil {
		c.doc.fail("E-QUANTISE", at, fmt.Sprintf("%s is a float, whose sums depend on the order of the rows", m.Column),
			expected("quantise: 0.01 (or another step) at the column in the schema, or a decimal column"))
		return false
	}
	for _, l := range w.labels {
		if l.whole() {
			c.sensitiveAt(&c.doc.report, l, at)
		}
	}
	return true
}
