package segments_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// drawSegments draws segments of both levels; later ones may refer to earlier ones.
func (w *world) drawSegments(t *rapid.T) {
	for i := range rapid.IntRange(1, 4).Draw(t, "segments") {
		s := &rules.Segment{Name: fmt.Sprint("segment-", i), Zone: helsinki, Level: rules.DeviceLevel}
		first := 0
		if rapid.Bool().Draw(t, "customers") {
			s.Level, first = rules.CustomerLevel, 3
		}
		var uses []int
		for u := first; u < first+3; u++ {
			if rapid.Bool().Draw(t, "asks") {
				uses = append(uses, u)
			}
		}
		var others []string
		for _, r := range w.requests {
			if r.Segment.Level == s.Level {
				others = append(others, r.Segment.Name)
			}
		}
		s.Match = drawCondition(t, others, 2)
		if rapid.IntRange(0, 2).Draw(t, "excludes") == 0 {
			s.Exclude = drawCondition(t, others, 1)
		}
		label(s.Match, "match")
		label(s.Exclude, "exclude")
		drawPopulation(t, s)
		w.requests = append(w.requests, segments.Request{
			Segment: s, Uses: uses, Absent: true, Hidden: rapid.Bool().Draw(t, "hidden time is asked for"),
		})
	}
}

// label gives every condition a path of its own.
func label(c *rules.Condition, path string) {
	if c == nil {
		return
	}
	c.Path = path
	for i, child := range c.Children {
		label(child, fmt.Sprint(path, ".", i))
	}
}

func drawPopulation(t *rapid.T, s *rules.Segment) {
	if rapid.IntRange(0, 2).Draw(t, "has top") == 0 {
		s.Top = &rules.Top{By: drawMetric(t, true)}
		if rapid.Bool().Draw(t, "top by percent") {
			s.Top.Percent = rapid.SampledFrom([]value.Number{
				{Int: 50}, {Int: 335, Scale: 1}, {Int: 1, Scale: 2}, {Int: 100},
			}).Draw(t, "percent")
		} else {
			s.Top.Count = rapid.IntRange(1, 4).Draw(t, "count")
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "has holdout") == 0 {
		s.Holdout = &rules.Holdout{Salt: "spring", Percent: rapid.SampledFrom([]value.Number{
			// d1 is just not drawn
			{Int: 50}, {Int: 125, Scale: 1}, {Int: 100}, {Int: int64(hashed("spring", "d1") % 10_000), Scale: 2},
		}).Draw(t, "percent")}
	}
	if rapid.IntRange(0, 2).Draw(t, "has cap") == 0 {
		s.Cap = &rules.Cap{Count: rapid.IntRange(1, 4).Draw(t, "count")}
		if rapid.Bool().Draw(t, "cap by") {
			s.Cap.By = drawMetric(t, true)
		}
	}
}

func drawCondition(t *rapid.T, others []string, depth int) *rules.Condition {
	verbs := []string{"did", "did_not", "metric"}
	if len(others) > 0 {
		verbs = append(verbs, "in_segment", "in_segment")
	}
	if depth > 0 {
		verbs = append(verbs, "all", "any", "not", "at_least_of")
	}
	c := &rules.Condition{Verb: rapid.SampledFrom(verbs).Draw(t, "verb")}
	switch c.Verb {
	case "metric":
		return drawMetric(t, false)
	case "in_segment":
		c.Segment = rapid.SampledFrom(others).Draw(t, "refers to")
	case "did", "did_not":
		drawEvents(t, c)
		if c.Verb == "did" {
			c.Compare = drawCompare(t)
		}
	case "not":
		c.Children = []*rules.Condition{drawCondition(t, others, depth-1)}
	default:
		for range rapid.IntRange(1, 3).Draw(t, "conditions") {
			c.Children = append(c.Children, drawCondition(t, others, depth-1))
		}
		c.Count = rapid.IntRange(1, len(c.Children)).Draw(t, "at least")
	}
	return c
}

func drawEvents(t *rapid.T, c *rules.Condition) {
	c.AnyEvent = rapid.IntRange(0, 3).Draw(t, "any event") == 0
	if !c.AnyEvent {
		for _, e := range events {
			if rapid.Bool().Draw(t, "wants "+e) {
				c.Events = append(c.Events, e)
			}
		}
		slices.Sort(c.Events)
	}
	days := rapid.IntRange(1, 6).Draw(t, "days")
	c.Window = &rules.Window{From: value.Duration{N: days, Unit: value.Day}}
	switch rapid.IntRange(0, 3).Draw(t, "form of window") {
	case 0:
		c.Window = &rules.Window{All: true}
	case 1:
		c.Window.To = value.Duration{N: rapid.IntRange(1, 20).Draw(t, "hours"), Unit: value.Hour}
	}
}

func drawCompare(t *rapid.T) *rules.Compare {
	return &rules.Compare{
		Op: rapid.SampledFrom([]rules.Comparator{
			rules.AtLeast, rules.AtLeast, rules.AtMost, rules.Exactly, rules.MoreThan, rules.LessThan,
		}).Draw(t, "comparator"),
		Bound: value.Number{Int: rapid.Int64Range(0, 3).Draw(t, "bound")},
	}
}

func drawMetric(t *rapid.T, ranks bool) *rules.Condition {
	functions := []string{"count", "days", "sum", "distinct", "min", "max"}
	if ranks {
		functions = append(functions, "min", "max") // not everybody has one
	} else {
		functions = append(functions, "avg")
	}
	c := &rules.Condition{Verb: "metric", Metric: &rules.Metric{Function: rapid.SampledFrom(functions).Draw(t, "metric")}}
	if c.Metric.Function != "count" && c.Metric.Function != "days" {
		c.Metric.Column, c.Metric.Type = "amount", value.Type{Kind: value.Integer}
	}
	if !ranks {
		c.Compare = drawCompare(t)
	}
	drawEvents(t, c)
	return c
}
