package report

import (
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
)

// Sizes are how large lists were, night by night.
type Sizes struct {
	Runs  []Night `json:"runs"` // accepted ones, oldest first, with this one
	Lists []Size  `json:"lists"`
}

// Night is a run by its moment.
type Night struct {
	RunID string `json:"run_id"`
	AsOf  string `json:"as_of"`
}

// Size is one list, or a segment that is delivered nowhere.
type Size struct {
	List    string         `json:"list"`
	Members []*shown.Count `json:"members"` // one for each run; null where it was not decided
	Guards  []int          `json:"held"`    // numbers of the runs in which a guard held it
}

func sizesOf(in *Input) Part {
	if in.Run.Manifest.Status == record.StatusRefused || len(in.Run.Manifest.Segments) == 0 {
		return nil
	}
	s, at := &Sizes{}, map[string]int{}
	for i := range in.Run.Manifest.Segments {
		name := listName(&in.Run.Manifest.Segments[i])
		at[name] = len(s.Lists)
		s.Lists = append(s.Lists, Size{List: name})
	}
	slices.SortFunc(s.Lists, func(a, b Size) int { return strings.Compare(a.List, b.List) })
	for i := range s.Lists {
		at[s.Lists[i].List] = i
	}
	runs := append([]record.Line{in.Run}, in.Before...)
	for n, run := range slices.Backward(runs) {
		s.Runs = append(s.Runs, Night{run.RunID, run.Manifest.AsOf})
		for i := range s.Lists {
			s.Lists[i].Members = append(s.Lists[i].Members, nil)
		}
		for k := range run.Manifest.Segments {
			c := &run.Manifest.Segments[k]
			if i, known := at[listName(c)]; known {
				s.Lists[i].Members[len(runs)-1-n] = &c.Members
				if c.Guard != "" {
					s.Lists[i].Guards = append(s.Lists[i].Guards, len(runs)-1-n)
				}
			}
		}
	}
	return s
}

// nightsInTable is how many of the latest runs the table of sizes has; the lines show all.
const nightsInTable = 10

func (s *Sizes) tell(w *words) []page.Block {
	last := len(s.Runs) - 1
	t := &page.Table{
		Caption: w.say("Members over %s, from %s to %s", w.count(len(s.Runs), "one run", "%s runs"), w.day(s.Runs[0].AsOf),
			w.day(s.Runs[last].AsOf)),
		Head: []string{w.say("List"), w.say("Over time"), w.say("Now"), w.say("Smallest"), w.say("Largest"), ""},
	}
	nights := s.Runs[max(0, len(s.Runs)-nightsInTable):]
	data := &page.Table{Caption: w.say("Members in the latest runs"), Head: []string{w.say("List")}}
	for _, n := range nights {
		data.Head = append(data.Head, w.day(n.AsOf))
	}
	for i := range s.Lists {
		l := &s.Lists[i]
		low, high := l.span()
		row := []page.Cell{
			page.C(l.List),
			{Chart: l.spark(), Text: w.say("%s now, %s to %s before",
				w.known(l.Members[last]), w.people(low), w.people(high))},
			page.N(w.known(l.Members[last])), page.N(w.people(low)), page.N(w.people(high)), page.C(""),
		}
		if slices.Contains(l.Guards, last) {
			row[5] = page.Cell{Text: w.say("held"), Mood: "note"}
		} else if len(l.Guards) > 0 {
			row[5] = page.C(w.say("held in %s", w.count(len(l.Guards), "one run", "%s runs")))
		}
		t.Rows = append(t.Rows, row)
		cells := []page.Cell{page.C(l.List)}
		for _, n := range l.Members[len(l.Members)-len(nights):] {
			cells = append(cells, page.N(w.known(n)))
		}
		data.Rows = append(data.Rows, cells)
	}
	return []page.Block{t, page.Fold{Line: w.say("Data") + ": " + data.Caption, Blocks: []page.Block{data}}}
}

// known is a size, or a dash where there is none.
func (w *words) known(n *shown.Count) string {
	if n == nil {
		return "–"
	}
	return w.people(*n)
}

// span is the smallest and the largest size.
func (l *Size) span() (low, high shown.Count) {
	first := true
	for _, n := range l.Members {
		if n == nil {
			continue
		}
		if first {
			low, high, first = *n, *n, false
		}
		low, high = min(low, *n), max(high, *n)
	}
	return low, high
}

func (l *Size) spark() *page.Spark {
	s := &page.Spark{}
	for _, n := range l.Members {
		if n == nil {
			s.Values = append(s.Values, page.None)
		} else {
			s.Values = append(s.Values, int64(n.Told()))
		}
	}
	return s
}
