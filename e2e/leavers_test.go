package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/e2e/oracle"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

const (
	thirdNight  = "2008-06-03T03:00:00Z"
	fourthNight = "2008-06-04T03:00:00Z"
)

// leaving is one way in which somebody says no between two nights, and the consents of destinations that it ends.
type leaving struct {
	name, kind string
	ends       []string
	say        func(*injected, string)
}

// injected is what is added to what the exporters deliver.
type injected struct {
	at   int64
	acts []feed.Event
	rows []feed.Row
	list []feed.Listed
}

var (
	both    = []string{"display", "mail"}
	leavers = []leaving{
		{"withdraws all at the device", "device", both, acts("device", "withdraw", "*", "")},
		{"withdraws profile at the device", "device", both, acts("device", "withdraw", "profile", "")},
		{
			"withdraws one destination at the device", "device",
			[]string{"display"},
			acts("device", "withdraw", "activate:display", ""),
		},
		{"withdraws all at the customer", "customer", both, acts("customer", "withdraw", "*", "")},
		{
			"withdraws one destination at the customer", "customer",
			[]string{"mail"},
			acts("customer", "withdraw", "activate:mail", ""),
		},
		{"objects at the device", "device", both, acts("device", "object", "activate:*", "")},
		{"is erased as a customer", "customer", both, acts("customer", "erase", "*", "")},
		{"has a string without consents in the log", "device", both, acts("device", "state", "*", nothing)},
		{"has a string without consents on a row", "device", both, rows(func(r *feed.Row) { r.TC = pointer(nothing) })},
		{"sends GPC with a row", "device", both, rows(func(r *feed.Row) { r.GPC = pointer(true) })},
		{"is refused by the system on a row", "device", both, rows(func(r *feed.Row) { r.Browser = pointer(true) })},
		{"is suppressed for one destination", "device", []string{"mail"}, lists("device", "activate:mail")},
		{"is suppressed as a customer", "customer", both, lists("customer", "")},
	}
	nothing = feed.TCString(feed.Choices{
		Created: 1212278400e6, Updated: 1212278400e6, Policy: 2, Publisher: true, CustomPurposes: 1, // 2008-06-01
		Disclosed: []int{feed.DisplayVendor, feed.MailVendor},
	})
)

func acts(kind, action, purpose, tc string) func(*injected, string) {
	return func(i *injected, id string) {
		i.acts = append(i.acts, feed.Event{
			ID: "leaves:" + kind + ":" + id, Kind: kind, Subject: id, Action: action, Purpose: purpose, At: i.at,
			Recorded: i.at, Source: "cmp", TC: tc,
		})
	}
}

func rows(mark func(*feed.Row)) func(*injected, string) {
	return func(i *injected, id string) {
		r := feed.Row{
			ID: "leaves:" + id, Time: i.at, Received: i.at + 1e6, Event: "page_view", Platform: "web", Device: id,
			URL: "https://shop.example/",
		}
		mark(&r)
		i.rows = append(i.rows, r)
	}
}

func lists(kind, purpose string) func(*injected, string) {
	return func(i *injected, id string) {
		i.list = append(i.list, feed.Listed{Kind: kind, Subject: id, Purpose: purpose})
	}
}

// speakingNights are nights whose rows may speak and whose shop links devices and customers.
func speakingNights(t *testing.T) *nights {
	t.Helper()
	dir := t.TempDir()
	n := &nights{from: enriched(t), since: "dt=2008-04-01", until: "2008-04-01T00:00:00Z", carriers: carriers}
	n.said = must(feed.Answers(filepath.Join(n.from, "consent.csv.gz")))(t)
	speakingSchema(t, "eshop", dir)
	n.Loaded = opened(t, dir, "linked")
	speaking(n.Project)
	n.Project.State = "state/"
	i := slices.IndexFunc(n.Project.Destinations, func(d project.Destination) bool { return d.Name == waits })
	n.Project.Destinations[i].Waits = true
	return n
}

// inject adds to what was delivered.
func (n *nights) inject(t *testing.T, i *injected) {
	t.Helper()
	data := filepath.Join(n.Dir, "data")
	check(t, feed.WriteConsent(filepath.Join(data, "consent"), "injected.parquet", i.acts))
	check(t, feed.WriteDisturbed(filepath.Join(data, "events"), "injected.parquet", i.rows, true))
	writeLists(t, data, i.list, nil)
	n.listed = i.list
}

// company is who was logged in where: by device its customers, and by customer his devices.
func (n *nights) company(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, r := range must(feed.Rows(filepath.Join(n.Dir, "data", "events")))(t) {
		if c := r.Customer; c != nil && !slices.Contains(out[r.Device], *c) {
			out[r.Device], out[*c] = append(out[r.Device], *c), append(out[*c], r.Device)
		}
	}
	return out
}

// crowded lists are those in which somebody's place may be taken by the next.
var crowdedLists = []string{"most-engaged", "trouser-campaign", "blouse-mailing"}

func TestWhoSaysNoBetweenTwoNightsLeavesEveryListAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	n := speakingNights(t)
	writeLists(t, filepath.Join(n.Dir, "data"), nil, nil)
	n.deliver(t, firstNight)
	must(n.run(t, firstNight, "20080601T030000Z-000001", nil))(t)
	first := newReader(t, n.Loaded).published(t)
	n.snapshotsAre(t, first, n.oracle(t, firstNight, "2008-05-31T22:00:00Z"))

	n.acknowledge(t, first.RunID)
	n.deliver(t, secondNight)
	quiet := n.oracle(t, secondNight, "2008-06-01T22:00:00Z") // if nobody said no
	who := n.choose(t, first, quiet)
	i := &injected{at: instant(t, "2008-06-01T12:00:00Z")}
	for id, way := range who {
		leavers[way].say(i, id)
	}
	n.inject(t, i)
	must(n.run(t, secondNight, "20080602T030000Z-000002", nil))(t)
	second, want := newReader(t, n.Loaded).published(t), n.oracle(t, secondNight, "2008-06-01T22:00:00Z")
	n.snapshotsAre(t, second, want)
	n.differencesAre(t, first, second)
	n.onlyTheyMove(t, quiet, want, who)
	n.theyAreGone(t, first, second, who)

	n.deliver(t, thirdNight)
	must(n.run(t, thirdNight, "20080603T030000Z-000003", nil))(t)
	third := newReader(t, n.Loaded).published(t)
	n.snapshotsAre(t, third, n.oracle(t, thirdNight, "2008-06-02T22:00:00Z"))
	n.heardOnceMore(t, first, second, third, who)

	n.acknowledge(t, third.RunID)
	n.deliver(t, fourthNight)
	must(n.run(t, fourthNight, "20080604T030000Z-000004", nil))(t)
	n.heardOnceMore(t, third, third, newReader(t, n.Loaded).published(t), who)
}

// waits is the destination that acknowledges what it was told.
const waits = "mail"

// acknowledge says that the destination has carried out a run.
func (n *nights) acknowledge(t *testing.T, run string) {
	t.Helper()
	folder := filepath.Join(n.Dir, filepath.FromSlash(n.Project.Output), "acknowledged", waits)
	check(t, os.MkdirAll(folder, 0o755))
	check(t, os.WriteFile(filepath.Join(folder, run), nil, 0o644))
}

// heardOnceMore checks a night in which nobody says no: every destination is told what changed, and the one that has
// not acknowledged what the nights between two publications told, that as well. Who has left is told to nobody else.
func (n *nights) heardOnceMore(t *testing.T, heard, before, after *publication, who map[string]int) {
	t.Helper()
	owed := 0
	for name, list := range n.lists() {
		sure, maybe, is := before.Lists[name+".snapshot"], before.Lists[name+".snapshot"], after.Lists[name+".snapshot"]
		if strings.HasPrefix(name, waits+"/") { // it may hold whom either night told, and holds for sure whom both did
			known := heard.Lists[name+".snapshot"]
			owed += len(minus(known, sure))
			sure, maybe = minus(known, minus(known, sure)), slices.Concat(known, minus(maybe, known))
			slices.Sort(maybe)
		}
		for kind, want := range map[string][]string{".adds": minus(is, sure), ".removes": minus(maybe, is)} {
			if diff := cmp.Diff(want, after.Lists[name+kind]); diff != "" {
				t.Errorf("run %s, %s%s (-owed +published):\n%.600s", after.RunID, name, kind, diff)
			}
		}
		for _, id := range slices.Concat(after.Lists[name+".adds"], is) {
			if way, leaver := who[id]; leaver && leavers[way].ended(list) {
				t.Errorf("run %s: who %s is in %s again", after.RunID, leavers[way].name, name)
			}
		}
	}
	if heard != before && owed < 5 {
		t.Errorf("%d removals are owed: nothing shows that they are told until they are acknowledged", owed)
	}
}

// ended reports whether a list's consent is one that the leaving ends.
func (l *leaving) ended(list oracleList) bool {
	return slices.Contains(l.ends, strings.Split(list.key[1], ":")[1])
}

// choose draws three people for each way of leaving from those who were told to both consents and would be again.
func (n *nights) choose(t *testing.T, first *publication, quiet *oracle.Result) map[string]int {
	t.Helper()
	there := map[string]map[string]bool{} // by id: the consents of lists without a cap that it stays in
	for name, list := range n.lists() {
		for _, id := range first.Lists[name+".snapshot"] {
			if slices.Contains(quiet.Members[list.key], id) && !slices.Contains(crowdedLists, list.key[0]) {
				if there[id] == nil {
					there[id] = map[string]bool{}
				}
				there[id][strings.Split(list.key[1], ":")[1]] = true
			}
		}
	}
	company, taken := n.company(t), map[string]bool{}
	who := map[string]int{}
	people := slices.Sorted(maps.Keys(there))
	for way := range leavers {
		chosen := 0
		for _, id := range people {
			free := len(there[id]) == 2 && !taken[id] && strings.HasPrefix(id, leavers[way].kind[:1]+"-") && chosen < 3
			for _, with := range company[id] {
				free = free && !taken[with]
			}
			if !free {
				continue
			}
			who[id] = way
			chosen++
			for _, with := range append(company[id], id) { // nobody leaves in two ways
				taken[with] = true
				for _, further := range company[with] {
					taken[further] = true
				}
			}
		}
		if chosen < 3 {
			t.Errorf("only %d people can be found who %s", chosen, leavers[way].name)
		}
	}
	return who
}

// onlyTheyMove compares a night with the same night in which nobody said no. Whoever moves said no, or was logged in
// with somebody who did: of a row with a login both are asked. Such a person may even come into a list of those who did
// not do something, for what she did on such a row is not to be known any more.
func (n *nights) onlyTheyMove(t *testing.T, quiet, want *oracle.Result, who map[string]int) {
	t.Helper()
	company := n.company(t)
	for _, list := range n.lists() {
		if slices.Contains(crowdedLists, list.key[0]) {
			continue
		}
		concerned := func(id string) bool {
			way, leaver := who[id]
			return leaver && leavers[way].ended(list)
		}
		came := minus(want.Members[list.key], quiet.Members[list.key])
		for _, id := range append(came, minus(quiet.Members[list.key], want.Members[list.key])...) {
			if !concerned(id) && !slices.ContainsFunc(company[id], concerned) {
				t.Errorf("somebody moves in %v who has nothing to do with anybody who said no", list.key)
			}
		}
		for _, id := range came {
			if concerned(id) || list.key[0] != "lapsed" && list.key[0] != "new-visitors" {
				t.Errorf("somebody came into %v because of a no", list.key)
			}
		}
	}
}

// theyAreGone checks that every leaver was removed from each list that the leaving ends, and from no other.
func (n *nights) theyAreGone(t *testing.T, first, second *publication, who map[string]int) {
	t.Helper()
	removed, kept := map[int]int{}, map[int]int{}
	for name, list := range n.lists() {
		for _, id := range first.Lists[name+".snapshot"] {
			way, leaver := who[id]
			if !leaver {
				continue
			}
			gone := slices.Contains(second.Lists[name+".removes"], id)
			still := slices.Contains(second.Lists[name+".snapshot"], id)
			switch {
			case leavers[way].ended(list) && (!gone || still):
				t.Errorf("who %s was not taken from list %s", leavers[way].name, name)
			case leavers[way].ended(list):
				removed[way]++
			case still:
				kept[way]++
			}
		}
	}
	for way := range leavers {
		if removed[way] < 3 || len(leavers[way].ends) == 1 && kept[way] < 3 {
			t.Errorf("those who %s were taken from %d lists and stay in %d: that shows nothing", leavers[way].name, removed[way],
				kept[way])
		}
	}
}
