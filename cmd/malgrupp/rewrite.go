package main

import (
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/malgrupp/malgrupp/pipeline/local"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// rewrite puts a text in place of a file of the project that holds another one: at once, by a new file that takes the
// old one's name. A file that somebody changed in the meantime is left alone.
func rewrite(project, name, was, text string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("rewrite %s: %w", name, err)
		}
	}()
	root, err := os.OpenRoot(project)
	if err != nil {
		return err
	}
	defer root.Close()
	now, err := local.Read(root, name, yaml.LargestFile)
	if err != nil {
		return err
	}
	if string(now) != was {
		return errors.New("the file was changed in the meantime: run the command again")
	}
	old, err := root.Lstat(name)
	if err != nil {
		return err
	}
	temporary := path.Join(path.Dir(name), "."+path.Base(name)+".new")
	err = root.WriteFile(temporary, []byte(text), old.Mode().Perm())
	if err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	return nil
}
