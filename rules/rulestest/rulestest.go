// Package rulestest is what the tests of the language share: the golden cases of testdata and the small project that
// their rules are checked against.
package rulestest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// A golden case is a txtar archive: files of a small project (segments/, schemas/, value-sets/) and the expected
// out/errors and out/bound. UPDATE=1 rewrites the expectations. Without a schema of its own a case uses this one.
const webAppEvents = `apiVersion: malgrupp/v1
kind: EventSchema
metadata: {name: web-app-events, version: 3, owner: team-data}
spec:
  columns:
    event_id:    {type: text, role: event_id}
    event_time:  {type: timestamp, role: event_time}
    received_at: {type: timestamp, role: received_at}
    event:       {type: text, role: event_name}
    device_id:   {type: text, role: device}
    customer_id: {type: text, role: customer, optional: true}
    product:     {type: text, optional: true, enum: [mortgage, car_loan, card, savings, fund]}
    amount:      {type: decimal(18,2), optional: true}
    score:       {type: float, optional: true}
    visits:      {type: integer, optional: true}
    channel:     {type: text, optional: true}
    url:         {type: text, optional: true}
    logged_in:   {type: boolean, optional: true}
    opened_on:   {type: date, optional: true}
    opens_at:    {type: time, optional: true}
    page_path:
      {type: text, optional: true, label: [{prefix: /maksuvaikeudet, is: financial_hardship, policy: no_ads}]}
    balance:     {type: decimal(18,2), optional: true, label: {is: account_data}}
  events:
    calculator_used: [product, amount]
    application_submitted: [product]
    page_view: [page_path, url]
    app_open: []
    login: []
`

// Scope is what the rules of an archive are checked against, and what is wrong with its schemas and value sets.
func Scope(t testing.TB, archive *txtar.Archive) (*rules.Scope, source.Findings) {
	t.Helper()
	zone, err := value.LoadZone("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	today, _ := value.ParseDate("2026-04-15")
	ads := rules.Destination{Purposes: []rules.Purpose{rules.Advertising}, Ads: true, RefusesNames: true}
	upload := ads
	upload.ByHand = true
	s := &rules.Scope{
		Language: builtin.Language(), Zone: zone, AsOf: today, Contacts: []string{"team-home-loans", "team-cards"},
		ValueSets: map[string]*rules.ValueSet{}, Retention: value.Duration{N: 395, Unit: value.Day},
		Destinations: map[string]rules.Destination{
			"google-ads": ads, "meta": ads, "upload": upload, "files": {Purposes: []rules.Purpose{rules.Advertising}},
			"own-site": {Purposes: []rules.Purpose{rules.Personalisation}},
		},
	}
	var found source.Findings
	for _, f := range archive.Files {
		src := &source.Source{Name: f.Name, Text: string(f.Data)}
		switch dir, _, _ := strings.Cut(f.Name, "/"); dir {
		case "schemas":
			schema, errs := rules.ParseSchema(src)
			found = append(found, errs...)
			switch {
			case schema == nil:
			case f.Name == "schemas/customers.yaml":
				s.Profile = schema
			default:
				s.Schemas = append(s.Schemas, schema)
			}
		case "value-sets":
			set, errs := rules.ParseValueSet(src)
			found = append(found, errs...)
			if set != nil {
				s.ValueSets[set.Name] = set
			}
		}
	}
	if len(s.Schemas) == 0 && !slices.ContainsFunc(archive.Files, func(f txtar.File) bool {
		return strings.HasPrefix(f.Name, "schemas/") && f.Name != "schemas/customers.yaml"
	}) {
		schema, errs := rules.ParseSchema(&source.Source{Name: "schemas/web.yaml", Text: webAppEvents})
		if errs != nil {
			t.Fatal(errs.Text())
		}
		s.Schemas = []*rules.Schema{schema}
	}
	found = append(found, s.Check()...)
	// topics.yaml and statistics.yaml are what stands behind these keys of malgrupp.yaml.
	if n, ok := rootOf(archive, "topics.yaml"); ok {
		topics, errs := s.ReadTopics(n)
		s.Topics, found = topics, append(found, errs...)
	}
	if n, ok := rootOf(archive, "statistics.yaml"); ok {
		statistics, errs := s.ReadStatistics(n)
		found = append(found, errs...)
		for _, st := range statistics {
			found = append(found, lint.Narrow(s, st.Segment())...)
		}
	}
	return s, found
}

// rootOf is the value of a file of the archive as a whole.
func rootOf(archive *txtar.Archive, name string) (yaml.Node, bool) {
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		return yaml.Node{}, false
	}
	return yaml.Read(&source.Source{Name: name, Text: string(archive.Files[i].Data)}).Root(), true
}

// Parsed are the segments of an archive, each checked for itself, and the scope they were checked in.
func Parsed(t testing.TB, archive *txtar.Archive) (*rules.Scope, []*rules.Segment, source.Findings) {
	t.Helper()
	s, found := Scope(t, archive)
	var segs []*rules.Segment
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "segments/") {
			seg, errs := s.Segment(&source.Source{Name: f.Name, Text: string(f.Data)})
			found = append(found, errs...)
			if seg != nil {
				segs = append(segs, seg)
			}
		}
	}
	return s, segs, found
}

// Check runs the checker over the archive's segments and returns the findings and the normal forms.
func Check(t testing.TB, archive *txtar.Archive) (errors, bound string) {
	t.Helper()
	s, segs, found := Parsed(t, archive)
	segs, errs := rules.Order(segs)
	var files []*source.Source
	for _, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "out/") {
			files = append(files, &source.Source{Name: f.Name, Text: string(f.Data)})
		}
	}
	found = lint.Allow(append(found, errs...), files, s.AsOf)
	var b strings.Builder
	for _, seg := range segs {
		b.WriteString("# " + seg.Name + "\n" + seg.Normal())
	}
	return found.Text(), b.String()
}

// root is the repository's folder.
func root(t testing.TB) string {
	t.Helper()
	for dir := "."; len(dir) < 40; dir = filepath.Join("..", dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("there is no go.mod above")
	return ""
}

// Cases are the files of the golden cases of a kind: rules, lint, explain, format ...
func Cases(t testing.TB, kind string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(t), "testdata", kind, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata/%s: %v", kind, err)
	}
	return files
}

// Each runs a test for every golden case of a kind, with the case's file and what it holds.
func Each(t *testing.T, kind string, run func(t *testing.T, file string, archive *txtar.Archive)) {
	t.Helper()
	for _, file := range Cases(t, kind) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			run(t, file, archive)
		})
	}
}

// Seeds calls add with every file of the golden cases of rules.
func Seeds(f *testing.F, add func(name, text string)) {
	f.Helper()
	for _, file := range Cases(f, "rules") {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			add(part.Name, string(part.Data))
		}
	}
}

// Vectors returns a file of the shared vectors and skips the test where they are absent.
func Vectors(t testing.TB, path string) string {
	t.Helper()
	dir := os.Getenv("MALGRUPP_VECTORS")
	if dir == "" {
		dir = filepath.Join(root(t), "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Skipf("no vectors: set MALGRUPP_VECTORS to their folder (%v)", err)
	}
	return string(text)
}
