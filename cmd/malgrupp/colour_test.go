package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(projectDir)); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/segments/loans.yaml", "apiVersion: malgrupp/v2\n")
	for _, c := range []struct {
		name, env string
		columns   int
		args      []string
		want      bool
	}{
		{name: "a terminal", columns: 80, want: true},
		{name: "a pipe"},
		{name: "a terminal with NO_COLOR", env: "NO_COLOR", columns: 80},
		{name: "a terminal without colours", columns: 80, args: []string{"--color", "never"}},
		{name: "a pipe that shall have them", args: []string{"--color", "always"}, want: true},
		{name: "JSON on a terminal", columns: 80, args: []string{"-o", "json"}},
	} {
		var out bytes.Buffer
		a := newApp(streams{in: strings.NewReader(""), out: &out, err: &bytes.Buffer{}, columns: c.columns},
			func(name string) (string, bool) { return "1", name == c.env })
		a.environ = func() []string { return nil }
		a.execute(context.Background(), append([]string{"-C", dir, "validate"}, c.args...))
		if got := strings.Contains(out.String(), "\x1b["); got != c.want {
			t.Errorf("%s: coloured %t, want %t:\n%q", c.name, got, c.want, out.String())
		}
		if plain := strings.NewReplacer("\x1b[1;31m", "", "\x1b[0m", "").Replace(out.String()); c.want &&
			!strings.Contains(plain, "segments/loans.yaml:1:13: error[E-VERSION]: ") {
			t.Errorf("%s: %q", c.name, plain)
		}
	}
}
