package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
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
			err = usagef("rewrite %s: %w", name, err)
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
	// Whatever lies under the new file's name, a link above all, is not ours to write through or to delete.
	temporary := path.Join(path.Dir(name), "."+path.Base(name)+".new")
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, old.Mode().Perm())
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: delete it, if no other command is writing it", temporary)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	return nil
}
