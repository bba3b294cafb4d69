// Package statistics counts what people do in the logs, for people: tables by day and page, ways, funnels, who comes
// back. In come checked statistics of a project; out go Tables, plain values that may be told: people below the floor
// are hidden, and so is what could be had of them by subtraction (docs/how-to/statistics.md). Nothing is written.
//
// The engine counts (segments/counter.go); here cells get their names and may be told or not. How a table looks, knows
// whoever prints it.
package statistics

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Exact is a statistic as it was counted. It holds small numbers of people and must not leave the program; Tell makes
// of it what may.
type Exact struct {
	Statistic *rules.Statistic
	AsOf      int64
	Periods   []Period
	Nobody    bool // rows of 50 people or more were refused, and not one was admitted
}

// Period is a stretch of time with its cells, those of the whole period first, then by their values.
type Period struct {
	Name  string           // its first day, 2026-04-01; "" where the statistic has no periods
	Part  bool             // the window has only a part of it
	Lacks []decide.Missing // what is missing, and where
	// Lacking says that data which could change its cells are missing, Beside that they could change its sessions.
	Lacking, Beside bool
	Cells           []Cell
}

// Cell is what was counted of one combination of values.
type Cell struct {
	Values                              []Value // none in the cell of a whole period
	Visits, Sessions, Devices, Visitors int64
	Seated                              int64 // whose the sessions are
	Median                              int64 // microseconds
}

// Value is what something was counted by; the zero Value is none: a row without one, or the end of a way.
type Value struct {
	Text  string
	There bool
}

// Compute counts statistics of a project, all in one reading.
func Compute(ctx context.Context, j *pipeline.Job, of []*rules.Statistic) ([]Exact, error) {
	look, err := pipeline.LookAt(ctx, j, nil, decide.Options{Count: of})
	if err != nil {
		return nil, err
	}
	out := make([]Exact, len(of))
	for i, s := range of {
		out[i] = exactly(look.Decision, s, &look.Counted[i])
	}
	return out, nil
}

// Of counts statistics and tells what may be told.
func Of(ctx context.Context, j *pipeline.Job, of []*rules.Statistic) ([]Table, error) {
	all, err := Compute(ctx, j, of)
	if err != nil {
		return nil, err
	}
	out := make([]Table, len(all))
	for i := range all {
		out[i] = Tell(&all[i])
	}
	return out, nil
}

// exactly names the cells of a statistic.
func exactly(d *decide.Decision, s *rules.Statistic, c *segments.Counted) Exact {
	e := Exact{Statistic: s, AsOf: d.AsOf, Periods: make([]Period, len(c.Periods))}
	var refused identity.Crowd
	for reason := range d.Roll.Tallies.Refused[d.Reports] {
		refused.Union(d.Roll.Refused(d.Reports, consent.Reason(reason)))
	}
	people, each := refused.Drawn()
	e.Nobody = people*each >= shown.Floor && d.Roll.Tallies.Admitted[d.Reports] == 0 && !s.Asked
	names := make([]string, len(c.Periods))
	for i, p := range c.Periods {
		if s.Every != "" {
			names[i] = s.Zone.Day(p.From).String()
		}
		e.Periods[i] = Period{Name: names[i], Part: p.Part, Lacking: p.Lacking, Beside: p.Beside}
		e.Periods[i].Lacks = d.Lacking(s, p)
		for _, lack := range e.Periods[i].Lacks {
			e.Periods[i].Lacking = e.Periods[i].Lacking || lack.Column != ""
		}
	}
	for _, x := range c.Cells {
		k := Cell{Visits: x.Visits, Sessions: x.Sessions, Devices: x.Devices, Visitors: x.Visitors}
		k.Seated, k.Median = x.Seated, x.Median
		if len(x.Values) == 0 || x.Values[0] != segments.Total {
			for i, v := range x.Values {
				k.Values = append(k.Values, valueOf(d, s, i, v, names))
			}
		}
		e.Periods[x.Period].Cells = append(e.Periods[x.Period].Cells, k)
	}
	for i := range e.Periods {
		slices.SortFunc(e.Periods[i].Cells, func(a, b Cell) int { return slices.CompareFunc(a.Values, b.Values, compare) })
	}
	return e
}

func compare(a, b Value) int {
	if a.There != b.There {
		if b.There {
			return -1
		}
		return 1
	}
	return strings.Compare(a.Text, b.Text)
}

// valueOf is what a number of a cell stands for.
func valueOf(d *decide.Decision, s *rules.Statistic, at int, n int64, periods []string) Value {
	if s.Rows.Sequence != nil {
		return Value{fmt.Sprintf("%d %s", n+1, stepText(&s.Rows.Sequence.Steps[n])), true}
	}
	by := &s.By[at]
	switch {
	case n == fold.Null:
		return Value{}
	case by.Kind == "newness" && n == segments.New:
		return Value{"new", true}
	case by.Kind == "newness":
		return Value{"returning", true}
	case by.Kind == "cohort":
		return Value{periods[n], true}
	case by.Topics != nil:
		return Value{by.Topics[n].Name, true}
	}
	switch by.Term.Type.Kind {
	case value.Text:
		return Value{d.Text(n), true}
	case value.Boolean:
		return Value{strconv.FormatBool(n != 0), true}
	case value.Date:
		return Value{value.FormatDays(n), true}
	}
	return Value{strconv.FormatInt(n, 10), true}
}

// stepText is a step of a funnel as the file has it.
func stepText(s *rules.Step) string {
	text := strings.Join(s.Events, ", ")
	if s.AnyEvent {
		text = "any event"
	}
	if s.Where != nil {
		text += " where " + rules.Key(s.Where)
	}
	return text
}
