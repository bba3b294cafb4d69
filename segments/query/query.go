// Package query writes what the engine computes as one SQL statement: rules, consent and identity of one use over the
// tables of a database. Rules and consent are never written apart; what cannot be said exactly is refused by name.
package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Gaps is a Coverage that says where it ends.
type Gaps interface {
	segments.Coverage
	// Uncovered are the stretches of [from, before) that the rows a condition could want do not cover.
	Uncovered(c *rules.Condition, from, before int64) []sql.Gap
}

// Query is everything that one statement depends on: whose members it computes, for which use, over which tables. Rules
// and consent are never written apart. Times are microseconds UTC.
type Query struct {
	Dialect    *sql.Dialect
	Segments   []*rules.Segment // in dependency order; those that Target does not depend on are left out
	Target     string
	Serves     func(s *rules.Segment) bool // whether a segment of the same exclusive group is evaluated for the use
	Use        consent.Use
	Policy     *consent.Policy
	Trusted    []string // sources of the consent log that may grant and lift
	Times      segments.Times
	MaxSkew    int64
	Blocked    []string // ids that stand for nobody in particular, in lower case
	Sources    []EventTable
	Tables     Tables
	Attributes *rules.Schema // of customers; nil: the project has none
	Coverage   Gaps
	Members    bool // only the ids of members
	// Form writes a condition, Test a test of a row (rules/builtin).
	Form func(c *rules.Condition, s sql.Setting) (sql.Form, error)
	Test func(t *rules.Test, d *sql.Dialect, column string, clock sql.Clock) (string, error)
}

// EventTable is one log: what stands after FROM, and how its columns are called.
type EventTable struct {
	Name    string
	Expr    string
	Schema  *rules.Schema
	Partner bool
	Dedupe  int64 // a row that arrives at most so long after one with its id is a copy; 0: none are
}

// Tables are what stands after FROM for the tables that are not logs; "" where there is none.
type Tables struct{ Consent, Suppression, Protected, Stay, Attributes string }

// Statement writes the query. What cannot be said is an *UnsaidError.
func (q *Query) Statement() (string, error) {
	kept := *q
	q = &kept
	q.Segments = q.needed()
	w := &writer{
		q: q, d: q.Dialect, picks: map[string]string{}, clocks: map[string]sql.Clock{}, columns: map[string]bool{},
		attributes: map[string]bool{},
	}
	if err := w.check(); err != nil {
		return "", err
	}
	if err := w.conditions(); err != nil {
		return "", err
	}
	if err := w.events(); err != nil {
		return "", err
	}
	w.consent()
	w.admitted()
	w.features()
	for i := range w.segments {
		w.segment(i)
	}
	w.outcome(slices.IndexFunc(q.Segments, func(s *rules.Segment) bool { return s.Name == q.Target }))
	return w.statement(), nil
}

// needed are the segment that is asked about, those of its exclusive group and all that these refer to, in their order.
func (q *Query) needed() (out []*rules.Segment) {
	need := map[string]bool{q.Target: true}
	for _, s := range q.Segments {
		if s.Name != q.Target || s.Exclusive == nil {
			continue
		}
		for _, o := range q.Segments {
			if o.Exclusive != nil && o.Exclusive.Group == s.Exclusive.Group && q.Serves(o) {
				need[o.Name] = true
			}
		}
	}
	for _, s := range slices.Backward(q.Segments) {
		if need[s.Name] {
			for _, name := range segments.References(s) {
				need[name] = true
			}
			out = append(out, s)
		}
	}
	slices.Reverse(out)
	return out
}

// writer collects the tables of a statement, each made of those before it.
type writer struct {
	q          *Query
	d          *sql.Dialect
	tables     []table
	picks      map[string]string // condition on a row -> column that says whether it holds
	pickOrder  []string
	wanted     []string // which rows some condition wants, by pick and window
	lo         int64    // no row before it is wanted
	clocks     map[string]sql.Clock
	columns    map[string]bool // of the logs that conditions read
	attributes map[string]bool // of the table of customers
	leaves     []leafForm

	profileColumns []string
	profileWhere   string // which rows of the table of customers may be used; "": all
	segments       []segmentForm
}

// table is one entry of WITH.
type table struct{ note, name, text string }

// leafForm is a condition over rows with its verdict's column.
type leafForm struct {
	sql.Form
	key string
}

// segmentForm is a segment over the verdicts of its leaves.
type segmentForm struct {
	*rules.Segment
	match, exclude string // over the columns v1, v2, ... and those of other segments
	refers         []int
	top, cap       string // columns that rank; "": none
}

// with adds a table.
func (w *writer) with(note, name, text string) string {
	w.tables = append(w.tables, table{note, name, text})
	return name
}

// statement joins the tables and asks for what is wanted.
func (w *writer) statement() string {
	var b strings.Builder
	for i, t := range w.tables {
		switch {
		case i == 0:
			b.WriteString("WITH\n")
		default:
			b.WriteString(",\n")
		}
		if t.note != "" {
			b.WriteString("-- " + t.note + "\n")
		}
		b.WriteString(t.name + " AS (\n" + t.text + "\n)")
	}
	columns, where := "subject, verdict", "verdict IS NOT NULL"
	if w.q.Members {
		columns, where = "subject", "verdict = 'in'"
	}
	fmt.Fprintf(&b, "\nSELECT %s\nFROM outcome\nWHERE %s\nORDER BY subject;\n", columns, where)
	return b.String()
}

// selection is a SELECT.
type selection struct {
	columns []string
	from    string
	joins   []string
	where   []string
	group   []string
	having  string
}

func (s selection) String() string {
	var b strings.Builder
	b.WriteString("  SELECT " + listed(s.columns))
	if s.from != "" {
		b.WriteString("\n  FROM " + s.from)
	}
	for _, j := range s.joins {
		b.WriteString("\n  " + j)
	}
	where := slices.DeleteFunc(slices.Clone(s.where), func(c string) bool { return c == "" })
	if len(where) > 0 {
		b.WriteString("\n  WHERE " + strings.Join(where, "\n    AND "))
	}
	if len(s.group) > 0 {
		b.WriteString("\n  GROUP BY " + strings.Join(s.group, ", "))
	}
	if s.having != "" {
		b.WriteString("\n  HAVING " + s.having)
	}
	return b.String()
}

// listed puts columns on one line, or on one each where that would be long.
func listed(columns []string) string {
	if line := strings.Join(columns, ", "); len(line) <= 140 {
		return line
	}
	return strings.Join(columns, ",\n    ")
}

func as(expr, name string) string {
	if expr == name {
		return name
	}
	return expr + " AS " + name
}

// named are the columns of a stage.
func named(columns []sql.Column) (out []string) {
	for _, c := range columns {
		out = append(out, as(c.Expr, c.Name))
	}
	return out
}

// whether is a condition that other ones stand beside.
func whether(condition string) string {
	if condition == "" {
		return ""
	}
	return "(" + condition + ")"
}
