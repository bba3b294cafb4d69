// Package local reads files of this machine that people write by hand or put beside a project: rules, settings, keys,
// lists, tests. In comes a folder and a name, out come bytes of a regular file of bounded size, or a refusal.
//
// Whoever may write in such a folder must not be able to make the program read, and print, what only the program may
// see, or wait for ever: links, pipes and devices are refused, and so is what is larger than it may be. The package
// knows nothing of what the files say.
package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Refused says why a file that is there is not read.
type Refused string

func (r Refused) Error() string { return string(r) }

// What is refused whatever its size.
const (
	Link    Refused = "a part of its path is a link, or no folder: links are not followed"
	Special Refused = "it is a folder, a pipe or a device: want a regular file"
	Moved   Refused = "it was replaced while it was opened: try again"
)

// Path refuses links: every component of a slash-separated name below the root must be a folder, the last one a folder
// or a regular file. What does not exist yet is fine.
func Path(root *os.Root, name string) error {
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		info, err := root.Lstat(name[:i])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case info.IsDir() || i == len(name) && info.Mode().IsRegular():
		case i < len(name) || info.Mode()&fs.ModeSymlink != 0:
			return Link
		default:
			return Special
		}
	}
	return nil
}

// Open opens a regular file below the root. It is looked at before and after it was opened, and not waited for:
// whatever is put in its place in between is not read.
func Open(root *os.Root, name string) (*os.File, error) {
	if err := Path(root, name); err != nil {
		return nil, err
	}
	return open(root, name, root.Lstat)
}

// Linked opens a regular file below the root to which a link may lead that does not leave the root, as those of a
// secret store's mount do.
func Linked(root *os.Root, name string) (*os.File, error) { return open(root, name, root.Stat) }

func open(root *os.Root, name string, look func(string) (os.FileInfo, error)) (*os.File, error) {
	before, err := look(name)
	if err == nil && !before.Mode().IsRegular() {
		err = Special
	}
	if err != nil {
		return nil, err
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) {
		return nil, errors.Join(Moved, err, f.Close())
	}
	return f, nil
}

// Content reads an open file of at most so many bytes. A file with holes is as large as it says, not as what it takes.
func Content(f *os.File, most int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	tooLarge := Refused(fmt.Sprintf("it is larger than %d bytes", most))
	if info.Size() > most {
		return nil, tooLarge
	}
	b, err := io.ReadAll(io.LimitReader(f, most+1)) // it may grow
	if err == nil && int64(len(b)) > most {
		err = tooLarge
	}
	return b, err
}

// Read is the content of a regular file below the root, of at most so many bytes.
func Read(root *os.Root, name string, most int64) ([]byte, error) {
	f, err := Open(root, name)
	if err != nil {
		return nil, err
	}
	b, err := Content(f, most)
	return b, errors.Join(err, f.Close())
}

// ReadFile is the content of a file that somebody named on the command line. The folders above it may be reached
// through links, the file itself not.
func ReadFile(path string, most int64) ([]byte, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	b, err := Read(root, filepath.Base(path), most)
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		err = cause.Err // its path is said already, its operation is a name of the kernel's
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}
