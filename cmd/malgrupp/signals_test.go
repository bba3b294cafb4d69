package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A read of standard input that never ends must not keep a command that was stopped.
func TestAStoppedCommandDoesNotWaitForAnAnswer(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(projectDir)); err != nil {
		t.Fatal(err)
	}
	in, answers := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	a := newApp(streams{in: in, out: io.Discard, err: io.Discard, asks: true}, func(string) (string, bool) {
		return "", false
	})
	ended := make(chan int)
	go func() { ended <- a.execute(ctx, []string{"-C", dir, "segment", "new", "asked"}) }()
	if _, err := answers.Write([]byte("a title\n")); err != nil { // one answer, then nothing more
		t.Fatal(err)
	}
	cancel()
	select {
	case code := <-ended:
		if _, err := os.Stat(filepath.Join(dir, "segments", "asked.yaml")); code != exitInterrupted.code || err == nil {
			t.Errorf("ends with %d, want %d and no file", code, exitInterrupted.code)
		}
	case <-time.After(10 * time.Second):
		t.Error("still waits for an answer")
	}
}

func TestStandardInputIsReadAsItIs(t *testing.T) {
	text := strings.Repeat("a line\n", 10_000)
	got, err := io.ReadAll(patient{t.Context(), strings.NewReader(text)})
	if err != nil || string(got) != text {
		t.Error(err, len(got))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	blocked, _ := io.Pipe()
	if _, err := (patient{ctx, blocked}).Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
