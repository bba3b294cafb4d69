package sql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
)

// Column is an expression with a name.
type Column struct{ Name, Expr string }

// Stage computes columns over what the stage before left.
type Stage struct {
	From  string // the table to begin with; "": the admitted rows, or the stage before
	Where string // which rows go on; "": all
	// nil: rows stay and get more columns; else rows that agree in these become one, with the columns alone
	By      []string
	Columns []Column
	Of      []Form // with By: conditions on the rows that become one; the columns of their last stages are added
}

// Form is a condition as SQL: stages, the last of which leaves one row for each key, and an expression over that row. A
// key without a row has NULL in every column.
type Form struct {
	Stages  []Stage
	Verdict string // a number, False to True
	Rank    string // of a metric that orders people: its value, NULL where it has none
}

// Columns of the admitted rows that a form may read beside those that Setting names.
const (
	At       = "happened" // the event's time, microseconds
	Device   = "device"   // the device's id
	Session  = "session"  // the session's id, NULL where the log has none
	Seq      = "seq"      // orders rows of one time; a number
	Received = "arrived"  // when the row arrived, microseconds
	EventID  = "event_id"
)

// Admitted are the rows that the gate admits, Attributes the customers whom it admits with their attributes.
const (
	Admitted   = "admitted"
	Attributes = "attributes"
)

// Setting is what a form must know beside its condition. Instants are microseconds UTC.
type Setting struct {
	Dialect      *Dialect
	Clock        Clock
	Key          []string // the columns that name whose rows go together
	AsOf         int64
	From, Before int64 // the window
	Gap          int64 // a longer pause ends a session
	Covered      bool  // the data cover the window
	Missing      []Gap // the stretches that they do not cover
	Prefix       string
	// Rows is true, never unknown, for the rows of a pick in [from, before).
	Rows func(p rules.Pick, from, before int64) (string, error)
	// Value is a metric's column in the unit that it is counted in.
	Value func(m *rules.Metric) string
	// Where is a condition on a row, Attributes one on a row of the table of customers; both may be unknown.
	Where, Attributes func(e rules.Expr) (string, error)
	// Form is the form of a condition inside this one.
	Form func(c *rules.Condition, s Setting) (Form, error)
}

// Gap is a stretch of time [From, Before) that the data do not cover.
type Gap struct{ From, Before int64 }

// Name is a column name that no other condition uses.
func (s *Setting) Name(stem string) string { return s.Prefix + "_" + stem }

// Keys are the columns of Key as a list.
func (s *Setting) Keys() string { return strings.Join(s.Key, ", ") }

// Over is a window over the rows that go together, in the order of time; frame says how far it reaches.
func (s *Setting) Over(frame string) string {
	return "OVER (PARTITION BY " + s.Keys() + " ORDER BY " + At + " " + frame + ")"
}

// Covers is true where the data cover everything from an instant up to, not including, another.
func (s *Setting) Covers(from, before string) string {
	var parts []string
	for _, m := range s.Missing {
		parts = append(parts, fmt.Sprintf("NOT (%s < %d AND %d < %s)", from, m.Before, m.From, before))
	}
	if len(parts) == 0 {
		return "TRUE"
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// Sittings are the stages that number the sessions of the admitted rows, and the columns that then name a session. Rows
// without a session id are one session as long as no pause between them is longer than the gap.
func (s *Setting) Sittings(everyRow string) (stages []Stage, key []string) {
	starts, sitting := s.Name("starts"), s.Name("sitting")
	of := *s
	of.Key = slices.Concat(s.Key, []string{Device, Session})
	return []Stage{
		{
			Where: everyRow, Columns: []Column{
				{
					starts,
					fmt.Sprintf("CASE WHEN %s IS NULL AND %s - lag(%s) %s > %d THEN 1 ELSE 0 END", Session, At, At, of.Over(""),
						s.Gap),
				},
			},
		},
		// All rows of one time count, so that it does not matter which of them was numbered as the first.
		{Columns: []Column{{sitting, "sum(" + starts + ") " + of.Over("RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW")}}},
	}, append(of.Key, sitting)
}
