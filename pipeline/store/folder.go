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

	"github.com/malgrupp/malgrupp/pipeline/local"
)

// folder is a directory of the machine. Every access goes through os.Root and checks that no component is a link, so
// that nothing planted in the folder leads elsewhere.
type folder struct {
	root string // allowed folder
	dir  string // below it, "." for itself

	// step does one step of a call at the key, or is somebody who may let it fail (Options.Around).
	step func(op, key string, do func() error) error
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

func (f *folder) close() error { return nil }

func (f *folder) list(ctx context.Context, prefix string) ([]Object, error) {
	var objects []Object
	below := prefix[:strings.LastIndexByte(prefix, '/')+1]
	err := f.within(below, func(root *os.Root, name string) error {
		if err := local.Path(root, name); err != nil {
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
		if err := local.Path(root, name); err != nil {
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
		var err error
		file, err = local.Open(root, name)
		return err
	})
	return file, err
}

func (f *folder) upload(_ context.Context, key string, r io.Reader, _ string) error {
	return f.write(key, r, func(root *os.Root, temporary, name string) error {
		return f.step("rename", key, func() error { return root.Rename(temporary, name) })
	})
}

// create links the finished file to its name: the kernel refuses a name that is taken, whichever process took it.
func (f *folder) create(_ context.Context, key string, b []byte) error {
	return f.write(key, bytes.NewReader(b), func(root *os.Root, temporary, name string) error {
		linked := f.step("link", key, func() error { return root.Link(temporary, name) })
		return errors.Join(linked, f.unlink(root, key, temporary))
	})
}

func (f *folder) unlink(root *os.Root, key, name string) error {
	return f.step("unlink", key, func() error { return root.Remove(name) })
}

// write puts the content into a temporary file beside its place, then publishes it there.
func (f *folder) write(key string, r io.Reader, publish func(root *os.Root, temporary, name string) error) error {
	if err := os.MkdirAll(f.root, dirMode); err != nil {
		return err
	}
	return f.within(key, func(root *os.Root, name string) (err error) {
		if err := local.Path(root, name); err != nil {
			return err
		}
		if err := f.mkdir(root, key, path.Dir(name)); err != nil {
			return err
		}
		var file *os.File
		var temporary string
		err = f.step("temporary", key, func() (err error) {
			file, temporary, err = createTemporary(root, name)
			return err
		})
		if err != nil {
			return err
		}
		err = f.step("fill", key, func() error { _, err := io.Copy(file, r); return err })
		if err == nil {
			err = f.step("fsync", key, file.Sync)
		}
		if err = errors.Join(err, file.Close()); err != nil {
			return errors.Join(err, f.unlink(root, key, temporary))
		}
		if err := publish(root, temporary, name); err != nil {
			return err
		}
		return f.settle(root, key, path.Dir(name))
	})
}

// mkdir makes a folder and those above it, each of which survives a power failure before something lies in it.
func (f *folder) mkdir(root *os.Root, key, dir string) error {
	if info, err := root.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := f.mkdir(root, key, path.Dir(dir)); err != nil {
		return err
	}
	err := f.step("mkdir", key, func() error { return root.Mkdir(dir, dirMode) })
	if err != nil && !errors.Is(err, fs.ErrExist) { // somebody else made it
		return err
	}
	return f.settle(root, key, path.Dir(dir))
}

// settle makes the entries of a folder survive a power failure.
func (f *folder) settle(root *os.Root, key, dir string) error {
	return f.step("fsync", key, func() error {
		d, err := root.Open(dir)
		if err != nil {
			return err
		}
		return errors.Join(d.Sync(), d.Close())
	})
}

const maxTemporaries = 10000

// temporaryForm is what createTemporary calls files: what a killed writer left is no object.
var temporaryForm = regexp.MustCompile(`^\..+\.[0-9]+\.tmp$`)

func temporary(name string) bool { return temporaryForm.MatchString(path.Base(name)) }

// sweep deletes what killed writers left.
func (f *folder) sweep(ctx context.Context) error {
	err := f.within("", func(root *os.Root, name string) error {
		if err := local.Path(root, name); err != nil {
			return err
		}
		return fs.WalkDir(root.FS(), name, func(at string, entry fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil || !entry.Type().IsRegular() || !temporary(at) {
				return err
			}
			return f.unlink(root, at, at)
		})
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
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
		if err := local.Path(root, name); err != nil {
			return err
		}
		return f.unlink(root, key, name)
	})
}
