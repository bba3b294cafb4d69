package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// full takes some bytes and then no more, like a disk.
type full struct{ left int }

var errFull = errors.New("the disk is full")

func (f *full) Write(b []byte) (int, error) {
	if len(b) > f.left {
		n := f.left
		f.left = 0
		return n, errFull
	}
	f.left -= len(b)
	return len(b), nil
}

func TestOutputThatIsLostIsAnError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bank")
	run := func(out io.Writer, line string) (int, string) {
		var said bytes.Buffer
		a := newApp(streams{in: strings.NewReader(""), out: out, err: &said}, func(string) (string, bool) {
			return "", false
		})
		a.environ = func() []string { return nil }
		return a.execute(context.Background(), append([]string{"-C", dir}, strings.Fields(line)...)), said.String()
	}
	if code, said := run(io.Discard, "init "+dir+" --protected none --template bank"); code != 0 {
		t.Fatalf("init ends with %d: %s", code, said)
	}
	for _, line := range []string{
		"version", "--help", "explain-code", "explain-code E-PERSON", "completion bash", "docs functions", "schema show rule",
		"schema show schema malgrupp-ga4", "validate", "validate --format github", "explain app-savers-3plus",
		"explain app-savers-3plus -o json", "test", "segment list", "segment graph", "destination types", "destination list",
		"config show", "sql --unsupported",
	} {
		var whole bytes.Buffer
		code, said := run(&whole, line)
		if code != 0 && code != exitCheck.code && code != exitInvalid.code {
			t.Errorf("%s ends with %d: %s", line, code, said)
		}
		for _, room := range []int{0, whole.Len() - 1} {
			if code, said := run(&full{room}, line); code != exitInternal.code ||
				!strings.Contains(said, "write to standard output: the disk is full") {
				t.Errorf("%s with room for %d of %d bytes ends with %d: %s", line, room, whole.Len(), code, said)
			}
		}
	}
}

// An error of the command itself is what somebody must hear of.
func TestAFailureCountsMoreThanItsOutput(t *testing.T) {
	var said bytes.Buffer
	a := newApp(streams{in: strings.NewReader(""), out: &full{}, err: &said}, func(string) (string, bool) {
		return "", false
	})
	if code := a.execute(context.Background(), []string{"explain-code", "E-NONE"}); code != exitUsage.code {
		t.Errorf("ends with %d: %s", code, said.String())
	}
}
