package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`)
	namedFile = regexp.MustCompile("`((?:[\\w.-]+/)*testdata/[\\w./-]+)`")
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w+)\(`)
)

// eachFile visits the files of the repository that people wrote and whose names have one of the endings, by path from
// the root.
func eachFile(t *testing.T, visit func(name, text string), endings ...string) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || !d.Type().IsRegular():
			return nil
		}
		for _, ending := range endings {
			if strings.HasSuffix(name, ending) {
				text, err := fs.ReadFile(root, name)
				if err != nil {
					return err
				}
				visit(name, string(text))
				break
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A page that says what proves a rule names tests wherever they lie, and files of cases by their path.
func TestWhatDocumentsCallAProofIsThere(t *testing.T) {
	tests := map[string]bool{}
	eachFile(t, func(_, text string) {
		for _, f := range testFunc.FindAllStringSubmatch(text, -1) {
			tests[f[1]] = true
		}
	}, "_test.go")
	named := 0
	for name, text := range documents(t) {
		for _, test := range namedTest.FindAllString(text, -1) {
			if named++; !tests[test] {
				t.Errorf("%s: there is no test %s", name, test)
			}
		}
		for _, f := range namedFile.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("../..", f[1])); err != nil {
				t.Errorf("%s: there is no %s", name, f[1])
			}
		}
	}
	if named < 100 {
		t.Errorf("the documents name only %d tests", named)
	}
}
