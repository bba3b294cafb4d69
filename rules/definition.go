package rules

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/value"
)

// Definition is the definition hash: SHA-256 of Normal.
func (s *Segment) Definition() [32]byte { return sha256.Sum256([]byte(s.Normal())) }

// Normal is the normal form of what the rule says, one step per line: without name, title, owner and dates, with
// value sets written out, and with the terms of all, any and at_least_of in a fixed order. Segments with equal normal
// forms have the same members, beside ties that the name breaks.
func (s *Segment) Normal() string {
	var b strings.Builder
	for _, a := range s.Aspects() {
		fmt.Fprintf(&b, "%s: %s\n", a.Key, a.Text)
	}
	return b.String()
}

// Normal is the normal form of a condition and all below it; equal texts mean equal conditions, in one vocabulary and
// one time zone. Of a nil condition it is "none".
func (c *Condition) Normal() string {
	if c == nil {
		return "none"
	}
	parts := []string{c.Verb}
	if len(c.Children) > 0 {
		children := make([]string, len(c.Children))
		for i, child := range c.Children {
			children[i] = child.Normal()
		}
		slices.Sort(children)
		if c.Count > 0 {
			parts = append(parts, fmt.Sprintf("%d of", c.Count))
		}
		parts = append(parts, "["+strings.Join(children, ", ")+"]")
	}
	for _, a := range c.Aspects() {
		switch a.Key {
		case "where", "has":
			a.Text = a.Key + " (" + a.Text + ")"
		case "metric", "events", "in_segment", "sequence", "compare":
		default:
			a.Text = a.Key + " " + a.Text
		}
		parts = append(parts, a.Text)
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// Normal is the normal form of a sequence.
func (s *Sequence) Normal() string {
	var parts []string
	for i := range s.Steps {
		parts = append(parts, s.Steps[i].normal("did", "within_previous"))
	}
	if s.Then != nil {
		parts = append(parts, s.Then.normal("then_not", "for"))
	}
	text := "[" + strings.Join(parts, ", ") + "]"
	if s.MaxSpan != (value.Duration{}) {
		text += " span " + s.MaxSpan.String()
	}
	if s.SameSession {
		text += " same_session"
	}
	if s.Strict {
		text += " strict"
	}
	return text
}

func (s *Step) normal(verb, limit string) string {
	parts := []string{verb}
	if s.AnyEvent {
		parts = append(parts, "any")
	}
	for _, event := range s.Events {
		parts = append(parts, fmt.Sprintf("event %q", event))
	}
	if s.Where != nil {
		parts = append(parts, "where ("+Key(s.Where)+")")
	}
	if s.Limit != (value.Duration{}) {
		parts = append(parts, limit+" "+s.Limit.String())
	}
	if s.Without != nil {
		parts = append(parts, "without "+s.Without.normal("did", ""))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// Aspect is one thing that a rule says, in its normal form and, where that has other numbers, as the rule wrote it.
type Aspect struct{ Key, Text, Wrote string }

// Shown is the aspect for people.
func (a Aspect) Shown() string { return cmp.Or(a.Wrote, a.Text) }

func (s *Segment) Aspects() (out []Aspect) {
	say := func(key string, value any) { out = append(out, Aspect{Key: key, Text: fmt.Sprint(value)}) }
	say("purpose", s.Purpose)
	say("identity", s.Level)
	if s.Zone != nil {
		say("timezone", s.Zone.Name())
	}
	say("match", s.Match.Normal())
	if s.Exclude != nil {
		say("exclude", s.Exclude.Normal())
	}
	if s.Top != nil {
		say("top", fmt.Sprintf("{count: %d, percent: %v, by: %s}", s.Top.Count, s.Top.Percent, s.Top.By.Normal()))
	}
	if s.Stay != (value.Duration{}) {
		say("stay", s.Stay)
	}
	if s.Exclusive != nil {
		say("exclusive", fmt.Sprintf("{group: %s, priority: %d}", s.Exclusive.Group, s.Exclusive.Priority))
	}
	if s.Holdout != nil {
		say("holdout", fmt.Sprintf("{percent: %v, salt: %q}", s.Holdout.Percent, s.Holdout.Salt))
	}
	if s.Cap != nil {
		say("cap", fmt.Sprintf("{count: %d, by: %s}", s.Cap.Count, s.Cap.By.Normal()))
	}
	if s.MinSize > 0 {
		say("min_size", s.MinSize)
	}
	say("deliver", "["+strings.Join(s.Deliver, ", ")+"]")
	return out
}

// Aspects are what a condition says beside its verb and what stands below it.
func (c *Condition) Aspects() (out []Aspect) {
	say := func(key, text string) { out = append(out, Aspect{Key: key, Text: text}) }
	if c.Metric != nil {
		say("metric", c.Metric.Function+"("+c.Metric.Column+")")
	}
	if c.AnyEvent {
		say("events", "any")
	}
	var events []string
	for _, event := range c.Events {
		events = append(events, fmt.Sprintf("event %q", event))
	}
	if events != nil {
		say("events", strings.Join(events, " "))
	}
	if c.Segment != "" {
		say("in_segment", c.Segment)
	}
	if c.Where != nil {
		out = append(out, Aspect{"where", Key(c.Where), Written(c.Where)})
	}
	if c.Has != nil {
		out = append(out, Aspect{"has", Key(c.Has), Written(c.Has)})
	}
	if c.Sequence != nil {
		say("sequence", c.Sequence.Normal())
	}
	if c.Window != nil {
		say("within", c.Window.String())
	}
	if c.Lasting != (value.Duration{}) {
		say("lasting_at_least", c.Lasting.String())
	}
	for _, key := range slices.Sorted(maps.Keys(c.Own)) {
		say(key, fmt.Sprint(c.Own[key]))
	}
	if c.Compare != nil {
		say("compare", fmt.Sprintf("%s %v", c.Compare.Op, c.Compare.Bound))
	}
	return out
}

// Take takes over one aspect of another condition.
func (c *Condition) Take(key string, from *Condition) {
	switch key {
	case "metric":
		c.Metric = from.Metric
	case "events":
		c.Events, c.AnyEvent = from.Events, from.AnyEvent
	case "in_segment":
		c.Segment = from.Segment
	case "where":
		c.Where = from.Where
	case "has":
		c.Has = from.Has
	case "sequence":
		c.Sequence = from.Sequence
	case "within":
		c.Window = from.Window
	case "lasting_at_least":
		c.Lasting = from.Lasting
	case "compare":
		c.Compare = from.Compare
	default:
		c.Own = maps.Clone(c.Own)
		delete(c.Own, key)
		if v, ok := from.Own[key]; ok {
			c.Keep(key, v)
		}
	}
}

// Take takes over one aspect of another rule.
func (s *Segment) Take(key string, from *Segment) {
	switch key {
	case "purpose":
		s.Purpose = from.Purpose
	case "identity":
		s.Level = from.Level
	case "timezone":
		s.Zone = from.Zone
	case "top":
		s.Top = from.Top
	case "stay":
		s.Stay = from.Stay
	case "exclusive":
		s.Exclusive = from.Exclusive
	case "holdout":
		s.Holdout = from.Holdout
	case "cap":
		s.Cap = from.Cap
	case "min_size":
		s.MinSize = from.MinSize
	case "deliver":
		s.Deliver = from.Deliver
	}
}
