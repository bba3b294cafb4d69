package suite

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// ParseTest checks a file of kind SegmentTest (docs/how-to/test-rules.md) against a project.
func ParseTest(src *source.Source, l *load.Loaded) (*Suite, source.Findings) {
	p := &parser{doc: yaml.Read(src)}
	e, ok := p.doc.Envelope(yaml.KindSegmentTest)
	if !ok {
		return nil, p.doc.Errors()
	}
	e.Top.Only(rules.TestKeys)
	e.Metadata.Only(rules.TestKeys.Behind("metadata"))
	s := &Suite{Name: e.Name}
	n, ok := e.Top.Need("spec")
	if !ok {
		return nil, p.doc.Errors()
	}
	o, ok := n.Object("spec")
	if !ok {
		return nil, p.doc.Errors()
	}
	o.Only(rules.TestKeys.Behind("spec"))
	// A test that does not say otherwise has all data there could be.
	base := Case{
		attributes: l.Attributes(), MaxSkew: l.Project.MaxClockSkew, SessionGap: l.Project.SessionGap, project: l.Segments,
		Level: rules.DeviceLevel, DataFrom: longAgo,
	}
	if base.segment = p.target(o, l); base.segment != nil {
		base.Zone, base.Level = base.segment.Zone, base.segment.Level
	} else {
		base.Zone = l.Project.Zone
	}
	p.times(o, &base)
	if _, ok := o.Need("as_of"); !ok {
		return nil, p.doc.Errors()
	}
	p.words = l.Scope(0).Vocabulary()
	s.Columns = p.projectColumns(l)
	p.columns = s.Columns
	if n, ok := o.Need("cases"); ok {
		list, _ := n.List()
		for i, item := range list {
			if c, ok := p.segmentCase(item, base, i); ok {
				s.Cases = append(s.Cases, c)
			}
		}
	}
	return s, p.doc.Errors()
}

// target finds the segment under test.
func (p *parser) target(o *yaml.Object, l *load.Loaded) *rules.Segment {
	n, ok := o.Need("segment")
	if !ok {
		return nil
	}
	name, ok := n.Text()
	if !ok {
		return nil
	}
	i := slices.IndexFunc(l.Segments, func(s *rules.Segment) bool { return s.Name == name })
	if i < 0 {
		var names []string
		for _, s := range l.Segments {
			names = append(names, s.Name)
		}
		p.doc.Fail("E-UNKNOWN-SEGMENT", n.Span(), fmt.Sprintf("there is no segment %q", name),
			append(source.DidYouMean(name, names), source.Expected("the name of a segment of the project"))...)
		return nil
	}
	return l.Segments[i]
}

// projectColumns are the free columns of all schemas: what a test may write beside the columns with roles. Rules read
// roles by the names of the project's schemas, so tests keep those too.
func (p *parser) projectColumns(l *load.Loaded) []rules.Column {
	var out []rules.Column
	for _, src := range l.Project.Sources {
		schema := l.Schemas[src.Schema]
		if schema == nil {
			continue
		}
		for _, c := range schema.Columns {
			if slices.ContainsFunc(out, func(o rules.Column) bool { return o.Name == c.Name }) {
				continue
			}
			w := p.words.Columns[c.Name]
			free := rules.Column{Name: c.Name, Type: c.Type, Role: c.Role, Optional: true, Quantise: c.Quantise, Enum: w.Enum}
			if len(w.Schemas) == 1 {
				free.Min, free.Max, free.MaxLength = c.Min, c.Max, c.MaxLength
			}
			out = append(out, free)
		}
	}
	return out
}

func (p *parser) segmentCase(n yaml.Node, base Case, i int) (Case, bool) {
	c := base
	o, ok := n.Object("a case")
	if !ok {
		return c, false
	}
	o.Only(rules.CaseKeys)
	c.ID = fmt.Sprintf("%d", i+1)
	c.Place = p.position(n)
	c.Title = o.Text("name")
	if n, ok := o.Find("because"); ok {
		c.because = p.because(n, c.segment)
	}
	p.times(o, &c)
	u := User{ID: "u1", Place: c.Place, Expect: o.Word("expect")}
	if c.Level == rules.CustomerLevel {
		u.ID = "c1"
	}
	if _, ok := o.Find("subject"); ok { // whom holdout draws hangs on her id
		u.ID = o.Text("subject")
	}
	if n, ok := o.Need("events"); ok {
		u.Events = p.events(n, u.ID, c, func(n yaml.Node) (int64, bool) { return p.relative(n, c) })
	}
	if n, ok := o.Find("profile"); ok {
		u.attributes = p.attributes(n, c)
	}
	for i := range u.Events {
		// One person: at customer level his rows carry his login unless the test says otherwise.
		if e := &u.Events[i]; c.Level == rules.CustomerLevel {
			if e.Device == u.ID {
				e.Device = "d1"
			}
			if e.Customer == "" {
				e.Customer = u.ID
			}
		}
	}
	c.Users = []User{u}
	return c, ok
}

// because reads the path of a condition of the rule under test.
func (p *parser) because(n yaml.Node, s *rules.Segment) string {
	path, ok := n.Text()
	if !ok || s == nil {
		return ""
	}
	var paths []string
	for _, root := range []*rules.Condition{s.Match, s.Exclude} {
		for c := range conditions(root) {
			paths = append(paths, c.Path)
		}
	}
	if !slices.Contains(paths, path) {
		n.Wrong("the path of a condition of " + s.Name + ": " + strings.Join(paths, ", "))
	}
	return path
}

// attributes reads a customer's row of the project's table of attributes.
func (p *parser) attributes(n yaml.Node, c Case) map[string]yaml.Node {
	o, ok := n.Object("profile")
	if !ok {
		return nil
	}
	if c.attributes == nil || c.Level != rules.CustomerLevel {
		n.Wrong("no profile: the project has no profiles_of_customers, or the segment is of devices")
		return nil
	}
	out := map[string]yaml.Node{}
	for _, k := range o.Keys() {
		column, ok := c.attributes.Column(k.Name())
		if !ok {
			o.Unknown(k, attributesOf(c.attributes))
			continue
		}
		out[k.Name()], _ = o.Find(k.Name())
		column.Fits(out[k.Name()])
	}
	return out
}

func attributesOf(s *rules.Schema) (out []string) {
	for _, c := range s.Columns {
		if c.Role == rules.RoleNone {
			out = append(out, c.Name)
		}
	}
	return out
}

// relative reads a time of a test: RFC 3339, or days before as_of with a local wall clock, such as -5d 10:00.
func (p *parser) relative(n yaml.Node, c Case) (int64, bool) {
	text := n.Value()
	if us, ok := value.ParseTimestamp(text); ok {
		return us, true
	}
	back, clock, _ := strings.Cut(text, " ")
	d, err := value.ParseDuration(strings.TrimPrefix(back, "-"))
	v, ok := value.ParseValue(value.Type{Kind: value.TimeOfDay}, clock)
	if err != nil || !ok || !strings.HasPrefix(back, "-") || d.Unit < value.Day {
		n.Wrong("a time such as -5d 10:00 (local, before as_of) or 2026-04-15T10:00:00+03:00", meantTime(text, c.Zone)...)
		return 0, false
	}
	wall := c.Zone.Local(c.Zone.Step(c.AsOf, d, -1))
	day := wall - ((wall%dayMicros)+dayMicros)%dayMicros
	return c.Zone.Earliest(day + v.Int), true
}

var backForm = regexp.MustCompile(`^-?([1-9]\d*)(d|w| ?days?(?: ago)?)?( \d\d:\d\d)?$`)

// meantTime is what a time of a test was meant for that lacks its offset, its sign or its clock: then the noon of the
// day.
func meantTime(text string, z *value.Zone) []source.Hint {
	meant := value.MeantTimestamp(text, z)
	if text == "yesterday" {
		text = "1d"
	}
	if m := backForm.FindStringSubmatch(text); m != nil {
		unit, clock := "d", m[3]
		if m[2] == "w" {
			unit = "w"
		}
		if clock == "" {
			clock = " 12:00"
		}
		if _, ok := value.ParseValue(value.Type{Kind: value.TimeOfDay}, clock[1:]); ok {
			meant = "-" + m[1] + unit + clock
		}
	}
	if meant == "" {
		return nil
	}
	return []source.Hint{{Label: source.LabelDidYouMean, Text: meant}}
}

const (
	dayMicros = 24 * 3600 * 1_000_000
	longAgo   = 631152000 * 1_000_000 // 1990-01-01
)

// forever is how long the log of a case may be silent: what a case does not say did not happen.
var forever = value.Duration{N: 20_000, Unit: value.Day}
