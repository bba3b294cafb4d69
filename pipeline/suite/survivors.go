package suite

import (
	"context"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
)

// Mutation is how many small changes of a segment its tests notice.
type Mutation struct {
	Changes   int      `json:"changes"`
	Survivors []Mutant `json:"survivors"` // those that no case notices
}

// Mutate changes a segment and runs its cases against every change. A change survives if all of them still pass; they
// must pass before.
func Mutate(ctx context.Context, s *rules.Segment, suites []*Suite) (Mutation, error) {
	out := Mutation{Survivors: Mutants(s)}
	out.Changes = len(out.Survivors)
	// Outcomes first: they notice nearly all, and what decided is dear to find out.
	for _, breakdown := range []bool{false, true} {
		for _, suite := range suites {
			for i := range suite.Cases {
				c := &suite.Cases[i]
				if c.segment == nil || c.segment.Name != s.Name || breakdown && c.because == "" {
					continue
				}
				var err error
				if out.Survivors, err = c.unnoticed(ctx, suite.schema(), out.Survivors, breakdown); err != nil {
					return Mutation{}, fmt.Errorf("run case %s of %s against changes of %s: %w", c.ID, suite.Name, s.Name, err)
				}
			}
		}
	}
	return out, nil
}

// unnoticed are the mutants under which the case passes.
func (c *Case) unnoticed(ctx context.Context, schema *rules.Schema, mutants []Mutant,
	breakdown bool,
) ([]Mutant, error) {
	out := []Mutant{}
	for some := range slices.Chunk(mutants, c.atOnce(mutants)) {
		t := trial{segments: c.among(c.segment), breakdown: breakdown}
		if c.segment.Exclusive != nil {
			t.segments, t.judged = c.among(some[0].segment), []string{c.segment.Name}
		} else {
			t.add(some)
		}
		judged, err := c.evaluate(ctx, schema, t)
		if err != nil {
			return nil, err
		}
		for i, name := range t.judged {
			if len(c.faults(judged[name])) == 0 {
				out = append(out, some[i])
			}
		}
	}
	return out, nil
}

// atOnce is how many mutants are judged in one run: all of them, but one of a group that shares people out, in which
// there can be one version of a segment at a time.
func (c *Case) atOnce(mutants []Mutant) int {
	if c.segment.Exclusive != nil {
		return 1
	}
	return max(1, len(mutants))
}

// add lets mutants be judged beside the project's segments, each under a name of its own.
func (t *trial) add(mutants []Mutant) {
	for i, m := range mutants {
		s := *m.segment
		s.Name = fmt.Sprintf("%s, change %d", s.Name, i)
		s.Deliver, s.MinSize = nil, 0
		t.segments = append(t.segments, &s)
		t.judged = append(t.judged, s.Name)
	}
}
