package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/sample"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/editor"
	"github.com/malgrupp/malgrupp/rules/source"
)

// bankProject makes the project of `init --template bank` and returns its folder.
func bankProject(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := sample.Init(dir, sample.InitOptions{
		Template: "bank", Protected: sample.NoList, Now: time.Now(), Force: true,
	}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// try runs a command line and returns what it wrote to standard output.
func try(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	got := newApp(streams{in: strings.NewReader(""), out: &out, err: &errs}, func(string) (string, bool) {
		return "", false
	}).execute(context.Background(), args)
	if got != code {
		t.Fatalf("malgrupp %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, errs.String())
	}
	return out.String()
}

// plain turns a document into what encoding/json would read.
func plain(t *testing.T, document any) map[string]any {
	t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// readYAML reads a file as an editor does: dates are texts.
func readYAML(t *testing.T, text string) map[string]any {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	var asText func(*yaml.Node)
	asText = func(n *yaml.Node) {
		if n.Tag == "!!timestamp" {
			n.Tag = "!!str"
		}
		for _, c := range n.Content {
			asText(c)
		}
	}
	asText(&n)
	var v map[string]any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return plain(t, v)
}

func TestTheSchemasAcceptTheFilesOfAProject(t *testing.T) {
	dir := bankProject(t)
	app := newApp(streams{}, nil)
	app.project = dir
	loaded, err := app.checked("")
	if err != nil {
		t.Fatal(err)
	}
	for kind, sources := range map[string][]*source.Source{
		"rule": segmentSources(loaded.Segments), "test": loaded.Tests, "config": {loaded.Project.Text},
	} {
		if len(sources) == 0 {
			t.Errorf("the project has no file for the schema of %s", kind)
		}
		for _, where := range []string{dir, t.TempDir()} { // with the names of the project, and the bare language
			var schema map[string]any
			if err := json.Unmarshal([]byte(try(t, 0, "-C", where, "schema", "show", kind)), &schema); err != nil {
				t.Fatal(err)
			}
			for _, src := range sources {
				if !valid(t, schema, schema, readYAML(t, src.Text)) {
					t.Errorf("the schema of %s refuses %s", kind, src.Name)
				}
			}
		}
	}
}

func segmentSources(segs []*rules.Segment) []*source.Source {
	var out []*source.Source
	for _, s := range segs {
		out = append(out, s.Source)
	}
	return out
}

const rule = `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: some-rule, owner: team, review_by: 2026-12-31}
spec:
  purpose: advertising
  identity: device
  deliver: []
  match: %s
`

func TestTheSchemaOfARuleRefusesWhatTheCheckerRefuses(t *testing.T) {
	schema := plain(t, editor.Rule(&rules.Scope{Language: builtin.Language()}))
	for condition, want := range map[string]bool{
		"{did: login, within: 30d}":                                     true,
		"{did: [login, logout], within: {from: 90d, to: 30d}}":          true,
		"{did: any, within: {from: 2026-03-01, before: 2026-04-01}}":    true,
		"{metric: sum(amount), of: login, within: all, at_least: 0.30}": true,
		"{not: {in_segment: other-rule}}":                               true,
		"{at_least_of: {count: 1, of: [{did: login, within: 1d}]}}":     true,
		"{did: login}":                                                 false, // no window
		"{did: login, within: 5m}":                                     false,
		"{did: login, within: {from: 30d}}":                            false,
		"{did: login, within: 30d, atleast: 3}":                        false,
		"{did: login, within: 30d, at_least: 1, at_most: 2}":           false,
		"{did: login, did_not: login, within: 30d}":                    false,
		"{metric: sum(amount), of: login, within: 30d}":                false, // no comparator
		"{metric: total(amount), of: login, within: 30d, at_least: 1}": false,
		"{sequence: [{did: login}, {did: logout, within_previous: 2h, without: {did: page_view}}, {then_not: login, for: " +
			"1d}], within: 30d}": true,
		"{sequence: [{did: login}], within: 30d, ties: strict, same_session: true, span: 1d}":                   true,
		"{session: {all: [{did: login}, {did_not: logout}]}, within: 30d, at_least: 2, lasting_at_least: 1min}": true,
		"{first: login, within: 30d, has: product = 'card'}":                                                    true,
		"{metric: sessions(), of: any, within: 30d, at_least: 2}":                                               true,
		"{profile: has_mortgage is true}":                                                                       true,
		"{profile: {has_mortgage: true}}":                                                                       false,
		// nothing is tested
		"{first: login, within: 30d}":                        false,
		"{session: {did: login, within: 3d}, within: 30d}":   false, // a window in a session
		"{session: {in_segment: other-rule}, within: 30d}":   false,
		"{sequence: [{then_not: login}], within: 30d}":       false, // no time
		"{sequence: [{did: login}], within: 30d, span: 1mo}": false, // a vague length
		"{sequence: []}": false,
		"{all: []}":      false,
	} {
		if got := valid(t, schema, schema, readYAML(t, fmt.Sprintf(rule, condition))); got != want {
			t.Errorf("%s: accepted is %v, want %v", condition, got, want)
		}
	}
}

// expectedKeys asks a reader which keys it knows, by a key that it does not: object path -> keys.
func expectedKeys(found source.Findings) map[string]string {
	out := map[string]string{}
	for _, e := range found {
		if e.Code != "E-UNKNOWN-KEY" {
			continue
		}
		_, of, _ := strings.Cut(e.Message, " is not a key of ")
		for _, h := range e.Hints {
			if h.Label == source.LabelExpected {
				out[of] = h.Text
			}
		}
	}
	return out
}

// properties lists the keys of an object's schema in the way of a message, sorted.
func properties(s editor.Schema) []string {
	return slices.Sorted(maps.Keys(s["properties"].(editor.Schema)))
}

func sortedWords(text string) []string {
	words := strings.Split(text, ", ")
	slices.Sort(words)
	return words
}

func TestTheSchemaOfARuleHasTheKeysThatTheCheckerKnows(t *testing.T) {
	scope := &rules.Scope{Language: builtin.Language()}
	schema := editor.Rule(scope)["properties"].(editor.Schema)
	defs := editor.Rule(scope)["$defs"].(editor.Schema)
	refused := []string{"leave", "settle", "on_change", "observed"}
	for verb, operand := range map[string]string{
		"did": "login", "did_not": "login", "metric": "count()", "all": "[]", "in_segment": "other-rule",
	} {
		text := strings.Replace(fmt.Sprintf(rule, fmt.Sprintf("{%s: %s, zzz: 1}", verb, operand)), "review_by",
			"zzz: 1, review_by", 1) + "  zzz: 1\n"
		_, found := scope.Segment(&source.Source{Name: "rule.yaml", Text: text})
		got := expectedKeys(found)
		want := map[string][]string{
			"metadata": properties(schema["metadata"].(editor.Schema)),
			"spec":     slices.Sorted(slices.Values(append(properties(schema["spec"].(editor.Schema)), refused...))),
			verb: slices.DeleteFunc(properties(defs["verb_"+verb].(editor.Schema)),
				func(k string) bool { return k == verb }),
		}
		for object, keys := range want {
			if got[object] == "" && len(keys) == 0 {
				continue
			}
			if diff := cmp.Diff(sortedWords(got[object]), keys); diff != "" {
				t.Errorf("keys of %s (-checker +schema):\n%s", object, diff)
			}
		}
	}
}

func TestTheSchemaOfTheProjectHasTheKeysThatTheReaderKnows(t *testing.T) {
	const text = `apiVersion: malgrupp/v1
kind: Project
metadata: {name: some-bank}
zzz: 1
timezone: UTC
contacts: {team: {zzz: 1}}
sources: [{zzz: 1, name: web, url: e, schema: s, dedupe: {zzz: 1}, partition: {zzz: 1}}]
consent: {zzz: 1, url: c, protected: {zzz: 1}, min_notice_version: {zzz: 1}}
identity: {zzz: 1}
keys: {zzz: 1}
output: {zzz: 1, url: out}
audit: {zzz: 1}
guards: {zzz: 1}
limits: {zzz: 1}
security: {zzz: 1, endpoints: {zzz: 1}}
destinations: {files: {zzz: 1, type: file_csv, processor: {zzz: 1, agreement: A, expires: 2027-01-01}}}
`
	_, found := project.Read(&source.Source{Name: "malgrupp.yaml", Text: text}, "", load.Platforms())
	settings := map[string]editor.Schema{}
	for key, s := range editor.Project(project.Shape(load.Platforms()))["properties"].(editor.Schema) {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata", "profiles"}, key) {
			settings[key] = s.(editor.Schema)
		}
	}
	forms := settings["destinations"]["additionalProperties"].(editor.Schema)
	in := func(s editor.Schema, path ...string) editor.Schema {
		for _, p := range path {
			s = s["properties"].(editor.Schema)[p].(editor.Schema)
		}
		return s
	}
	all := forms["anyOf"].([]editor.Schema)
	destination := all[slices.IndexFunc(all, func(s editor.Schema) bool { return in(s, "type")["const"] == "file_csv" })]
	choice := func(s editor.Schema) editor.Schema { return s["anyOf"].([]editor.Schema)[1] }
	source := settings["sources"]["items"].(editor.Schema)
	want := map[string]editor.Schema{
		"consent": settings["consent"], "identity": settings["identity"], "keys": settings["keys"],
		"output": settings["output"], "audit": settings["audit"], "guards": settings["guards"], "limits": settings["limits"],
		"security": settings["security"], "security.endpoints": in(settings["security"], "endpoints"),
		"consent.min_notice_version": in(settings["consent"], "min_notice_version"),
		"consent.protected":          choice(in(settings["consent"], "protected")), "sources[0]": source,
		"sources[0].dedupe": choice(in(source, "dedupe")), "sources[0].partition": choice(in(source, "partition")),
		"contact team": settings["contacts"]["additionalProperties"].(editor.Schema), "destinations.files": destination,
		"destinations.files.processor": in(destination, "processor"),
	}
	got := expectedKeys(found)
	for object, schema := range want {
		if diff := cmp.Diff(sortedWords(got[object]), properties(schema)); diff != "" {
			t.Errorf("keys of %s (-reader +schema):\n%s", object, diff)
		}
		delete(got, object)
	}
	if diff := cmp.Diff(sortedWords(got["the project"]), slices.Sorted(maps.Keys(settings))); diff != "" {
		t.Errorf("keys of the file (-reader +schema):\n%s", diff)
	}
	delete(got, "the project")
	if len(got) > 0 {
		t.Errorf("the reader knows objects that the test does not compare: %v", got)
	}
}

func TestTheSchemaOfARunHasTheFieldsOfTheDocument(t *testing.T) {
	var schema map[string]any
	var compare func(path string, of reflect.Type, s map[string]any)
	compare = func(path string, of reflect.Type, s map[string]any) {
		if ref, ok := s["$ref"].(string); ok {
			s = schema["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		if choices, ok := s["anyOf"].([]any); ok && s["description"] == nil {
			s = choices[0].(map[string]any)
		}
		switch of.Kind() {
		case reflect.Pointer:
			compare(path, of.Elem(), s)
		case reflect.Slice:
			compare(path+"[]", of.Elem(), s["items"].(map[string]any))
		case reflect.Struct:
			required := []string{}
			for name, f := range fields(of) {
				field, ok := s["properties"].(map[string]any)[name].(map[string]any)
				if !ok {
					t.Errorf("the schema lacks %s.%s", path, name)
					continue
				}
				if !strings.Contains(f.Tag.Get("json"), ",omitempty") {
					required = append(required, name)
				}
				compare(path+"."+name, f.Type, field)
			}
			want := []string{}
			for _, name := range s["required"].([]any) {
				want = append(want, name.(string))
			}
			slices.Sort(want)
			slices.Sort(required)
			if diff := cmp.Diff(required, want); diff != "" {
				t.Errorf("%s requires (-document +schema):\n%s", path, diff)
			}
			if got := len(s["properties"].(map[string]any)); got != len(fields(of)) {
				t.Errorf("%s has %d fields, the schema %d", path, len(fields(of)), got)
			}
		}
	}
	schema = plain(t, runResultSchema())
	compare("result", reflect.TypeFor[runResult](), schema)
	schema = plain(t, whatIfSchema())
	delete(schema["properties"].(map[string]any), "schema") // the command adds it
	schema["required"] = schema["required"].([]any)[1:]
	compare("what-if", reflect.TypeFor[preview.WhatIf](), schema)
}

func fields(of reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out[name] = f
	}
	return out
}

func TestTheReferencePagesAreTheSameEveryTime(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	try(t, 0, "docs", "markdown", "--dir", one)
	try(t, 0, "docs", "markdown", "--dir", two)
	first, second := pages(t, one), pages(t, two)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the pages differ from one time to the next:\n%s", diff)
	}
	if !strings.Contains(first["malgrupp_run.md"], "--summary-json") {
		t.Error("there is no page of the command run with its flags")
	}
	if a, b := try(t, 0, "docs", "functions"), try(t, 0, "docs", "functions"); a != b {
		t.Error("docs functions differs from one time to the next")
	}
}

// pages reads the files of a folder.
func pages(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(text)
	}
	return out
}
