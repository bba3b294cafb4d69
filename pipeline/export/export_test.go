package export_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/pipeline/export"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// written is when the objects of the tests were written.
const written = "2026-04-10T03:00:00Z"

func TestExportsReadAsTheConsentLogThatTheirMapsMake(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			check(t, err)
			parts := map[string]string{}
			for _, f := range a.Files {
				parts[f.Name] = string(f.Data)
			}
			m := mapOf(t, parts["map.yaml"])
			object := []byte(parts["export.csv"])
			if crlf, ok := parts["crlf.csv"]; ok {
				object = []byte("\ufeff" + strings.ReplaceAll(crlf, "\n", "\r\n"))
			}
			if table, ok := parts["table.txt"]; ok {
				object = tableOf(t, table)
			}
			got, err := read(m, object)
			if want := strings.TrimSpace(parts["error.txt"]); want != "" {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("%v, want %s\n%s", err, want, got)
				}
				return
			}
			check(t, err)
			if diff := cmp.Diff(parts["want.txt"], got); diff != "" {
				t.Error(diff)
			}
			if _, csv := parts["export.csv"]; csv {
				var packed bytes.Buffer
				w := gzip.NewWriter(&packed)
				_, _ = w.Write(object)
				check(t, w.Close())
				if again, err := read(m, packed.Bytes()); err != nil || again != got {
					t.Errorf("packed by gzip: %v\n%s", err, again)
				}
			}
		})
	}
}

// mapOf reads what stands behind map: in a project.
func mapOf(t testing.TB, text string) *project.ConsentMap {
	t.Helper()
	p, found := project.Read(&source.Source{Name: "malgrupp.yaml", Text: `apiVersion: malgrupp/v1
kind: Project
metadata: {name: shop}
timezone: Europe/Stockholm
contacts: {team: {email: team@shop.example}}
sources:
  - {name: web, url: "log/", schema: web-events}
consent: {url: "consent/", partition: none, protected: none, map: ` + strings.TrimSpace(text) + `}
keys: {master: "env:MASTER", state: "file:state", recipients: "file:recipients", signing: "file:signing"}
output: {url: "lists"}
`}, "", project.Platforms{})
	if found.Failed() {
		t.Fatal(found.Text())
	}
	return p.Consent.Map
}

// read returns the events of an object, a line for each.
func read(m *project.ConsentMap, object []byte) (string, error) {
	f := export.New(m)
	r, size, schema, err := f.Shape(bytes.NewReader(object), int64(len(object)), "export")
	if err != nil {
		return "", err
	}
	file, err := parquet.Open(r, size, "export", schema, parquet.Limits{})
	if err != nil {
		return "", err
	}
	at, _ := value.ParseTimestamp(written)
	var out strings.Builder
	var cursor parquet.Cursor
	ids := map[string]bool{}
	for i := range file.RowGroups() {
		g, err := f.Rows(cursor.Move(file, i), at)
		if err != nil {
			return "", err
		}
		for k := range g.Rows() {
			ids[cell(g, "event_id", k)] = true
			for _, name := range []string{"subject_type", "subject_id", "action", "purpose"} {
				out.WriteString(cell(g, name, k) + " ")
			}
			line := instant(g, "at", k) + " " + instant(g, "recorded_at", k) + " " + cell(g, "source", k) + " " + notice(g, k)
			if tc := cell(g, "tc_string", k); tc != "-" {
				line += " " + tc
			}
			out.WriteString(line + "\n")
		}
		if len(ids) != g.Rows() {
			return "", fmt.Errorf("%d ids of %d events", len(ids), g.Rows())
		}
	}
	return out.String(), nil
}

func cell(g *export.Group, name string, k int) string {
	t, _ := g.Text(name)
	if t.Null(k) {
		return "-"
	}
	return strings.ReplaceAll(t.At(k), "\n", `\n`)
}

func instant(g *export.Group, name string, k int) string {
	a, _ := g.Column(name)
	if a.IsNull(k) {
		return "-"
	}
	return value.FormatTimestamp(int64(a.(*array.Timestamp).Value(k)))
}

func notice(g *export.Group, k int) string {
	a, _ := g.Column("notice_version")
	if a.IsNull(k) {
		return "-"
	}
	return strconv.FormatInt(a.(*array.Int64).Value(k), 10)
}

// tableOf turns a text table into Parquet: a header of name:type, then cells between blanks; - is null.
func tableOf(t testing.TB, text string) []byte {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var columns []rules.Column
	kinds := map[string]value.Kind{
		"text": value.Text, "timestamp": value.Timestamp, "integer": value.Integer, "boolean": value.Boolean,
	}
	for _, head := range strings.Fields(lines[0]) {
		name, kind, _ := strings.Cut(head, ":")
		columns = append(columns, rules.Column{Name: name, Type: value.Type{Kind: kinds[kind]}, Optional: true})
	}
	v := make([]parquet.Values, len(columns))
	for _, line := range lines[1:] {
		for i, cell := range strings.Fields(line) {
			n, _ := strconv.ParseInt(cell, 10, 64)
			switch columns[i].Type.Kind {
			case value.Text:
				v[i].Text = append(v[i].Text, cell)
			case value.Timestamp:
				n, _ = value.ParseTimestamp(cell)
				fallthrough
			case value.Integer:
				v[i].Ints = append(v[i].Ints, n)
			case value.Boolean:
				v[i].Ints = append(v[i].Ints, map[string]int64{"true": 1}[cell])
			}
			v[i].Null = append(v[i].Null, cell == "-")
		}
	}
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, columns, parquet.WriterOptions{})
	check(t, err)
	check(t, w.Write(len(lines)-1, v))
	check(t, w.Close())
	return out.Bytes()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
