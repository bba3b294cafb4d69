package e2e_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/xeipuuv/gojsonschema"
)

// sarifModule carries the official JSON Schema of SARIF 2.1.0 (errata 01 of OASIS) as a constant.
const sarifModule = "github.com/owenrumney/go-sarif/v3@v3.3.1"

// sarifSchema reads the schema out of that module.
func sarifSchema(t *testing.T) string {
	t.Helper()
	download := exec.Command("go", "mod", "download", "-json", sarifModule)
	download.Dir = t.TempDir()
	download.Env = append(os.Environ(), "GOFLAGS=")
	var module struct{ Dir string }
	check(t, json.Unmarshal(must(download.Output())(t), &module))
	file := must(parser.ParseFile(token.NewFileSet(), filepath.Join(module.Dir, "pkg/report/v210/sarif/schema.go"), nil,
		0))(t)
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			text = must(strconv.Unquote(l.Value))(t)
		}
		return true
	})
	if !strings.Contains(text, "sarif-schema-2.1.0.json") {
		t.Fatalf("%s has no schema of SARIF 2.1.0 where it was", sarifModule)
	}
	return text
}

// What validate writes as SARIF is valid by the official schema: with findings and fixes of every kind, and without
// any.
func TestSARIFIsValidByTheOfficialSchema(t *testing.T) {
	program := build(t)
	dir := filepath.Join(t.TempDir(), "bank")
	init := exec.Command(program, "init", dir, "--protected", "none", "--template", "bank")
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, out)
	}
	schema := must(gojsonschema.NewSchema(gojsonschema.NewStringLoader(sarifSchema(t))))(t)
	valid := func(document string) []gojsonschema.ResultError {
		return must(schema.Validate(gojsonschema.NewStringLoader(document)))(t).Errors()
	}
	clean := sarif(t, program, dir, 0)
	for _, e := range valid(clean) {
		t.Errorf("without findings: %s", e)
	}
	check(t, os.WriteFile(filepath.Join(dir, "segments", "50 % åland.yaml"), []byte(mistakes), 0o600))
	found := sarif(t, program, dir, 10)
	for _, e := range valid(found) {
		t.Errorf("with findings: %s", e)
	}
	for _, code := range []string{"E-OPERATOR", "E-TYPE", "E-WINDOW-MISSING", "W-NFC", "artifactChanges", "\"warning\""} {
		if !strings.Contains(found, code) {
			t.Errorf("there is no %s in\n%s", code, found)
		}
	}
	// The schema is not one that accepts everything.
	for _, damage := range [][2]string{
		{`"version": "2.1.0"`, `"version": "2.2"`},
		{`"message"`, `"massage"`},
		{`"utf16CodeUnits"`, `"bytes"`},
		{`"startLine": `, `"startLine": -`},
		{`"level": "error"`, `"level": "fatal"`},
		{`"artifactChanges"`, `"changes"`},
	} {
		if len(valid(strings.ReplaceAll(found, damage[0], damage[1]))) == 0 {
			t.Errorf("%s instead of %s is accepted", damage[1], damage[0])
		}
	}
}

// build builds the program.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "malgrupp")
	c := exec.Command("go", "build", "-o", program, "./cmd/malgrupp")
	c.Dir = ".."
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// mistakes is a rule with errors, warnings and things that --fix puts right.
const mistakes = `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: wrong-rule, owner: team-digital, review_by: 2020-01-01}
spec:
  purpose: advertising
  identity: device
  deliver: [files]
  match:
    all:
      - did: page_view
        where: channel == 'a` + "\u0308" + `pp' && page_path != '😀'
        within: 24h
        at_least: '3'
      - {did: calculator_used, where: "amount > '100'"}
`

// sarif is what validate writes; it must end with the exit code given.
func sarif(t *testing.T, program, dir string, code int) string {
	t.Helper()
	c := exec.Command(program, "-C", dir, "validate", "--format", "sarif")
	out, err := c.Output()
	got := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		got = e.ExitCode()
	} else {
		check(t, err)
	}
	if got != code {
		t.Fatalf("exit code %d, want %d\n%s", got, code, out)
	}
	return string(out)
}
