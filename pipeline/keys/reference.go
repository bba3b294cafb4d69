package keys

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/local"
)

// Source says where references lead.
type Source struct {
	Dir     string                           // relative paths lie below it
	Env     func(name string) (string, bool) // looks up a variable
	Mounted bool                             // files come from a secret store's mount: others may read them
	state   *Identity                        // opens age:PATH
}

// largest bounds what a reference may hold, in bytes.
const largest = 1 << 20

// byteOrderMark is what editors put before a text; keys and recipients are texts, and it is no part of them.
var byteOrderMark = []byte("\ufeff")

// secret reads a reference to something that only the job may see.
func (s Source) secret(ref string) (secret, error) {
	b, err := s.read(ref, s.guard)
	return secret{bytes: bytes.TrimPrefix(b, byteOrderMark)}, err
}

// public reads a reference to something that others may see but not change.
func (s Source) public(ref string) ([]byte, error) {
	b, err := s.read(ref, guardWriting)
	return bytes.TrimPrefix(b, byteOrderMark), err
}

func (s Source) read(ref string, guard func(os.FileInfo) error) ([]byte, error) {
	scheme, what, _ := strings.Cut(ref, ":")
	switch {
	case what == "" || scheme != "env" && scheme != "file" && scheme != "age":
		// The text may be a secret that somebody pasted, so it is not shown.
		return nil, errors.New("not a reference: want env:NAME, file:PATH or age:PATH, never the secret itself")
	case scheme == "env":
		value, ok := s.Env(what)
		if !ok || value == "" {
			return nil, fmt.Errorf("%s: the variable is not set; set it where the job is started", ref)
		}
		return []byte(value), nil
	case scheme == "file":
		return s.file(what, guard)
	case s.state == nil:
		return nil, fmt.Errorf("%s: the state key opens age files and cannot lie in one; give it as env:NAME or file:PATH",
			ref)
	}
	sealed, err := s.file(what, guardWriting)
	if err != nil {
		return nil, err
	}
	plain, err := s.state.Decrypt(bytes.NewReader(sealed))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", ref, err)
	}
	b, err := io.ReadAll(io.LimitReader(plain, largest+1))
	if err != nil || len(b) > largest {
		return nil, fmt.Errorf("open %s: the file is damaged or holds more than %d bytes; encrypt it again", ref, largest)
	}
	return b, nil
}

// file reads a regular file that passes its guard, from a folder that nobody else may write: whoever may could put
// another key in its place. It is judged once it is open, so that nothing can be put in its place in between.
func (s Source) file(path string, guard func(os.FileInfo) error) ([]byte, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, filepath.FromSlash(path))
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	defer root.Close()
	b, err := s.below(root, filepath.Base(path), guard)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return b, nil
}

func (s Source) below(root *os.Root, name string, guard func(os.FileInfo) error) ([]byte, error) {
	folder, err := root.Stat(".")
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(guardFolder(folder), s.owner(folder)); err != nil {
		return nil, fmt.Errorf("the folder it lies in: %w", err)
	}
	open := local.Open
	if s.Mounted {
		open = local.Linked // secret stores change all files of a mount at once by a link within it
	}
	f, err := open(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(guard(info), s.owner(info)); err != nil {
		return nil, err
	}
	return local.Content(f, largest)
}

// guard refuses a secret file that others can read.
func (s Source) guard(info os.FileInfo) error {
	if s.Mounted {
		return guardWriting(info)
	}
	return guardReading(info)
}

// owner refuses what belongs to somebody else; the files of a mount belong to whom the secret store says.
func (s Source) owner(info os.FileInfo) error {
	if s.Mounted {
		return nil
	}
	return guardOwner(info)
}
