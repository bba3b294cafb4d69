package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// callsIn returns the selectors (package.Name) that a file uses.
func callsIn(t *testing.T, path string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				out = append(out, x.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
	return out
}

// Only the gate may write a Batch: the type is the proof of consent (docs/adr/0002-consent-is-a-type.md).
func TestOnlyOnePlaceWritesABatch(t *testing.T) {
	var places []string
	walk(t, "../..", func(dir, path string) {
		if dir != "segments/consent" {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok {
				if id, ok := lit.Type.(*ast.Ident); ok && id.Name == "Batch" {
					places = append(places, path)
				}
			}
			return true
		})
	})
	if len(places) != 1 {
		t.Errorf("Batch literals in %v, want exactly one place", places)
	}
}
