package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// callForm is an aggregate call: sum(amount), days().
var callForm = regexp.MustCompile(`^([a-z_]+)\(([A-Za-z0-9_.]*)\)$`)

// metric reads an aggregate call; nil if it is wrong.
func (c *checker) metric(n yaml.Node) *Metric {
	text, ok := n.Text()
	if !ok {
		return nil
	}
	parts := callForm.FindStringSubmatchIndex(text)
	if parts == nil {
		c.doc.Fail("E-METRIC", n.Span(), fmt.Sprintf("%q is not a metric", text), source.Expected("count(), sum(column), distinct(column) or another metric"))
		return nil
	}
	placed := n.Placed()
	place := func(from, to int) source.Span {
		if from < to {
			return placed.Place(source.Span{Start: from, End: to})
		}
		return n.Span()
	}
	name, column := text[parts[2]:parts[3]], text[parts[4]:parts[5]]
	nameAt, columnAt := place(parts[2], parts[3]), place(parts[4], parts[5])
	a, ok := c.scope.aggregate(name)
	if !ok {
		names := c.scope.aggregateNames()
		hints := append(source.DidYouMean(name, names), source.Expected("one of "+strings.Join(names, ", ")))
		c.doc.Fail("E-UNKNOWN-FUNCTION", nameAt, fmt.Sprintf("there is no metric %q", name), hints...)
		return nil
	}
	if c.inSession && a.Sessions {
		c.doc.Fail("E-METRIC", nameAt, name+" counts sessions, and this is inside one", source.Expected("a metric of the session's own events"))
	}
	if c.part == "by" && !a.Ranks {
		c.doc.Fail("E-RANK", nameAt, name+" cannot rank", source.Expected("a metric with one exact value for everybody, such as sum or count"))
	}
	m := &Metric{Function: name, Column: column, Sessions: a.Sessions, Span: n.Span()}
	if !c.metricColumn(m, a, columnAt) {
		return nil
	}
	return m
}

// metricColumn looks up the column of an aggregate call and checks that the aggregate takes it.
func (c *checker) metricColumn(m *Metric, a *Aggregate, at source.Span) bool {
	switch {
	case a.Of == nil && m.Column == "":
		return true
	case a.Of == nil:
		c.doc.Fail("E-METRIC", at, a.Name+" takes no column", source.Fix(a.Name+"()"))
		return false
	case m.Column == "":
		c.doc.Fail("E-METRIC", m.Span, a.Name+" needs a column", source.Expected(a.Name+"(column)"))
		return false
	}
	w, ok := c.words.Columns[m.Column]
	if !ok {
		hints := append(source.DidYouMean(m.Column, c.words.names()), c.words.columnHint(c.scope.Schemas, nil))
		c.doc.Fail("E-UNKNOWN-COLUMN", at, fmt.Sprintf("there is no column %q", m.Column), hints...)
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
		c.doc.Fail("E-TYPE", at, fmt.Sprintf("%s is %s, %s takes %s", m.Column, m.Type.Describe(), a.Name, value.DescribeKinds(a.Of)))
		return false
	}
	if a.Sums && m.Type.Kind == value.Float && m.Quantise == nil {
		c.doc.Fail("E-QUANTISE", at, fmt.Sprintf("%s is a float, whose sums depend on the order of the rows", m.Column),
			source.Expected("quantise: 0.01 (or another step) at the column in the schema, or a decimal column"))
		return false
	}
	for _, l := range w.Labels {
		if l.whole() {
			c.sensitiveAt(&c.doc.Report, l, at)
		}
	}
	return true
}
