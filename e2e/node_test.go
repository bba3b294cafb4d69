package e2e_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// installed finds a program of the machine, or skips the test.
func installed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("SKIPPED: there is no %s on this machine; install Node.js 20 or later, npm and, for pages, chromium "+
			"(Debian: nodejs, npm, chromium)", name)
	}
	return path
}

// modules installs what the package-lock.json of a folder pins into the user's cache and returns its folder. A folder
// that is there is whole: it was renamed.
func modules(t *testing.T, npm, of string) string {
	t.Helper()
	lock := must(os.ReadFile(filepath.Join(of, "package-lock.json")))(t)
	root := filepath.Join(must(os.UserCacheDir())(t), "malgrupp-e2e")
	site := filepath.Join(root, fmt.Sprintf("%s-%x", of, sha256.Sum256(lock))[:len(of)+17])
	if _, err := os.Stat(site); err == nil {
		return site
	}
	check(t, os.MkdirAll(root, 0o755))
	fresh := must(os.MkdirTemp(root, "installing-"))(t)
	defer os.RemoveAll(fresh)
	for _, name := range []string{"package.json", "package-lock.json"} {
		check(t, os.WriteFile(filepath.Join(fresh, name), must(os.ReadFile(filepath.Join(of, name)))(t), 0o644))
	}
	install := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = fresh
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("install the modules of %s with npm: %v: %s", of, err, out)
	}
	if err := os.Rename(fresh, site); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(fmt.Errorf("keep the modules of %s: %w", of, err))
	}
	return site
}
