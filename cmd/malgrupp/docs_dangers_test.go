package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// dangers are the groups of the table in docs/security.md, and how many each has.
var dangers = []struct {
	group string
	n     int
}{{"A", 10}, {"B", 9}, {"C", 9}, {"D", 6}, {"E", 6}, {"F", 10}, {"G", 14}}

// Every danger has one row, in order, that says what meets it and names what shows so; or it says that nothing does.
// That what is named is there, TestWhatDocumentsCallAProofIsThere finds out.
func TestEveryDangerHasAProofOrSaysThatItIsOpen(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n## Every danger\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var want []string
	for _, d := range dangers {
		for i := range d.n {
			want = append(want, fmt.Sprint(d.group, i+1))
		}
	}
	open := regexp.MustCompile(`(?i)\b(not built|open):? `)
	rows := regexp.MustCompile(`(?m)^\| (\w+) \| (.+?) \| (.+) \| (.*)\|$`).FindAllStringSubmatch(table, -1)
	for i, row := range rows {
		if i >= len(want) || row[1] != want[i] {
			t.Fatalf("row %d is about %q; there is one row for each of %q, in their order", i+1, row[1], want)
		}
		if !namedTest.MatchString(row[4]) && !namedFile.MatchString(row[4]) && !open.MatchString(row[3]) {
			t.Errorf("%s names no test and does not say that it is open", row[1])
		}
	}
	if len(rows) != len(want) {
		t.Errorf("%d rows, want %d, up to %s", len(rows), len(want), want[len(want)-1])
	}
}
