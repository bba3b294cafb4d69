package pipeline

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/query"
)

// StatementOptions say how a segment is written as SQL.
type StatementOptions struct {
	Dialect *sql.Dialect
	Use     string            // a destination; "": the only one, or none
	Tables  map[string]string // what stands after FROM for a source, consent, suppression, protected, stay or attributes
	Covered bool              // take it that the sources cover every window: they are not listed
	Members bool              // only the ids of members
}

// Statement writes one segment for one use as an SQL statement. Nothing is read but the listing of the sources, from which
// follows what they cover. What cannot be said is a *query.UnsaidError.
func Statement(ctx context.Context, j *Job, segment string, o StatementOptions) (string, error) {
	if err := j.instants(); err != nil {
		return "", err
	}
	policy, err := j.newPolicy()
	if err != nil {
		return "", err
	}
	e := &Evaluation{Job: j, policy: policy}
	s, err := e.asked(segment)
	if err != nil {
		return "", err
	}
	use, err := e.statementUse(s, o.Use)
	if err != nil {
		return "", err
	}
	tables, err := j.tableNames(o)
	if err != nil {
		return "", err
	}
	q := &query.Query{
		Dialect: o.Dialect, Segments: j.Segments, Target: s.Name, Serves: func(o *rules.Segment) bool { return e.serves(o, use) }, Use: use, Policy: policy, Trusted: j.Project.Consent.TrustedSources,
		Times:   segments.Times{AsOf: j.AsOf, SessionGap: project.Micros(j.Project.SessionGap)},
		MaxSkew: project.Micros(j.Project.MaxClockSkew), Blocked: append(identity.Placeholders(), j.Project.Identity.Blocked...),
		Attributes: j.Attributes(), Members: o.Members, Form: builtin.SQL, Test: builtin.CompileSQL,
	}
	if q.Tables, err = tables.others(s.Name); err != nil {
		return "", err
	}
	if q.Sources, err = tables.events(s.Name); err != nil {
		return "", err
	}
	if q.Coverage, err = e.covered(ctx, o.Covered); err != nil {
		return "", err
	}
	text, err := q.Statement()
	if err != nil {
		return "", err
	}
	return j.statementHead(s, use, o) + text, nil
}

// asked finds a segment that can be said.
func (e *Evaluation) asked(name string) (*rules.Segment, error) {
	i := slices.IndexFunc(e.Job.Segments, func(s *rules.Segment) bool { return s.Name == name })
	switch {
	case i < 0:
		return nil, fault.New(fault.Usage, "SELECT", errNoSegment(name), "give the name of one segment; see malgrupp validate for the names")
	case e.Job.Project.Identity.Linked:
		return nil, fault.New(fault.Usage, "SQL", query.Linked(name), "see malgrupp sql --unsupported")
	}
	return e.Job.Segments[i], nil
}

// statementUse is the use that a destination stands for.
func (e *Evaluation) statementUse(s *rules.Segment, destination string) (consent.Use, error) {
	customer := s.Level == rules.CustomerLevel
	if destination == "" && len(s.Deliver) == 0 {
		return e.policy.Purposes.SegmentUse(customer), nil
	}
	if destination == "" {
		destination = s.Deliver[0]
	}
	if !slices.Contains(s.Deliver, destination) {
		return consent.Use{}, fault.New(fault.Usage, "USE", fmt.Errorf("segment %s does not go to %q", s.Name, destination), "one of "+strings.Join(s.Deliver, ", "))
	}
	d, _ := e.Job.Project.Destination(destination) // the checker knows every destination
	return e.listUse(d, customer)
}

// serves reports whether a segment is evaluated for a use.
func (e *Evaluation) serves(s *rules.Segment, use consent.Use) bool {
	customer := s.Level == rules.CustomerLevel
	if len(s.Deliver) == 0 {
		return e.policy.Purposes.SegmentUse(customer).Name == use.Name
	}
	return slices.ContainsFunc(s.Deliver, func(name string) bool {
		d, _ := e.Job.Project.Destination(name) // the checker knows every destination
		u, err := e.listUse(d, customer)
		return err == nil && u.Name == use.Name
	})
}

// tableNames are the tables of a statement, as given or as the project's URLs.
type tableNames struct {
	job     *Job
	dialect *sql.Dialect
	given   map[string]string
}

func (j *Job) tableNames(o StatementOptions) (*tableNames, error) {
	known := []string{"consent", "suppression", "protected", "stay", "attributes"}
	for _, s := range j.Project.Sources {
		if slices.Contains(known, s.Name) {
			return nil, fault.New(fault.Usage, "TABLE", fmt.Errorf("source %s is called like a table of the statement", s.Name), "rename the source")
		}
		known = append(known, s.Name)
	}
	for name := range o.Tables {
		if !slices.Contains(known, name) {
			return nil, fault.New(fault.Usage, "TABLE", fmt.Errorf("there is no table %q in a statement", name), "one of "+strings.Join(known, ", "))
		}
	}
	return &tableNames{j, o.Dialect, o.Tables}, nil
}

// folder is what stands after FROM for a folder of Parquet objects.
func (t *tableNames) folder(name, url string) string {
	if given, ok := t.given[name]; ok {
		return given
	}
	return query.FolderTable(t.dialect, url)
}

func (t *tableNames) events(segment string) (out []query.EventTable, err error) {
	for _, s := range t.job.Project.Sources {
		if _, given := t.given[s.Name]; s.Complete == project.Success && !given {
			return nil, fault.New(fault.Usage, "SQL", query.Incomplete(segment), "see malgrupp sql --unsupported")
		}
		out = append(out, query.EventTable{
			Name: s.Name, Expr: t.folder(s.Name, s.URL), Schema: t.job.Schemas[s.Schema], Partner: s.Partner != "", Dedupe: project.Micros(s.Dedupe),
		})
	}
	return out, nil
}

func (t *tableNames) others(segment string) (out query.Tables, err error) {
	conf := t.job.Project.Consent
	out = query.Tables{Consent: t.folder("consent", conf.URL), Stay: t.given["stay"]}
	if t.job.Project.Attributes != nil {
		out.Attributes = t.folder("attributes", t.job.Project.Attributes.URL)
	}
	for _, list := range []struct {
		name string
		conf *project.List
		into *string
	}{{"suppression", conf.Suppression, &out.Suppression}, {"protected", conf.Protected, &out.Protected}} {
		given, ok := t.given[list.name]
		switch {
		case list.conf == nil:
		case ok:
			*list.into = given
		default:
			expr, possible := query.FileTable(t.dialect, list.conf.URL)
			if !possible {
				return out, fault.New(fault.Usage, "SQL", query.ListFile(segment, list.conf.URL), "see malgrupp sql --unsupported")
			}
			*list.into = expr
		}
	}
	return out, nil
}

// covered is what the sources cover.
func (e *Evaluation) covered(ctx context.Context, assumed bool) (*coverage, error) {
	c := &coverage{}
	if assumed {
		for _, s := range e.Job.Project.Sources {
			c.sources = append(c.sources, sourceCoverage{schema: e.Job.Schemas[s.Schema], from: max(s.CoversFrom, dayOne)})
		}
		return c, nil
	}
	if err := e.listSources(ctx); err != nil {
		return nil, err
	}
	for i := range e.Sources {
		if err := e.Sources[i].coverage(ctx, e.Job); err != nil {
			return nil, err
		}
		c.sources = append(c.sources, e.Sources[i].cover)
	}
	return c, nil
}

// Uncovered are the stretches of [from, before) that some source of the condition does not cover, in order and apart.
func (c *coverage) Uncovered(cond *rules.Condition, from, before int64) []sql.Gap {
	var all []sql.Gap
	for i := range c.sources {
		s := &c.sources[i]
		if !s.declares(cond) {
			continue
		}
		if s.from > from {
			all = append(all, sql.Gap{From: earliestTime, Before: s.from})
		}
		for _, m := range s.missing {
			if m.from < before && from < m.before {
				all = append(all, sql.Gap{From: m.from, Before: m.before})
			}
		}
	}
	slices.SortFunc(all, func(a, b sql.Gap) int { return int(min(max(a.From-b.From, -1), 1)) })
	var out []sql.Gap
	for _, g := range all {
		if n := len(out); n > 0 && g.From <= out[n-1].Before {
			out[n-1].Before = max(out[n-1].Before, g.Before)
			continue
		}
		out = append(out, g)
	}
	return out
}

// dayOne is 1990-01-01: times before it are errors of units.
const dayOne = 631152000 * 1_000_000

// earliestTime lies before everything a statement compares.
const earliestTime = -1 << 62

// statementHead says what the statement computes.
func (j *Job) statementHead(s *rules.Segment, use consent.Use, o StatementOptions) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "-- "+format+"\n", args...) }
	line("segment    %s", s.Name)
	line("definition %s", hex.EncodeToString(s.Hash[:]))
	line("as of      %s", value.FormatTimestamp(j.AsOf))
	line("known by   %s", value.FormatTimestamp(j.KnownBy))
	line("use        %s", use.Name)
	line("dialect    %s; written by malgrupp sql. Times are microseconds since 1970 UTC, decimals units of their last place.", o.Dialect.Name)
	if s.Stay != (value.Duration{}) && o.Tables["stay"] == "" {
		line("stay       nobody is taken to have qualified before; name their record with --table stay=...")
	}
	for _, setting := range o.Dialect.Settings {
		b.WriteString(setting + ";\n")
	}
	return b.String()
}
