package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules"
)

// The runs of the kill test.
const (
	nightOne = "20080601T030000Z-000001"
	killed   = "20080602T030000Z-000002"
	again    = "20080602T031500Z-000003"
)

// fewSegments keeps the project small, so that many runs fit into a test: a reference, a control group, three
// destinations.
var fewSegments = []string{"trouser-fans", "sale-hunters", "trouser-campaign", "blouse-customers", "blouse-mailing"}

// inPlace gives a project output folders of its own, which begin as the first night left them.
func (n *nights) inPlace(t *testing.T, base, place string) *nights {
	t.Helper()
	mine := *n
	l, p := *n.Loaded, *n.Project
	l.Project, mine.Loaded = &p, &l
	p.Output, p.State, p.Audit = place+"/lists/", place+"/state/", place+"/audit/"
	if base != "" {
		check(t, os.CopyFS(filepath.Join(n.Dir, place), os.DirFS(filepath.Join(n.Dir, base))))
	}
	return &mine
}

var errKilled = errors.New("killed")

// secondRun runs the second night and lets only some writes pass; it returns how many there were.
func (n *nights) secondRun(t *testing.T, runID string, writes int64) (int64, error) {
	t.Helper()
	var count atomic.Int64
	_, err := n.run(t, secondNight, runID, func(string, string) error {
		if count.Add(1) > writes {
			return errKilled
		}
		return nil
	})
	return count.Load(), err
}

// state is a publication without what differs by nature: the numbers of runs.
func (p *publication) state() *publication {
	out := *p
	out.RunID = ""
	out.Holdings = map[string][]held{}
	for name, lines := range p.Holdings {
		for _, h := range lines {
			if h.RunID != nightOne {
				h.RunID = "second night"
			}
			out.Holdings[name] = append(out.Holdings[name], h)
		}
	}
	return &out
}

func TestARunKilledAtAnyWriteLeavesTheOldStateAndTheNextRunMakesTheNewOne(t *testing.T) {
	t.Parallel()
	n := newNights(t, "dt=2008-05-22")
	n.Segments = keep(n.Loaded)
	n.deliver(t, firstNight)
	first := n.inPlace(t, "", "first")
	must(first.run(t, firstNight, nightOne, nil))(t)
	before := newReader(t, first.Loaded).published(t)
	leaver := before.Lists["display-pl/trouser-fans.snapshot"][0]
	n.deliver(t, secondNight, withdrawal(t, leaver, "*"))

	undisturbed := n.inPlace(t, "first", "undisturbed")
	writes, err := undisturbed.secondRun(t, again, 1<<30)
	check(t, err)
	after := newReader(t, undisturbed.Loaded).published(t)
	if cmp.Equal(before.state(), after.state()) || len(after.Lists["display-pl/trouser-fans.removes"]) == 0 {
		t.Fatal("the second night changes nothing: nothing to see")
	}
	published := 0
	for k := range writes {
		if n.kill(t, k, before, after) {
			published++
		}
	}
	t.Logf("killed at each of %d writes, %d of them after the marker", writes, published)
	if writes < 30 || published == 0 {
		t.Errorf("%d writes, %d of them after the marker: the test does not see both sides of a publication", writes,
			published)
	}
}

// kill lets k writes of the second night pass, looks, and runs again. It reports whether the killed run had published.
func (n *nights) kill(t *testing.T, k int64, before, after *publication) (published bool) {
	t.Helper()
	place := n.inPlace(t, "first", fmt.Sprintf("kill-%d", k))
	reader := newReader(t, place.Loaded)
	_, err := place.secondRun(t, killed, k)
	seen := reader.published(t)
	old, made := cmp.Equal(before, seen), cmp.Equal(after.state(), seen.state())
	if (err == nil) != made || err != nil && !strings.Contains(err.Error(), errKilled.Error()) {
		t.Errorf("after %d writes the run ended with %v; published: %t", k, err, made)
	}
	if !old && !made {
		t.Errorf("killed after %d writes, readers see neither the old state nor the new one:\n%.600s", k,
			cmp.Diff(before, seen))
	}
	if _, err := place.secondRun(t, again, 1<<30); err != nil {
		t.Errorf("the run after a kill at %d writes failed: %v", k, err)
	}
	last := reader.published(t)
	if diff := cmp.Diff(after.state(), last.state()); diff != "" {
		t.Errorf("killed after %d writes and run again (-undisturbed +run again):\n%.600s", k, diff)
	}
	if _, err := os.Stat(filepath.Join(n.Dir, place.Project.Audit, last.RunID+".json")); err != nil {
		t.Errorf("killed after %d writes and run again, the published run has no manifest line: %v", k, err)
	}
	check(t, os.RemoveAll(filepath.Join(n.Dir, fmt.Sprintf("kill-%d", k))))
	return made
}

// keep returns the segments of the small project, in their order.
func keep(l *load.Loaded) (out []*rules.Segment) {
	for _, s := range l.Segments {
		for _, name := range fewSegments {
			if s.Name == name {
				out = append(out, s)
			}
		}
	}
	return out
}
