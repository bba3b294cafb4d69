package suite

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// trial is a run in memory over a case's people.
type trial struct {
	segments  []*rules.Segment // in dependency order
	judged    []string         // whose audiences are asked for
	breakdown bool             // and what each of their conditions is
}

// judgement is what one rule comes to for a case's people.
type judgement struct {
	outcomes  map[string]segments.Outcome // of everybody who is not simply out, by id
	breakdown *segments.Breakdown         // nil: nobody asked
}

// outcome is what becomes of one person.
func (j judgement) outcome(id string) segments.Outcome {
	if o, ok := j.outcomes[id]; ok {
		return o
	}
	return segments.Out
}

// evaluate runs the pipeline over the case's rows in memory and returns what was judged, by segment.
func (c *Case) evaluate(ctx context.Context, schema *rules.Schema, t trial) (map[string]judgement, error) {
	if c.segment != nil {
		all := decide.Everybody(c.segment) // also whoever did nothing that a condition looks at
		t.segments, t.judged = append(slices.Clip(t.segments), all), append(slices.Clip(t.judged), all.Name)
	}
	in, err := c.inputs(ctx, schema, t.segments)
	if err != nil {
		return nil, err
	}
	defer in.Stores.Close()
	d, err := decide.Selected(ctx, in, t.judged, decide.Options{Breakdown: t.breakdown})
	if err != nil {
		return nil, err
	}
	out := map[string]judgement{}
	for i := range d.Audiences {
		a := &d.Audiences[i]
		out[a.Segment().Name] = judgement{a.Outcomes(0), a.Breakdown()}
	}
	return out, nil
}

// Inputs are what the rule of a case is decided on. Its stores hold the case's rows in memory and must be closed.
func (s *Suite) Inputs(ctx context.Context, c *Case) (decide.Inputs, error) {
	schema := s.schema()
	segs, found := c.rules(schema)
	if found.Failed() {
		return decide.Inputs{}, found
	}
	return c.inputs(ctx, schema, segs)
}

// inputs are those of a trial of these segments: in memory, the case's rows, an all-granting consent log and the
// customers' attributes as Parquet files. Its stores must be closed.
func (c *Case) inputs(ctx context.Context, schema *rules.Schema, segs []*rules.Segment) (in decide.Inputs, err error) {
	stores := folder.NewStores(store.Options{Memory: &store.Memory{}})
	for name, write := range map[string]func() ([]byte, error){
		"events": func() ([]byte, error) {
			return eventTable(schema, c.Users)
		}, "consent": c.grants, "attributes": c.attributeTable,
	} {
		data, err := write()
		if err != nil {
			return in, errors.Join(err, stores.Close())
		}
		b, err := stores.Open(ctx, "mem://"+name+"/")
		if err == nil {
			err = b.UploadBytes(ctx, "part.parquet", data, "application/octet-stream")
		}
		if err != nil {
			return in, errors.Join(err, stores.Close())
		}
	}
	return decide.Inputs{
		Loaded: &load.Loaded{
			Project: c.projectFor(schema), Schemas: c.schemas(schema), Segments: segs,
		},
		AsOf: c.AsOf, KnownBy: c.KnownBy, Clock: func() time.Time {
			return time.UnixMicro(c.KnownBy)
		}, Workers: 1, Stores: stores,
		Log: slog.New(slog.DiscardHandler), Stay: c.stays(segs),
	}, nil
}

// stays is the stay record of the case's people.
func (c *Case) stays(segs []*rules.Segment) (out state.StayRecord) {
	for _, s := range segs {
		for _, u := range c.Users {
			if u.stay == nil || s.Name != c.Target() {
				continue
			}
			k := state.Stay{
				Segment: s.Name, Use: "segment:" + string(s.Level), ID: u.ID, Entered: u.stay.last, Last: u.stay.last,
				Definition: "another",
			}
			if u.stay.same {
				k.Definition = hex.EncodeToString(s.Hash[:])
			}
			out = append(out, k)
		}
	}
	return out
}

// Target is the name of the rule under test.
func (c *Case) Target() string {
	if c.segment != nil {
		return c.segment.Name
	}
	return c.name
}

// projectFor is the smallest project that reads the case's rows: identity off, no floors, no lists.
func (c *Case) projectFor(schema *rules.Schema) *project.Project {
	day := value.Duration{N: 1, Unit: value.Day}
	p := &project.Project{
		Name: "suite", Zone: c.Zone, Retention: value.Duration{
			N: 761, Unit: value.Day,
		}, MaxClockSkew: c.MaxSkew, SessionGap: c.SessionGap,
		Sources: []project.Source{{
			Name: "events", URL: "mem://events/", Schema: schema.Name, Dedupe: value.Duration{
				N: 7, Unit: value.Day,
			}, CoversFrom: c.DataFrom, Expect: project.Expect{Every: forever},
			Complete: project.Listed, OnBadObject: project.Stop,
		}},
		Consent: project.Consent{
			URL: "mem://consent/", MaxFeedAge: day, MaxConsentAge: value.Duration{
				N: 390, Unit: value.Day,
			}, TrustedSources: []string{"cmp"},
		},
		Text: &source.Source{Name: "suite"},
	}
	if c.attributes != nil {
		p.Attributes = &project.Attributes{URL: "mem://attributes/", Schema: c.attributes.Name}
	}
	return p
}

// schemas are those of the case's log and of its customers' attributes.
func (c *Case) schemas(events *rules.Schema) map[string]*rules.Schema {
	out := map[string]*rules.Schema{events.Name: events}
	if c.attributes != nil {
		plain := *c.attributes // a case writes its columns under their own names
		plain.Columns = nil
		for _, col := range c.attributes.Columns {
			plain.Columns = append(plain.Columns, rules.Column{
				Name: col.Name, From: col.Name, Type: col.Type, Role: col.Role, Optional: true,
			})
		}
		out[plain.Name] = &plain
	}
	return out
}
