package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/malgrupp/malgrupp/bench/e20"
)

// errNoPython says that this machine cannot run other engines at all.
var errNoPython = errors.New("there is no python3 on this machine: install Python 3.11 or a newer one")

// errNoEngines says that they could not be fetched.
var errNoEngines = errors.New("pip could not install them: see that it reaches a registry")

// engines is where Python finds the other engines.
type engines struct {
	python, site string
	program      string // peer.py
}

// installed puts the pinned releases of requirements.txt into the cache, where they stay. A folder that is there is
// whole: it was renamed.
func installed(ctx context.Context, here string) (*engines, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil, errNoPython
	}
	base, err := e20.CacheDir()
	if err != nil {
		return nil, err
	}
	pinned := filepath.Join(here, "requirements.txt")
	text, err := os.ReadFile(pinned)
	if err != nil {
		return nil, fmt.Errorf("read which engines are asked: %w", err)
	}
	e := &engines{python: python, program: filepath.Join(here, "peer.py")}
	e.site = filepath.Join(base, fmt.Sprintf("engines-%x", sha256.Sum256(text))[:24])
	if _, err := os.Stat(e.site); err == nil {
		return e, nil
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, fmt.Errorf("make a place for other engines: %w", err)
	}
	fresh, err := os.MkdirTemp(base, "installing-")
	if err != nil {
		return nil, fmt.Errorf("make a place for other engines: %w", err)
	}
	defer os.RemoveAll(fresh)
	pip := exec.CommandContext(ctx, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--root-user-action=ignore", "--only-binary", ":all:", "--no-deps", "--require-hashes", "--target", fresh,
		"--requirement", pinned)
	if out, err := pip.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("install other engines: %w: %w: %s", errNoEngines, err, tail(out))
	}
	if err := os.Rename(fresh, e.site); err != nil {
		if _, there := os.Stat(e.site); there != nil {
			return nil, fmt.Errorf("keep other engines: %w", err)
		}
	}
	return e, nil
}
