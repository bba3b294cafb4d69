package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents reads every page that people read, by its path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := os.DirFS("../..")
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/how-to/*.md", "docs/adr/*.md"} {
		names, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = string(text)
		}
	}
	return out
}

var link = regexp.MustCompile(`\]\(([^)#: ]+)(#[^)]*)?\)`)

func TestEveryLinkOfADocumentLeadsToAFile(t *testing.T) {
	for name, text := range documents(t) {
		for _, l := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("../..", filepath.Dir(name), l[1])); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, l[1])
			}
		}
	}
}

// called finds command lines of malgrupp in blocks and in code marks.
var called = regexp.MustCompile("(?m)(?:^|`|&& )(?:bin/)?malgrupp ([^`#|\n]*)")

func TestEveryCommandOfADocumentExistsWithItsFlags(t *testing.T) {
	lines := 0
	for name, text := range documents(t) {
		if name == "CHANGELOG.md" || name == "docs/status.md" {
			continue // they also name what is not there
		}
		for _, c := range called.FindAllStringSubmatch(text, -1) {
			lines++
			args := strings.Fields(strings.Split(c[1], " > ")[0])
			root := newApp(streams{}, nil).rootCommand()
			root.InitDefaultCompletionCmd()
			command, rest, err := root.Find(globalsLast(args))
			if err != nil {
				t.Errorf("%s: malgrupp %s: %v", name, c[1], err)
				continue
			}
			if err := command.ParseFlags(rest); err != nil {
				t.Errorf("%s: malgrupp %s: %v", name, c[1], err)
			}
			if command.HasSubCommands() && len(command.Flags().Args()) > 0 {
				t.Errorf("%s: malgrupp %s: there is no such command", name, c[1])
			}
		}
	}
	if lines < 20 {
		t.Errorf("only %d command lines found in the documents", lines)
	}
}

// globalsLast moves -C DIR and -p NAME behind the command, where its flags are parsed.
func globalsLast(args []string) []string {
	for len(args) > 2 && (args[0] == "-C" || args[0] == "-p") {
		args = append(append([]string{}, args[2:]...), args[0], args[1])
	}
	return args
}

var block = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")

// A workflow that somebody copies must bring the program along, and not that of years ago.
func TestAWorkflowOfADocumentBringsTheProgramOfThisVersion(t *testing.T) {
	number, err := os.ReadFile("../../VERSION")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for name, text := range documents(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			first := strings.Index(m[1], "run: malgrupp ")
			if !strings.Contains(m[1], "runs-on:") || first < 0 {
				continue
			}
			found++
			before := m[1][:first]
			for _, want := range []string{
				"repository: malgrupp/malgrupp, ref: v" + strings.TrimSpace(string(number)) + ",", "make -C .malgrupp build",
				"GITHUB_PATH",
			} {
				if !strings.Contains(before, want) {
					t.Errorf("%s: nothing before the first malgrupp of a workflow says %q", name, want)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no document has a workflow")
	}
}

// A tag of somebody else's repository can be moved, a digest cannot.
func TestActionsOfDocumentsAreNamedByDigest(t *testing.T) {
	action, digest := regexp.MustCompile(`(?m)^\s*(?:- )?uses: *(\S+)`), regexp.MustCompile(`@[0-9a-f]{40}$`)
	found := 0
	for name, text := range documents(t) {
		for _, a := range action.FindAllStringSubmatch(text, -1) {
			if found++; !digest.MatchString(a[1]) {
				t.Errorf("%s: name %s by its digest", name, a[1])
			}
		}
	}
	if found == 0 {
		t.Error("no document has an action")
	}
}
