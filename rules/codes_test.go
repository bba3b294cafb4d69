package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEveryCodeHasAPageAndEveryPageACode(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile(`"([EW]-[A-Z0-9-]+)"`)
	used := map[string]bool{"E-UNKNOWN-PROFILE": true, "E-UNKNOWN-SCHEMA": true, "W-UNTESTED": true} // of pipeline/project and pipeline/suite
	for _, file := range files {
		if file == "codes.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = true
			if _, ok := Explain(m[1]); !ok {
				t.Errorf("%s reports %s, which has no page", file, m[1])
			}
		}
	}
	for _, code := range Codes() {
		if !used[code] {
			t.Errorf("%s has a page but nothing reports it", code)
		}
	}
}
