package decide

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

// Statement writes one segment for one use as an SQL statement. Nothing is read but the listing of the sources, from
// which follows what they cover. What cannot be said is a *query.UnsaidError.
func Statement(ctx context.Context, in Inputs, segment string, o StatementOptions) (string, error) {
	in, err := in.Resolve()
	if err != nil {
		return "", err
	}
	d := &Decision{Inputs: in}
	if d.policy, err = in.policy(); err != nil {
		return "", err
	}
	s, err := d.sayable(segment)
	if err != nil {
		return "", err
	}
	use, err := d.statementUse(s, o.Use)
	if err != nil {
		return "", err
	}
	tables, err := in.tableNames(o)
	if err != nil {
		return "", err
	}
	q := &query.Query{
		Dialect: o.Dialect, Segments: in.Segments, Target: s.Name, Serves: func(o *rules.Segment) bool {
			return d.serves(o, use)
		}, Use: use, Policy: d.policy, Trusted: in.Project.Consent.TrustedSources,
		Times:      segments.Times{AsOf: in.AsOf, SessionGap: project.Micros(in.Project.SessionGap)},
		MaxSkew:    project.Micros(in.Project.MaxClockSkew),
		Blocked:    append(identity.Placeholders(), in.Project.Identity.Blocked...),
		Attributes: in.Attributes(), Members: o.Members, Form: builtin.SQL, Test: builtin.CompileSQL,
	}
	if q.Tables, err = tables.others(s.Name); err != nil {
		return "", err
	}
	if q.Sources, err = tables.events(s.Name); err != nil {
		return "", err
	}
	if q.Coverage, err = d.covered(ctx, o.Covered); err != nil {
		return "", err
	}
	text, err := q.Statement()
	if err != nil {
		return "", err
	}
	return in.statementHead(s, use, o) + text, nil
}

// sayable finds a segment that can be said.
func (d *Decision) sayable(name string) (*rules.Segment, error) {
	s, err := d.Segment(name)
	switch {
	case err != nil:
		return nil, fault.New(fault.Usage, "SELECT", err, "give the name of one segment; see malgrupp validate for the names")
	case d.Project.Identity.Linked:
		return nil, fault.New(fault.Usage, "SQL", query.Linked(name), "see malgrupp sql --unsupported")
	}
	return s, nil
}

// statementUse is the use that a destination stands for.
func (d *Decision) statementUse(s *rules.Segment, destination string) (consent.Use, error) {
	uses, _, err := d.usesOf(s)
	if err != nil {
		return consent.Use{}, err
	}
	if destination == "" {
		return uses[0], nil
	}
	i := slices.Index(s.Deliver, destination)
	if i < 0 {
		return consent.Use{},
			fault.New(fault.Usage, "USE", fmt.Errorf("segment %s does not go to %q", s.Name, destination),
				"one of "+strings.Join(s.Deliver, ", "))
	}
	return uses[i], nil
}

// serves reports whether a segment is decided for a use.
func (d *Decision) serves(s *rules.Segment, use consent.Use) bool {
	uses, _, err := d.usesOf(s)
	return err == nil && slices.ContainsFunc(uses, func(u consent.Use) bool { return u.Name == use.Name })
}

// tableNames are the tables of a statement, as given or as the project's URLs.
type tableNames struct {
	in      *Inputs
	dialect *sql.Dialect
	given   map[string]string
}

func (in *Inputs) tableNames(o StatementOptions) (*tableNames, error) {
	known := []string{"consent", "suppression", "protected", "stay", "attributes"}
	for _, s := range in.Project.Sources {
		if slices.Contains(known, s.Name) {
			return nil, fault.New(fault.Usage, "TABLE", fmt.Errorf("source %s is called like a table of the statement", s.Name),
				"rename the source")
		}
		known = append(known, s.Name)
	}
	for name := range o.Tables {
		if !slices.Contains(known, name) {
			return nil, fault.New(fault.Usage, "TABLE", fmt.Errorf("there is no table %q in a statement", name),
				"one of "+strings.Join(known, ", "))
		}
	}
	return &tableNames{in, o.Dialect, o.Tables}, nil
}

// folder is what stands after FROM for a folder of Parquet objects.
func (t *tableNames) folder(name, url string) string {
	if given, ok := t.given[name]; ok {
		return given
	}
	return query.FolderTable(t.dialect, url)
}

func (t *tableNames) events(segment string) (out []query.EventTable, err error) {
	for _, s := range t.in.Project.Sources {
		if _, given := t.given[s.Name]; s.Complete == project.Success && !given {
			return nil, fault.New(fault.Usage, "SQL", query.Incomplete(segment), "see malgrupp sql --unsupported")
		}
		out = append(out, query.EventTable{
			Name: s.Name, Expr: t.folder(s.Name, s.URL), Schema: t.in.Schemas[s.Schema], Partner: s.Partner != "",
			Dedupe: project.Micros(s.Dedupe),
		})
	}
	return out, nil
}

func (t *tableNames) others(segment string) (out query.Tables, err error) {
	conf := t.in.Project.Consent
	if _, given := t.given["consent"]; conf.Map != nil && !given {
		return out, fault.New(fault.Usage, "SQL", query.MappedLog(segment), "see malgrupp sql --unsupported")
	}
	out = query.Tables{Consent: t.folder("consent", conf.URL), Stay: t.given["stay"]}
	if t.in.Project.Attributes != nil {
		out.Attributes = t.folder("attributes", t.in.Project.Attributes.URL)
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
func (d *Decision) covered(ctx context.Context, assumed bool) (*coverages, error) {
	c := &coverages{}
	if assumed {
		for _, s := range d.Project.Sources {
			c.sources = append(c.sources, Coverage{schema: d.Schemas[s.Schema], From: max(s.CoversFrom, dayOne)})
		}
		return c, nil
	}
	if err := d.listSources(ctx); err != nil {
		return nil, err
	}
	for i := range d.Sources {
		if err := d.Sources[i].FindCoverage(ctx, &d.Inputs); err != nil {
			return nil, err
		}
		c.sources = append(c.sources, d.Sources[i].Cover)
	}
	return c, nil
}

// Uncovered are the stretches of [from, before) that some source of the condition does not cover, in order and apart.
func (c *coverages) Uncovered(cond *rules.Condition, from, before int64) []sql.Gap {
	var all []sql.Gap
	for i := range c.sources {
		s := &c.sources[i]
		if !s.Declares(cond) {
			continue
		}
		if s.From > from {
			all = append(all, sql.Gap{From: earliestTime, Before: s.From})
		}
		for _, m := range s.Missing {
			if m.From < before && from < m.Before {
				all = append(all, sql.Gap{From: m.From, Before: m.Before})
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
func (in *Inputs) statementHead(s *rules.Segment, use consent.Use, o StatementOptions) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "-- "+format+"\n", args...) }
	line("segment    %s", s.Name)
	line("definition %s", hex.EncodeToString(s.Hash[:]))
	line("as of      %s", value.FormatTimestamp(in.AsOf))
	line("known by   %s", value.FormatTimestamp(in.KnownBy))
	line("use        %s", use.Name)
	line("dialect    %s; written by malgrupp sql. Times are microseconds since 1970 UTC, decimals units of their "+
		"last place.", o.Dialect.Name)
	if s.Stay != (value.Duration{}) && o.Tables["stay"] == "" {
		line("stay       nobody is taken to have qualified before; name their record with --table stay=...")
	}
	for _, setting := range o.Dialect.Settings {
		b.WriteString(setting + ";\n")
	}
	return b.String()
}
