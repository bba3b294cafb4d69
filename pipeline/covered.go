package pipeline

import (
	"iter"
	"math"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Covered is what a source has of the time that a segment looks at.
type Covered struct {
	Source       string   `json:"source"`
	LooksFrom    string   `json:"looks_from"`
	CompleteFrom string   `json:"complete_from,omitempty"` // missing where nothing is there
	MissingDays  []string `json:"missing_days"`            // within the time looked at, after complete_from
	Percent      int      `json:"covered_percent"`         // of the time looked at, rounded down
	// Bar is the time looked at, up to as_of, in equal parts of at least a day: # is all there, - in part, . not at all.
	Bar string `json:"bar"`
}

// barWidth is into how many parts a bar divides time at most.
const barWidth = 60

// dataOf says for every source that a condition of the segment could have rows from what it covers.
func (e *Evaluation) dataOf(s *rules.Segment) []Covered {
	out := []Covered{}
	for i := range e.Sources {
		source := &e.Sources[i]
		from, before := e.looks(source, s)
		if from >= before {
			continue
		}
		c := Covered{Source: source.Name, LooksFrom: value.FormatTimestamp(from), MissingDays: []string{}}
		gaps := []span{{from, max(from, min(before, source.cover.from))}}
		if source.cover.from < math.MaxInt64 {
			c.CompleteFrom = value.FormatTimestamp(source.cover.from)
		}
		for _, m := range source.cover.missing {
			if m.before > max(from, source.cover.from) && m.from < before {
				c.MissingDays = append(c.MissingDays, source.Partition.Zone.Day(m.from).String())
				gaps = append(gaps, span{max(from, m.from), min(before, m.before)})
			}
		}
		c.Bar = bar(span{from, before}, gaps)
		c.Percent = int(100 * (before - from - absent(span{from, before}, gaps)) / (before - from))
		out = append(out, c)
	}
	return out
}

// looks is the time over which a segment's conditions could want rows of a source, empty if they want none.
func (e *Evaluation) looks(source *SourceRun, s *rules.Segment) (from, before int64) {
	cover := &coverage{}
	for i := range e.Sources {
		cover.sources = append(cover.sources, e.Sources[i].cover)
	}
	from, before = e.Job.AsOf, e.Job.AsOf
	for c := range windowed(s) {
		if !source.cover.declares(c) {
			continue
		}
		begins, _ := c.Window.Bounds(e.Job.AsOf, cover.From(c), s.Zone)
		from = min(from, begins)
	}
	return from, before
}

// windowed are the conditions of a segment that look back over a window.
func windowed(s *rules.Segment) iter.Seq[*rules.Condition] {
	var walk func(c *rules.Condition, yield func(*rules.Condition) bool) bool
	walk = func(c *rules.Condition, yield func(*rules.Condition) bool) bool {
		if c == nil || c.Window != nil {
			return c == nil || yield(c)
		}
		for _, child := range c.Children {
			if !walk(child, yield) {
				return false
			}
		}
		return true
	}
	return func(yield func(*rules.Condition) bool) {
		roots := []*rules.Condition{s.Match, s.Exclude}
		if s.Top != nil {
			roots = append(roots, s.Top.By)
		}
		if s.Cap != nil {
			roots = append(roots, s.Cap.By)
		}
		for _, root := range roots {
			if !walk(root, yield) {
				return
			}
		}
	}
}

// absent is how much of a span lies in gaps, which may touch but not overlap.
func absent(of span, gaps []span) (sum int64) {
	for _, g := range gaps {
		if from, before := max(of.from, g.from), min(of.before, g.before); from < before {
			sum += before - from
		}
	}
	return sum
}

// bar draws a span with its gaps.
func bar(of span, gaps []span) string {
	length := of.before - of.from
	parts := min(barWidth, max(1, (length+value.MicrosPerDay/2)/value.MicrosPerDay))
	out := make([]byte, 0, parts)
	for i := range parts {
		part := span{of.from + length/parts*i, of.from + length/parts*(i+1)}
		if i == parts-1 {
			part.before = of.before
		}
		switch missing := absent(part, gaps); missing {
		case 0:
			out = append(out, '#')
		case part.before - part.from:
			out = append(out, '.')
		default:
			out = append(out, '-')
		}
	}
	return string(out)
}
