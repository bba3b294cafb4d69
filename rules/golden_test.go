package rules_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
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
    page_path:   {type: text, optional: true, label: [{prefix: /maksuvaikeudet, is: financial_hardship, policy: no_ads}]}
    balance:     {type: decimal(18,2), optional: true, label: {is: account_data}}
  events:
    calculator_used: [product, amount]
    application_submitted: [product]
    page_view: [page_path, url]
    app_open: []
    login: []
`

func scope(t testing.TB, archive *txtar.Archive) (*rules.Scope, rules.Errors) {
	t.Helper()
	zone, err := rules.LoadZone("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	today, _ := rules.ParseDate("2026-04-15")
	ads := rules.Destination{Purposes: []rules.Purpose{rules.Advertising}, Ads: true, RefusesNames: true}
	upload := ads
	upload.ByHand = true
	s := &rules.Scope{
		Language: builtin.Language(), Zone: zone, AsOf: today, Contacts: []string{"team-home-loans", "team-cards"},
		ValueSets: map[string]*rules.ValueSet{}, Retention: rules.Duration{N: 395, Unit: rules.Day},
		Destinations: map[string]rules.Destination{
			"google-ads": ads, "meta": ads, "upload": upload, "files": {Purposes: []rules.Purpose{rules.Advertising}},
			"own-site": {Purposes: []rules.Purpose{rules.Personalisation}},
		},
	}
	var found rules.Errors
	for _, f := range archive.Files {
		src := &rules.Source{Name: f.Name, Text: string(f.Data)}
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
		schema, errs := rules.ParseSchema(&rules.Source{Name: "schemas/web.yaml", Text: webAppEvents})
		if errs != nil {
			t.Fatal(errs.Text())
		}
		s.Schemas = []*rules.Schema{schema}
	}
	return s, append(found, s.Check()...)
}

// parsed are the segments of an archive, each checked for itself, and the scope they were checked in.
func parsed(t testing.TB, archive *txtar.Archive) (*rules.Scope, []*rules.Segment, rules.Errors) {
	t.Helper()
	s, found := scope(t, archive)
	var segs []*rules.Segment
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "segments/") {
			seg, errs := s.Segment(&rules.Source{Name: f.Name, Text: string(f.Data)})
			found = append(found, errs...)
			if seg != nil {
				segs = append(segs, seg)
			}
		}
	}
	return s, segs, found
}

// check runs the checker over the archive's segments and returns the findings and the normal forms.
func check(t testing.TB, archive *txtar.Archive) (errors, bound string) {
	t.Helper()
	s, segs, found := parsed(t, archive)
	segs, errs := rules.Order(segs)
	var files []*rules.Source
	for _, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "out/") {
			files = append(files, &rules.Source{Name: f.Name, Text: string(f.Data)})
		}
	}
	found = rules.Allow(append(found, errs...), files, s.AsOf)
	var b strings.Builder
	for _, seg := range segs {
		b.WriteString("# " + seg.Name + "\n" + seg.Normal())
	}
	return found.Text(), b.String()
}

func TestRuleFilesGiveTheFindingsAndTheBoundFormThatTheyShow(t *testing.T) {
	files, err := filepath.Glob("../testdata/rules/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in testdata/rules: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(file, "crlf") {
				for i, f := range archive.Files {
					if !strings.HasPrefix(f.Name, "out/") {
						archive.Files[i].Data = []byte(strings.ReplaceAll(string(f.Data), "\n", "\r\n"))
					}
				}
			}
			errors, bound := check(t, archive)
			got := map[string]string{"out/errors": errors, "out/bound": bound}
			if os.Getenv("UPDATE") == "1" {
				update(t, file, got)
				return
			}
			for _, f := range archive.Files {
				if want, ok := got[f.Name]; ok {
					if diff := cmp.Diff(string(f.Data), want); diff != "" {
						t.Errorf("%s (-want +got):\n%s", f.Name, diff)
					}
					delete(got, f.Name)
				}
			}
			for name, text := range got {
				if text != "" {
					t.Errorf("there is no %s, got:\n%s", name, text)
				}
			}
		})
	}
}

// update writes the sections that are not empty at the end of the case.
func update(t *testing.T, file string, got map[string]string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "out/") })
	for _, name := range []string{"out/errors", "out/bound"} {
		if got[name] != "" {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
		}
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
