package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// looked is what a browser and axe-core said of a page at one width; look.mjs writes it.
type looked struct {
	Width                          int
	ColorScheme                    string
	Messages, Requests, Violations []string
	Wider, Charts, Unnamed         int
	Found                          *struct {
		All, Some, None int
		Said            string
	}
}

// The report of a whole project, that of everything a report can have under hostile names, and that of a refused run
// are opened as readers do, wide and narrow, light and dark: nothing is said on the console, nothing is asked for,
// axe-core has nothing against it, nothing runs out of the page, and the catalogue is searched. MALGRUPP_PICTURES names
// a folder for what they look like.
func TestAReportIsReadInABrowser(t *testing.T) {
	node, npm, chromium := installed(t, "node"), installed(t, "npm"), installed(t, "chromium")
	demo := exec.Command(program, "demo", "--dir", filepath.Join(t.TempDir(), "demo"), "--users", "4000", "--days", "35")
	told, err := demo.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, told)
	}
	lines := strings.Split(strings.TrimSpace(string(told)), "\n")
	golden := filepath.Join("..", "pipeline", "report", "testdata")
	for name, page := range map[string]string{
		"demo": strings.TrimSpace(lines[len(lines)-1]), "full": filepath.Join(golden, "report.html"),
		"refused": filepath.Join(golden, "refused.html"),
	} {
		look := exec.Command(node, filepath.Join("browser", "look.mjs"), modules(t, npm, "browser"), chromium, page)
		if pictures := os.Getenv("MALGRUPP_PICTURES"); pictures != "" {
			pictures = filepath.Join(pictures, name)
			check(t, os.MkdirAll(pictures, 0o755))
			look.Args = append(look.Args, pictures)
		}
		look.Stderr = os.Stderr
		out := must(look.Output())(t)
		views := 0
		for line := range bytes.Lines(out) {
			var l looked
			check(t, json.Unmarshal(line, &l))
			l.judge(t, name)
			views++
		}
		if views != 4 {
			t.Errorf("%s was looked at %d times, not four", name, views)
		}
	}
}

func (l *looked) judge(t *testing.T, page string) {
	t.Helper()
	for what, said := range map[string][]string{
		"the console says": l.Messages, "asks for": l.Requests, "axe-core:": l.Violations,
	} {
		for _, s := range said {
			t.Errorf("%s at %d px, %s: %s %s", page, l.Width, l.ColorScheme, what, s)
		}
	}
	if l.Wider > 0 || l.Unnamed > 0 {
		t.Errorf("%s at %d px is %d px wider than the window, %d charts have no name", page, l.Width, l.Wider, l.Unnamed)
	}
	if page == "refused" {
		return
	}
	if l.Charts < 4 {
		t.Errorf("%s has %d charts", page, l.Charts)
	}
	if f := l.Found; f == nil || f.Some == 0 || f.Some >= f.All || f.None != 0 || f.Said == "" {
		t.Errorf("%s: the catalogue is searched and finds %+v", page, f)
	}
}
