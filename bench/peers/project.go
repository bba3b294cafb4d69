package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/bench/e20"
)

// project is a workload's own folder: the log as links, the rules, and what lies before the timed command.
type project struct {
	workload
	dir      string // what malgrupp is run on
	rulesAt  string // JSON file with the rules that other engines read
	snapshot string // what a run finds beside the files of given; "" for nothing
	keptAt   string // hits that an engine kept of the night before
}

// given are the files of a project that no run writes.
var given = []string{"events", "consent", "keys", "schemas", "segments", "malgrupp.yaml"}

// settings are put in place of those of the log's own project: the log is one of the past, and no guard may hold a list
// that is compared.
var settings = strings.NewReplacer(
	"protected: none}", `protected: none, max_feed_age: {limit: 36500d, reason: "a log of the past is measured"}}`,
	"covers_from: 2026-03-31", "covers_from: 2026-03-01",
)

const guards = "guards: {min_audience: 50, max_change: 9999%}\n"

// build makes a workload's project below a folder, from a log, and runs what lies before its timed command.
func (b *bench) build(ctx context.Context, w workload) (*project, error) {
	log, err := b.log(ctx, w.log)
	if err != nil {
		return nil, err
	}
	base := filepath.Join(b.work, strings.ReplaceAll(w.name, " ", "-"))
	if err := os.RemoveAll(base); err != nil {
		return nil, fmt.Errorf("clear the project of %s: %w", w.name, err)
	}
	p := &project{workload: w, dir: filepath.Join(base, "project"), rulesAt: filepath.Join(base, "rules.json")}
	if err := p.write(log); err != nil {
		return nil, fmt.Errorf("make the project of %s: %w", w.name, err)
	}
	if err := b.before(ctx, p, log, base); err != nil {
		return nil, fmt.Errorf("make what lies before %s: %w", w.name, err)
	}
	return p, nil
}

// write makes the files of the project; events and consent become links to those of the log.
func (p *project) write(log string) error {
	for _, folder := range []string{"events", "consent"} {
		if err := linkTree(filepath.Join(log, folder), filepath.Join(p.dir, folder)); err != nil {
			return err
		}
	}
	for _, folder := range []string{"keys", "schemas"} {
		if err := copyTree(filepath.Join(log, folder), filepath.Join(p.dir, folder)); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join(log, "malgrupp.yaml"))
	if err != nil {
		return err
	}
	yaml := settings.Replace(string(text)) + guards
	if p.linked {
		yaml += "identity: {attach: linked}\n"
	}
	if err := os.WriteFile(filepath.Join(p.dir, "malgrupp.yaml"), []byte(yaml), 0o600); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(p.dir, "segments"), 0o700); err != nil {
		return err
	}
	return p.writeRules()
}

// writeRules writes the rules for us and, those that are asked about, for others.
func (p *project) writeRules() error {
	var asked []e20.Segment
	for _, s := range p.rules {
		if err := os.WriteFile(filepath.Join(p.dir, "segments", s.Name+".yaml"), []byte(s.Text()), 0o600); err != nil {
			return err
		}
		if p.asked == "" || p.asked == s.Name {
			asked = append(asked, s)
		}
	}
	text, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	return os.WriteFile(p.rulesAt, text, 0o600)
}

// before runs what lies before the timed command and keeps what that wrote, so that every timed run finds the same.
func (b *bench) before(ctx context.Context, p *project, log, base string) error {
	if p.workload.before == nothingBefore {
		return nil
	}
	last := "dt=" + e20.KnownBy.AddDate(0, 0, -1).Format(time.DateOnly)
	day := []string{filepath.Join("events", last), filepath.Join("consent", last)}
	if p.workload.before == yesterday {
		for _, folder := range day {
			if err := os.RemoveAll(filepath.Join(p.dir, folder)); err != nil {
				return err
			}
		}
	}
	if err := b.run(ctx, b.ours(p, p.workload.before == yesterday).args); err != nil {
		return err
	}
	p.snapshot = filepath.Join(base, "before")
	if err := p.eachWritten(func(name string) error {
		return copyTree(filepath.Join(p.dir, name), filepath.Join(p.snapshot, name))
	}); err != nil {
		return err
	}
	switch p.workload.before {
	case yesterday:
		p.keptAt = filepath.Join(base, "kept")
		if err := os.MkdirAll(p.keptAt, 0o700); err != nil {
			return err
		}
		if err := b.run(ctx, b.theirs(p, peer{form: "keep"}, true).args); err != nil {
			return err
		}
		for _, folder := range day {
			if err := linkTree(filepath.Join(log, folder), filepath.Join(p.dir, folder)); err != nil {
				return err
			}
		}
	case changedNumber:
		p.rules = slices.Clone(p.rules)
		p.rules[slices.IndexFunc(p.rules, func(s e20.Segment) bool { return s.Name == p.asked })].Least++
		return p.writeRules()
	}
	return nil
}

// fresh takes away what runs wrote and puts back what lay before.
func (p *project) fresh() error {
	err := p.eachWritten(func(name string) error { return os.RemoveAll(filepath.Join(p.dir, name)) })
	if err == nil && p.snapshot != "" {
		err = copyTree(p.snapshot, p.dir)
	}
	if err != nil {
		return fmt.Errorf("put the project of %s back: %w", p.name, err)
	}
	return nil
}

// eachWritten visits the names at the top of the project that runs wrote.
func (p *project) eachWritten(visit func(name string) error) error {
	names, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if slices.Contains(given, n.Name()) {
			continue
		}
		if err := visit(n.Name()); err != nil {
			return err
		}
	}
	return nil
}

// linkTree makes a folder whose files are links to those of another one.
func linkTree(from, to string) error { return eachFile(from, to, os.Link) }

// copyTree copies a folder over another one.
func copyTree(from, to string) error {
	return eachFile(from, to, func(from, to string) error {
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o600)
	})
}

// eachFile visits the files of a folder with their place in another one, whose folders are made.
func eachFile(from, to string, visit func(from, to string) error) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		return visit(name, filepath.Join(to, rel))
	})
}

// run runs a command that is not timed.
func (b *bench) run(ctx context.Context, args []string) error {
	_, err := b.output(ctx, args)
	return err
}

// output runs a command that is not timed and returns what it prints.
func (b *bench) output(ctx context.Context, args []string) ([]byte, error) {
	var said bytes.Buffer
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, tail(said.Bytes()))
	}
	return out, nil
}

// tail is the end of what a command printed.
func tail(out []byte) string {
	const most = 2000
	return string(out[max(0, len(out)-most):])
}
