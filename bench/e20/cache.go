package e20

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	edition = 2 // raised when the generator changes, so that no older log is measured
	// DirVariable names the folder of the logs.
	DirVariable = "MALGRUPP_BENCH_DIR"
)

// CacheDir is where logs are kept: what DirVariable says, else malgrupp-bench in the user's cache.
func CacheDir() (string, error) {
	if dir := os.Getenv(DirVariable); dir != "" {
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for the logs: %w; name a folder in %s", err, DirVariable)
	}
	return filepath.Join(cache, "malgrupp-bench"), nil
}

// Kept returns the folder of the log of that size in the cache, after making it where it is missing.
func Kept(ctx context.Context, o Options) (string, error) {
	o = o.withDefaults()
	base, err := CacheDir()
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("e20-%d-seed-%d-rows-%d-devices-%d", edition, o.Seed, o.Rows, o.Devices)
	if o.IDs {
		name += "-ids"
	}
	dir := filepath.Join(base, name)
	if _, err := os.Stat(filepath.Join(dir, projectFile)); err == nil {
		return dir, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("look for the log in %s: %w", dir, err)
	}
	if err := os.RemoveAll(dir); err != nil { // a log that was never finished
		return "", fmt.Errorf("clear a log that was never finished: %w", err)
	}
	start := time.Now()
	if err := Make(ctx, dir, o); err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "made %s in %s\n", dir, time.Since(start).Round(time.Second))
	return dir, nil
}
