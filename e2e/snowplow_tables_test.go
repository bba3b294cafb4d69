package e2e_test

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/rules"
)

// fact is something that Snowplow's tables say and that malgrupp can be asked as well: of which table, about whom,
// what.
type fact struct{ Table, Who, What string }

// facts are what one side says; what it does not say is nothing.
type facts map[fact]string

// add counts; who is known by the first eight digits of a device, or by a name.
func (f facts) add(table, who, what string, n int) {
	was, _ := strconv.Atoi(f[fact{table, who, what}])
	if was+n != 0 {
		f[fact{table, who, what}] = strconv.Itoa(was + n)
	}
}

// difference is a fact about which the two disagree, and why.
type difference struct {
	fact
	Theirs, Ours, Why string
}

// differences are the facts about which theirs and ours disagree, with what each says.
func differences(theirs, ours facts) map[fact][2]string {
	all := maps.Clone(theirs)
	maps.Copy(all, ours)
	out := map[fact][2]string{}
	for f := range all {
		if theirs[f] != ours[f] {
			out[f] = [2]string{theirs[f], ours[f]}
		}
	}
	return out
}

// tables holds the tables that Snowplow's own tests expect against what the engine answers when it is asked the same.
type tables struct {
	*example
	from         string
	theirs, ours facts
}

func TestEveryDifferenceToSnowplowsOwnTablesIsExplained(t *testing.T) {
	t.Parallel()
	x := snowplow().open(t, false)
	s := &tables{example: x, from: logSource(t, x.Log), theirs: facts{}, ours: facts{}}
	s.users(t)
	s.sessions(t)
	s.versions(t)
	s.stitching(t)
	s.answers(t)
	s.scopes(t)
	s.totals(t)
	known := map[fact][2]string{}
	for _, d := range explained {
		if d.Why == "" {
			t.Errorf("the difference of %v has no explanation", d.fact)
		}
		known[d.fact] = [2]string{d.Theirs, d.Ours}
	}
	found := differences(s.theirs, s.ours)
	if diff := cmp.Diff(known, found); diff != "" {
		t.Errorf("differences to Snowplow's tables, theirs before ours (-explained +found):\n%s", diff)
	}
	t.Logf("%d facts of theirs and %d of ours, %d differences", len(s.theirs), len(s.ours), len(found))
}

// table reads one of Snowplow's expected tables.
func (s *tables) table(t *testing.T, name string) (out []map[string]string) {
	t.Helper()
	f := must(os.Open(filepath.Join(s.from, "expected", "snowplow_web_"+name+"_expected.csv")))(t)
	defer f.Close()
	lines := must(csv.NewReader(f).ReadAll())(t)
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = l[i]
		}
		out = append(out, row)
	}
	return out
}

func whole(t *testing.T, text string) int {
	t.Helper()
	return must(strconv.Atoi(text))(t)
}

// short is how a device is named here.
func short(device string) string { return device[:min(8, len(device))] }

var (
	everybody = setting{granting, "", false}
	linked    = setting{granting, "linked", false}
	asked     = setting{answers, "", false}
)

// most is more often than anybody in the log did one thing.
const most = 12

// users compares how many pages a device viewed, and the days on which it was seen first and last.
func (s *tables) users(t *testing.T) {
	t.Helper()
	for _, u := range s.table(t, "users") {
		who := short(u["domain_userid"])
		s.theirs.add("users", who, "page_views", whole(t, u["page_views"]))
		s.theirs[fact{"users", who, "first day"}] = u["start_tstamp"][:10]
		s.theirs[fact{"users", who, "last day"}] = u["end_tstamp"][:10]
	}
	for device, n := range s.counts(t, everybody, question{event: "page_view", level: rules.DeviceLevel}, most) {
		s.ours[fact{"users", short(device), "page_views"}] = n
	}
	for device, days := range s.days(t) {
		if _, both := s.theirs[fact{"users", short(device), "first day"}]; both {
			s.ours[fact{"users", short(device), "first day"}], s.ours[fact{"users", short(device), "last day"}] = days[0],
				days[len(days)-1]
		}
	}
}

// days asks on which days each device was seen.
func (s *tables) days(t *testing.T) map[string][]string {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range must(s.Rows(s.from, ""))(t) {
		seen[time.UnixMicro(r.Time).UTC().Format(time.DateOnly)] = true
	}
	days := slices.Sorted(maps.Keys(seen))
	var questions []question
	for _, day := range days {
		questions = append(questions, question{
			event: "any", where: "local.date = date '" + day + "'",
			level: rules.DeviceLevel, times: "at_least: 1",
		})
	}
	out := map[string][]string{}
	for i, who := range s.ask(t, everybody, questions) {
		for _, device := range who {
			out[device] = append(out[device], days[i])
		}
	}
	return out
}

// sessions compares how often a device did each event; Snowplow counts them by session.
func (s *tables) sessions(t *testing.T) {
	t.Helper()
	for _, session := range s.table(t, "sessions") {
		var counts map[string]int
		check(t, json.Unmarshal([]byte(session["event_counts"]), &counts))
		for event, n := range counts {
			s.theirs.add("sessions", short(session["domain_userid"]), event, n)
		}
	}
	for _, event := range []string{
		"page_view", "page_ping", "link_click", "object_click", "snplow_cookies",
		"data_structures_workflow", "event",
	} {
		for device, n := range s.counts(t, everybody, question{event: event, level: rules.DeviceLevel}, most) {
			s.ours[fact{"sessions", short(device), event}] = n
		}
	}
}

// versions compares which version of a repeated page view counts: only one of them carries a certain label.
func (s *tables) versions(t *testing.T) {
	t.Helper()
	const label = "true base"
	for _, v := range s.table(t, "page_views") {
		if v["app_id"] == label {
			s.theirs.add("page views", short(v["domain_userid"]), "labelled", 1)
		}
	}
	for device, n := range s.counts(t, everybody,
		question{event: "page_view", where: "app_id = '" + label + "'", level: rules.DeviceLevel}, most) {
		s.ours[fact{"page views", short(device), "labelled"}] = n
	}
}

// stitching compares whose a device's page views are.
func (s *tables) stitching(t *testing.T) {
	t.Helper()
	customers := map[string]map[string]bool{}
	for _, v := range s.table(t, "page_views") {
		device := v["original_domain_userid"]
		if customers[device] == nil {
			customers[device] = map[string]bool{}
		}
		customers[device][v["stitched_user_id"]] = true
	}
	for device, of := range customers {
		s.theirs[fact{"stitching", short(device), "customer"}] = strings.Join(slices.Sorted(maps.Keys(of)), ", ")
	}
	devices := map[string]bool{}
	for _, r := range must(s.Rows(s.from, ""))(t) {
		devices[r.Device] = r.Event == "page_view" || devices[r.Device]
	}
	maps.DeleteFunc(devices, func(device string, viewed bool) bool { return !viewed || device == "" })
	var questions []question
	for _, device := range slices.Sorted(maps.Keys(devices)) {
		questions = append(questions, question{
			event: "page_view", where: "app_id = '" + device + "'", means: "domain_userid",
			level: rules.CustomerLevel, times: "at_least: 1",
		})
	}
	who := s.ask(t, linked, questions)
	for i, device := range slices.Sorted(maps.Keys(devices)) {
		if len(who[i]) > 0 {
			s.ours[fact{"stitching", short(device), "customer"}] = strings.Join(who[i], ", ")
		}
	}
}
