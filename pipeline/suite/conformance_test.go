package suite

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/malgrupp/malgrupp/rules/source"
)

func TestTheConformanceSuitePassesWhereItsVerbsAreBuilt(t *testing.T) {
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	name := filepath.Join(root, "rules", "conformance.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Skipf("vectors are not there (set MALGRUPP_VECTORS): %v", err)
	}
	s, found := ParseSuite(&source.Source{Name: name, Text: string(text)})
	if found.Failed() {
		t.Fatal(found)
	}
	results, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	count := map[Status]int{}
	for _, r := range results {
		count[r.Status]++
		if r.Status == Failed {
			t.Errorf("%s (%s): %v", r.ID, r.Title, r.Faults)
		}
	}
	t.Logf("%d passed, %d failed, %d miss verbs", count[Passed], count[Failed], count[Missing])
	if count[Passed] == 0 {
		t.Error("no case passed")
	}
}
