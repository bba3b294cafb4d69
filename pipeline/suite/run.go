package suite

import (
	"context"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
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

	segment   string              // of a SegmentTest
	breakdown *segments.Breakdown // of its people
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

// schema is the event log of the suite's cases: a column for every role, then the free ones. A column of the project
// that plays a role keeps the name rules know it by.
func (s *Suite) schema() *rules.Schema {
	text, at := value.Type{Kind: value.Text}, value.Type{Kind: value.Timestamp}
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
	schema := &rules.Schema{Name: "suite-events", Version: 1, Columns: columns}
	for _, event := range s.Events {
		if schema.Events == nil {
			schema.Events = map[string][]string{}
		}
		schema.Events[event] = nil
	}
	return schema
}

// scope is what the case's rules are checked against.
func (c *Case) scope(schema *rules.Schema) *rules.Scope {
	return &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{schema}, Zone: c.Zone,
		AnyEvent: schema.Events == nil, Salt: "suite",
		Destinations: map[string]rules.Destination{},
	}
}

// rules are the case's rule, checked, and those it refers to.
func (c *Case) rules(schema *rules.Schema) ([]*rules.Segment, source.Findings) {
	if c.segment != nil {
		return c.among(c.segment), nil
	}
	scope := c.scope(schema)
	var segs []*rules.Segment
	var found source.Findings
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

// among are the project's segments, with s in the place of the one under test. A test asks who qualifies: nothing is
// delivered, and the size of a list says nothing about its one person.
func (c *Case) among(s *rules.Segment) []*rules.Segment {
	var out []*rules.Segment
	for _, o := range c.project {
		if o.Name == s.Name {
			o = s
		}
		bare := *o
		bare.Deliver, bare.MinSize = nil, 0
		out = append(out, &bare)
	}
	return out
}

func (s *Suite) run(ctx context.Context, c *Case) (Result, error) {
	r := Result{ID: c.ID, Title: c.Title, Place: c.Place, Status: Passed}
	schema := s.schema()
	segs, found := c.rules(schema)
	switch missing, alone := found.Missing(); {
	case c.ExpectError != "":
		if !slices.ContainsFunc(found, func(e *source.Finding) bool { return e.Code == c.ExpectError }) {
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
	judged, err := c.evaluate(ctx, schema, trial{
		segments: segs, judged: []string{c.Target()}, breakdown: c.segment != nil,
	})
	if err != nil {
		return r, err
	}
	j := judged[c.Target()]
	if c.segment != nil {
		r.segment, r.breakdown = c.segment.Name, j.breakdown
	}
	if r.Faults = c.faults(j); len(r.Faults) > 0 {
		r.Status = Failed
	}
	return r, nil
}

// faults says where a judgement differs from what the case expects.
func (c *Case) faults(j judgement) (out []string) {
	var decided *segments.Node
	reason := ""
	if j.breakdown != nil && j.breakdown.Seen == 1 {
		decided = j.breakdown.Because()
		reason = fmt.Sprintf("; %s decided: it is %s", decided.Path, verdicts[decided.Verdict()])
	}
	for _, u := range c.Users {
		if got := j.outcome(u.ID); string(got) != u.Expect {
			out = append(out, fmt.Sprintf("%s: %s is %s, want %s%s", u.Place, u.ID, got, u.Expect, reason))
		}
	}
	switch {
	case c.because == "" || j.breakdown == nil:
	case decided == nil:
		out = append(out, fmt.Sprintf("%s: because asks what decided about one person, and %d have events here",
			c.Place, j.breakdown.Seen))
	case !j.breakdown.Names(c.because):
		out = append(out, fmt.Sprintf("%s: %s decided: it is %s; the case says %s, which is %s", c.Place,
			decided.Path, verdicts[decided.Verdict()], c.because, verdicts[j.breakdown.Verdict(c.because)]))
	}
	return out
}

// verdicts are how reports print them.
var verdicts = map[segments.Verdict]string{
	segments.IsTrue: "TRUE", segments.IsFalse: "FALSE", segments.IsUnknown: "UNKNOWN", segments.IsWait: "WAIT",
	segments.HasNone: "without a value",
}
