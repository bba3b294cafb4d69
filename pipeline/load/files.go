package load

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/rules/source"
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
	text, err := fs.ReadFile(root.FS(), ProjectFile)
	if err != nil {
		return nil, fault.New(fault.Usage, "PROJECT", fmt.Errorf("read the project file: %w", err),
			"give the folder with -C DIR, or make one with malgrupp init")
	}
	files, err := yamlFiles(root.FS(), "schemas", "value-sets", "segments", "tests")
	return append([]*source.Source{{Name: ProjectFile, Text: string(text)}}, files...), err
}
