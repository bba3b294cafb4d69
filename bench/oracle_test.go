package bench

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/bench/e20"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// The oracle knows nothing of the engine: it reads the rule files with a pattern, holds every row in memory and asks
// each rule about each row.

// event is a row of the log.
type event struct {
	at, cents          int64
	name, device, page string
	site, app          string
}

// answer is a row of the consent log.
type answer struct {
	at                      int64
	device, action, purpose string
}

var rulePattern = regexp.MustCompile(`(?s)match:\n *(?:did: (\S+)|metric: (\S+)\n *of: (\S+))\n` +
	` *where: (.*?)\n *within: (\d+)d\n *at_least: (\d+)\n`)

// rule is a segment of a workload.
type rule struct {
	event, metric, prefix, site, app string
	days, least                      int64
}

func readRule(t *testing.T, file string) rule {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := rulePattern.FindStringSubmatch(string(text))
	if m == nil {
		t.Fatalf("%s is no rule of a workload", file)
	}
	r := rule{event: m[1] + m[3], metric: m[2]}
	r.days, _ = strconv.ParseInt(m[5], 10, 64)
	r.least, _ = strconv.ParseInt(m[6], 10, 64)
	for _, test := range strings.Split(m[4], " and ") {
		word := strings.Split(test, "'")[1]
		switch strings.Fields(test)[0] {
		case "page_path":
			r.prefix = word
		case "site":
			r.site = word
		case "app":
			r.app = word
		}
	}
	return r
}

// members asks a rule about every row of everybody who allows it.
func (r rule) members(events []event, since map[string]int64) []string {
	before := e20.AsOf.UnixMicro()
	from := before - r.days*24*3600*1_000_000
	score := map[string]int64{}
	pages := map[string]bool{}
	for _, e := range events {
		granted, ok := since[e.device]
		if !ok || e.at < granted || e.at < from || e.at >= before || e.name != r.event ||
			!strings.HasPrefix(e.page, r.prefix) {
			continue
		}
		if r.site != "" && e.site != r.site || r.app != "" && e.app != r.app {
			continue
		}
		switch r.metric {
		case "sum(value)":
			score[e.device] += e.cents
		case "distinct(page_path)":
			if key := e.device + " " + e.page; !pages[key] {
				pages[key] = true
				score[e.device]++
			}
		default:
			score[e.device]++
		}
	}
	least := r.least
	if r.metric == "sum(value)" {
		least *= 100
	}
	var out []string
	for device, n := range score {
		if n >= least {
			out = append(out, device)
		}
	}
	slices.Sort(out)
	return out
}

// grants finds from when on each device allows what a list needs; who withdrew allows nothing.
func grants(answers []answer) map[string]int64 {
	both := map[string]int{}
	since := map[string]int64{}
	for _, a := range answers {
		if a.action == "grant" && (a.purpose == "profile" || a.purpose == "activate:bench") {
			both[a.device]++
			since[a.device] = max(since[a.device], a.at)
		}
	}
	for _, a := range answers {
		if a.action == "withdraw" || both[a.device] < 2 {
			delete(since, a.device)
		}
	}
	return since
}

// table reads the rows of a folder of logs.
func table[T any](t *testing.T, dir string, schema *rules.Schema,
	row func(columns func(name string) arrow.Array, i int) T,
) (out []T) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "dt=*", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		bytes, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := bytes.Stat()
		if err != nil {
			t.Fatal(err)
		}
		f, err := parquet.Open(bytes, info.Size(), name, schema, parquet.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for group := range f.RowGroups() {
			var cursor parquet.Cursor
			g := cursor.Move(f, group)
			column := func(name string) arrow.Array {
				a, err := g.Column(name)
				if err != nil {
					t.Fatal(err)
				}
				return a
			}
			for i := range g.Rows() {
				out = append(out, row(column, i))
			}
		}
		_ = bytes.Close()
	}
	return out
}

func text(a arrow.Array, i int) string {
	d := a.(*array.Dictionary)
	words := d.Dictionary().(*array.String)
	if code := d.GetValueIndex(i); !words.IsNull(code) {
		return words.Value(code)
	}
	return ""
}

func instant(a arrow.Array, i int) int64 { return int64(a.(*array.Timestamp).Value(i)) }

func TestS50HasTheMembersThatAPlainLoopFinds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "e20")
	if err := e20.Make(t.Context(), dir, e20.Options{Rows: 200_000, Seed: seed, Workers: workers}); err != nil {
		t.Fatal(err)
	}
	j := job(t, dir, "S50")
	events := table(t, filepath.Join(dir, "events"), j.Schemas["e20"], func(c func(string) arrow.Array, i int) event {
		e := event{
			at: instant(c("event_time"), i), name: text(c("event"), i), device: text(c("device_id"), i),
			page: text(c("page_path"), i), site: text(c("site"), i), app: text(c("app"), i),
		}
		if v := c("value"); v.IsValid(i) {
			e.cents = v.(*array.Int64).Value(i)
		}
		return e
	})
	consent := &rules.Schema{Columns: decide.ConsentColumns()}
	since := grants(table(t, filepath.Join(dir, "consent"), consent, func(c func(string) arrow.Array, i int) answer {
		return answer{instant(c("at"), i), text(c("subject_id"), i), text(c("action"), i), text(c("purpose"), i)}
	}))
	e := evaluate(t, j)
	if len(events) != 200_000 || len(e.Audiences) != 50 {
		t.Fatalf("there are %d rows and %d audiences", len(events), len(e.Audiences))
	}
	people := 0
	for i := range e.Audiences {
		a := &e.Audiences[i]
		name := a.Segment().Name
		want := readRule(t, filepath.Join(dir, "segments", name+".yaml")).members(events, since)
		if got := slices.Collect(a.Members()); !slices.Equal(want, got) {
			t.Errorf("%s: the loop finds %d members, the engine %d or others", name, len(want), len(got))
		}
		people += len(want)
	}
	if people < 1000 {
		t.Errorf("the segments have %d members together, too few to tell anything", people)
	}
}
