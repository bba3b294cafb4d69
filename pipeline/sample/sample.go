// Package sample makes projects: the scaffold that a new user begins with, an invented bank to try the program on, and the
// logs that speed is measured on.
//
// In come sizes, a seed and the moment that counts as now; out come files below one folder. The same input gives the same
// bytes (keys apart, which are random), on every machine. Nobody in these logs exists. The package does not know how a
// run reads or judges what it writes.
package sample

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

//go:embed files
var files embed.FS

// InitOptions say which scaffold Init writes.
type InitOptions struct {
	Template string    // Minimal or Bank; empty: Minimal
	Now      time.Time // review dates count from it
	Force    bool      // replace the files of a project that is already there
}

// The scaffolds.
const (
	Minimal = "minimal" // one source, one segment with its test
	Bank    = "bank"    // a bank with a partner's site, six segments and tests for three
)

const projectFile = "malgrupp.yaml"

// ErrTaken is what Init and Demo return, wrapped, when the folder holds a project that they may not replace.
var ErrTaken = errors.New("the folder already holds a project")

// scaffolds lists the files of each template, below the folder files and, after the arrow, in the project.
var scaffolds = map[string][][2]string{
	Minimal: {
		{"gitignore", ".gitignore"},
		{"schemas/web-app-events.yaml", "schemas/web-app-events.yaml"},
		{"segments/mortgage-calculator-no-application.yaml", "segments/mortgage-calculator-no-application.yaml"},
		{"tests/mortgage-calculator-no-application.yaml", "tests/mortgage-calculator-no-application.yaml"},
		{"minimal/malgrupp.yaml", projectFile},
	},
	Bank: append(folders("schemas", "value-sets", "segments", "tests"), [][2]string{
		{"gitignore", ".gitignore"},
		{"bank/malgrupp.yaml", projectFile},
	}...),
}

// folders lists all files of some embedded folders, to be written under their own names.
func folders(names ...string) (out [][2]string) {
	for _, name := range names {
		entries, err := files.ReadDir(path.Join("files", name))
		if err != nil {
			panic(err) // the folder is part of the program
		}
		for _, e := range entries {
			file := path.Join(name, e.Name())
			out = append(out, [2]string{file, file})
		}
	}
	return out
}

// Init writes a project without data and without keys. It refuses a folder that holds a project, unless forced.
func Init(dir string, o InitOptions) error {
	if o.Template == "" {
		o.Template = Minimal
	}
	if _, ok := scaffolds[o.Template]; !ok {
		return fmt.Errorf("make a project: there is no template %q: choose %s or %s", o.Template, Minimal, Bank)
	}
	root, err := openFolder(dir)
	if err != nil {
		return fmt.Errorf("make a project: %w", err)
	}
	defer root.Close()
	if !o.Force {
		if _, err := root.Lstat(projectFile); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make a project in %s: %w: choose another folder, or force it", dir, ErrTaken)
		}
	}
	if err := scaffold(root, o.Template, "", o.Now); err != nil {
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

// scaffold writes the files of a template with their dates filled in, the project file with mark before it.
func scaffold(root *os.Root, template, mark string, now time.Time) error {
	today := now.UTC()
	return writeFiles(root, scaffolds[template], mark, strings.NewReplacer(
		"<review-by>", today.AddDate(0, 0, 180).Format(time.DateOnly),
		"<agreement-ends>", today.AddDate(1, 0, 0).Format(time.DateOnly),
	))
}

// writeFiles writes embedded files, filled in. The project file is the last one everywhere: a folder that has one is
// complete.
func writeFiles(root *os.Root, list [][2]string, mark string, fill *strings.Replacer) error {
	for _, f := range list {
		text, err := files.ReadFile(path.Join("files", f[0]))
		if err != nil {
			return err
		}
		filled := fill.Replace(string(text))
		if f[1] == projectFile {
			filled = mark + filled
		}
		if err := writeText(root, f[1], filled); err != nil {
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
