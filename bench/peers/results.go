package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// floorName is the peer that decodes and does nothing.
const floorName = "decode floor"

// results are what was measured last of each workload, as results.json keeps it.
type results struct {
	Rows  []row
	Steps []step

	to string // the folder where they are written; "" for nowhere
}

// row is one workload beside one peer.
type row struct {
	Workload, Peer, Goal string
	Pairs                int
	Date, Program        string // when, and the commit of ours
	Machine, Versions    string
	compared
}

// step is one workload of a growth, set against the first.
type step struct {
	In, Workload      string
	Pairs             int
	Date, Program     string
	Wall, CPU         float64
	Peak              int64
	PeerWall, PeerCPU float64
	PeerPeak          int64
}

func readResults(dir string) (*results, error) {
	r := &results{to: dir}
	text, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil {
		return nil, fmt.Errorf("read the results so far: %w", err)
	}
	return r, nil
}

// of is the row of a workload and a peer, nil if there is none.
func (r *results) of(workload, peer string) *row {
	i := slices.IndexFunc(r.Rows, func(o row) bool { return o.Workload == workload && o.Peer == peer })
	if i < 0 {
		return nil
	}
	return &r.Rows[i]
}

// put records a row in the place of the last one of the same workload and peer.
func (r *results) put(b *bench, fresh row) error {
	fresh.Date, fresh.Program = time.Now().UTC().Format(time.DateOnly), b.commit()
	fresh.Machine, fresh.Versions = machine(), b.versions()
	if last := r.of(fresh.Workload, fresh.Peer); last != nil {
		*last = fresh
	} else {
		r.Rows = append(r.Rows, fresh)
	}
	return r.write()
}

// step records a step of a growth.
func (r *results) step(b *bench, fresh step) error {
	fresh.Date, fresh.Program = time.Now().UTC().Format(time.DateOnly), b.commit()
	i := slices.IndexFunc(r.Steps, func(o step) bool { return o.In == fresh.In && o.Workload == fresh.Workload })
	if i < 0 {
		r.Steps = append(r.Steps, fresh)
	} else {
		r.Steps[i] = fresh
	}
	return r.write()
}

// write writes both files of results, workloads in the order of their table.
func (r *results) write() error {
	if r.to == "" {
		return nil
	}
	slices.SortStableFunc(r.Rows, func(a, b row) int { return place(a.Workload) - place(b.Workload) })
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{"results.json": append(text, '\n'), "RESULTS.md": r.page()} {
		if err := os.WriteFile(filepath.Join(r.to, name), text, 0o644); err != nil {
			return fmt.Errorf("write the results: %w", err)
		}
	}
	return nil
}

func place(name string) int {
	return slices.IndexFunc(workloads, func(w workload) bool { return w.name == name })
}

// page is RESULTS.md.
func (r *results) page() []byte {
	var out bytes.Buffer
	out.WriteString(`# Beside other engines

Written by ` + "`make bench-peers`" + `; do not edit. [How it is measured, and what each workload is](README.md).
Ratios are ours / peer's, medians of whole processes in turn: ours encrypts, signs and publishes, peers count members in
memory. Before anything is timed, the members of every segment are compared. The machine does other work beside: wall
ratios are noisy (the range of single pairs stands in brackets), those of processor time less so.

| workload | peer | wall ratio | cpu ratio | peak MB ours | peak MB peer | goal |
|---|---|---|---|---|---|---|
`)
	for _, w := range r.Rows {
		if w.Peer != floorName {
			fmt.Fprintf(&out, "| %s | %s | %.2f (%.2f to %.2f) | %.2f | %d | %d | %s |\n", w.Workload, w.Peer,
				w.Wall, w.LeastWall, w.LargeWall, w.CPU, w.Peak>>20, w.PeerPeak>>20, w.Goal)
		}
	}
	out.WriteString("\n## Beside the decode floor\n\nThe floor decodes the columns that a workload needs and does " +
		"nothing with them.\n\n| workload | wall ratio | cpu ratio |\n|---|---|---|\n")
	for _, w := range r.Rows {
		if w.Peer == floorName {
			fmt.Fprintf(&out, "| %s | %.2f (%.2f to %.2f) | %.2f |\n", w.Workload, w.Wall, w.LeastWall, w.LargeWall, w.CPU)
		}
	}
	out.WriteString("\n## Growth\n\nTimed in turn; ratios are to the first of each, of the same side.\n\n" +
		"| in | workload | wall | cpu | peak MB | page join: wall | cpu | peak MB |\n|---|---|---|---|---|---|---|---|\n")
	for _, s := range r.Steps {
		fmt.Fprintf(&out, "| %s | %s | %.2f | %.2f | %d | %.2f | %.2f | %d |\n", s.In, s.Workload, s.Wall, s.CPU, s.Peak>>20,
			s.PeerWall, s.PeerCPU, s.PeerPeak>>20)
	}
	out.WriteString("\n## Where and when\n\n")
	for _, line := range r.origins() {
		fmt.Fprintf(&out, "* %s\n", line)
	}
	return out.Bytes()
}

// origins says of the rows on which machine, with which releases and when they were measured.
func (r *results) origins() []string {
	of := map[string][]string{}
	for _, w := range r.Rows {
		line := fmt.Sprintf("%s, %s; malgrupp at %s; %d pairs, %s", w.Machine, w.Versions, w.Program, w.Pairs, w.Date)
		if !slices.Contains(of[line], w.Workload) {
			of[line] = append(of[line], w.Workload)
		}
	}
	var out []string
	for line, names := range of {
		out = append(out, strings.Join(names, ", ")+": "+line)
	}
	slices.Sort(out)
	return out
}

// commit names the last change of the program itself; a + says that more was changed since.
func (b *bench) commit() string {
	rooms := []string{"--", ":/cmd", ":/pipeline", ":/rules", ":/segments", ":/go.mod"}
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", slices.Concat([]string{"-C", b.here}, args, rooms)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	last, err := git("log", "-1", "--format=%h")
	if err != nil {
		return "no commit"
	}
	if changed, err := git("status", "--porcelain"); err == nil && changed != "" {
		last += "+"
	}
	return last
}

// machine says what it has of processors and memory.
func machine() string {
	model := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, isModel := strings.CutPrefix(line, "model name"); isModel {
				model = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), ":"))
				break
			}
		}
	}
	return fmt.Sprintf("%d x %s", runtime.NumCPU(), model)
}

// versions are those of the peers, as they are pinned, and of Go.
func (b *bench) versions() string {
	out := []string{strings.Replace(runtime.Version(), "go", "Go ", 1)}
	text, err := os.ReadFile(filepath.Join(b.here, "peers", "requirements.txt"))
	if err != nil {
		return out[0]
	}
	for line := range strings.Lines(string(text)) {
		if name, version, pinned := strings.Cut(strings.TrimSuffix(strings.TrimSpace(line), " \\"), "=="); pinned {
			out = append(out, name+" "+version)
		}
	}
	return strings.Join(out, ", ")
}
