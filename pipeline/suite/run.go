package suite

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/segments"
)

// Result is how one case ended.
type Result struct {
	ID      string   `json:"id"`
	Title   string   `json:"title,omitempty"`
	Place   string   `json:"place"`
	Status  Status   `json:"status"`
	Missing []string `json:"missing,omitempty"` // verbs and keys that this version lacks
	Faults  []string `json:"faults,omitempty"`  // what came out instead
}

// Status of a case.
type Status string

// The statuses.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Missing Status = "missing"
)

// Run runs every case of a suite.
func (s *Suite) Run(ctx context.Context) ([]Result, error) {
	var out []Result
	for i := range s.Cases {
		r, err := s.run(ctx, &s.Cases[i])
		if err != nil {
			return nil, fmt.Errorf("run case %s: %w", s.Cases[i].ID, err)
		}
		out = append(out, r)
	}
	for _, h := range s.Hashes {
		r := Result{ID: "hash " + h.Salt + " " + h.ID, Place: s.Name, Status: Passed}
		if got := segments.Bucket(h.Salt, h.ID); got != h.Bucket {
			r.Status, r.Faults = Failed, []string{fmt.Sprintf("bucket is %d, want %d", got, h.Bucket)}
		}
		out = append(out, r)
	}
	return out, nil
}

// schema is the event log of the suite's cases: a column for every role, then the free ones. A column of the project that
// plays a role keeps the name rules know it by.
func (s *Suite) schema() *rules.Schema {
	text, at := rules.Type{Kind: rules.Text}, rules.Type{Kind: rules.Timestamp}
	columns := []rules.Column{
		{Name: "event_time", Type: at, Role: rules.RoleEventTime},
		{Name: "received_at", Type: at, Role: rules.RoleReceivedAt},
		{Name: "event_id", Type: text, Role: rules.RoleEventID},
		{Name: "event", Type: text, Role: rules.RoleEventName},
		{Name: "device_id", Type: text, Role: rules.RoleDevice},
		{Name: "customer_id", Type: text, Role: rules.RoleCustomer, Optional: true},
		{Name: "session_id", Type: text, Role: rules.RoleSession, Optional: true},
	}
	for _, c := range s.Columns {
		i := slices.IndexFunc(columns, func(o rules.Column) bool { return o.Role == c.Role && c.Role != rules.RoleNone })
		if i >= 0 {
			columns[i].Name = c.Name
			continue
		}
		if c.Role == rules.RoleNone {
			columns = append(columns, c)
		}
	}
	return &rules.Schema{Name: "suite-events", Version: 1, Columns: columns}
}

// scope is what the case's rules are checked against.
func (c *Case) scope(schema *rules.Schema) *rules.Scope {
	return &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{schema}, Zone: c.Zone, AnyEvent: true, Salt: "suite",
		Destinations: map[string]rules.Destination{},
	}
}

// rules checks the case's rule and those it refers to.
func (c *Case) rules(schema *rules.Schema) ([]*rules.Segment, rules.Errors) {
	if c.segment != nil {
		// A test asks who qualifies, not what is delivered.
		var segs []*rules.Segment
		for _, s := range c.project {
			undelivered := *s
			undelivered.Deliver = nil
			segs = append(segs, &undelivered)
		}
		return segs, nil
	}
	scope := c.scope(schema)
	var segs []*rules.Segment
	var found rules.Errors
	for _, n := range append(slices.Clone(c.others), named{c.name, c.rule}) {
		s, errs := scope.Spec(n.name, n.spec)
		found = append(found, errs...)
		if s != nil {
			segs = append(segs, s)
		}
	}
	if found.Failed() {
		return nil, found
	}
	return rules.Order(segs)
}

func (s *Suite) run(ctx context.Context, c *Case) (Result, error) {
	r := Result{ID: c.ID, Title: c.Title, Place: c.Place, Status: Passed}
	schema := s.schema()
	segs, found := c.rules(schema)
	switch missing, alone := found.Missing(); {
	case c.ExpectError != "":
		if !slices.ContainsFunc(found, func(e *rules.Error) bool { return e.Code == c.ExpectError }) {
			r.Status, r.Faults = Failed, []string{fmt.Sprintf("the rule is not refused with %s: %v", c.ExpectError, found)}
		}
		return r, nil
	case alone:
		r.Status, r.Missing = Missing, missing
		return r, nil
	case found.Failed():
		r.Status, r.Faults = Failed, []string{found.Error()}
		return r, nil
	}
	outcomes, err := c.evaluate(ctx, schema, segs)
	if err != nil {
		return r, err
	}
	for _, u := range c.Users {
		got := segments.Out
		if o, ok := outcomes[u.ID]; ok {
			got = o
		}
		if string(got) != u.Expect {
			r.Status = Failed
			r.Faults = append(r.Faults, fmt.Sprintf("%s: %s is %s, want %s", u.Place, u.ID, got, u.Expect))
		}
	}
	return r, nil
}

// evaluate runs the pipeline over the case's rows in memory.
func (c *Case) evaluate(ctx context.Context, schema *rules.Schema, segs []*rules.Segment) (map[string]segments.Outcome, error) {
	tables, err := c.tables(schema)
	if err != nil {
		return nil, err
	}
	job, err := c.job(ctx, schema, segs, tables)
	if err != nil {
		return nil, err
	}
	defer job.Stores.Close()
	e, err := pipeline.Evaluate(ctx, job)
	if err != nil {
		return nil, err
	}
	for i := range e.Audiences {
		if e.Audiences[i].Segment().Name == c.target() {
			return e.Audiences[i].Outcomes(0), nil
		}
	}
	return nil, fmt.Errorf("segment %s has no audience", c.target())
}

// tables are the case's rows, an all-granting consent log and the customers' attributes as Parquet files.
func (c *Case) tables(schema *rules.Schema) (map[string][]byte, error) {
	out := map[string][]byte{}
	for name, write := range map[string]func() ([]byte, error){
		"events": func() ([]byte, error) { return eventTable(schema, c.Users) }, "consent": c.grants, "attributes": c.attributeTable,
	} {
		data, err := write()
		if err != nil {
			return nil, err
		}
		out[name] = data
	}
	return out, nil
}

// job is the order for a run over these tables, in memory. Its stores must be closed.
func (c *Case) job(ctx context.Context, schema *rules.Schema, segs []*rules.Segment, tables map[string][]byte) (*pipeline.Job, error) {
	stores := pipeline.NewStores(store.Options{Memory: &store.Memory{}})
	for name, data := range tables {
		b, err := stores.Open(ctx, "mem://"+name+"/")
		if err == nil {
			err = b.UploadBytes(ctx, "part.parquet", data, "application/octet-stream")
		}
		if err != nil {
			return nil, errors.Join(err, stores.Close())
		}
	}
	return &pipeline.Job{
		Loaded: &pipeline.Loaded{
			Project: c.projectFor(schema), Schemas: c.schemas(schema), Segments: segs,
		},
		Select: []string{c.target()}, AsOf: c.AsOf, KnownBy: c.KnownBy, Clock: func() time.Time { return time.UnixMicro(c.KnownBy) }, Workers: 1, Stores: stores,
		Log: slog.New(slog.DiscardHandler), Stay: c.stays(segs),
	}, nil
}

// stays is the stay record of the case's people.
func (c *Case) stays(segs []*rules.Segment) (out state.StayRecord) {
	for _, s := range segs {
		for _, u := range c.Users {
			if u.stay == nil || s.Name != c.target() {
				continue
			}
			k := state.Stay{Segment: s.Name, Use: "segment:" + string(s.Level), ID: u.ID, Entered: u.stay.last, Last: u.stay.last, Definition: "another"}
			if u.stay.same {
				k.Definition = hex.EncodeToString(s.Hash[:])
			}
			out = append(out, k)
		}
	}
	return out
}

func (c *Case) target() string {
	if c.segment != nil {
		return c.segment.Name
	}
	return c.name
}

// projectFor is the smallest project that reads the case's rows: identity off, no floors, no lists.
func (c *Case) projectFor(schema *rules.Schema) *project.Project {
	day := rules.Duration{N: 1, Unit: rules.Day}
	p := &project.Project{
		Name: "suite", Zone: c.Zone, Retention: rules.Duration{N: 761, Unit: rules.Day}, MaxClockSkew: c.MaxSkew, SessionGap: c.SessionGap,
		Sources: []project.Source{{
			Name: "events", URL: "mem://events/", Schema: schema.Name, Dedupe: rules.Duration{N: 7, Unit: rules.Day}, CoversFrom: c.DataFrom,
			Complete: project.Listed, OnBadObject: project.Stop,
		}},
		Consent: project.Consent{
			URL: "mem://consent/", MaxFeedAge: day, MaxConsentAge: rules.Duration{N: 390, Unit: rules.Day}, TrustedSources: []string{"cmp"},
		},
		Text: &rules.Source{Name: "suite"},
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
			plain.Columns = append(plain.Columns, rules.Column{Name: col.Name, From: col.Name, Type: col.Type, Role: col.Role, Optional: true})
		}
		out[plain.Name] = &plain
	}
	return out
}

// attributeTable is the table of the customers' attributes.
func (c *Case) attributeTable() ([]byte, error) {
	if c.attributes == nil {
		return newTable([]rules.Column{{Name: "none", Type: rules.Type{Kind: rules.Text}}}).bytes()
	}
	t := newTable(c.schemas(&rules.Schema{})[c.attributes.Name].Columns)
	for _, u := range c.Users {
		if u.attributes == nil {
			continue
		}
		var row []any
		for _, col := range t.columns {
			v, err := cell(col, u.attributes[col.Name])
			if err != nil {
				return nil, err
			}
			if col.Role == rules.RoleCustomer {
				v = u.ID
			}
			row = append(row, v)
		}
		t.add(row...)
	}
	return t.bytes()
}

// grants is a consent log in which everybody granted everything for the whole time.
func (c *Case) grants() ([]byte, error) {
	type subject struct{ kind, id string }
	seen := map[subject]bool{}
	var people []subject
	for _, u := range c.Users {
		for _, e := range u.Events {
			for _, s := range []subject{{"device", e.Device}, {"customer", e.Customer}} {
				if s.id != "" && !seen[s] {
					seen[s] = true
					people = append(people, s)
				}
			}
		}
	}
	const step = 300 * 24 * 3600 * 1_000_000 // shorter than the age at which a grant expires
	now := c.KnownBy - 60_000_000
	t := newTable(pipeline.ConsentColumns())
	for at := now; at > now-4*step; at -= step {
		for _, s := range people {
			for _, purpose := range []string{"measure", "profile", "link", "partner_data"} {
				t.add(fmt.Sprintf("%s %s %s %d", s.kind, s.id, purpose, at), s.kind, s.id, "grant", purpose, at, at, "cmp", nil, nil, nil)
			}
		}
	}
	t.add("heartbeat", nil, nil, "heartbeat", nil, now, now, "exporter", nil, nil, nil)
	return t.bytes()
}

// eventTable is the Parquet table of the people's rows.
func eventTable(schema *rules.Schema, users []User) ([]byte, error) {
	t := newTable(schema.Columns)
	for _, u := range users {
		for _, e := range u.Events {
			// In the order of the roles in schema.
			row := []any{e.At, e.Received, e.ID, e.Name, e.Device, orNull(e.Customer), orNull(e.Session)}
			for _, col := range schema.Columns[len(row):] {
				v, err := cell(col, e.Values[col.Name])
				if err != nil {
					return nil, err
				}
				row = append(row, v)
			}
			t.add(row...)
		}
	}
	return t.bytes()
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// cell turns a value of the file into one of the column's type; a value that was not written is null.
func cell(col rules.Column, n rules.Node) (any, error) {
	if !n.Present() || n.IsNull() {
		return nil, nil
	}
	text := n.Raw().Value
	v, ok := rules.ParseValue(col.Type, text)
	if !ok {
		return nil, fmt.Errorf("column %s: %q is no value of its type", col.Name, text)
	}
	switch col.Type.Kind {
	case rules.Text:
		return v.Text, nil
	case rules.Float:
		return v.Float, nil
	}
	return v.Int, nil
}

// table gathers rows for a Parquet table.
type table struct {
	columns []rules.Column
	values  []parquet.Values
	rows    int
}

func newTable(columns []rules.Column) *table {
	t := &table{columns: slices.Clone(columns), values: make([]parquet.Values, len(columns))}
	for i := range t.columns {
		t.columns[i].Optional = true
	}
	return t
}

func (t *table) add(row ...any) {
	for i, v := range row {
		c := &t.values[i]
		c.Null = append(c.Null, v == nil)
		switch t.columns[i].Type.Kind {
		case rules.Text:
			s, _ := v.(string)
			c.Text = append(c.Text, s)
		case rules.Float:
			f, _ := v.(float64)
			c.Floats = append(c.Floats, f)
		default:
			n, _ := v.(int64)
			c.Ints = append(c.Ints, n)
		}
	}
	t.rows++
}

func (t *table) bytes() ([]byte, error) {
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, t.columns, parquet.WriterOptions{})
	if err != nil {
		return nil, err
	}
	if err := w.Write(t.rows, t.values); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
