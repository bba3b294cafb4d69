package query

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

// conditions writes the forms of all conditions: what they ask of the rows is known afterwards.
func (w *writer) conditions() error {
	w.reach()
	at := map[string]int{}
	for i, s := range w.q.Segments {
		at[s.Name] = i
		f := segmentForm{Segment: s}
		var err error
		if f.match, err = w.tree(&f, s.Match, at); err != nil {
			return err
		}
		if s.Exclude != nil {
			if f.exclude, err = w.tree(&f, s.Exclude, at); err != nil {
				return err
			}
		}
		if s.Top != nil {
			if f.top, err = w.ranking(s, s.Top.By); err != nil {
				return err
			}
		}
		if s.Cap != nil && s.Cap.By != nil {
			if f.cap, err = w.ranking(s, s.Cap.By); err != nil {
				return err
			}
		}
		w.segments = append(w.segments, f)
	}
	return nil
}

// tree is the verdict of a condition over columns.
func (w *writer) tree(f *segmentForm, c *rules.Condition, at map[string]int) (string, error) {
	return sql.Tree(c, func(c *rules.Condition) (string, error) {
		if c.Segment != "" {
			i := at[c.Segment]
			if !slices.Contains(f.refers, i) {
				f.refers = append(f.refers, i)
			}
			return fmt.Sprintf("coalesce(%s.verdict, %d)", segmentTable(i), sql.False), nil
		}
		n, err := w.leaf(f.Segment, c, false)
		return fmt.Sprint("v", n), err
	})
}

func (w *writer) ranking(s *rules.Segment, c *rules.Condition) (string, error) {
	n, err := w.leaf(s, c, true)
	return fmt.Sprint("v", n), err
}

// leaf returns the number of a condition over rows, a new one if no equal one was met before.
func (w *writer) leaf(s *rules.Segment, c *rules.Condition, rank bool) (int, error) {
	from, before := w.window(s, c)
	key := fmt.Sprintf("%s|%d|%d|%t|%s", c.Normal(), from, before, rank, s.Zone.Name())
	if i := slices.IndexFunc(w.leaves, func(l leafForm) bool { return l.key == key }); i >= 0 {
		return i + 1, nil
	}
	n := len(w.leaves) + 1
	w.leaves = append(w.leaves, leafForm{key: key})
	f, err := w.q.Form(c, w.setting(s, c, from, before, fmt.Sprint("c", n)))
	if err != nil {
		return 0, err
	}
	if rank {
		f.Verdict = f.Rank
	}
	w.leaves[n-1].Form = f
	return n, nil
}

func (w *writer) window(s *rules.Segment, c *rules.Condition) (from, before int64) {
	if c.Window == nil {
		return w.q.Times.AsOf, w.q.Times.AsOf
	}
	return c.Window.Bounds(w.q.Times.AsOf, w.q.Coverage.From(c), s.Zone)
}

// setting is what the form of a condition must know.
func (w *writer) setting(s *rules.Segment, c *rules.Condition, from, before int64, prefix string) sql.Setting {
	clock := w.clock(s.Zone)
	set := sql.Setting{
		Dialect: w.d, Clock: clock, Key: []string{
			"subject",
		}, AsOf: w.q.Times.AsOf, From: from, Before: before, Gap: w.q.Times.SessionGap, Prefix: prefix,
		Covered: c.Window == nil || w.q.Coverage.Covers(c, from, before),
		Value:   w.value,
		Form:    w.q.Form,
	}
	if c.Window != nil {
		set.Missing = w.q.Coverage.Uncovered(c, from, max(before, w.q.Times.AsOf))
	}
	set.Where = func(e rules.Expr) (string, error) { return w.where(e, clock, w.columns) }
	set.Attributes = func(e rules.Expr) (string, error) { return w.where(e, clock, w.attributes) }
	set.Rows = func(p rules.Pick, from, before int64) (string, error) { return w.rows(p, from, before, clock) }
	return set
}

// rows is the condition for the rows of a pick in a window; it is noted that somebody wants them.
func (w *writer) rows(p rules.Pick, from, before int64, clock sql.Clock) (string, error) {
	var parts []string
	switch {
	case p.Any:
	case len(p.Events) == 1:
		parts = append(parts, "event = "+w.d.Quote(p.Events[0]))
	default:
		names := make([]string, len(p.Events))
		for i, e := range p.Events {
			names[i] = w.d.Quote(e)
		}
		parts = append(parts, "event IN ("+strings.Join(names, ", ")+")")
	}
	if p.Where != nil {
		where, err := w.where(p.Where, clock, w.columns)
		if err != nil {
			return "", err
		}
		if _, or := p.Where.(rules.Or); or && len(parts) > 0 {
			where = whether(where)
		}
		parts = append(parts, where)
	}
	window := fmt.Sprintf("happened >= %s AND happened < %s", sql.Integer(from), sql.Integer(before))
	if len(parts) > 0 {
		window = w.pick(strings.Join(parts, " AND ")) + " AND " + window
	}
	if !slices.Contains(w.wanted, whether(window)) {
		w.wanted = append(w.wanted, whether(window))
	}
	return window, nil
}

// pick is the column that says whether a condition holds for a row.
func (w *writer) pick(condition string) string {
	name, ok := w.picks[condition]
	if !ok {
		name = fmt.Sprint("p", len(w.pickOrder)+1)
		w.picks[condition] = name
		w.pickOrder = append(w.pickOrder, condition)
	}
	return name
}

// where is a condition on a row; the columns it reads are noted.
func (w *writer) where(e rules.Expr, clock sql.Clock, columns map[string]bool) (string, error) {
	return sql.Where(e, func(t *rules.Test) (string, error) {
		columns[t.Term.Column] = true
		return w.q.Test(t, w.d, w.column(t.Term.Column), clock)
	})
}

// column is how a column of the logs is called in the statement.
func (w *writer) column(name string) string { return w.d.Ident("c_" + name) }

// value is a metric's column in whole units, a float column as it is unless it is counted in steps.
func (w *writer) value(m *rules.Metric) string {
	w.columns[m.Column] = true
	x := w.column(m.Column)
	if m.Quantise == nil {
		return x
	}
	unit := m.Quantise.Int
	steps := fmt.Sprintf("floor(%s * %s + CAST('0.5' AS DOUBLE))", x,
		sql.Float(math.Pow10(m.Quantise.Scale)/float64(unit)))
	return fmt.Sprintf("CASE WHEN abs(%s) < %s THEN CAST(%s AS BIGINT) * %d END", steps,
		sql.Float(float64(math.MaxInt64/unit)), steps, unit)
}

// reach finds between which instants all windows lie.
func (w *writer) reach() {
	w.lo = w.q.Times.AsOf
	for _, s := range w.q.Segments {
		for c := range s.Conditions() {
			if c.Window != nil {
				from, _ := w.window(s, c)
				w.lo = min(w.lo, from)
			}
		}
	}
	w.lo -= w.q.Times.SessionGap
}

// clock is the clock of a zone for all rows that can be wanted, and for what lies up to the longest step after them.
func (w *writer) clock(z *value.Zone) sql.Clock {
	c, ok := w.clocks[z.Name()]
	if !ok {
		longest := int64(0)
		for _, s := range w.q.Segments {
			for c := range s.Conditions() {
				longest = max(longest, longestStep(c))
			}
		}
		c = w.d.Clock(z, w.lo, w.q.Times.AsOf+longest)
		w.clocks[z.Name()] = c
	}
	return c
}

// longestStep is at least as long as every duration between two events of a condition.
func longestStep(c *rules.Condition) int64 {
	longest := sql.Length(c.Lasting)
	if c.Sequence != nil {
		longest = max(longest, sql.Length(c.Sequence.MaxSpan))
	}
	for step := range c.Sequence.All() {
		longest = max(longest, sql.Length(step.Limit))
	}
	return longest
}
