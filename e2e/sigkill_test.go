package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/pipeline/load"
	parquetwriter "github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// program is what is killed: the program as it is shipped, made by `make build`.
const program = "../bin/malgrupp"

// MALGRUPP_KILLS asks for more kills, MALGRUPP_SEED for those of an earlier run, as far as time is the same.
func TestAProjectThatIsKilledAgainAndAgainLosesNobody(t *testing.T) {
	kills, seed := number(t, "MALGRUPP_KILLS", 200), number(t, "MALGRUPP_SEED", int(time.Now().UnixNano()%1e9))
	t.Run("folders", func(t *testing.T) { kill(t, kills-2*(kills/5), seed, nil) })
	for i, s := range s3Servers {
		t.Run(s.name, func(t *testing.T) {
			d := &dial{at: time.Now()}
			kill(t, kills/5, seed+1+i, newFront(t, s.start(t).URL, d))
		})
	}
}

// killings counts kills.
type killings struct {
	kills, recovering, nights, hands, lost int
	phases                                 map[string]int
}

// kill kills runs of projects, each over some nights, until that many were killed.
func kill(t *testing.T, kills, seed int, f *front) {
	t.Helper()
	k := &killings{phases: map[string]int{}}
	for project := 0; k.kills < kills && !t.Failed(); project++ {
		newVictim(t, rand.New(rand.NewPCG(uint64(seed), uint64(project))), f, project).live(t, k, kills)
	}
	t.Logf("seed %d: %d kills, %d of them of a run after a kill, in %d nights; where they hit: %v; "+
		"projects that needed a hand: %d, lost or doubled members: %d",
		seed, k.kills, k.recovering, k.nights, k.phases, k.hands, k.lost)
	for _, phase := range []string{"before the lock", "lists", "published"} {
		if kills >= 50 && k.phases[phase] == 0 {
			t.Errorf("no kill hit %q: not all of a run is tried", phase)
		}
	}
}

// victim is a project whose runs are killed. Its twin reads the same logs and is left alone.
type victim struct {
	*load.Loaded
	twin  *load.Loaded
	dice  *rand.Rand
	front *front        // nil: it lives in folders
	at    *store.Bucket // of all that it writes
	asOf  string
	night int
	tries int
	takes time.Duration // a run that nobody kills
}

const killYAML = `apiVersion: malgrupp/v1
kind: Project
metadata: {name: killed}
timezone: UTC
contacts: {team: {email: team@bank.example}}
sources: [{name: web, url: events/, schema: wide, partition: "dt="}]
consent: {url: consent/, protected: none}
keys: {master: "file:keys/master.key", state: "file:keys/state.key", recipients: "file:keys/recipients.txt",
  signing: "file:keys/signing.key"}
destinations:
  files: {type: file_csv, processor: {agreement: OWN-USE, expires: 2099-12-31}}
  more: {type: file_parquet, activate: files, processor: {agreement: OWN-USE, expires: 2099-12-31}}
output: {url: %[1]slists/, state: %[1]sstate/}
audit: {url: %[1]saudit/}
security: %[2]s
profiles:
  twin: {output: {url: twin/lists/, state: twin/state/}, audit: {url: twin/audit/}}
`

const killSegment = `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: %s, owner: team, review_by: %s}
spec:
  purpose: advertising
  identity: device
  match: {did: page_view, where: page_path starts_with '%s', within: 14d}
%s
`

func newVictim(t *testing.T, dice *rand.Rand, f *front, project int) *victim {
	t.Helper()
	dir := t.TempDir()
	v := &victim{dice: dice, front: f, asOf: time.Now().UTC().Format(time.DateOnly)}
	out, security := "out/", "{}"
	if f != nil {
		out = fmt.Sprintf("s3://%s/%d/", bucketName, project)
		security = fmt.Sprintf("{endpoints: {s3: %q}, allow_private_endpoint: true}", f.URL)
	}
	review := time.Now().AddDate(0, 6, 0).Format(time.DateOnly)
	for name, text := range map[string]string{
		load.ProjectFile: fmt.Sprintf(killYAML, out, security), "schemas/wide.yaml": wideSchema,
		"segments/loans.yaml": fmt.Sprintf(killSegment, "loans", review, "/loan",
			"  stay: 7d\n  holdout: {percent: 10, salt: spring}\n  deliver: [files, more]"),
		"segments/all.yaml": fmt.Sprintf(killSegment, "all", review, "/", "  deliver: [files]"),
	} {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	v.Loaded, v.twin = must(load.Load(dir, "", 0))(t), must(load.Load(dir, "twin", 0))(t)
	if v.Findings.Failed() {
		t.Fatal(v.Findings.Text())
	}
	job(t, v.Loaded) // makes keys
	v.at = v.open(t)
	return v
}

func (v *victim) open(t *testing.T) *store.Bucket {
	t.Helper()
	options := store.Options{Roots: []string{v.Dir}}
	url := "file://" + v.Dir + "/out/"
	if v.front != nil {
		options = store.Options{Endpoint: map[string]string{"s3": v.front.URL}, AllowPrivateEndpoint: true}
		url = strings.TrimSuffix(v.Project.Output, "lists/")
	}
	b := must(store.Open(context.Background(), url, options))(t)
	t.Cleanup(func() { check(t, b.Close()) })
	return b
}

// live lets a project live for some nights.
func (v *victim) live(t *testing.T, k *killings, kills int) {
	t.Helper()
	for v.night = 1; v.night <= 8 && k.kills < kills && !t.Failed(); v.night++ {
		v.tries = 0
		v.bring(t)
		begin := time.Now()
		if code, said := v.wait(v.start(t, "twin", v.id())); code != 0 {
			t.Fatalf("the twin's run ended with %d: %s", code, said)
		}
		v.takes = time.Since(begin)
		for after := false; (!after || v.dice.IntN(3) > 0) && k.kills < kills; after = true {
			if !v.killOne(t, k, after) {
				break
			}
		}
		v.recover(t, k)
	}
	verify := exec.Command(program, "-C", v.Dir, "audit", "verify", "-q")
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("the record is not whole: %v\n%s", err, out)
	}
}

// bring makes the logs grow: some look at a page, some withdraw.
func (v *victim) bring(t *testing.T) {
	t.Helper()
	from, before := 200+6*(v.night-1), 200+6*v.night
	if v.night == 1 {
		from, before = 0, 206
	}
	yesterday := must(time.Parse(time.DateOnly, v.asOf))(t).Add(-6 * time.Hour).UnixMicro()
	now := time.Now().Add(-time.Minute).UnixMicro()
	said := []feed.Event{{ID: fmt.Sprint("beat-", v.night), Action: "heartbeat", At: now, Recorded: now, Source: "cmp"}}
	var c [6]parquetwriter.Values
	for d := from; d < before; d++ {
		id := fmt.Sprintf("d%d", d)
		for _, purpose := range []string{"profile", "activate:files"} {
			said = append(said, feed.Event{
				ID: id + purpose, Kind: "device", Subject: id, Action: "grant", Purpose: purpose,
				At: yesterday - 86400e6, Recorded: yesterday - 86400e6, Source: "cmp",
			})
		}
		c[0].Ints = append(c[0].Ints, yesterday)
		for i, text := range []string{"page_view", id, []string{"/loan/1", "/loan/2", "/card"}[d%3], "agent", "none"} {
			c[i+1].Text = append(c[i+1].Text, text)
		}
	}
	if v.night == 1 {
		said = append(said, feed.Heartbeats(yesterday-86400e6, now)...)
	} else {
		for _, d := range []int{v.night * 7, v.night*7 + 1} {
			said = append(said, feed.Event{
				ID: fmt.Sprint("leaves-", d), Kind: "device", Subject: fmt.Sprint("d", d), Action: "withdraw", Purpose: "*",
				At: now, Recorded: now, Source: "cmp",
			})
		}
	}
	object := fmt.Sprintf("night-%d.parquet", v.night)
	check(t, feed.WriteConsent(filepath.Join(v.Dir, "consent"), object, said))
	day := "dt=" + time.UnixMicro(yesterday).UTC().Format(time.DateOnly)
	check(t, os.MkdirAll(filepath.Join(v.Dir, "events", day), 0o755))
	f := must(os.Create(filepath.Join(v.Dir, "events", day, object)))(t)
	w := must(parquetwriter.NewWriter(f, wideColumns, parquetwriter.WriterOptions{}))(t)
	check(t, errors.Join(w.Write(before-from, c[:]), w.Close(), f.Close()))
}

// id is the name of the next run; its time tells the night.
func (v *victim) id() string {
	v.tries++
	return fmt.Sprintf("20260101T%06dZ-%06x", v.night, v.tries)
}

type process struct {
	*exec.Cmd
	said *strings.Builder
}

func (v *victim) start(t *testing.T, profile, id string) *process {
	t.Helper()
	p := &process{
		exec.Command(program, "-C", v.Dir, "-p", profile, "run", "-q", "--as-of", v.asOf, "--run-id", id),
		&strings.Builder{},
	}
	p.Stdout, p.Stderr = p.said, p.said
	p.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "MALGRUPP_") })
	check(t, p.Start())
	return p
}

// wait returns the exit code, -1 if the process was killed.
func (v *victim) wait(p *process) (code int, said string) {
	_ = p.Wait()
	return p.ProcessState.ExitCode(), p.said.String()
}

// killOne starts a run and kills it somewhere. It reports whether it came to that: a run may be over before.
func (v *victim) killOne(t *testing.T, k *killings, after bool) bool {
	t.Helper()
	id := v.id()
	shoot := v.aim(id)
	p := v.start(t, "", id)
	over := make(chan struct{})
	go shoot(p, over)
	code, said := v.wait(p)
	close(over)
	v.unaim()
	switch {
	case code > 0 && code != 11:
		k.hands++
		t.Errorf("night %d: a run after a kill ended with %d: %s", v.night, code, said)
		return false
	case code != -1:
		return false
	}
	if v.front != nil {
		v.front.advance(11 * time.Minute)
	}
	if k.kills++; after {
		k.recovering++
	}
	k.phases[v.phase(t, id)]++
	return true
}

// aim decides where a run is to be killed: at an instant, at a request, or when a file appears.
func (v *victim) aim(id string) func(p *process, over chan struct{}) {
	if v.dice.IntN(2) == 0 {
		at := time.Duration(v.dice.Int64N(int64(v.takes) * 5 / 4))
		return func(p *process, over chan struct{}) {
			select {
			case <-time.After(at):
				_ = p.Process.Kill()
			case <-over:
			}
		}
	}
	if v.front != nil {
		shot, n := make(chan struct{}, 1), int64(v.dice.IntN(120))
		var seen atomic.Int64
		v.front.tell(func(*http.Request) {
			if seen.Add(1) == n { // each request twice: before it is done, and before it is answered
				shot <- struct{}{}
				time.Sleep(time.Millisecond)
			}
		})
		return func(p *process, over chan struct{}) {
			select {
			case <-shot:
				_ = p.Process.Kill()
			case <-over:
			}
		}
	}
	appears := []string{
		"lists/lists/" + id + "/*/*", "lists/control/" + id + "/*", "lists/lists/" + id + "/*/.*.tmp",
		"state/" + id + "/*", "lists/markers/.*.tmp", fmt.Sprintf("lists/markers/%012d.json", v.night),
		"audit/.*.tmp", "audit/" + id + ".json", "lists/lists/" + id + "/_SUCCESS.json",
		"state/locks/killed/*", "state/locks/killed/.*.tmp",
	}[v.dice.IntN(11)]
	delay := time.Duration(v.dice.IntN(3)) * time.Millisecond
	pattern := filepath.Join(v.Dir, "out", filepath.FromSlash(appears))
	before, _ := filepath.Glob(pattern)
	return func(p *process, over chan struct{}) {
		for {
			if now, _ := filepath.Glob(pattern); !slices.Equal(now, before) {
				time.Sleep(delay)
				_ = p.Process.Kill()
				return
			}
			select {
			case <-time.After(200 * time.Microsecond):
			case <-over:
				return
			}
		}
	}
}

func (v *victim) unaim() {
	if v.front != nil {
		v.front.tell(nil)
	}
}

// phase says how far a killed run had come.
func (v *victim) phase(t *testing.T, id string) string {
	t.Helper()
	phase := "before the lock"
	place := map[string]int{"locked": 1, "lists": 2, "state": 3, "published": 4, "with its line": 5, "whole": 6}
	for _, o := range v.objects(t) {
		at := phase
		switch name := o.Key; {
		case name == "audit/"+id+".json":
			at = "with its line"
		case name == "lists/"+record.SuccessKey(id):
			at = "whole"
		case strings.HasPrefix(name, "state/"+id+"/"):
			at = "state"
		case strings.HasPrefix(name, "lists/lists/"+id+"/"), strings.HasPrefix(name, "lists/control/"+id+"/"):
			at = "lists"
		case strings.HasPrefix(name, "state/locks/killed/") && strings.Contains(string(v.read(t, name)), id):
			at = "locked"
		case strings.HasPrefix(name, "lists/markers/") && strings.Contains(string(v.read(t, name)), id):
			at = "published"
		}
		if place[at] > place[phase] {
			phase = at
		}
	}
	return phase
}

func (v *victim) objects(t *testing.T) []store.Object {
	t.Helper()
	objects, err := v.at.List(context.Background(), "")
	if err != nil && store.CodeOf(err) != store.NotFound {
		t.Fatal(err)
	}
	return objects
}

func (v *victim) read(t *testing.T, name string) []byte {
	t.Helper()
	return must(v.at.ReadAll(context.Background(), name, record.MaxSize))(t)
}

// recover runs the night to its end and compares what holds with the twin.
func (v *victim) recover(t *testing.T, k *killings) {
	t.Helper()
	code, said := 11, ""
	for tries := 0; code == 11 && tries < 3; tries++ { // a write of who was killed may have been under way
		if v.front != nil {
			v.front.advance(11 * time.Minute)
		}
		code, said = v.wait(v.start(t, "", v.id()))
	}
	k.nights++
	if code != 0 {
		k.hands++
		t.Errorf("night %d: the run after the kills ended with %d: %s", v.night, code, said)
		return
	}
	fetched := filepath.Join(v.Dir, "fetched")
	check(t, os.RemoveAll(fetched))
	for _, o := range v.objects(t) {
		name := filepath.Join(fetched, filepath.FromSlash(o.Key))
		check(t, os.MkdirAll(filepath.Dir(name), 0o755))
		check(t, os.WriteFile(name, v.read(t, o.Key), 0o644))
	}
	l, p := *v.Loaded, *v.Project
	p.Output, p.State, p.Audit = "fetched/lists/", "fetched/state/", "fetched/audit/"
	l.Project = &p
	want, got := newReader(t, v.twin), newReader(t, &l)
	if diff := cmp.Diff(want.published(t).night(), got.published(t).night()); diff != "" {
		k.lost++
		t.Errorf("night %d (-never killed +killed):\n%.1500s", v.night, diff)
	}
	if diff := cmp.Diff(want.told(t), got.told(t)); diff != "" {
		k.lost++
		t.Errorf("night %d, whom platforms have (-never killed +killed):\n%.1500s", v.night, diff)
	}
}
