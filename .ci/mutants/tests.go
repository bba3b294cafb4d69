package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// test is one test of a package, or one script.
type test struct {
	dir, name string
	took      time.Duration
	reached   []byte // by number: 1 where it comes to the mutant
}

// worker runs tests, one process at a time, with test programs whose mutants one file switches on.
type worker struct {
	root, folder string
	flags        map[string][]string // of the test programs
}

// build compiles all packages, leaving out mutants that do not compile, then one test program a package.
func build(root, folder, overlay string, dirs []string) (*worker, error) {
	w := &worker{root: root, folder: folder, flags: map[string][]string{}}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := w.on(0); err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		bin := w.program(dir)
		cmd := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", bin,
			"-ldflags", "-s -w -X "+plantedPath+".file="+w.file(), "./"+dir)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", dir, err, out)
		}
		// Properties draw the same cases each time, and leave no file of those that fail.
		rapid := []string{"-rapid.seed=1", "-rapid.nofailfile"}
		if exec.Command(bin, append(rapid, "-test.list=^$")...).Run() == nil {
			w.flags[dir] = rapid
		}
	}
	return w, nil
}

func (w *worker) program(dir string) string {
	return filepath.Join(w.folder, strings.ReplaceAll(dir, "/", "-")+".test")
}

func (w *worker) file() string { return filepath.Join(w.folder, "mutant") }

// on switches a mutant on, none if n is 0.
func (w *worker) on(n int) error {
	mem := make([]byte, 1<<16)
	mem[0], mem[1] = byte(n>>8), byte(n)
	return os.WriteFile(w.file(), mem, 0o600)
}

// list is the tests of a package; of the scripts each is one.
func (w *worker) list(dir string) (tests []*test, err error) {
	if _, err := os.Stat(w.program(dir)); err != nil {
		return nil, nil // it has no tests of its own
	}
	out, err := exec.Command(w.program(dir), "-test.list=^(Test|Fuzz|Example)").Output()
	for name := range strings.FieldsSeq(string(out)) {
		if name != "TestScripts" {
			tests = append(tests, &test{dir: dir, name: name})
			continue
		}
		scripts, _ := filepath.Glob(filepath.Join(w.root, "testdata", "script", "*.txtar"))
		for _, s := range scripts {
			tests = append(tests, &test{dir: dir, name: name + "/" + strings.TrimSuffix(filepath.Base(s), ".txtar")})
		}
	}
	return tests, err
}

var errSlow = errors.New("took too long")

// run runs tests of one package and returns an error if one fails or they take too long.
func (w *worker) run(tests []*test, limit time.Duration) error {
	var plain, scripts []string
	for _, t := range tests {
		if script, ok := strings.CutPrefix(t.name, "TestScripts/"); ok {
			scripts = append(scripts, regexp.QuoteMeta(script))
		} else {
			plain = append(plain, t.name)
		}
	}
	for _, pattern := range []string{strings.Join(plain, "|"), strings.Join(scripts, "|")} {
		if pattern == "" {
			continue
		}
		if len(scripts) > 0 && pattern == strings.Join(scripts, "|") {
			pattern = "TestScripts$/^(" + pattern + ")"
		} else {
			pattern = "(" + pattern + ")"
		}
		if err := w.start(tests[0].dir, "^"+pattern+"$", limit); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) start(dir, pattern string, limit time.Duration) error {
	ctx, stop := context.WithTimeout(context.Background(), limit)
	defer stop()
	// A mutant may eat memory without end.
	args := []string{"-c", `ulimit -v 8000000; exec "$0" "$@"`, w.program(dir), "-test.failfast", "-test.run=" + pattern}
	cmd := exec.CommandContext(ctx, "sh", append(args, w.flags[dir]...)...)
	cmd.Dir = filepath.Join(w.root, dir)
	temp, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if ctx.Err() != nil {
		return errSlow
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, firstFailure(out.String()))
	}
	return nil
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

func firstFailure(out string) string {
	if m := failure.FindAllStringSubmatch(out, -1); m != nil {
		return m[len(m)-1][1]
	}
	return out[max(0, len(out)-200):]
}

// plain runs each test by itself without a mutant and keeps what it reaches. Tests that are slow or fail are left out.
func plain(workers []*worker, tests []*test, slow time.Duration) []*test {
	jobs := make(chan *test)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var out []*test
	for _, w := range workers {
		wg.Go(func() {
			for t := range jobs {
				err := w.on(0)
				start := time.Now()
				if err == nil {
					err = w.run([]*test{t}, 2*slow)
				}
				t.took = time.Since(start)
				if err == nil {
					t.reached, err = os.ReadFile(w.file())
				}
				mu.Lock()
				if err != nil || t.took > slow {
					fmt.Printf("left out: %s %s, %.1f s, %v\n", t.dir, t.name, t.took.Seconds(), err)
				} else {
					out = append(out, t)
				}
				mu.Unlock()
			}
		})
	}
	for _, t := range tests {
		jobs <- t
	}
	close(jobs)
	wg.Wait()
	slices.SortStableFunc(out, func(a, b *test) int { return int(a.took - b.took) })
	return out
}

// kill runs the tests that come to a mutant, those of its room first, the quick ones first, as many as the budget pays,
// and says which failed.
func (w *worker) kill(m *mutant, tests []*test, budget time.Duration) (killer string, reached int, err error) {
	var own, others []*test
	for _, t := range tests {
		switch {
		case t.reached[m.n+1] == 0:
		case t.dir == filepath.Dir(m.file):
			own = append(own, t)
		default:
			others = append(others, t)
		}
	}
	if err := w.on(m.n); err != nil {
		return "", 0, err
	}
	order := append(own, others...)
	for i, t := range order {
		if budget -= t.took; budget < 0 {
			order = order[:i+1]
			break
		}
	}
	for at, many := 0, 1; at < len(order); many *= 2 {
		group := order[at:min(at+many, len(order))]
		at += len(group)
		byDir := map[string][]*test{}
		var dirs []string
		for _, t := range group {
			if byDir[t.dir] == nil {
				dirs = append(dirs, t.dir)
			}
			byDir[t.dir] = append(byDir[t.dir], t)
		}
		for _, dir := range dirs {
			var took time.Duration
			for _, t := range byDir[dir] {
				took += t.took
			}
			if err := w.run(byDir[dir], 10*took+10*time.Second); err != nil {
				return err.Error(), len(order), nil
			}
		}
	}
	return "", len(order), nil
}
