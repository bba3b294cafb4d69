package builtin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

// The form of a sequence is the recurrence of chain.extend as window maxima: one row for each moment of somebody's
// steps, and step by step the latest chain that has come so far. A moment is entered from earlier moments alone; inside
// it a run of steps is filled where different events can take them.

// recurrence builds that form.
type recurrence struct {
	s       sql.Setting
	seq     *rules.Sequence
	rows    []string // by step: which rows it takes
	barred  []string // by step: column with the latest event that must not lie before it; "": none may be there
	without []string // by step: those rows
	then    string   // rows that must not follow
	broken  string   // column with the first of them from a moment on
	counts  []momentCount
	key     []string
	form    sql.Form
}

// momentCount is a column that counts the events of a moment which can take one of some steps.
type momentCount struct {
	rows   []string // of those steps, distinct
	column string
}

func sequenceSQL(c *rules.Condition, s sql.Setting) (sql.Form, error) {
	t := &recurrence{s: s, seq: c.Sequence, key: s.Key}
	if err := t.read(); err != nil {
		return sql.Form{}, err
	}
	if err := t.prepare(); err != nil {
		return sql.Form{}, err
	}
	t.gather()
	for i := range t.seq.Steps {
		t.extend(i)
	}
	t.judge()
	return t.form, nil
}

// read writes down which rows are which.
func (t *recurrence) read() error {
	pick := func(step *rules.Step, before int64) (string, error) {
		return t.s.Rows(rules.Pick{Events: step.Events, Any: step.AnyEvent, Where: step.Where}, t.s.From, before)
	}
	n := len(t.seq.Steps)
	t.rows, t.without, t.barred = make([]string, n), make([]string, n), make([]string, n)
	for i := range t.seq.Steps {
		step := &t.seq.Steps[i]
		var err error
		if t.rows[i], err = pick(step, t.s.Before); err != nil {
			return err
		}
		if step.Without == nil {
			continue
		}
		if t.without[i], err = pick(step.Without, t.s.Before); err != nil {
			return err
		}
		t.barred[i] = t.name("barred", i)
	}
	if t.seq.Then == nil {
		return nil
	}
	var err error
	t.then, err = pick(t.seq.Then, max(t.s.Before, t.s.AsOf))
	t.broken = t.s.Name("broken")
	return err
}

func (t *recurrence) name(stem string, step int) string { return t.s.Name(fmt.Sprint(stem, step+1)) }

func (t *recurrence) add(stage sql.Stage) { t.form.Stages = append(t.form.Stages, stage) }

// prepare numbers sessions where the steps must share one, and looks for what breaks a chain among all rows of
// somebody.
func (t *recurrence) prepare() error {
	look := sql.Stage{Where: either(slices.Concat(t.rows, t.without, []string{t.then}))}
	if t.seq.SameSession {
		every, err := everyRowSQL(t.s)
		if err != nil {
			return err
		}
		t.form.Stages, t.key = t.s.Sittings(every)
		look.Where = ""
	}
	for i, column := range t.barred {
		if column != "" {
			look.Columns = append(look.Columns, sql.Column{
				Name: column,
				Expr: "max(" + when(t.without[i], sql.At) + ") " + t.s.Over("RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"),
			})
		}
	}
	if t.then != "" {
		look.Columns = append(look.Columns, sql.Column{
			Name: t.broken,
			Expr: "min(" + when(t.then, sql.At) + ") " + t.s.Over("RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING"),
		})
	}
	if len(look.Columns) > 0 {
		t.add(look)
	}
	return nil
}

// either is true where one of the conditions is; empty ones do not count.
func either(conditions []string) string {
	var out []string
	for _, c := range conditions {
		if c != "" && !slices.Contains(out, "("+c+")") {
			out = append(out, "("+c+")")
		}
	}
	return strings.Join(out, " OR ")
}

// gather makes one row of each moment.
func (t *recurrence) gather() {
	t.counts = t.count()
	moment := sql.Stage{Where: either(t.rows), By: slices.Concat(t.key, []string{sql.At})}
	for _, c := range t.counts {
		moment.Columns = append(moment.Columns, sql.Column{Name: c.column, Expr: "count(" + when(either(c.rows), "1") + ")"})
	}
	for _, column := range t.barred {
		if column != "" {
			moment.Columns = append(moment.Columns, sql.Column{Name: column, Expr: "max(" + column + ")"})
		}
	}
	if t.broken != "" {
		moment.Columns = append(moment.Columns, sql.Column{Name: t.broken, Expr: "min(" + t.broken + ")"})
	}
	t.add(moment)
}

// count lists the crowds that must be known. By Hall's theorem different events can take a run of steps if every set of
// them has as many events as steps; only steps that one event could take need be looked at together.
func (t *recurrence) count() (out []momentCount) {
	var distinct []int // steps with rows of their own
	for i, rows := range t.rows {
		if !slices.Contains(t.rows[:i], rows) {
			distinct = append(distinct, i)
		}
	}
	for set := 1; set < 1<<len(distinct); set++ {
		var c momentCount
		var steps []int
		for k, i := range distinct {
			if set>>k&1 != 0 {
				c.rows, steps = append(c.rows, t.rows[i]), append(steps, i)
			}
		}
		if len(steps) == 1 || !t.seq.Strict && t.connected(steps) {
			c.column = t.s.Name(fmt.Sprint("events", len(out)+1))
			out = append(out, c)
		}
	}
	return out
}

// connected reports whether the steps hang together: each shares events with another, and so on.
func (t *recurrence) connected(steps []int) bool {
	reached := []int{steps[0]}
	for next := 0; next < len(reached); next++ {
		for _, i := range steps {
			if !slices.Contains(reached, i) && t.share(i, reached[next]) {
				reached = append(reached, i)
			}
		}
	}
	return len(reached) == len(steps)
}

// share reports whether two steps could want one event, by its name.
func (t *recurrence) share(i, j int) bool {
	a, b := &t.seq.Steps[i], &t.seq.Steps[j]
	return a.AnyEvent || b.AnyEvent ||
		slices.ContainsFunc(a.Events, func(e string) bool { return slices.Contains(b.Events, e) })
}

// extend computes, moment by moment, when the latest chain began that takes step i in it.
func (t *recurrence) extend(i int) {
	came := t.name("came", i)
	if i > 0 {
		last, first := t.name("last", i), t.name("first", i)
		earlier := "OVER (PARTITION BY " + strings.Join(t.key, ", ") + " ORDER BY " + sql.At + " ROWS BETWEEN UNBOUNDED " +
			"PRECEDING AND 1 PRECEDING)"
		before := t.name("chain", i-1)
		t.add(sql.Stage{Columns: []sql.Column{
			{Name: last, Expr: "max(" + when(before+" IS NOT NULL", sql.At) + ") " + earlier},
			{Name: first, Expr: "max(" + before + ") " + earlier},
		}})
		t.add(sql.Stage{Columns: []sql.Column{{Name: came, Expr: when(t.enters(i, last, first), first)}}})
	}
	var ways []string
	for from := i; from >= 0 && (from == i || !t.seq.Strict); from-- {
		began := t.name("came", from)
		if from == 0 {
			began = sql.At
		}
		ways = append(ways, when(t.fills(from, i), began))
	}
	chain := ways[0]
	if len(ways) > 1 {
		chain = "greatest(" + strings.Join(ways, ", ") + ")"
	}
	t.add(sql.Stage{Columns: []sql.Column{{Name: t.name("chain", i), Expr: chain}}})
}

// enters is true where step i may be taken, coming from an earlier moment.
func (t *recurrence) enters(i int, last, first string) string {
	step := &t.seq.Steps[i]
	conditions := []string{last + " IS NOT NULL"}
	if step.Limit != (value.Duration{}) {
		conditions = append(conditions, sql.At+" <= "+t.s.Clock.Later(last, step.Limit))
	}
	if t.seq.MaxSpan != (value.Duration{}) {
		conditions = append(conditions, sql.At+" <= "+t.s.Clock.Later(first, t.seq.MaxSpan))
	}
	if t.barred[i] != "" {
		conditions = append(conditions, fmt.Sprintf("(%[1]s IS NULL OR %[1]s < %[2]s)", t.barred[i], last))
		if len(t.s.Missing) > 0 {
			conditions = append(conditions, t.s.Covers(last, sql.At+" + 1"))
		}
	}
	return strings.Join(conditions, " AND ")
}

// fills is true where different events of the moment can take the steps from i to j, with nothing between them that is
// barred.
func (t *recurrence) fills(i, j int) string {
	var conditions []string
	for _, c := range t.counts {
		steps := 0
		for step := i; step <= j; step++ {
			if slices.Contains(c.rows, t.rows[step]) {
				steps++
			}
		}
		if subset(c.rows, t.rows[i:j+1]) {
			conditions = append(conditions, fmt.Sprintf("%s >= %d", c.column, steps))
		}
	}
	for step := i + 1; step <= j; step++ {
		if t.barred[step] != "" {
			conditions = append(conditions, fmt.Sprintf("(%[1]s IS NULL OR %[1]s < %[2]s)", t.barred[step], sql.At))
			if len(t.s.Missing) > 0 {
				conditions = append(conditions, t.s.Covers(sql.At, sql.At+" + 1"))
			}
		}
	}
	return strings.Join(conditions, " AND ")
}

func subset(of, all []string) bool {
	return !slices.ContainsFunc(of, func(s string) bool { return !slices.Contains(all, s) })
}

// judge ends the form: what becomes of the chains that came to their end.
func (t *recurrence) judge() {
	complete := t.name("chain", len(t.seq.Steps)-1) + " IS NOT NULL"
	none := sql.False
	if !t.s.Covered {
		none = sql.Unknown
	}
	if t.then == "" {
		n := t.s.Name("n")
		t.add(sql.Stage{Where: complete, By: t.s.Key, Columns: []sql.Column{{Name: n, Expr: "count(*)"}}})
		t.form.Verdict = fmt.Sprintf("CASE WHEN coalesce(%s, 0) > 0 THEN %d ELSE %d END", n, sql.True, none)
		return
	}
	over, outcome, yes, doubt, wait := t.s.Name("over"), t.s.Name("outcome"), t.s.Name("yes"), t.s.Name("doubt"),
		t.s.Name("wait")
	number := func(verdict int) string { return "count(" + when(fmt.Sprintf("%s = %d", outcome, verdict), "1") + ")" }
	t.add(sql.Stage{Where: complete, Columns: []sql.Column{{Name: over, Expr: t.s.Clock.Later(sql.At, t.seq.Then.Limit)}}})
	t.add(sql.Stage{Columns: []sql.Column{{
		Name: outcome,
		Expr: fmt.Sprintf("CASE WHEN %s <= %s THEN %d WHEN NOT %s THEN %d WHEN %s >= %d THEN %d ELSE %d END",
			t.broken, over, sql.False, t.s.Covers(sql.At, fmt.Sprintf("least(%s + 1, %d)", over, t.s.AsOf)), sql.Unknown, over,
			t.s.AsOf, sql.Wait, sql.True),
	}}})
	t.add(sql.Stage{
		By: t.s.Key, Columns: []sql.Column{
			{Name: yes, Expr: number(sql.True)}, {Name: doubt, Expr: number(sql.Unknown)}, {Name: wait, Expr: number(sql.Wait)},
		},
	})
	t.form.Verdict = fmt.Sprintf("CASE WHEN coalesce(%s, 0) > 0 THEN %d ELSE %d END", yes, sql.True, none)
	if t.s.Covered {
		t.form.Verdict = fmt.Sprintf("CASE WHEN coalesce(%s, 0) > 0 THEN %d WHEN coalesce(%s, 0) > 0 THEN %d WHEN "+
			"coalesce(%s, 0) > 0 THEN %d ELSE %d END",
			yes, sql.True, doubt, sql.Unknown, wait, sql.Wait, sql.False)
	}
}
