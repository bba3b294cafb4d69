package suite

import (
	"context"
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Laid is a case laid out for another engine: the inputs that it would be decided on, its tables as Parquet files (events,
// consent, attributes, stay), the segment that is asked about, and what should become of whom.
type Laid struct {
	ID      string
	Inputs  decide.Inputs // its stores hold the tables and must be closed
	Segment string
	Tables  map[string][]byte
	Expect  map[string]string
}

// Lay lays out every case whose rule stands.
func (s *Suite) Lay(ctx context.Context) ([]Laid, error) {
	var out []Laid
	schema := s.schema()
	for i := range s.Cases {
		c := &s.Cases[i]
		if c.ExpectError != "" {
			continue
		}
		segs, found := c.rules(schema)
		if found.Failed() {
			return nil, fmt.Errorf("lay out case %s: %w", c.ID, found)
		}
		laid, err := c.lay(ctx, schema, segs)
		if err != nil {
			return nil, fmt.Errorf("lay out case %s: %w", c.ID, err)
		}
		out = append(out, laid)
	}
	return out, nil
}

func (c *Case) lay(ctx context.Context, schema *rules.Schema, segs []*rules.Segment) (Laid, error) {
	tables, err := c.tables(schema)
	if err != nil {
		return Laid{}, err
	}
	laid := Laid{ID: c.ID, Segment: c.target(), Tables: tables, Expect: map[string]string{}}
	if laid.Inputs, err = c.inputs(ctx, schema, trial{segments: segs, judged: []string{c.target()}}, tables); err != nil {
		return laid, err
	}
	for _, u := range c.Users {
		laid.Expect[u.ID] = u.Expect
	}
	text, at := value.Type{Kind: value.Text}, value.Type{Kind: value.Timestamp}
	stay := newTable([]rules.Column{
		{Name: "segment", Type: text}, {Name: "use", Type: text}, {Name: "subject", Type: text}, {Name: "last_qualified", Type: at}, {Name: "definition", Type: text},
	})
	for _, k := range laid.Inputs.Stay {
		stay.add(k.Segment, k.Use, k.ID, k.Last, k.Definition)
	}
	laid.Tables["stay"], err = stay.bytes()
	return laid, err
}
