package preview

import (
	"context"
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/diff"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// Comparison is what two rules come to on the same rows, use by use.
type Comparison struct {
	AsOf    string          `json:"as_of"`
	KnownBy string          `json:"known_by"`
	Uses    []UseComparison `json:"uses"`
}

// UseComparison is who would be delivered by two rules under one use of their consent. Whoever enters or leaves is
// counted once: at the one change that does it by itself, or under Several. Under a use that one of the rules does not
// ask for, it has nobody.
type UseComparison struct {
	Use     string        `json:"use"`
	Old     shown.Count   `json:"old"`
	New     shown.Count   `json:"new"`
	Both    shown.Count   `json:"both"`
	Total   Flow          `json:"total"`
	Changes []ChangeCount `json:"changes"`
	// Several are those whom no change moves by itself, or more than one.
	Several Flow `json:"several"`
}

// ChangeCount is one thing that two rules say differently, and whom it moves.
type ChangeCount struct {
	diff.Difference
	Flow
	// Alone is what the older rule would gain and lose with this change and no other; it may be undone by others, so it
	// adds up to nothing. It is missing where the change alone would leave no rule.
	Alone *Flow `json:"alone,omitempty"`
}

// Flow is how many people enter and leave.
type Flow struct {
	Entering shown.Count `json:"entering"`
	Leaving  shown.Count `json:"leaving"`
}

// Compare decides two rules on the same rows, each in the place of the project's segment of its name, and the older one
// with each change alone. Nothing is written and no state is read: nobody stays from earlier runs.
func Compare(ctx context.Context, in decide.Inputs, old, now *rules.Segment) (*Comparison, error) {
	if old.Level != now.Level {
		return nil, fault.New(fault.Usage, "IDENTITY",
			fmt.Errorf("compare %s with %s on data: one is about a %s, the other about a %s, so nobody of one can be in "+
				"the other",
				old.Source.Name, now.Source.Name, old.Level, now.Level), "leave out --data, or look at each with malgrupp preview")
	}
	in.Stay = nil
	c := comparing{in: &in, changes: diff.Changes(old, now)}
	var err error
	if c.old, err = c.beside(old, now); err != nil {
		return nil, err
	}
	if c.now, err = c.beside(now, old); err != nil {
		return nil, err
	}
	for _, change := range c.changes {
		c.alone = append(c.alone, c.changed(change.Alone, now))
	}
	if c.Decision, err = decide.Decide(ctx, in, c.requests, decide.Options{}); err != nil {
		return nil, err
	}
	out := &Comparison{
		AsOf: value.FormatTimestamp(c.AsOf), KnownBy: value.FormatTimestamp(c.KnownBy), Uses: []UseComparison{},
	}
	for use := range c.Uses {
		if c.Asks(*c.old, use) || c.Asks(*c.now, use) {
			out.Uses = append(out.Uses, c.compare(use))
		}
	}
	return out, nil
}

// comparing is a comparison on its way.
type comparing struct {
	*decide.Decision
	in       *decide.Inputs
	changes  []diff.Change
	requests []decide.Request
	worlds   int
	old, now *decide.Request   // each rule in a world of its own
	alone    []*decide.Request // by change; nil: the change alone is no rule
}

// beside puts a rule into a world of its own: the project with it in the place of the segment of its name, and without
// the other rule if that is what it was called before or is called now.
func (c *comparing) beside(s, other *rules.Segment) (*decide.Request, error) {
	all := []*rules.Segment{s}
	for _, p := range c.in.Segments {
		if p.Name != s.Name && (p.Name != other.Name || c.in.Has(s.Name)) {
			all = append(all, p)
		}
	}
	ordered, found := rules.Order(decide.Closure(all, map[string]bool{s.Name: true}))
	if found.Failed() {
		return nil, found
	}
	c.worlds++
	for _, r := range decide.Ask(ordered) {
		r.World = c.worlds
		c.requests = append(c.requests, r)
	}
	return &decide.Request{Segment: s, World: c.worlds}, nil
}

// changed is the older rule with one change, nil if that is no rule that could stand in the project.
func (c *comparing) changed(s, now *rules.Segment) *decide.Request {
	switch {
	case s == nil:
		return nil
	case s.Hash == now.Hash && s.Name == now.Name:
		return c.now
	}
	out, err := c.beside(s, now)
	if err != nil {
		return nil // it refers to what its other settings forbid; with the other changes it does not
	}
	return out
}

// audience is who a rule delivers under a use, nobody if it does not ask for it.
func (c *comparing) audience(r *decide.Request, use int) *segments.Audience {
	for i := range c.Audiences {
		if a := &c.Audiences[i]; a.World() == r.World && a.Segment() == r.Segment && a.Use() == use && c.Asks(*r, use) {
			return a
		}
	}
	return &segments.Audience{}
}

// compare counts for one use.
func (c *comparing) compare(use int) UseComparison {
	old, now := c.audience(c.old, use), c.audience(c.now, use)
	alone := make([]*segments.Audience, len(c.changes))
	for i, k := range c.alone {
		if k != nil {
			alone[i] = c.audience(k, use)
		}
	}
	entering, leaving := moved(old, now, alone, true), moved(now, old, alone, false)
	var apart shown.Apart
	people := func(n int) shown.Count { return shown.Count(apart.Tell(n)) }
	u := UseComparison{
		Use: c.Uses[use].Name, Old: people(old.Len()), New: people(now.Len()), Both: people(now.Len() - entering.all),
		Total:   Flow{people(entering.all), people(leaving.all)},
		Several: Flow{people(entering.several), people(leaving.several)}, Changes: []ChangeCount{},
	}
	for i, change := range c.changes {
		n := ChangeCount{Difference: change.Difference, Flow: Flow{people(entering.by[i]), people(leaving.by[i])}}
		if alone[i] != nil {
			n.Alone = &Flow{people(more(old, alone[i])), people(more(alone[i], old))}
		}
		u.Changes = append(u.Changes, n)
	}
	return u
}

// movement is how many people are in one audience and not in another, by the change that moves them.
type movement struct {
	all, several int
	by           []int
}

// moved counts who is in b and not in a. A change moves somebody by itself if it alone brings him in, or throws him
// out.
func moved(a, b *segments.Audience, alone []*segments.Audience, in bool) movement {
	m := movement{by: make([]int, len(alone))}
	for id := range b.Members() {
		if a.Has(id) {
			continue
		}
		m.all++
		mover, movers := 0, 0
		for i, with := range alone {
			if with != nil && with.Has(id) == in {
				mover, movers = i, movers+1
			}
		}
		if movers == 1 {
			m.by[mover]++
		} else {
			m.several++
		}
	}
	return m
}

// more is how many people of b are not in a.
func more(a, b *segments.Audience) int { return moved(a, b, nil, true).all }
