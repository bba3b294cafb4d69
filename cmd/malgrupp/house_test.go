package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a room, a file and a line may hold (docs/architecture.md). cmd/malgrupp and rules/builtin are dictionaries with
// one file an entry.
const (
	mostFiles = 25
	mostLines = 450
	mostRunes = 120
)

var filesOf = map[string]int{"pipeline": 15, "cmd/malgrupp": 1000, "rules/builtin": 1000}

var packageComment = regexp.MustCompile(`(?m)^// (Package|Command) `)

func TestTheHouseStaysReadable(t *testing.T) {
	root := filepath.Join("..", "..")
	files, described := map[string]int{}, map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(rel, "_test.go") {
			dir := filepath.ToSlash(filepath.Dir(rel))
			files[dir]++
			described[dir] = described[dir] || packageComment.Match(text)
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if len(lines) > mostLines {
			t.Errorf("%s has %d lines: a file has at most %d", rel, len(lines), mostLines)
		}
		for i, line := range lines {
			if n := utf8.RuneCountInString(line); n > mostRunes {
				t.Errorf("%s:%d has %d characters: a line has at most %d", rel, i+1, n, mostRunes)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, n := range files {
		if !described[dir] {
			t.Errorf("%s has no comment that says what comes in, what goes out and what it does not know", dir)
		}
		most := mostFiles
		if special, ok := filesOf[dir]; ok {
			most = special
		}
		if n > most {
			t.Errorf("%s has %d files: it may have %d; give a part of it a room of its own", dir, n, most)
		}
	}
}
