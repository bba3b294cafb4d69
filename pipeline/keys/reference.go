package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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

// file reads a regular file that passes its guard. It is judged after it was opened, so that nothing can be put in its
// place in between.
func (s Source) file(path string, guard func(os.FileInfo) error) ([]byte, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, filepath.FromSlash(path))
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: want a regular file", path) // opening a pipe would wait for ever
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	if err := guard(info); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	b, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, fmt.Errorf("read a key: %w", err)
	}
	if len(b) > largest {
		return nil, fmt.Errorf("read %s: want at most %d bytes", path, largest)
	}
	return b, nil
}

// guard refuses a secret file that others can read or that belongs to somebody else.
func (s Source) guard(info os.FileInfo) error {
	if s.Mounted {
		return guardWriting(info)
	}
	return guardReading(info)
}
