package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// folder is a directory of the machine. Every access goes through os.Root and checks that no component is a link, so
// that nothing planted in the folder leads elsewhere.
type folder struct {
	root string // allowed folder
	dir  string // below it, "." for itself
}

const (
	dirMode  = 0o700
	fileMode = 0o600
)

// within opens the root and calls do with the path, relative to the root, of a key.
func (f *folder) within(key string, do func(root *os.Root, name string) error) error {
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return err
	}
	name := path.Join(filepath.ToSlash(f.dir), key)
	return errors.Join(do(root, name), root.Close())
}

// checkPath refuses links: every component but the last must be a folder, the last a folder or a file. What does not
// exist yet is fine.
func checkPath(root *os.Root, name string) error {
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		info, err := root.Lstat(name[:i])
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if !info.IsDir() && (i < len(name) || !info.Mode().IsRegular()) {
			return errLink
		}
	}
	return nil
}

func (f *folder) close() error { return nil }

func (f *folder) list(ctx context.Context, prefix string) ([]Object, error) {
	var objects []Object
	below := prefix[:strings.LastIndexByte(prefix, '/')+1]
	err := f.within(below, func(root *os.Root, name string) error {
		if err := checkPath(root, name); err != nil {
			return err
		}
		walk := func(at string, entry fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil || entry.IsDir() || at == name || temporary(at) { // a file of that very name holds no objects
				return err
			}
			key := below + strings.TrimPrefix(strings.TrimPrefix(at, name), "/")
			if name == "." {
				key = at
			}
			if !strings.HasPrefix(key, prefix) {
				return nil
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			objects = append(objects, objectOf(key, info))
			return nil
		}
		return fs.WalkDir(root.FS(), name, walk)
	})
	if errors.Is(err, fs.ErrNotExist) && len(objects) == 0 && f.exists() {
		return nil, nil // as in a cloud, where a prefix without objects does not exist either
	}
	return objects, err
}

// exists reports whether the folder itself is there: one that is not is a bucket that is not.
func (f *folder) exists() bool {
	err := f.within("", func(root *os.Root, name string) error {
		_, err := root.Lstat(name)
		return err
	})
	return err == nil
}

func objectOf(key string, info fs.FileInfo) Object {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", info.Size(), info.ModTime().UnixNano()))
	return Object{Key: key, Size: info.Size(), ModTime: info.ModTime(), ETag: hex.EncodeToString(sum[:16])}
}

func (f *folder) stat(_ context.Context, key string) (Object, error) {
	var o Object
	err := f.within(key, func(root *os.Root, name string) error {
		if err := checkPath(root, name); err != nil {
			return err
		}
		info, err := root.Lstat(name)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fs.ErrNotExist
		}
		o = objectOf(key, info)
		return nil
	})
	return o, err
}

func (f *folder) open(_ context.Context, key string, _ int64) (Reader, error) {
	var file *os.File
	err := f.within(key, func(root *os.Root, name string) error {
		if err := checkPath(root, name); err != nil {
			return err
		}
		var err error
		file, err = root.Open(name)
		return err
	})
	return file, err
}

func (f *folder) upload(_ context.Context, key string, r io.Reader, _ string) error {
	return f.write(key, r, func(root *os.Root, temporary, name string) error { return root.Rename(temporary, name) })
}

// create links the finished file to its name: the kernel refuses a name that is taken, whichever process took it.
func (f *folder) create(_ context.Context, key string, b []byte) error {
	return f.write(key, bytes.NewReader(b), func(root *os.Root, temporary, name string) error {
		if err := root.Link(temporary, name); err != nil {
			return errors.Join(err, root.Remove(temporary))
		}
		return root.Remove(temporary)
	})
}

// write puts the content into a temporary file beside its place, then publishes it there.
func (f *folder) write(key string, r io.Reader, publish func(root *os.Root, temporary, name string) error) error {
	if err := os.MkdirAll(f.root, dirMode); err != nil {
		return err
	}
	return f.within(key, func(root *os.Root, name string) error {
		if err := checkPath(root, name); err != nil {
			return err
		}
		if err := root.MkdirAll(path.Dir(name), dirMode); err != nil {
			return err
		}
		file, temporary, err := createTemporary(root, name)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, r)
		if err == nil {
			err = file.Sync()
		}
		if err = errors.Join(err, file.Close()); err != nil {
			return errors.Join(err, root.Remove(temporary))
		}
		if err := publish(root, temporary, name); err != nil {
			return err
		}
		return settle(root, path.Dir(name))
	})
}

const maxTemporaries = 10000

// temporaryForm is what createTemporary calls files: what a killed writer left is no object.
var temporaryForm = regexp.MustCompile(`^\..+\.[0-9]+\.tmp$`)

func temporary(name string) bool { return temporaryForm.MatchString(path.Base(name)) }

// sweep deletes what killed writers left.
func (f *folder) sweep(ctx context.Context) error {
	err := f.within("", func(root *os.Root, name string) error {
		if err := checkPath(root, name); err != nil {
			return err
		}
		return fs.WalkDir(root.FS(), name, func(at string, entry fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil || !entry.Type().IsRegular() || !temporary(at) {
				return err
			}
			return root.Remove(at)
		})
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// settle makes the entries of a folder survive a power failure.
func settle(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// createTemporary makes a new file beside name. Others may write the same name at the same time, or may have died at
// it.
func createTemporary(root *os.Root, name string) (*os.File, string, error) {
	for n := range maxTemporaries {
		temporary := path.Join(path.Dir(name), fmt.Sprintf(".%s.%d.tmp", path.Base(name), n))
		file, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
		if !errors.Is(err, fs.ErrExist) {
			return file, temporary, err
		}
	}
	return nil, "", fmt.Errorf("%d temporary files lie beside it: delete those of dead runs", maxTemporaries)
}

func (f *folder) delete(_ context.Context, key string) error {
	return f.within(key, func(root *os.Root, name string) error {
		if err := checkPath(root, name); err != nil {
			return err
		}
		return root.Remove(name)
	})
}
