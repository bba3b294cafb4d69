package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules/value"
)

// What consent what-if says of the second night of the real log is what that night comes to once somebody has written
// the setting into malgrupp.yaml: a shorter age, and a consent that is split in two, which half of the members of one
// list have granted already.
func TestWhatIfOfTheRealLogIsWhatTheEditedProjectPublishes(t *testing.T) {
	t.Parallel()
	n := newNights(t, "dt=2008-05-01")
	n.deliver(t, firstNight)
	must(n.run(t, firstNight, "20080601T030000Z-000001", nil))(t)
	told := newReader(t, n.Loaded).published(t).Lists["display-pl/trouser-fans.snapshot"]
	n.deliver(t, secondNight, granted(t, told[:len(told)/2], "activate:ads", "activate:personal")...)
	file := string(must(os.ReadFile(filepath.Join(n.Dir, load.ProjectFile)))(t))
	today, _ := value.ParseDate("2008-06-01")
	for name, c := range map[string]struct {
		changes  []load.Change
		old, now string // what an editor does to the file
	}{
		"age": {
			[]load.Change{{Key: []string{"consent", "max_consent_age"}, Value: "20d"}},
			"max_consent_age: 390d", "max_consent_age: 20d",
		},
		"split": {
			[]load.Change{
				{Key: []string{"destinations", "display-pl", "activate"}, List: []string{"ads", "personal"}},
				{Key: []string{"destinations", "display-abroad", "activate"}, List: []string{"ads", "personal"}},
			},
			"activate: display", "activate: [ads, personal]",
		},
	} {
		j := job(t, n.Loaded)
		at := time.UnixMicro(instant(t, secondNight))
		j.Clock = func() time.Time { return at }
		sides := must(pipeline.Sides(context.Background(), j, must(n.Changed(c.changes))(t)))(t)

		edited := *n
		dir := t.TempDir()
		check(t, os.CopyFS(dir, os.DirFS(n.Dir)))
		for _, key := range must(filepath.Glob(filepath.Join(dir, "keys", "*")))(t) {
			check(t, os.Chmod(key, 0o600)) // a copy is open to others
		}
		check(t, os.WriteFile(filepath.Join(dir, load.ProjectFile), []byte(strings.ReplaceAll(file, c.old, c.now)), 0o600))
		edited.Loaded = must(load.Load(dir, "", today))(t)
		edited.Project.State = n.Project.State
		must(edited.run(t, secondNight, "20080602T030000Z-000002", nil))(t)
		real := newReader(t, edited.Loaded).published(t)

		moved, stays := 0, 0
		for i, list := range sides[1].Lists {
			if list.List.Destination == "" {
				continue
			}
			key := list.List.Destination + "/" + list.List.Segment
			if diff := cmp.Diff(ids(real.Holdings[key]), append([]string{}, list.Holds...)); diff != "" {
				t.Errorf("%s: %s holds (-real +what-if):\n%.600s", name, key, diff)
			}
			if !cmp.Equal(sides[0].Lists[i].Holds, list.Holds) {
				moved++
			}
			stays = max(stays, len(list.Holds))
		}
		if moved < 2 || stays < 50 {
			t.Errorf("%s moves %d lists and leaves at most %d people in one: too few to show anything", name, moved, stays)
		}
	}
}

// granted are grants of devices since the log began, which came in between the nights.
func granted(t *testing.T, devices []string, purposes ...string) (out []feed.Event) {
	t.Helper()
	for _, device := range devices {
		for _, purpose := range purposes {
			out = append(out, feed.Event{
				ID: "late:" + device + purpose, Kind: "device", Subject: device, Action: "grant", Purpose: purpose, Source: "cmp",
				At: instant(t, "2008-04-01T00:00:00Z"), Recorded: instant(t, "2008-06-01T12:00:00Z"),
			})
		}
	}
	return out
}
