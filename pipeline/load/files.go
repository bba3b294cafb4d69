package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/local"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Files reads the YAML files of a project folder as they are: malgrupp.yaml, then those of its folders in order of
// their names, which are relative to the project. Nothing is checked.
func Files(dir string) ([]*source.Source, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.New(fault.Usage, "PROJECT", fmt.Errorf("open the project folder: %w", err),
			"give the folder with -C DIR, or make one with malgrupp init")
	}
	defer root.Close()
	project, err := read(root, ProjectFile)
	if err != nil {
		return nil, fault.New(fault.Usage, "PROJECT", fmt.Errorf("read the project file: %w", err),
			"give the folder with -C DIR, or make one with malgrupp init")
	}
	files, err := yamlFiles(root, "schemas", "value-sets", "segments", "tests")
	return append([]*source.Source{project}, files...), err
}

// yamlFiles reads the YAML files of some folders in order of their names; a folder that is not there has none.
func yamlFiles(root *os.Root, folders ...string) ([]*source.Source, error) {
	var out []*source.Source
	for _, folder := range folders {
		err := fs.WalkDir(root.FS(), folder, func(name string, d fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && name == folder:
				return fs.SkipDir
			case err != nil || d.IsDir():
				return err
			case path.Ext(name) != ".yaml" && path.Ext(name) != ".yml":
				return nil
			}
			src, err := read(root, name)
			out = append(out, src)
			return err
		})
		if err != nil {
			return nil, fault.New(fault.Usage, "PROJECT", fmt.Errorf("read folder %s of the project: %w", folder, err),
				"check the folder's rights")
		}
	}
	return out, nil
}

// read reads one file of the project. One that may not be read is no error here: whoever checks it says so.
func read(root *os.Root, name string) (*source.Source, error) {
	text, err := local.Read(root, name, yaml.LargestFile)
	return sourceOf(name, text, err)
}

// NamedFile reads a file that somebody named on the command line as one of a project.
func NamedFile(name string) (*source.Source, error) {
	text, err := local.ReadFile(name, yaml.LargestFile)
	return sourceOf(name, text, err)
}

// sourceOf is what was read as a file of ours; of another one nothing is known, so that nothing can be quoted.
func sourceOf(name string, text []byte, err error) (*source.Source, error) {
	refused, isRefused := errors.AsType[local.Refused](err)
	switch {
	case isRefused:
		return &source.Source{Name: name, Unread: refused.Error()}, nil
	case err == nil && !yaml.Ours(string(text)):
		return &source.Source{Name: name, Unread: "it is empty or none of malgrupp's"}, nil
	}
	return &source.Source{Name: name, Text: string(text)}, err
}
