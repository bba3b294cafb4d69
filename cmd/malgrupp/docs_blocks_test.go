package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/malgrupp/malgrupp/rules/yaml"
)

// blocksOf finds the blocks of a language with what stands in them; those of a list are indented.
func blocksOf(text, language string) (out []string) {
	form := regexp.MustCompile("(?ms)^( *)```" + language + "\n(.*?)^ *```")
	for _, m := range form.FindAllStringSubmatch(text, -1) {
		var b strings.Builder
		for line := range strings.Lines(m[2]) {
			b.WriteString(strings.TrimPrefix(line, m[1]))
		}
		out = append(out, b.String())
	}
	return out
}

// shell is a folder in which the lines of documents are typed: demo is a demo, my-bank what init makes, and the folder
// itself a bank's project whose clock and segments are those that the pages speak of.
type shell struct {
	dir string
	now time.Time
}

// run types one line and returns its exit code with what it printed.
func (s shell) run(line string) (code int, printed string, err error) {
	words := typed(line)
	var in string
	var out bytes.Buffer
	var into string
	for len(words) > 2 && (words[len(words)-2] == ">" || words[len(words)-2] == "<" || words[len(words)-2] == ">>") {
		switch name := words[len(words)-1]; words[len(words)-2] {
		case "<":
			text, err := os.ReadFile(name)
			if err != nil {
				return 0, "", err
			}
			in = string(text)
		default:
			into = name
		}
		words = words[:len(words)-2]
	}
	var errs bytes.Buffer
	a := newApp(streams{in: strings.NewReader(in), out: &out, err: &errs}, func(string) (string, bool) {
		return "", false
	})
	a.environ = func() []string { return nil }
	a.now = func() time.Time { return s.now }
	code = a.execute(context.Background(), words[1:])
	if into != "" {
		err = os.WriteFile(into, out.Bytes(), 0o600)
	}
	return code, out.String() + errs.String(), err
}

// typed cuts a line into words as a shell does, without its comment.
func typed(line string) (words []string) {
	word, quote, open := "", rune(0), false
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == '#' && word == "":
			return words
		case r == ' ' || r == '\n':
			if word != "" || open {
				words = append(words, word)
			}
			word, open = "", false
		default:
			word += string(r)
		}
	}
	return words
}

// otherPrograms are the lines of documents that are no malgrupp: what is done in their stead, nothing for those that
// are only other people's.
var otherPrograms = map[string]func(t *testing.T, line string){
	"make": func(t *testing.T, line string) {
		makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
		target := strings.Fields(line)[1]
		if err != nil || !strings.Contains(string(makefile), "\n"+target+":") {
			t.Errorf("%s: the Makefile has no such target %v", line, err)
		}
	},
	"${EDITOR:-vi}": func(t *testing.T, line string) { // at_least: 3 -> at_least: 2
		name := typed(line)[1]
		text, err := os.ReadFile(name)
		_, comment, _ := strings.Cut(line, "# ")
		before, after, _ := strings.Cut(strings.TrimSpace(comment), " -> ")
		changed := strings.Replace(string(text), before, after, 1)
		if err != nil || changed == string(text) {
			t.Fatalf("%s: nothing to change: %v", line, err)
		}
		if err := os.WriteFile(name, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	},
	"age": nil, "go": nil, "duckdb": nil, "CRON_TZ=Europe/Helsinki": nil,
	"ssh-keygen": nil, "sha256sum": nil, // e2e/release_test.go types them
}

var root, _ = filepath.Abs(filepath.Join("..", ".."))

// ends are the exit codes of lines that are meant to end otherwise than with 0.
var ends = map[string]int{
	"bin/malgrupp -C demo test":                          exitCheck.code,   // a rule was changed
	"malgrupp validate --strict":                         exitInvalid.code, // two of the playground's rules are twins
	"malgrupp test --min-coverage 100":                   exitCheck.code,
	"malgrupp test --mutate":                             exitCheck.code,
	"malgrupp test --strict --min-coverage 100 --mutate": exitCheck.code,
}

func TestEveryLineOfADocumentCanBeTyped(t *testing.T) {
	pages := documents(t)
	demo := filepath.Join(t.TempDir(), "demo")
	night := shell{now: time.Date(2026, 4, 15, 2, 0, 0, 0, time.UTC)}
	if code, printed, err := night.run("malgrupp demo --users 2000 -q --dir " + demo); code != 0 || err != nil {
		t.Fatal(code, printed, err)
	}
	for name, text := range pages {
		blocks := append(blocksOf(text, "sh"), blocksOf(text, "cron")...)
		if len(blocks) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := playground(t, night, demo, pages["docs/rules.md"])
			for _, block := range blocks {
				for line := range strings.Lines(block) {
					s.try(t, strings.TrimSpace(line))
				}
			}
		})
	}
}

// calls is where the program is called on a line of cron.
var calls = regexp.MustCompile(`/usr/local/bin/(malgrupp .*) 2>&1`)

func (s shell) try(t *testing.T, line string) {
	t.Helper()
	if m := calls.FindStringSubmatch(line); m != nil {
		line = m[1]
	}
	words := typed(line)
	if len(words) == 0 {
		return
	}
	if instead, known := otherPrograms[words[0]]; known {
		if instead != nil {
			instead(t, line)
		}
		return
	}
	if words[0] != "malgrupp" && words[0] != "bin/malgrupp" {
		t.Errorf("%s: what is to be done for it?", line)
		return
	}
	here := strings.NewReplacer("s3://bank-events/web/", s.dir+"/events/", "s3://bank-consent/export/", s.dir+"/consent/",
		" NAME", " calculator-no-application",
		"/etc/bash_completion.d/", s.dir+"/", "/var/log/malgrupp/", s.dir+"/").Replace(line)
	code, printed, err := s.run(here)
	if code == exitPartial.code && (slices.Contains(words, "run") || slices.Contains(words, "apply")) {
		code = 0 // the playground's rule empties a list of the demo, which a guard holds
	}
	if want := ends[strings.Join(words, " ")]; code != want || err != nil {
		t.Errorf("%s ends with %d, want %d: %v\n%s", line, code, want, err, printed)
	}
	if slices.Contains(words, "init") { // then come the logs
		for _, logs := range []string{"events", "consent"} {
			copyTree(t, "demo/"+logs, words[2]+"/"+logs)
		}
	}
}

// playground is a folder with a demo, of which the folder itself is a copy: with the segment of docs/rules.md, its
// test, and what the pages ask to be set.
func playground(t *testing.T, night shell, demo, page string) shell {
	t.Helper()
	s := shell{t.TempDir(), night.now.Add(4 * time.Hour)}
	t.Chdir(s.dir)
	copyTree(t, demo, "demo")
	copyTree(t, demo, ".")
	files := blocksOf(page, "yaml")
	kind := func(kind string) string {
		return files[slices.IndexFunc(files, func(text string) bool { return strings.Contains(text, "kind: "+kind+"\n") })]
	}
	rule := kind(yaml.KindSegment)
	for name, text := range map[string]string{
		"segments/calculator-no-application.yaml": rule,
		"segments/loan-shoppers.yaml": strings.NewReplacer("calculator-no-application", "loan-shoppers",
			"did: calculator_used\n        where: product = 'mortgage'", "did: any").Replace(rule),
		"tests/home-loan.yaml": kind(yaml.KindSegmentTest),
		"id.txt":               listed(t, "demo/out/lists/*/files/*.snapshot.csv.age") + "\n",
	} {
		write(t, name, text)
	}
	settings, err := os.ReadFile("malgrupp.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "malgrupp.yaml", strings.ReplaceAll(string(settings), "attach: linked", "attach: off")+
		"\nsecurity: {allow_explain: true}\n")
	if code, printed, err := s.run("malgrupp fmt"); code != 0 || err != nil {
		t.Fatal(code, printed, err)
	}
	return s
}

// listed is a customer in one of the lists.
func listed(t *testing.T, pattern string) string {
	t.Helper()
	key, err := os.ReadFile("demo/keys/list.key")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(key))
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(pattern)
	for _, name := range names {
		sealed, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := age.Decrypt(bytes.NewReader(sealed), ids...)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(plain)
		if err != nil {
			t.Fatal(err)
		}
		if _, rest, ok := strings.Cut(string(text), "\nc-"); ok {
			subject, _, _ := strings.Cut(rest, ",")
			return "c-" + subject
		}
	}
	t.Fatal("no list has a customer in it: ", names)
	return ""
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	keys, _ := filepath.Glob(filepath.Join(to, "keys", "*"))
	for _, key := range keys {
		if err := os.Chmod(key, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
