// Command mutants plants single faults in the rooms where one would let somebody in or lose somebody, and asks
// whether a test notices. All are compiled into one set of test programs, where a number switches one on: a mutant
// costs only the tests that come to its place. The libraries (gremlins, ooze, go-mutesting) compile once a mutant,
// which is half a minute here, and none both drops statements and changes arguments.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const plantedPath = "github.com/malgrupp/malgrupp/planted"

// rooms are where faults are planted: a folder, and its files if not all.
var rooms = []struct{ room, dir, files string }{
	{"consent", "segments/consent", ""},
	{"identity", "segments/identity", ""},
	{"publish", "pipeline", "publish marker run sweep guard stay differences"},
	{"record", "pipeline/record", ""},
	{"recheck", "pipeline/decide", "late heard lists consentlog"},
	{"state", "pipeline/state", ""},
	{"platform", "pipeline/platform", ""},
}

// tested are the packages whose tests are asked.
var tested = []string{
	"segments/consent", "segments/identity", "segments", "pipeline/decide", "pipeline/record", "pipeline/state",
	"pipeline/platform", "pipeline", "pipeline/preview", "pipeline/why", "cmd/malgrupp",
}

var (
	count   = flag.String("count", "300", "how many mutants to draw, evenly over rooms and kinds")
	only    = flag.String("only", "", "only mutants whose line matches this")
	slow    = flag.Duration("slow", 12*time.Second, "tests that take longer are not asked")
	budget  = flag.Duration("budget", 60*time.Second, "how long tests may take for one mutant")
	listed  = flag.String("survivors", ".ci/mutants/survivors.txt", "the survivors that are known, with the reason")
	own     = flag.Bool("own", false, "a sample for every merge: only rooms with quick tests, and only theirs are asked")
	verbose = flag.Bool("v", false, "print each mutant and who killed it")
)

// quick are the rooms whose own tests take seconds. They notice most mutants, and the others are left to all tests: so
// of a sample only the score counts.
var quick = []string{"segments/consent", "segments/identity", "pipeline/state", "pipeline/platform"}

// leastOwn is how many percent of a sample the room's own tests must kill.
const leastOwn = 60

func main() {
	flag.Parse()
	if err := try(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func try() error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	known, err := survivors(filepath.Join(root, *listed))
	if err != nil {
		return err
	}
	temp := filepath.Join(root, "bin", "mutants") // the same each time, so that what is compiled is found again
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return err
	}
	mutants, overlay, err := plantAll(root, temp)
	if err != nil {
		return err
	}
	var stale []string
	for key := range known {
		if !slices.ContainsFunc(mutants, func(m *mutant) bool { return m.key == key }) {
			stale = append(stale, key)
		}
	}
	if len(stale) > 0 {
		return fmt.Errorf("%s names what is no mutant any more:\n%s", *listed, strings.Join(stale, "\n"))
	}
	dirs, crew := tested, 2
	if *own {
		dirs, crew = quick, 1
		mutants = slices.DeleteFunc(mutants, func(m *mutant) bool { return !slices.Contains(quick, filepath.Dir(m.file)) })
	}
	drawn, err := draw(mutants)
	if err != nil {
		return err
	}
	fmt.Printf("%d mutants can be planted, %d are tried\n", len(mutants), len(drawn))
	var workers []*worker
	for i := range crew {
		w, err := build(root, filepath.Join(temp, strconv.Itoa(i)), overlay, dirs)
		if err != nil {
			return err
		}
		workers = append(workers, w)
	}
	var tests []*test
	for _, dir := range dirs {
		of, err := workers[0].list(dir)
		if err != nil {
			return err
		}
		tests = append(tests, of...)
	}
	tests = plain(workers, tests, *slow)
	fmt.Printf("%d tests are asked\n", len(tests))
	return report(drawn, hunt(workers, drawn, tests), known)
}

// plantAll plants all mutants that compile and writes the overlay of the files that have them.
func plantAll(root, temp string) (mutants []*mutant, overlay string, err error) {
	lib, err := exports(root)
	if err != nil {
		return nil, "", err
	}
	edits := map[string][]edit{}
	for _, r := range rooms {
		chosen := func(name string) bool {
			return r.files == "" || slices.Contains(strings.Fields(r.files), strings.TrimSuffix(name, ".go"))
		}
		of, err := plant(root, r.dir, r.room, chosen, lib, &mutants)
		if err != nil {
			return nil, "", err
		}
		for name, e := range of {
			edits[name] = e
		}
	}
	overlay = filepath.Join(temp, "overlay.json")
	out := map[int]bool{}
	for {
		files := map[string]string{
			filepath.Join(root, "planted", "planted.go"): filepath.Join(root, ".ci", "mutants", "planted", "planted.go"),
		}
		for name, e := range edits {
			src, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				return nil, "", err
			}
			file := filepath.Join(temp, planted(name))
			if err := os.WriteFile(file, apply(src, e, out), 0o600); err != nil {
				return nil, "", err
			}
			files[filepath.Join(root, name)] = file
		}
		text, _ := json.Marshal(map[string]any{"Replace": files})
		if err := os.WriteFile(overlay, text, 0o600); err != nil {
			return nil, "", err
		}
		cmd := exec.Command("go", "build", "-gcflags=-e", "-overlay", overlay, "./segments/...", "./pipeline/...")
		cmd.Dir = root
		said, err := cmd.CombinedOutput()
		if err == nil {
			break
		}
		before := len(out)
		for _, at := range regexp.MustCompile(`(?m)^(\S+?):(\d+):`).FindAllStringSubmatch(string(said), -1) {
			for _, m := range mutants {
				if filepath.Base(at[1]) == planted(m.file) && strconv.Itoa(m.line) == at[2] {
					out[m.n] = true
				}
			}
		}
		if len(out) == before {
			return nil, "", fmt.Errorf("what is planted does not compile: %s", said)
		}
		if *verbose {
			fmt.Printf("%d do not compile:\n%s", len(out)-before, said)
		}
	}
	return slices.DeleteFunc(mutants, func(m *mutant) bool { return out[m.n] }), overlay, nil
}

// planted names the file with the mutants of another; it does not look like one of the program's.
func planted(name string) string { return strings.ReplaceAll(name, "/", "-") + ".planted" }

// draw draws mutants, one of each room and kind in turn. Which ones, their lines say: a change of the program brings
// others only where it is.
func draw(mutants []*mutant) ([]*mutant, error) {
	if *only != "" {
		want, err := regexp.Compile(*only)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Clone(mutants), func(m *mutant) bool { return !want.MatchString(m.key) }), nil
	}
	if *count == "all" {
		return mutants, nil
	}
	n, err := strconv.Atoi(*count)
	if err != nil {
		return nil, err
	}
	groups := map[string][]*mutant{}
	var names []string
	for _, m := range mutants {
		name := m.room + m.kind
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], m)
	}
	luck := func(key string) string {
		sum := sha256.Sum256([]byte(key))
		return string(sum[:])
	}
	for _, g := range groups {
		slices.SortFunc(g, func(a, b *mutant) int { return strings.Compare(luck(a.key), luck(b.key)) })
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(luck(a), luck(b)) })
	var out []*mutant
	for i := 0; len(out) < min(n, len(mutants)); i++ {
		for _, name := range names {
			if g := groups[name]; i < len(g) && len(out) < n {
				out = append(out, g[i])
			}
		}
	}
	return out, nil
}

// verdict is what became of a mutant.
type verdict struct {
	killer  string
	reached int
	err     error
}

func hunt(workers []*worker, mutants []*mutant, tests []*test) map[*mutant]verdict {
	jobs := make(chan *mutant)
	out := map[*mutant]verdict{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() {
			for m := range jobs {
				var v verdict
				v.killer, v.reached, v.err = w.kill(m, tests, *budget)
				mu.Lock()
				out[m] = v
				if *verbose {
					fmt.Printf("%d/%d %s:%d %s | %d tests | %s\n", len(out), len(mutants), m.file, m.line, m.key, v.reached,
						strings.ReplaceAll(v.killer, "\n", " "))
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range mutants {
		jobs <- m
	}
	close(jobs)
	wg.Wait()
	return out
}

// report prints the score of each room and fails if one that nobody knows survived, or too many did.
func report(mutants []*mutant, verdicts map[*mutant]verdict, known map[string]string) error {
	var unknown []string
	tried, killed, equal := 0, 0, 0
	fmt.Printf("%-10s %8s %8s %8s %8s\n", "room", "mutants", "killed", "listed", "score")
	for _, r := range rooms {
		n, k, e := 0, 0, 0
		for _, m := range mutants {
			if m.room != r.room {
				continue
			}
			n++
			v := verdicts[m]
			switch {
			case v.err != nil:
				return v.err
			case v.killer != "":
				k++
			case known[m.key] != "":
				e++
			default:
				unknown = append(unknown, fmt.Sprintf("%s (line %d, %d tests)", m.key, m.line, v.reached))
			}
		}
		if n > 0 {
			fmt.Printf("%-10s %8d %8d %8d %6.1f %%\n", r.room, n, k, e, score(n, k, e))
		}
		tried, killed, equal = tried+n, killed+k, equal+e
	}
	fmt.Printf("%-10s %8d %8d %8d %6.1f %%\n", "all", tried, killed, equal, score(tried, killed, equal))
	if *own {
		if score(tried, killed, equal) < leastOwn {
			return fmt.Errorf("fewer than %d %% were killed by the tests of their own room", leastOwn)
		}
		return nil
	}
	if len(unknown) > 0 {
		return fmt.Errorf("%d survived and are not listed in %s:\n%s", len(unknown), *listed, strings.Join(unknown, "\n"))
	}
	if score(tried, killed, equal) < 90 {
		return fmt.Errorf("fewer than 90 %% were killed")
	}
	return nil
}

// score is how many were killed of those that can be told from the program, in percent.
func score(tried, killed, equal int) float64 {
	return 100 * float64(killed) / float64(max(1, tried-equal))
}

// survivors reads the list of mutants that no test can kill: its line, a tab and the reason.
func survivors(name string) (map[string]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		key, reason, ok := strings.Cut(s.Text(), "\t")
		if s.Text() == "" || strings.HasPrefix(key, "#") {
			continue
		}
		if !ok || reason == "" {
			return nil, fmt.Errorf("%s: no reason: %s", name, s.Text())
		}
		out[key] = reason
	}
	return out, nil
}
