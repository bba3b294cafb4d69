package main

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	// outside are names under which reasons once lay outside the repository, where whoever reads a comment cannot go.
	outside = regexp.MustCompile(`(?i)[\w./-]*\b(?:spec|design|formats|threats|identity|interfaces|distributed` +
		`|ecosystem|style|house|notes)\.md\b` +
		`|\bthreat [a-g][0-9]+\b|\b(?:the|its|our|these|those) (?:[\w']+ ){0,3}papers?\b`)
	cited    = regexp.MustCompile(`(docs/[\w./-]+\.md)(, [A-Z].*)?`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	nextLine = regexp.MustCompile(`\n\s*(?://|#) ?`)
)

// Whoever reads a comment can go where it points: to a page of the repository, and on it to a heading.
func TestWhatIsCitedIsInTheRepository(t *testing.T) {
	eachFile(t, func(name, text string) {
		for _, at := range outside.FindAllStringIndex(text, -1) {
			if found := text[at[0]:at[1]]; !here(name, found) && !opened(name, text, at) {
				t.Errorf("%s cites %q, which is not in the repository", name, found)
			}
		}
		if !strings.HasSuffix(name, ".go") {
			return
		}
		for _, c := range cited.FindAllStringSubmatch(nextLine.ReplaceAllString(text, " "), -1) {
			page, err := os.ReadFile(path.Join("../..", c[1]))
			if err != nil {
				t.Errorf("%s cites %s, which is not there", name, c[1])
				continue
			}
			known := c[2] == ""
			for _, h := range heading.FindAllStringSubmatch(string(page), -1) {
				known = known || strings.HasPrefix(c[2], ", "+h[1])
			}
			if !known {
				t.Errorf("%s cites %s%.40s..., and no heading there begins so", name, c[1], c[2])
			}
		}
	}, ".go", ".md", ".yaml", ".txtar", "Makefile")
}

// here reports whether a page that is named beside a file, or from the root, exists.
func here(name, page string) bool {
	for _, folder := range []string{path.Dir(name), "."} {
		if info, err := os.Stat(path.Join("../..", folder, page)); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// opened reports whether a test names a file alone in quotes: it opens one of the vectors, and skips where they are
// absent.
func opened(name, text string, at []int) bool {
	return strings.HasSuffix(name, "_test.go") && strings.HasPrefix(text[at[1]:], `"`) &&
		strings.HasSuffix(text[:at[0]], `"`)
}
