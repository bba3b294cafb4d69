package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/e2e/oracle"
	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// The nights: when the clock of each stands. as_of is the midnight before, in Warsaw.
const (
	firstNight  = "2008-06-01T03:00:00Z"
	secondNight = "2008-06-02T03:00:00Z"
)

// nights is a project whose logs grow from night to night as an exporter would have it.
type nights struct {
	*load.Loaded
	from  string
	since string // first partition of clicks that is delivered
	said  []feed.Event
	until string // the exporters have delivered everything before this instant

	carriers map[string]oracle.Carrier
	listed   []feed.Listed
}

func newNights(t *testing.T, since string) *nights {
	t.Helper()
	n := &nights{from: enriched(t), since: since, until: "2008-04-01T00:00:00Z"}
	n.said = must(feed.Answers(filepath.Join(n.from, "consent.csv.gz")))(t)
	n.Loaded = opened(t, t.TempDir(), "")
	n.Project.State = "state/"
	return n
}

// deliver makes the logs grow up to an instant; acts are what people did besides their answers.
func (n *nights) deliver(t *testing.T, until string, acts ...feed.Event) {
	t.Helper()
	from, before := instant(t, n.until), instant(t, until)
	for _, a := range n.said {
		if from <= a.Recorded && a.Recorded < before {
			acts = append(acts, a)
		}
	}
	acts = append(acts, feed.Heartbeats(from, before)...)
	object := "part-" + strings.ReplaceAll(until, ":", "") + ".parquet"
	check(t, feed.WriteConsent(filepath.Join(n.Dir, "data", "consent"), object, acts))
	var days []string
	for _, day := range must(feed.Days(filepath.Join(n.from, "events")))(t) {
		if day >= max(n.since, "dt="+n.until[:10]) && day <= "dt="+until[:10] {
			days = append(days, day)
		}
	}
	events := filepath.Join(n.Dir, "data", "events")
	days = slices.DeleteFunc(days,
		func(day string) bool { _, err := os.Stat(filepath.Join(events, day)); return err == nil })
	check(t, feed.CopyDays(filepath.Join(n.from, "events"), events, days))
	n.until = until
}

// run runs a night; fault, if there is one, is asked before every write.
func (n *nights) run(t *testing.T, clock, runID string, fault func(op, key string) error) (*pipeline.Report, error) {
	t.Helper()
	j := job(t, n.Loaded)
	at := time.UnixMicro(instant(t, clock))
	j.Clock, j.RunID = func() time.Time { return at }, runID
	options := must(folder.StoreOptions(n.Dir, n.Project))(t)
	options.Around, options.Sleep = beforeWrites(fault), nil
	j.Stores = folder.NewStores(options)
	defer func() { check(t, j.Stores.Close()) }()
	return pipeline.Run(context.Background(), j)
}

// beforeWrites asks before every write, and fails it with what it is told.
func beforeWrites(ask func(op, key string) error) func(*store.Call, func() error) error {
	return func(c *store.Call, do func() error) error {
		if ask != nil && slices.Contains([]string{"write", "create", "delete"}, c.Op) {
			if err := ask(c.Op, c.Key); err != nil {
				return err
			}
		}
		return do()
	}
}

// oracle decides a night from the files that were delivered.
func (n *nights) oracle(t *testing.T, clock, asOf string) *oracle.Result {
	t.Helper()
	events := filepath.Join(n.Dir, "data", "events")
	l := &oracle.Log{
		Rows: must(feed.Rows(events))(t), Acts: must(feed.Acts(filepath.Join(n.Dir, "data", "consent")))(t),
		Partitions: must(feed.Days(events))(t), Listed: n.listed,
	}
	return must(oracle.Prepare(l, oracle.Shop(), "Europe/Warsaw"))(t).Run(oracle.Settings{
		AsOf: instant(t, asOf), KnownBy: instant(t, clock), Linked: n.Project.Identity.Linked, Carriers: n.carriers,
		Retention: project.Micros(n.Project.Retention), MaxAge: project.Micros(n.Project.Consent.MaxConsentAge),
	})
}

// lists are the names "destination/segment" that the project delivers, each with its floor and consent.
func (n *nights) lists() map[string]oracleList {
	out := map[string]oracleList{}
	for _, s := range n.Segments {
		for _, name := range s.Deliver {
			d, _ := n.Project.Destination(name)
			use := "list:" + d.Activate[0] + ":" + string(s.Level)
			out[name+"/"+s.Name] = oracleList{key: [2]string{s.Name, use}, floor: max(50, d.MinSize, s.MinSize)}
		}
	}
	return out
}

// oracleList is where the oracle keeps a list, and under how many members it is withheld.
type oracleList struct {
	key   [2]string
	floor int
}

// minus are the ids of a that are not in b.
func minus(a, b []string) []string {
	out := []string{}
	for _, id := range a {
		if !slices.Contains(b, id) {
			out = append(out, id)
		}
	}
	return out
}

func TestTwoNightsTellEveryDestinationExactlyWhatChanged(t *testing.T) {
	t.Parallel()
	n := newNights(t, "dt=2008-04-01")
	n.deliver(t, firstNight)
	must(n.run(t, firstNight, "20080601T030000Z-000001", nil))(t)
	first := newReader(t, n.Loaded).published(t)
	n.snapshotsAre(t, first, n.oracle(t, firstNight, "2008-05-31T22:00:00Z"))

	leaver := minus(first.Lists["display-pl/trouser-fans.snapshot"], first.Control["trouser-campaign"])[0]
	kept := first.Control["trouser-campaign"][0] // from now on in the control group of one destination only
	n.deliver(t, secondNight, withdrawal(t, leaver, "*"), withdrawal(t, kept, "activate:display"))
	must(n.run(t, secondNight, "20080602T030000Z-000002", nil))(t)
	second := newReader(t, n.Loaded).published(t)
	n.snapshotsAre(t, second, n.oracle(t, secondNight, "2008-06-01T22:00:00Z"))
	n.differencesAre(t, first, second)
	left := 0
	for name, members := range first.Lists {
		list, isSnapshot := strings.CutSuffix(name, ".snapshot")
		if !isSnapshot || !slices.Contains(members, leaver) {
			continue
		}
		left++
		if !slices.Contains(second.Lists[list+".removes"], leaver) || slices.Contains(second.Lists[name], leaver) {
			t.Errorf("who withdrew was not taken from list %s", list)
		}
	}
	if left < 2 {
		t.Errorf("who withdrew stood in %d lists: too few to show anything", left)
	}
}

// withdrawal is what a device says between the nights.
func withdrawal(t *testing.T, device, purpose string) feed.Event {
	t.Helper()
	at := instant(t, "2008-06-01T12:00:00Z")
	return feed.Event{
		ID: "leaves:" + device, Kind: "device", Subject: device, Action: "withdraw", Purpose: purpose,
		At: at, Recorded: at, Source: "cmp",
	}
}

// snapshotsAre compares what was published with what the oracle says, floors applied.
func (n *nights) snapshotsAre(t *testing.T, p *publication, want *oracle.Result) {
	t.Helper()
	withheld := 0
	for name, list := range n.lists() {
		members := append([]string{}, want.Members[list.key]...)
		if len(members) < list.floor {
			members = []string{}
			withheld++
		}
		if diff := cmp.Diff(members, p.Lists[name+".snapshot"]); diff != "" {
			t.Errorf("snapshot of %s (-oracle +published):\n%.600s", name, diff)
		}
		if diff := cmp.Diff(members, ids(p.Holdings[name])); diff != "" {
			t.Errorf("holdings of %s (-oracle +published):\n%.600s", name, diff)
		}
	}
	if diff := cmp.Diff(controls(want), p.Control); diff != "" {
		t.Errorf("control groups (-oracle +published):\n%.600s", diff)
	}
	if withheld == 0 {
		t.Error("no list was too small: nothing shows that small lists are withheld")
	}
}

// controls are the control groups by segment: who is kept from any of its lists.
func controls(r *oracle.Result) map[string][]string {
	out := map[string][]string{}
	for key, kept := range r.Control {
		out[key[0]] = append(out[key[0]], kept...)
	}
	for segment, kept := range out {
		slices.Sort(kept)
		out[segment] = slices.Compact(kept)
	}
	return out
}

// differencesAre checks that additions and removals are exactly the differences of two snapshots.
func (n *nights) differencesAre(t *testing.T, first, second *publication) {
	t.Helper()
	added, removed := 0, 0
	for name := range n.lists() {
		before, after := first.Lists[name+".snapshot"], second.Lists[name+".snapshot"]
		if diff := cmp.Diff(before, first.Lists[name+".adds"]); diff != "" {
			t.Errorf("the first additions of %s are not its snapshot:\n%.600s", name, diff)
		}
		if diff := cmp.Diff(minus(after, before), second.Lists[name+".adds"]); diff != "" {
			t.Errorf("additions of %s (-difference +published):\n%.600s", name, diff)
		}
		if diff := cmp.Diff(minus(before, after), second.Lists[name+".removes"]); diff != "" {
			t.Errorf("removals of %s (-difference +published):\n%.600s", name, diff)
		}
		added, removed = added+len(second.Lists[name+".adds"]), removed+len(second.Lists[name+".removes"])
	}
	if added == 0 || removed == 0 {
		t.Errorf("the second night added %d and removed %d people: nothing to see", added, removed)
	}
}

func TestASecondRunOfANightHasNothingToDoAndWritesNothing(t *testing.T) {
	n := newNights(t, "dt=2008-05-20")
	n.deliver(t, firstNight)
	must(n.run(t, firstNight, "20080601T030000Z-000001", nil))(t)
	before := tree(t, n.Dir)
	report := must(n.run(t, firstNight, "20080601T040000Z-000002", nil))(t)
	if !report.NothingToDo {
		t.Error("the second run found something to do")
	}
	if diff := cmp.Diff(before, tree(t, n.Dir)); diff != "" {
		t.Errorf("the second run left traces:\n%s", diff)
	}
}
