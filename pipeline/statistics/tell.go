package statistics

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
)

// Table is a statistic as it may be told: a report, a page or a file is made of it and of nothing else.
type Table struct {
	Name     string   `json:"name"`
	Title    string   `json:"title,omitempty"`
	Sentence string   `json:"sentence"`        // what is counted, and of whom
	Notes    []string `json:"notes"`           // what is not exact, or hidden, and why; each a sentence
	Every    string   `json:"every,omitempty"` // day, week or month; "": the window as a whole
	By       []string `json:"by"`              // what Row.Values are, as the file says it; of a funnel: step
	Measures []string `json:"measures"`        // what Row.Cells are: see rules.Measures, and the names of a funnel's below
	Rows     []Row    `json:"rows"`            // by period, the whole period first, then the largest
}

// Row is one line of a table.
type Row struct {
	Period string    `json:"period,omitempty"` // its first day: 2026-04-01
	Total  bool      `json:"total,omitempty"`  // of the whole period: its values are null
	Values []*string `json:"values"`           // nil: the row has none, or the way ends
	Cells  []Number  `json:"cells"`
}

// Number is what a cell says: a number, or why there is none.
type Number struct {
	N      int64
	Hidden string // "": N may be told; else one of the words below
}

// Why a cell says no number.
const (
	Few        = "<50"        // of 1 to 49 people
	Beside     = "hidden"     // it would give away one that is hidden
	Incomplete = "incomplete" // something is missing: Table.Notes says what
	NoConsent  = "no consent" // nobody's rows may be counted
)

// MarshalJSON writes a number, or the word as a text.
func (n Number) MarshalJSON() ([]byte, error) {
	if n.Hidden == "" {
		return fmt.Appendf(nil, "%d", n.N), nil
	}
	return fmt.Appendf(nil, "%q", n.Hidden), nil
}

func (n Number) String() string {
	if n.Hidden == "" {
		return fmt.Sprint(n.N)
	}
	return n.Hidden
}

// The measures of a funnel.
const (
	Visitors = "visitors"         // who did the step
	Percent  = "percent of first" // of those who did the first step
	Lost     = "lost"             // who did the step before and not this one
	Seconds  = "median seconds"   // from the step before
)

// measures are how a cell's numbers are read.
var measures = map[string]func(c *Cell) int64{
	"visits": func(c *Cell) int64 { return c.Visits }, "visitors": func(c *Cell) int64 { return c.Visitors },
	"sessions": func(c *Cell) int64 { return c.Sessions }, "devices": func(c *Cell) int64 { return c.Devices },
}

// Tell makes of exact cells what may be told. People are counted in tens, 1 to 49 are hidden with all that is counted
// of them; zero is told unless somebody asks just now (docs/consent.md, What is counted).
func Tell(e *Exact) Table {
	s := e.Statistic
	t := Table{
		Name: s.Name, Title: s.Title, Sentence: sentence(e), Notes: notes(e), Every: s.Every, By: []string{},
		Measures: s.Count, Rows: []Row{},
	}
	if s.Rows.Sequence != nil {
		t.By, t.Measures = []string{"step"}, []string{Visitors, Percent, Lost, Seconds}
		for i := range e.Periods {
			t.Rows = append(t.Rows, funnel(e, &e.Periods[i])...)
		}
		return t
	}
	for i := range s.By {
		t.By = append(t.By, s.By[i].Name)
	}
	named := names(e)
	for i := range e.Periods {
		t.Rows = append(t.Rows, period(e, &e.Periods[i], named)...)
	}
	unnamed := func(c Cell) bool { return c.Values != nil && !has(named, c.Values) }
	if len(s.By) > 0 && slices.ContainsFunc(e.Periods, func(p Period) bool {
		return e.withheld(&p) == "" && (s.Asked || slices.ContainsFunc(p.Cells, unnamed))
	}) { // a question is not told whether there is something
		t.Notes = append(t.Notes, "What fewer than 50 people have in every period is not named; totals count it.")
	}
	return t
}

// withheld is why a period says nothing; "" if it may say something.
func (e *Exact) withheld(p *Period) string {
	switch {
	case p.Part || p.Lacking || p.Beside && slices.ContainsFunc(e.Statistic.By, func(d rules.Dimension) bool {
		return d.Session
	}):
		return Incomplete
	case e.Nobody:
		return NoConsent
	}
	return ""
}

// crowds are how many people stand behind the numbers of a cell. Somebody who logs in is seen with and without her
// name, so there are no more people than devices.
func (e *Exact) crowds(c *Cell) []int64 {
	out := []int64{min(c.Visitors, c.Devices)}
	if slices.Contains(e.Statistic.Count, "sessions") { // which may begin in a period that has none of their rows
		out = append(out, c.Seated)
	}
	return out
}

// hides is why a cell is hidden for its own sake.
func (e *Exact) hides(c *Cell) string {
	for _, n := range e.crowds(c) {
		if n < shown.Floor && (n > 0 || e.Statistic.Asked) {
			return Few
		}
	}
	return ""
}

// full reports whether 50 people or more stand behind every number of a cell.
func (e *Exact) full(c *Cell) bool { return slices.Min(e.crowds(c)) >= shown.Floor }

// nearly reports whether a cell has all but a few of the people of the whole: who is told both is told those few. To a
// question none look like a few.
func (e *Exact) nearly(total, c *Cell) bool {
	for _, gone := range []int64{total.Visitors - c.Visitors, total.Devices - c.Devices} {
		if gone < shown.Floor && (gone > 0 || e.Statistic.Asked) {
			return true
		}
	}
	return false
}

// names are the values that 50 people have in some whole period, in order.
func names(e *Exact) (out [][]Value) {
	for i := range e.Periods {
		p := &e.Periods[i]
		for k := range p.Cells {
			if c := &p.Cells[k]; c.Values != nil && c.Visitors >= shown.Floor && e.hides(c) == "" && e.withheld(p) == "" {
				out = append(out, c.Values)
			}
		}
	}
	slices.SortFunc(out, compareAll)
	return slices.CompactFunc(out, func(a, b []Value) bool { return compareAll(a, b) == 0 })
}

func compareAll(a, b []Value) int { return slices.CompareFunc(a, b, compare) }

func has(named [][]Value, of []Value) bool {
	_, found := slices.BinarySearchFunc(named, of, compareAll)
	return found
}

// period are the rows of one period: the whole of it, then the named values, the largest first. Of one that is withheld
// there is the first alone.
func period(e *Exact, p *Period, named [][]Value) (out []Row) {
	word := e.withheld(p)
	total := Cell{}
	if len(p.Cells) > 0 && p.Cells[0].Values == nil {
		total = p.Cells[0]
	}
	whole := e.row(p, &total, cmp.Or(word, e.hides(&total)))
	whole.Total, whole.Values = len(e.Statistic.By) > 0, make([]*string, len(e.Statistic.By))
	if word != "" {
		return []Row{whole}
	}
	cells := make([]Cell, len(named))
	for i, values := range named {
		cells[i] = Cell{Values: values}
		if k, found := slices.BinarySearchFunc(p.Cells, values, func(c Cell, of []Value) int {
			return compareAll(c.Values, of)
		}); found {
			cells[i] = p.Cells[k]
		}
	}
	few, beside := e.few(p), e.beside(p, cells)
	for i := range cells {
		if e.impossible(p, cells[i].Values) {
			continue
		}
		hidden := e.hides(&cells[i])
		if hidden == "" && (i == beside || e.nearly(&total, &cells[i]) ||
			few && !e.full(&cells[i]) && cells[i].Visitors+cells[i].Sessions > 0) {
			hidden = Beside
		}
		out = append(out, e.row(p, &cells[i], hidden))
	}
	slices.SortStableFunc(out, func(a, b Row) int { return cmp.Compare(b.Cells[0].N, a.Cells[0].N) })
	return append([]Row{whole}, out...)
}

// few reports whether cells of a period are hidden, or may be: a question is not told whether there are any.
func (e *Exact) few(p *Period) bool {
	return e.Statistic.Asked ||
		slices.ContainsFunc(p.Cells, func(c Cell) bool { return c.Values != nil && e.hides(&c) != "" })
}

// beside is the cell that must be hidden because others are, or the total would give them away: the smallest one that
// could be told, so that what is left over has 50 people or more in it. -1: none.
func (e *Exact) beside(p *Period, cells []Cell) int {
	smallest := -1
	if !e.few(p) {
		return smallest
	}
	for i := range cells {
		if e.full(&cells[i]) && (smallest < 0 || cells[i].Visitors < cells[smallest].Visitors) {
			smallest = i
		}
	}
	return smallest
}

// impossible reports whether nobody could have these values in a period: who is seen first later cannot be in it.
func (e *Exact) impossible(p *Period, values []Value) bool {
	for i := range e.Statistic.By {
		if e.Statistic.By[i].Kind == "cohort" && values[i].Text > p.Name {
			return true
		}
	}
	return false
}

func (e *Exact) row(p *Period, c *Cell, hidden string) Row {
	r := Row{Period: p.Name, Values: texts(c.Values)}
	for _, name := range e.Statistic.Count {
		word := hidden
		if name == "sessions" && p.Beside {
			word = cmp.Or(hidden, Incomplete)
		}
		r.Cells = append(r.Cells, told(measures[name](c), word))
	}
	return r
}

// told is a number of people, or of what they did, in tens.
func told(n int64, hidden string) Number {
	if hidden != "" {
		return Number{Hidden: hidden}
	}
	return Number{N: n / 10 * 10}
}

func texts(values []Value) []*string {
	out := make([]*string, len(values))
	for i := range values {
		if values[i].There {
			out[i] = &values[i].Text
		}
	}
	return out
}

// funnel are the rows of a funnel in one period. A step that loses 1 to 49 people is hidden: beside the one before it
// would give them away.
func funnel(e *Exact, p *Period) (out []Row) {
	word := e.withheld(p)
	steps := e.Statistic.Rows.Sequence.Steps
	cells := make([]Cell, len(steps))
	for i := range steps {
		cells[i].Values = []Value{{fmt.Sprintf("%d %s", i+1, stepText(&steps[i])), true}}
		for k := range p.Cells {
			if compareAll(p.Cells[k].Values, cells[i].Values) == 0 {
				cells[i] = p.Cells[k]
			}
		}
	}
	last := -1 // the last step that was told
	for i := range cells {
		hidden := cmp.Or(word, e.hides(&cells[i]))
		lost := Number{Hidden: cmp.Or(word, Beside)}
		if i > 0 {
			gone := cells[i-1].Visitors - cells[i].Visitors
			if hidden == "" && last >= 0 && cells[last].Visitors-cells[i].Visitors < shown.Floor &&
				cells[last].Visitors != cells[i].Visitors {
				hidden = Beside
			}
			switch {
			case word != "":
			case gone > 0 && gone < shown.Floor:
				lost = Number{Hidden: Few}
			case hidden == "" && last == i-1:
				lost = told(gone, "")
			}
		} else {
			lost = told(0, hidden)
		}
		if hidden == "" {
			last = i
		}
		visitors, percent, seconds := told(cells[i].Visitors, hidden), Number{Hidden: hidden}, Number{Hidden: hidden}
		if first := told(cells[0].Visitors, "").N; hidden == "" {
			if seconds.N = cells[i].Median / 1e6; first > 0 {
				percent.N = 100 * visitors.N / first
			}
		}
		numbers := []Number{visitors, percent, lost, seconds}
		out = append(out, Row{Period: p.Name, Values: texts(cells[i].Values), Cells: numbers})
	}
	return out
}

// sentence says what a statistic counts.
func sentence(e *Exact) string {
	s := e.Statistic
	var b strings.Builder
	if q := s.Rows.Sequence; q != nil {
		fmt.Fprintf(&b, "How many people did %d steps one after another on one device", len(q.Steps))
	} else {
		step := rules.Step{Events: s.Rows.Events, AnyEvent: s.Rows.AnyEvent, Where: s.Rows.Where}
		count := strings.Join(s.Count, ", ")
		fmt.Fprintf(&b, "%s%s of %s", strings.ToUpper(count[:1]), count[1:], stepText(&step))
		for i := range s.By {
			b.WriteString([]string{", by ", " and "}[min(i, 1)] + s.By[i].Name)
		}
	}
	fmt.Fprintf(&b, ", within %v", s.Rows.Window)
	if s.Every != "" {
		b.WriteString(", every " + s.Every)
	}
	b.WriteString(", of people whose consent to measure covers it.")
	return b.String()
}

// notes say what is not exact, and whom the statistic does not see.
func notes(e *Exact) []string {
	out := []string{}
	if e.Nobody {
		out = append(out, "Nobody consents to measure: nothing can be counted.")
	}
	var parts []string
	var lacks []decide.Missing
	for i := range e.Periods {
		if p := &e.Periods[i]; p.Part {
			parts = append(parts, p.Name)
		}
		lacks = append(lacks, e.Periods[i].Lacks...)
	}
	if len(parts) > 0 {
		out = append(out, fmt.Sprintf("The window has only a part of the %s that begins on %s.", e.Statistic.Every,
			strings.Join(parts, " and ")))
	}
	slices.SortFunc(lacks, func(a, b decide.Missing) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Day, b.Day))
	})
	lacks = slices.Compact(lacks)
	const before = "before " // the last of these says what the others do
	for from := 0; from < len(lacks); {
		to := from
		var days []string
		for ; to < len(lacks) && lacks[to].Source == lacks[from].Source && lacks[to].Column == lacks[from].Column; to++ {
			if n := len(days); n > 0 && strings.HasPrefix(lacks[to].Day, before) && strings.HasPrefix(days[n-1], before) {
				days[n-1] = lacks[to].Day
			} else if lacks[to].Day != "" {
				days = append(days, lacks[to].Day)
			}
		}
		what, when := "data", "on "+strings.Join(days, ", ")
		if lacks[from].Column != "" {
			what = "column " + lacks[from].Column
		}
		if len(days) == 0 {
			when = "on all days"
		} else if strings.HasPrefix(days[0], before) {
			when = days[0]
		}
		out = append(out, fmt.Sprintf("Source %s lacks %s %s.", lacks[from].Source, what, when))
		from = to
	}
	return out
}
