package rules_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/malgrupp/malgrupp/rules"
)

// A difference is found between any two rules that have two definitions, and between no others.
func TestRulesDifferWhereTheirDefinitionsDo(t *testing.T) {
	files, err := filepath.Glob("../testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	pairs := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := scope(t, archive)
		var all []*rules.Segment
		for _, f := range archive.Files {
			if strings.HasPrefix(f.Name, "segments/") {
				if seg, found := s.Segment(&rules.Source{Name: f.Name, Text: string(f.Data)}); seg != nil && !found.Failed() {
					all = append(all, seg)
				}
			}
		}
		for _, a := range all {
			for _, b := range all {
				d := rules.Differences(a, b)
				if (a.Hash == b.Hash) != (len(d) == 0) {
					t.Errorf("%s: %s and %s have definitions %x and %x, and the differences %v", file, a.Name, b.Name, a.Hash[:4], b.Hash[:4], d)
				}
				pairs++
			}
		}
	}
	if pairs < 100 {
		t.Errorf("only %d pairs of rules were compared", pairs)
	}
}
