package rules

import (
	"crypto/sha256"
	"fmt"
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
		case "within", "lasting_at_least":
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
