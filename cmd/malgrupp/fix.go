package main

import (
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules/source"
)

// maxFixRounds bounds how often files are put right and checked again: a fix may uncover the next mistake.
const maxFixRounds = 10

// fix rewrites the files whose findings carry edits, checks the project again, and so on until nothing is left to do.
func (a *app) fix(loaded *load.Loaded, files []string, asOf string) (*load.Loaded, error) {
	for range maxFixRounds {
		changed, err := a.fixOnce(loaded, files)
		if err != nil || !changed {
			return loaded, err
		}
		if loaded, err = a.load(asOf); err != nil {
			return nil, err
		}
	}
	return loaded, nil
}

func (a *app) fixOnce(loaded *load.Loaded, files []string) (changed bool, err error) {
	seen := map[string]bool{}
	for _, e := range loaded.Findings.Sorted() {
		src := e.Source
		if seen[src.Name] || !named(files, src.Name) {
			continue
		}
		seen[src.Name] = true
		text, fixed := source.Fixed(src, loaded.Findings)
		if len(fixed) == 0 || holdsSecret(loaded.Findings, src.Name) {
			continue
		}
		if err := rewrite(a.project, src.Name, src.Text, text); err != nil {
			return changed, err
		}
		changed = true
		for _, e := range fixed {
			p := src.Position(e.Span.Start)
			fmt.Fprintf(a.err, "fixed %s:%d:%d: %s: %s\n", src.Name, p.Line, p.Column, e.Code, e.Message)
		}
	}
	return changed, nil
}

// holdsSecret reports whether a secret stands in a file: what was checked is then not what the file says, and somebody
// has to put it right by hand.
func holdsSecret(found source.Findings, name string) bool {
	return slices.ContainsFunc(found, func(e *source.Finding) bool {
		return e.Code == "E-SECRET" && e.Source.Name == name
	})
}
