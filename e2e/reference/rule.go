package reference

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Rule is the spec of a segment, as it is written.
type Rule struct {
	Identity  string
	Match     *Condition
	Exclude   *Condition
	Top       *Ranking
	Stay      *Duration
	Holdout   *Holdout
	Cap       *Ranking
	Exclusive *Exclusive
	MinSize   int `yaml:"min_size"`
}

// Ranking keeps the best.
type Ranking struct {
	Count   int
	Percent *Number
	By      *Condition
}

// Holdout draws the control group.
type Holdout struct {
	Percent *Number
	Salt    string
}

// Exclusive is a place in a group.
type Exclusive struct {
	Group    string
	Priority int
}

// Condition is one node of a rule: the verb is the key that is set.
type Condition struct {
	All, Any  []*Condition
	Not       *Condition
	AtLeastOf *struct {
		Count int
		Of    []*Condition
	} `yaml:"at_least_of"`
	Did       *Events
	DidNot    *Events `yaml:"did_not"`
	Metric    string
	Of        *Events
	Sequence  []*Step
	Session   *Condition
	First     *Events
	Last      *Events
	InSegment string `yaml:"in_segment"`

	Where, Has  *Where
	Within      *Window
	Compare     `yaml:",inline"`
	Span        *Duration
	SameSession bool `yaml:"same_session"`
	Ties        string
	Lasting     *Duration `yaml:"lasting_at_least"`
}

// Compare is a bound; one of the five is set, or none.
type Compare struct {
	AtLeast  *Number `yaml:"at_least"`
	AtMost   *Number `yaml:"at_most"`
	Exactly  *Number
	MoreThan *Number `yaml:"more_than"`
	LessThan *Number `yaml:"less_than"`
}

// Step is one entry of a sequence.
type Step struct {
	Did      *Events
	ThenNot  *Events `yaml:"then_not"`
	Where    *Where
	Previous *Duration `yaml:"within_previous"`
	For      *Duration
	Without  *Step
}

// ParseRule reads a spec. An unknown key is an error, so that nothing is ignored here that the engine heeds.
func ParseRule(text string) (*Rule, error) {
	var r Rule
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("read a rule for the reference: %w", err)
	}
	return &r, nil
}

// Events are the names a condition is about; nil inside: any.
type Events struct{ names []string }

// UnmarshalYAML reads a name, a list of names, or any.
func (e *Events) UnmarshalYAML(n *yaml.Node) error {
	switch {
	case n.Kind == yaml.SequenceNode:
		return n.Decode(&e.names)
	case n.Value != "any":
		e.names = []string{n.Value}
	}
	return nil
}

// match reports whether a row is one of the events and passes the where.
func (e *Events) match(w *World, r *Row, where *Where) bool {
	return (e == nil || e.names == nil || slices.Contains(e.names, r.Event)) && where.test(w, r) == True
}

// Number is an exact number.
type Number struct{ *big.Rat }

// UnmarshalYAML reads a number from its text.
func (x *Number) UnmarshalYAML(n *yaml.Node) error {
	r, ok := new(big.Rat).SetString(n.Value)
	if !ok {
		return fmt.Errorf("read a bound of a rule: %q is no number", n.Value)
	}
	x.Rat = r
	return nil
}

// Window is how far back a condition looks.
type Window struct {
	all      bool
	from, to Duration
	dates    *[2]Date
}

// UnmarshalYAML reads one of the three forms, or all.
func (w *Window) UnmarshalYAML(n *yaml.Node) (err error) {
	if n.Kind != yaml.MappingNode {
		if n.Value == "all" {
			w.all = true
			return nil
		}
		w.from, err = ParseDuration(n.Value)
		return err
	}
	var keys struct{ From, To, Before string }
	if err := n.Decode(&keys); err != nil {
		return err
	}
	if keys.Before == "" {
		if w.from, err = ParseDuration(keys.From); err == nil {
			w.to, err = ParseDuration(keys.To)
		}
		return err
	}
	w.dates = new([2]Date)
	for i, text := range []string{keys.From, keys.Before} {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return fmt.Errorf("read a window of a rule: %w", err)
		}
		w.dates[i] = dateOf(day)
	}
	return nil
}

// span is the stretch a window covers in a world.
func (w *World) span(v *Window) Span {
	switch {
	case v.all:
		return Span{w.DataFrom, w.AsOf}
	case v.dates != nil:
		return Span{w.Clock.midnight(v.dates[0]), min(w.Clock.midnight(v.dates[1]), w.AsOf)}
	}
	return Span{w.Clock.Step(w.AsOf, v.from, -1), w.Clock.Step(w.AsOf, v.to, -1)}
}

// compared compares a value with the bound: of a count that a did leaves open at least one is asked for.
func (c *Compare) compared(v *big.Rat) bool {
	switch {
	case c.AtLeast != nil:
		return v.Cmp(c.AtLeast.Rat) >= 0
	case c.AtMost != nil:
		return v.Cmp(c.AtMost.Rat) <= 0
	case c.Exactly != nil:
		return v.Cmp(c.Exactly.Rat) == 0
	case c.MoreThan != nil:
		return v.Cmp(c.MoreThan.Rat) > 0
	case c.LessThan != nil:
		return v.Cmp(c.LessThan.Rat) < 0
	}
	return v.Cmp(big.NewRat(1, 1)) >= 0
}

// bound is the number compared with.
func (c *Compare) bound() *big.Rat {
	for _, n := range []*Number{c.AtLeast, c.AtMost, c.Exactly, c.MoreThan, c.LessThan} {
		if n != nil {
			return n.Rat
		}
	}
	return big.NewRat(1, 1)
}
