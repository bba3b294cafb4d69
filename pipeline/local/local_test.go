//go:build unix

package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOnlyRegularFilesOfBoundedSizeAreRead(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{
		os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o600),
		os.WriteFile(filepath.Join(dir, "large"), []byte("longer text"), 0o600),
		os.WriteFile(filepath.Join(dir, "holes"), nil, 0o600), os.Truncate(filepath.Join(dir, "holes"), 1<<40),
		os.Mkdir(filepath.Join(dir, "folder"), 0o700), os.WriteFile(filepath.Join(dir, "folder", "file"), nil, 0o600),
		os.Symlink("file", filepath.Join(dir, "link")), os.Symlink("folder", filepath.Join(dir, "linked")),
		os.Symlink("/dev/zero", filepath.Join(dir, "device")), syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, want := range map[string]string{
		"file": "", "folder/file": "", "large": "larger than 5 bytes", "holes": "larger than 5 bytes", "link": string(Link),
		"linked/file": string(Link), "device": string(Link), "pipe": string(Special), "folder": string(Special),
	} {
		_, err := Read(root, name, 5)
		_, named := ReadFile(filepath.Join(dir, filepath.FromSlash(name)), 5)
		for _, err := range []error{err, named} {
			_, refused := errors.AsType[Refused](err)
			below := name == "linked/file" && errors.Is(err, named) // folders above a file that was named may be links
			if !below && (refused != (want != "") || refused && !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
	if _, err := ReadFile("/dev/zero", 5); err == nil {
		t.Error("a device was read")
	}
}
