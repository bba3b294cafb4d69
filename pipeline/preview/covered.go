package preview

import (
	"iter"
	"math"

	"github.com/malgrupp/malgrupp/pipeline/decide"
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

// coverageOf says for every source that a condition of the segment could have rows from what it covers.
func coverageOf(d *decide.Decision, s *rules.Segment) []Covered {
	out := []Covered{}
	for i := range d.Sources {
		source := &d.Sources[i]
		from, before := looks(d, source, s)
		if from >= before {
			continue
		}
		c := Covered{Source: source.Name, LooksFrom: value.FormatTimestamp(from), MissingDays: []string{}}
		gaps := []decide.Span{{From: from, Before: max(from, min(before, source.Cover.From))}}
		if source.Cover.From < math.MaxInt64 {
			c.CompleteFrom = value.FormatTimestamp(source.Cover.From)
		}
		for _, day := range source.Cover.MissingDays(max(from, source.Cover.From), before) {
			c.MissingDays = append(c.MissingDays, day.String())
		}
		for _, m := range source.Cover.Missing {
			if m.Before > max(from, source.Cover.From) && m.From < before {
				gaps = append(gaps, decide.Span{From: max(from, m.From), Before: min(before, m.Before)})
			}
		}
		c.Bar = bar(decide.Span{From: from, Before: before}, gaps)
		c.Percent = int(100 * (before - from - absent(decide.Span{From: from, Before: before}, gaps)) / (before - from))
		out = append(out, c)
	}
	return out
}

// looks is the time over which a segment's conditions could want rows of a source, empty if they want none.
func looks(d *decide.Decision, source *decide.Source, s *rules.Segment) (from, before int64) {
	from, before = d.AsOf, d.AsOf
	for c := range windowed(s) {
		if source.Cover.Declares(c) {
			begins, _ := c.Window.Bounds(d.AsOf, d.CoveredFrom(c), s.Zone)
			from = min(from, begins)
		}
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
		for _, root := range s.Roots() {
			if !walk(root, yield) {
				return
			}
		}
	}
}

// absent is how much of a span lies in gaps, which may touch but not overlap.
func absent(of decide.Span, gaps []decide.Span) (sum int64) {
	for _, g := range gaps {
		if from, before := max(of.From, g.From), min(of.Before, g.Before); from < before {
			sum += before - from
		}
	}
	return sum
}

// bar draws a span with its gaps.
func bar(of decide.Span, gaps []decide.Span) string {
	length := of.Before - of.From
	parts := min(barWidth, max(1, (length+value.MicrosPerDay/2)/value.MicrosPerDay))
	out := make([]byte, 0, parts)
	for i := range parts {
		part := decide.Span{From: of.From + length/parts*i, Before: of.From + length/parts*(i+1)}
		if i == parts-1 {
			part.Before = of.Before
		}
		switch missing := absent(part, gaps); missing {
		case 0:
			out = append(out, '#')
		case part.Before - part.From:
			out = append(out, '.')
		default:
			out = append(out, '-')
		}
	}
	return string(out)
}
