// Package duckdb runs statements in DuckDB, another engine's opinion on who is in a segment. The engine comes from
// PyPI in one pinned version, into the user's cache; a small program in Python hands it statements and prints what it
// answers.
package duckdb

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Version is the release of DuckDB that the tests ask.
const Version = "2.0.1"

// ErrNoPython says that this machine cannot run the engine at all.
var ErrNoPython = errors.New("there is no python3 on this machine")

// DB is a running engine. One goroutine uses it at a time.
type DB struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// Open starts the engine, after installing it if need be. runner is the path of run.py.
func Open(runner string) (*DB, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil, ErrNoPython
	}
	site, err := install(python)
	if err != nil {
		return nil, err
	}
	db := &DB{process: exec.Command(python, runner, site)}
	db.process.Stderr = os.Stderr
	if db.in, err = db.process.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start duckdb: %w", err)
	}
	out, err := db.process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start duckdb: %w", err)
	}
	db.out = bufio.NewReader(out)
	if err := db.process.Start(); err != nil {
		return nil, fmt.Errorf("start duckdb: %w", err)
	}
	return db, nil
}

// install puts the pinned release into the cache and returns its folder. A folder that is there is whole: it was
// renamed.
func install(python string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for duckdb: %w", err)
	}
	root := filepath.Join(cache, "malgrupp-e2e")
	site := filepath.Join(root, "duckdb-"+Version)
	if _, err := os.Stat(site); err == nil {
		return site, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("make a place for duckdb: %w", err)
	}
	fresh, err := os.MkdirTemp(root, "installing-")
	if err != nil {
		return "", fmt.Errorf("make a place for duckdb: %w", err)
	}
	defer os.RemoveAll(fresh)
	pip := exec.Command(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--root-user-action=ignore",
		"--only-binary", ":all:", "--no-deps", "--target", fresh, "duckdb=="+Version)
	if out, err := pip.CombinedOutput(); err != nil {
		return "", fmt.Errorf("install duckdb %s with pip: %w: %s", Version, err, out)
	}
	if err := os.Rename(fresh, site); err != nil && !errors.Is(err, os.ErrExist) {
		if _, there := os.Stat(site); there != nil {
			return "", fmt.Errorf("keep duckdb: %w", err)
		}
	}
	return site, nil
}

// Query runs a statement and returns its rows. Values are what JSON makes of them; exact decimals come as texts.
func (db *DB) Query(statement string) ([][]any, error) {
	if err := json.NewEncoder(db.in).Encode(map[string]string{"sql": statement}); err != nil {
		return nil, fmt.Errorf("ask duckdb: %w", err)
	}
	line, err := db.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("read duckdb's answer: %w", err)
	}
	var answer struct {
		Rows  [][]any
		Error string
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return nil, fmt.Errorf("read duckdb's answer: %w", err)
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("duckdb: %s", answer.Error)
	}
	return answer.Rows, nil
}

// Close ends the engine.
func (db *DB) Close() error {
	return errors.Join(db.in.Close(), db.process.Wait())
}
