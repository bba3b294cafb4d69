// Package sample makes projects: the scaffold that a new user begins with, and an invented bank to try the program on.
//
// In come sizes, a seed and the moment that counts as now; out come files below one folder. The same input gives the
// same bytes (keys apart, which are random), on every machine. Nobody in these logs exists. The package does not know
// how a run reads or judges what it writes.
package sample

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed files
var files embed.FS

// InitOptions say which scaffold Init writes.
type InitOptions struct {
	Template  string    // Minimal or Bank; empty: Minimal
	Protected string    // who must never be targeted: NoList, or the place of a list. Nobody can say that but the user
	Now       time.Time // review dates count from it
	Force     bool      // replace the files of a project that is already there
}

// NoList is what is said where there is no list of people who must never be targeted.
const NoList = "none"

// The scaffolds.
const (
	Minimal = "minimal" // one source, one segment with its test
	Bank    = "bank"    // the sixteen segments that banks ask for, each with tests that notice every small change of it
	demo    = "demo"    // an invented bank with a partner's site and six segments; Demo writes its logs
)

const projectFile = "malgrupp.yaml"

// ErrTaken is what Init and Demo return, wrapped, when the folder holds a project that they may not replace.
var ErrTaken = errors.New("the folder already holds a project")

// file is one of a scaffold: where it stands below the folder files, and in the project.
type file struct{ from, to string }

// templates are the scaffolds that Init writes.
var templates = []string{Minimal, Bank}

// scaffolds lists the files of each scaffold.
var scaffolds = map[string][]file{
	Minimal: append(all("minimal"), shared("mortgage-calculator-no-application")...),
	Bank:    append(all("bank"), ignored),
	demo: append(append(all("demo"), below("bank/value-sets/partner-sites.yaml")), shared(
		"mortgage-calculator-no-application", "app-savers-3plus", "fund-explorers", "linked-savings-or-funds",
		"evening-weekend-users")...),
}

// ignored says what does not belong in version control.
var ignored = file{"gitignore", ".gitignore"}

// all lists the files of a folder of scaffolds.
func all(name string) (out []file) {
	root := path.Join("files", name)
	err := fs.WalkDir(files, root, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, below(strings.TrimPrefix(file, "files/")))
		}
		return err
	})
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return out
}

// below is a file that a scaffold has under the name it has below its folder.
func below(from string) file {
	_, to, _ := strings.Cut(from, "/")
	return file{from, to}
}

// shared lists what other scaffolds have of the bank: its log, and some of its segments with their tests.
func shared(segments ...string) []file {
	out := []file{ignored, below("bank/schemas/web-app-events.yaml")}
	for _, name := range segments {
		out = append(out, below("bank/segments/"+name+".yaml"), below("bank/tests/"+name+".yaml"))
	}
	return out
}

// Init writes a project without data and without keys. It refuses a folder that holds a project, unless forced.
func Init(dir string, o InitOptions) error {
	if o.Template == "" {
		o.Template = Minimal
	}
	if !slices.Contains(templates, o.Template) {
		return fmt.Errorf("make a project: there is no template %q: choose %s or %s", o.Template, Minimal, Bank)
	}
	if strings.TrimSpace(o.Protected) == "" {
		return fmt.Errorf("make a project: who must never be targeted (minors, people under guardianship) is not said: give "+
			"the place of their list, or %s", NoList)
	}
	root, err := openFolder(dir)
	if err != nil {
		return fmt.Errorf("make a project: %w", err)
	}
	defer root.Close()
	if !o.Force {
		if _, err := root.Lstat(projectFile); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make a project in %s: %w: choose another folder, or give --force", dir, ErrTaken)
		}
	}
	said := o.Protected
	if said != NoList {
		said = strconv.Quote(said)
	}
	if err := scaffold(root, o.Template, "", o.Now, "<protected>", said); err != nil {
		return fmt.Errorf("make a project in %s: %w", dir, err)
	}
	return nil
}

func openFolder(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// scaffold writes the files of a template with their dates filled in, the project file last: a folder that has one is
// complete. Mark stands before the text of the project file; more are other places to fill in, each with its text.
func scaffold(root *os.Root, template, mark string, now time.Time, more ...string) error {
	today := now.UTC()
	fill := strings.NewReplacer(append(more,
		"<review-by>", today.AddDate(0, 0, 180).Format(time.DateOnly),
		"<agreement-ends>", today.AddDate(1, 0, 0).Format(time.DateOnly))...)
	list := scaffolds[template]
	isProject := func(f file) bool { return f.to == projectFile }
	rest := slices.DeleteFunc(slices.Clone(list), isProject)
	for _, f := range append(rest, list[slices.IndexFunc(list, isProject)]) {
		text, err := files.ReadFile(path.Join("files", f.from))
		if err != nil {
			return err
		}
		filled := fill.Replace(string(text))
		if isProject(f) {
			filled = mark + filled
		}
		if err := writeText(root, f.to, filled); err != nil {
			return err
		}
	}
	return nil
}

func writeText(root *os.Root, name, text string) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	return root.WriteFile(name, []byte(text), 0o600)
}
