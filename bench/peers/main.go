// Command peers times malgrupp beside other engines that find the same members, see README.md.
//
// In come names of workloads and how many rounds are timed; out come results.json and RESULTS.md in the folder of the
// benchmarks. It compares the members of every segment before it times anything. What is timed are whole processes, in
// turn; it knows nothing of how any of them works.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/bench/e20"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules/value"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// floorWord makes this program decode a log: the columns of the workload after it, of the project after that.
const floorWord = "floor"

func command(ctx context.Context, args []string) error {
	switch {
	case len(args) > 1 && args[0] == measureWord:
		return measure(args[1:])
	case len(args) == 3 && args[0] == floorWord:
		return decodeFloor(args[1], args[2])
	}
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	program := flags.String("malgrupp", "../bin/malgrupp", "the program that is measured")
	only := flags.String("only", "", "names of workloads, with commas between (default: all)")
	count := flags.Int("count", 5, "how many rounds are timed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	b, err := open(ctx, *program, *count)
	if err != nil {
		return err
	}
	return b.all(ctx, chosen)
}

// bench is what all workloads are measured with.
type bench struct {
	*engines
	program string
	count   int
	here    string // the folder of the benchmarks
	work    string // the folder of projects
	results *results
}

// open finds or makes what a measurement needs; it is called in the folder of the benchmarks.
func open(ctx context.Context, program string, count int) (*bench, error) {
	here, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	b := &bench{here: here, count: max(1, count)}
	if b.program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	if _, err := os.Stat(b.program); err != nil {
		return nil, fmt.Errorf("find the program that is measured: %w: run make build", err)
	}
	base, err := e20.CacheDir()
	if err != nil {
		return nil, err
	}
	b.work = filepath.Join(base, "projects")
	if b.engines, err = installed(ctx, filepath.Join(here, "peers")); err != nil {
		return nil, err
	}
	b.results, err = readResults(here)
	return b, err
}

// choose returns the names that are asked for, of workloads and growths; all if none is.
func choose(only string) (func(name string) bool, error) {
	if only == "" {
		return func(string) bool { return true }, nil
	}
	asked := strings.Split(only, ",")
	var known []string
	for _, w := range workloads {
		known = append(known, w.name)
	}
	for _, g := range growths {
		known = append(known, g.name)
	}
	for _, name := range asked {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no workload %q: choose of %s", name, strings.Join(known, ", "))
		}
	}
	return func(name string) bool { return slices.Contains(asked, name) }, nil
}

// log is the folder of a log, which is made the first time.
func (b *bench) log(ctx context.Context, name string) (string, error) {
	o := logs[name]
	o.Seed, o.Workers = seed, runtime.GOMAXPROCS(0)
	return e20.Kept(ctx, o)
}

// all measures what is chosen and writes the results after each.
func (b *bench) all(ctx context.Context, chosen func(name string) bool) error {
	for _, w := range workloads {
		if chosen(w.name) {
			if err := b.workload(ctx, w); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
	}
	for _, g := range growths {
		if chosen(g.name) {
			if err := b.growth(ctx, g); err != nil {
				return fmt.Errorf("growth in %s: %w", g.name, err)
			}
		}
	}
	return nil
}

// workload compares the members of a workload and then times it beside each of its peers.
func (b *bench) workload(ctx context.Context, w workload) error {
	known, err := b.knows(ctx, w.flags)
	if err != nil {
		return err
	}
	if !known {
		fmt.Printf("%-12s skipped: the program does not know %s\n", w.name, strings.Join(w.flags, " "))
		return nil
	}
	p, err := b.build(ctx, w)
	if err != nil {
		return err
	}
	ours := contender{p.fresh, b.ours(p, false).args}
	if err := b.agree(ctx, p, ours); err != nil {
		return err
	}
	peers, contenders := []peer{}, []contender{ours}
	for _, of := range w.peers {
		theirs := b.theirs(p, of, false)
		if of.form == "" {
			if theirs, err = b.unlinked(ctx, w); err != nil {
				return err
			}
		}
		if of.once {
			if err := b.rounds(ctx, w, []peer{of}, 0, 1, ours, theirs); err != nil {
				return err
			}
			continue
		}
		peers, contenders = append(peers, of), append(contenders, theirs)
	}
	if w.byFloor != "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		peers = append(peers, peer{name: floorName})
		contenders = append(contenders, contender{args: []string{self, floorWord, w.byFloor, p.dir}})
	}
	return b.rounds(ctx, w, peers, 1, b.count, contenders...)
}

// agree runs ours once and fails at the first segment that has other members for a peer.
func (b *bench) agree(ctx context.Context, p *project, ours contender) error {
	if err := ours.prepare(); err != nil {
		return err
	}
	var mine members
	var names []string
	if p.asked == "" {
		if err := b.run(ctx, ours.args); err != nil {
			return err
		}
		var err error
		if mine, err = p.published(); err != nil {
			return err
		}
	}
	for _, s := range p.rules {
		names = append(names, s.Name)
	}
	for _, of := range p.peers {
		if of.form == "" {
			continue
		}
		theirs, err := b.found(ctx, p, of)
		if err == nil && p.asked != "" {
			err = b.previewed(ctx, p, theirs)
		} else if err == nil {
			err = differences(names, mine, theirs)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", of.name, err)
		}
		total := 0
		for _, ids := range theirs {
			total += len(ids)
		}
		fmt.Printf("%-12s the same members as %s, %d in all\n", p.name, of.name, total)
	}
	return nil
}

// unlinked is ours on the same workload without attach: linked.
func (b *bench) unlinked(ctx context.Context, w workload) (contender, error) {
	w.linked, w.name = false, w.name+" off"
	p, err := b.build(ctx, w)
	if err != nil {
		return contender{}, err
	}
	return contender{p.fresh, b.ours(p, false).args}, nil
}

// rounds times ours, the first contender, and its peers in turn and records the results.
func (b *bench) rounds(ctx context.Context, workload workload, peers []peer, warm, count int,
	contenders ...contender,
) error {
	took, err := alternate(ctx, warm, count, contenders...)
	if err != nil {
		return err
	}
	for i, of := range peers {
		c := compare(took[0], took[i+1])
		fmt.Printf("%-12s %-40s wall %.2f (%.2f to %.2f), cpu %.2f, peak %d and %d MB\n", workload.name, of.name,
			c.Wall, c.LeastWall, c.LargeWall, c.CPU, c.Peak>>20, c.PeerPeak>>20)
		r := row{Workload: workload.name, Peer: of.name, Goal: cmp.Or(of.goal, workload.goal), Pairs: count, compared: c}
		if of.once {
			r.Goal = ""
		}
		if err := b.results.put(b, r); err != nil {
			return err
		}
	}
	return nil
}

// growth times workloads in turn, each beside the page join, and sets them against the first.
func (b *bench) growth(ctx context.Context, g growth) error {
	var contenders []contender
	for _, w := range g.of {
		w.name = g.name + " " + w.name
		p, err := b.build(ctx, w)
		if err != nil {
			return err
		}
		contenders = append(contenders, contender{p.fresh, b.ours(p, false).args}, b.theirs(p, page, false))
	}
	rounds, err := alternate(ctx, 1, b.count, contenders...)
	if err != nil {
		return err
	}
	for i, w := range g.of {
		ours, peers := compare(rounds[2*i], rounds[0]), compare(rounds[2*i+1], rounds[1])
		s := step{
			In: g.name, Workload: w.name, Pairs: b.count, Wall: ours.Wall, CPU: ours.CPU, Peak: ours.Peak,
			PeerWall: peers.Wall, PeerCPU: peers.CPU, PeerPeak: peers.Peak,
		}
		fmt.Printf("%-12s %-6s wall %.2f, cpu %.2f, peak %d MB; page join wall %.2f, cpu %.2f, peak %d MB\n", g.name, w.name,
			s.Wall, s.CPU, s.Peak>>20, s.PeerWall, s.PeerCPU, s.PeerPeak>>20)
		if err := b.results.step(b, s); err != nil {
			return err
		}
	}
	return nil
}

// knows says whether the program has a command's flags.
func (b *bench) knows(ctx context.Context, flags []string) (bool, error) {
	help, err := b.output(ctx, []string{b.program, "run", "--help"})
	for _, f := range flags {
		if strings.HasPrefix(f, "--") && !strings.Contains(string(help), f+" ") {
			return false, err
		}
	}
	return true, err
}

// ours is our command on a project; before is that of the night before.
func (b *bench) ours(p *project, before bool) contender {
	what := []string{"run"}
	if p.asked != "" {
		what = []string{"preview", p.asked}
	}
	args := slices.Concat([]string{b.program}, what, []string{
		"--project", p.dir, "--quiet", "--as-of", p.asOf(before).Format(time.RFC3339),
		"--known-by", p.knownBy(before).Format(time.RFC3339),
	}, p.flags)
	return contender{args: args}
}

// theirs is a peer's command on the same log; before is that of the night before.
func (b *bench) theirs(p *project, of peer, before bool) contender {
	const instant = "2006-01-02 15:04:05+00:00"
	args := []string{
		b.python, b.engines.program, of.form, "--site", b.site, "--rules", p.rulesAt, "--log", p.dir,
		"--as-of", p.asOf(before).Format(instant), "--known-by", p.knownBy(before).Format(instant),
	}
	if p.keptAt != "" {
		args = append(args, "--kept", p.keptAt)
	}
	if of.memory != "" {
		args = append(args, "--memory", of.memory)
	}
	return contender{args: args}
}

// decodeFloor decodes what a workload cannot do without, of the log of a project.
func decodeFloor(workload, dir string) error {
	columns, ok := e20.FloorColumns[workload]
	if !ok {
		return fmt.Errorf("no floor is known of the workload %q", workload)
	}
	l, err := load.Load(dir, "", value.DateOfDays(e20.KnownBy.Unix()/86400))
	if err != nil {
		return err
	}
	schema, ok := l.Schemas["e20"]
	if !ok {
		return errors.New("the project has no schema e20: make the log anew")
	}
	_, err = e20.Decode(dir, schema, columns, runtime.GOMAXPROCS(0))
	return err
}
