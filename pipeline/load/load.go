// Package load reads a project folder, once and whole: settings, schemas, value sets, rules and tests come in as files
// and go out checked, with all findings. It knows what comes with the program: schemas, and what platforms accept.
package load

import (
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// ProjectFile is the name of a project's main file.
const ProjectFile = "malgrupp.yaml"

// Loaded is a project folder, read once and checked: what a run evaluates is what was hashed.
type Loaded struct {
	Dir      string
	Project  *project.Project
	Schemas  map[string]*rules.Schema
	Sets     map[string]*rules.ValueSet
	Segments []*rules.Segment // in dependency order; none if some file is wrong
	Sound    []*rules.Segment // those whose own files are right, also where others are wrong
	// Topics, by name, and Statistics, in the order of the file: none if what stands in front of them is wrong.
	Topics     []*rules.Topic
	Statistics []*rules.Statistic
	Tests      []*source.Source // files of kind SegmentTest and ConformanceSuite
	Findings   source.Findings  // errors and warnings of all files
	Files      int              // of segments/, with those that are wrong
	// Unchecked says why no file of segments/ was checked: what stands in front of them is wrong. "": they were.
	Unchecked string
	files     []*source.Source // as they were read, malgrupp.yaml first
	today     value.CivilDate
	broken    map[string]bool // schemas whose files are wrong, by name; "": one that says no name
	brokenSet map[string]bool // likewise value sets
}

// Load reads a project folder: malgrupp.yaml, schemas/, value-sets/, segments/ and tests/. Mistakes of files are
// Findings; the error is for a folder that cannot be read at all. today is the date of as_of, for review dates.
func Load(dir, profile string, today value.CivilDate) (*Loaded, error) {
	files, err := Files(dir)
	if err != nil {
		return nil, err
	}
	return checked(dir, profile, files, today), nil
}

// checked is the project of files, malgrupp.yaml first.
func checked(dir, profile string, files []*source.Source, today value.CivilDate) *Loaded {
	l := &Loaded{
		Dir: dir, Schemas: map[string]*rules.Schema{}, Sets: map[string]*rules.ValueSet{}, files: files, today: today,
		broken: map[string]bool{}, brokenSet: map[string]bool{},
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name, "segments/") {
			l.Files++
		}
	}
	l.Project, l.Findings = project.Read(files[0], profile, Platforms())
	if l.Project == nil {
		l.Unchecked = ProjectFile + " has errors"
	} else {
		l.vocabulary(files[1:])
		l.rules(files[1:], today)
	}
	l.Findings = lint.Allow(l.Findings, files, today)
	return l
}

// vocabulary reads schemas and value sets; schemas that come with the program are there once a source names them.
func (l *Loaded) vocabulary(files []*source.Source) {
	l.addShipped()
	for _, src := range files {
		switch folder, _, _ := strings.Cut(src.Name, "/"); folder {
		case "schemas":
			s, found := rules.ParseSchema(src)
			l.Findings = append(l.Findings, found...)
			if s != nil {
				l.addSchema(s)
			} else {
				l.broken[nameOf(src, yaml.KindEventSchema)] = true
			}
		case "value-sets":
			s, found := rules.ParseValueSet(src)
			l.Findings = append(l.Findings, found...)
			if s != nil {
				l.Sets[s.Name] = s
			} else {
				l.brokenSet[nameOf(src, yaml.KindValueSet)] = true
			}
		}
	}
}

// nameOf is the name that a file gives its object, also one that is wrong.
func nameOf(src *source.Source, kind string) string {
	e, _ := yaml.Read(src).Envelope(kind)
	return e.Name
}

// rules checks the segments against the vocabulary and files the tests.
func (l *Loaded) rules(files []*source.Source, today value.CivilDate) {
	l.Unchecked = l.inFront()
	if l.Unchecked == "" {
		l.named(today)
		l.Unchecked = l.inFront()
	}
	scope := l.Scope(today)
	var segs []*rules.Segment
	for _, src := range files {
		switch folder, _, _ := strings.Cut(src.Name, "/"); folder {
		case "segments":
			if l.Unchecked != "" {
				continue
			}
			s, found := scope.Segment(src)
			l.Findings = append(l.Findings, l.apart(found)...)
			if s != nil {
				segs = append(segs, s)
			}
		case "tests":
			l.Tests = append(l.Tests, src)
		}
	}
	l.Sound = segs
	if !l.Findings.Failed() {
		ordered, found := rules.Order(segs)
		l.Segments, l.Findings = ordered, append(l.Findings, found...)
	}
	if l.Findings.Failed() { // what files that do not stand refer to or use would only add noise
		l.Findings = append(l.Findings, lint.Alone(scope, segs)...)
		return
	}
	l.Findings = slices.Concat(l.Findings, lint.Rules(scope, l.Segments), lint.Schemas(scope, l.Segments, l.ownSchemas()))
}

// named checks what malgrupp.yaml names that speaks of columns: topics, then statistics, which may ask for topics.
func (l *Loaded) named(today value.CivilDate) {
	if n := l.Project.Topics; n.Present() {
		topics, found := l.Scope(today).ReadTopics(n)
		if l.Topics, l.Findings = topics, append(l.Findings, found...); found.Failed() {
			return
		}
	}
	n := l.Project.Statistics
	if !n.Present() {
		return
	}
	scope := l.Scope(today)
	statistics, found := scope.ReadStatistics(n)
	for _, s := range statistics {
		found = append(found, lint.Narrow(scope, s.Segment())...)
	}
	l.Statistics, l.Findings = statistics, append(l.Findings, found...)
}

// Ask checks a statistic that stands in no file as if it stood in malgrupp.yaml. It is nil if it is wrong.
func (l *Loaded) Ask(text string) (*rules.Statistic, source.Findings) {
	scope := l.Scope(l.today)
	s, found := scope.Question(text)
	if s != nil {
		found = append(found, lint.Narrow(scope, s.Segment())...)
	}
	return s, found
}

// inFront says what stands in front of the rules and is wrong, so that checking them would only repeat it.
func (l *Loaded) inFront() string {
	used := []string{}
	for _, s := range l.Project.Sources {
		used = append(used, s.Schema)
	}
	if l.Project.Attributes != nil {
		used = append(used, l.Project.Attributes.Schema)
	}
	for _, name := range used {
		switch {
		case l.Schemas[name] != nil:
		case l.broken[name], l.broken[""]:
			for _, f := range l.Findings.Sorted() {
				if f.Severity == source.SeverityError && strings.HasPrefix(f.Source.Name, "schemas/") {
					return f.Source.Name + " has errors"
				}
			}
		default:
			return "there is no schema " + name
		}
	}
	if slices.ContainsFunc(l.Findings, func(f *source.Finding) bool {
		return f.Severity == source.SeverityError && f.Source.Name == ProjectFile
	}) {
		return ProjectFile + " has errors"
	}
	return ""
}

// apart leaves out what only repeats that the file of a value set is wrong.
func (l *Loaded) apart(found source.Findings) source.Findings {
	return slices.DeleteFunc(found, func(f *source.Finding) bool {
		if f.Code != "E-UNKNOWN-SET" {
			return false
		}
		_, name, _ := strings.Cut(f.Message, `"`)
		return l.brokenSet[strings.TrimSuffix(name, `"`)] || l.brokenSet[""]
	})
}

// ownSchemas are the schemas that the project wrote, by their names.
func (l *Loaded) ownSchemas() (own []*rules.Schema) {
	for _, name := range slices.Sorted(maps.Keys(l.Schemas)) {
		if !strings.HasPrefix(name, ShippedPrefix) {
			own = append(own, l.Schemas[name])
		}
	}
	return own
}

// Scope is what the project's rules are checked against.
func (l *Loaded) Scope(today value.CivilDate) *rules.Scope {
	p := l.Project
	s := &rules.Scope{
		Language: builtin.Language(), ValueSets: l.Sets, Topics: l.Topics, Statistics: l.Statistics, Contacts: p.Contacts,
		Zone: p.Zone, AsOf: today, Retention: p.Retention, Destinations: l.destinations(),
	}
	var used []string
	for _, src := range p.Sources {
		if slices.Contains(used, src.Schema) {
			continue
		}
		used = append(used, src.Schema)
		switch schema, ok := l.Schemas[src.Schema]; {
		case !ok && (l.broken[src.Schema] || l.broken[""]): // its own file has said what is wrong
		case !ok:
			l.badSchema(src.Schema,
				fmt.Sprintf("source %s names schema %q, which no file of schemas/ defines", src.Name, src.Schema),
				"one of "+strings.Join(l.schemaNames(), ", "))
		case schema.Customers:
			l.badSchema(src.Schema, fmt.Sprintf("schema %s of source %s is of customers, not of events", src.Schema, src.Name),
				"a schema without of: customers")
		default:
			s.Schemas = append(s.Schemas, schema)
		}
	}
	if p.Attributes != nil {
		switch schema := l.Schemas[p.Attributes.Schema]; {
		case schema == nil: // a profile condition will say so
		case !schema.Customers:
			l.badSchema(p.Attributes.Schema, "schema "+p.Attributes.Schema+" of profiles_of_customers is of events",
				"a schema that says of: customers")
		default:
			s.Profile = schema
		}
	}
	return s
}

// InUse are the schemas that a run reads tables by: those of the sources, each once, and of the customers' attributes.
func (l *Loaded) InUse() (out []*rules.Schema) {
	for i := range l.Project.Sources {
		if s := l.Schemas[l.Project.Sources[i].Schema]; s != nil && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if s := l.Attributes(); s != nil {
		out = append(out, s)
	}
	return out
}

// badSchema reports a schema that does not fit where the project names it, once.
func (l *Loaded) badSchema(name, message, want string) {
	text := l.Project.Text
	at := max(strings.Index(text.Text, name), 0)
	e := &source.Finding{
		Code: "E-UNKNOWN-SCHEMA", Severity: source.SeverityError, Source: text, Span: source.Span{
			Start: at, End: min(at+len(name), len(text.Text)),
		}, Message: message,
		Hints: []source.Hint{{Label: source.LabelExpected, Text: want}},
	}
	if !slices.ContainsFunc(l.Findings, func(o *source.Finding) bool { return o.Message == e.Message }) {
		l.Findings = append(l.Findings, e)
	}
}

// schemaNames are the schemas that a source may name, those of the program too.
func (l *Loaded) schemaNames() []string {
	names := slices.Concat(slices.Collect(maps.Keys(l.Schemas)), ShippedNames())
	slices.Sort(names)
	return slices.Compact(names)
}

// Attributes is the schema of the customers' attributes, nil where the project has none.
func (l *Loaded) Attributes() *rules.Schema {
	if l.Project.Attributes == nil {
		return nil
	}
	return l.Schemas[l.Project.Attributes.Schema]
}

// SourceURL returns the URL of the project's source of that name.
func (l *Loaded) SourceURL(name string) (string, bool) {
	for _, s := range l.Project.Sources {
		if s.Name == name {
			return l.Absolute(s.URL), true
		}
	}
	return "", false
}

// Absolute turns a path of the project file into a file:// URL.
func (l *Loaded) Absolute(place string) string {
	if strings.Contains(place, "://") {
		return place
	}
	dir := filepath.FromSlash(place)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(l.Dir, dir)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return place // the store will refuse it by name
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String()
}
