package engine_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/e2e/reference/draw"
	"github.com/malgrupp/malgrupp/e2e/reference/engine"
	"github.com/malgrupp/malgrupp/rules/value"
)

// funnelFile holds what the tests of other systems assert about funnels, sequences and counts.
type funnelFile struct {
	Streams map[string][][]any
	Cases   []funnelCase
}

type funnelCase struct {
	ID, Kind, Mode, Fit, Stream string
	Window                      int
	Steps                       []any // a name, or a list of names
	Level                       yaml.Node
	Levels                      map[string]int
	People                      map[string]struct {
		Events  [][]any
		Level   any   // a number, where the case is ours
		AgeDays []int `yaml:"age_days"`
		Expect  string
	}
	Rows    yaml.Node
	Tests   []map[string]yaml.Node
	Counts  map[string]int
	Data    map[string]string
	Expect  yaml.Node
	Results map[string]int `yaml:"conv_count"`
}

// elsewhere are cases marked same that are no question of the rule language: who owns a device is tested with
// identities.
var elsewhere = []string{"G01"}

// read reads the case file of the vectors folder.
func read(t *testing.T) *funnelFile {
	t.Helper()
	dir := os.Getenv("MALGRUPP_VECTORS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(dir, "data", "funnel-cases.yaml"))
	if os.IsNotExist(err) {
		t.Skip("funnel-cases.yaml is not there: set MALGRUPP_VECTORS to the folder of the vectors")
	}
	if err != nil {
		t.Fatal(err)
	}
	var file funnelFile
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return &file
}

func TestWhatTheTestsOfOtherSystemsAssertHoldsInTheEngineAndTheReference(t *testing.T) {
	file := read(t)
	for _, c := range file.Cases {
		if c.Fit == "optional" || slices.Contains(elsewhere, c.ID) {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			check, ok := map[string]func(*funnelCase, *testing.T, *funnelFile){
				"funnel": (*funnelCase).funnel, "funnel_nulls": (*funnelCase).nulls, "sequence_with_gap": (*funnelCase).gaps,
				"count_rows": (*funnelCase).counts, "retention": (*funnelCase).retention, "windowed_count": (*funnelCase).windowed,
				"invalid_rule": (*funnelCase).invalid, "count_per_session_day": (*funnelCase).perDay,
			}[c.Kind]
			if !ok {
				t.Fatalf("there is no check of kind %q", c.Kind)
			}
			check(&c, t, file)
		})
	}
}

// differing are cases that other systems decide by a mode that we do not have, with the steps that are reached here
// (docs/rules-edges.md).
var differing = map[string]int{"F10": 7, "F16": 1, "F20": 4}

func TestWhereWeDifferFromOtherSystemsTheLevelIsTheDocumentedOne(t *testing.T) {
	file := read(t)
	for _, c := range file.Cases {
		level, ok := differing[c.ID]
		if !ok {
			continue
		}
		people := map[string][][]any{}
		for name, p := range c.People {
			people[name] = p.Events
		}
		if c.Stream != "" {
			people["p"] = file.Streams[c.Stream]
		}
		var steps []string
		for _, s := range c.Steps {
			steps = append(steps, "did: "+names(s))
		}
		for person, got := range levels(t, logOf(t, people), steps, fmt.Sprintf(", span: %ds", c.Window)) {
			if got != level {
				t.Errorf("case %s: %s reaches %d steps, the documentation says %d", c.ID, person, got, level)
			}
		}
	}
}

// logOf is a log of people's events, as of a day after the last.
func logOf(t *testing.T, people map[string][][]any) *draw.Log {
	t.Helper()
	l := newLog(t, "UTC", "1990-01-01T00:00:00Z", "1990-01-01T00:00:00Z")
	l.Partitioned = false
	for _, person := range slices.Sorted(maps.Keys(people)) {
		for _, e := range people[person] {
			event := map[string]string{"t": moment(t, e[0]), "e": fmt.Sprint(e[1])}
			for i, column := range []string{"product", "campaign"} {
				if len(e) > i+2 && e[i+2] != nil {
					event[column] = fmt.Sprint(e[i+2])
				}
			}
			add(t, l, person, event)
			l.AsOf = max(l.AsOf, instant(t, event["t"])+24*3600*1e6)
		}
	}
	l.KnownBy = l.AsOf
	l.DataFrom = l.AsOf - 100*24*3600*1e6
	return l
}

// moment is a time of the file: seconds, or as it is written.
func moment(t *testing.T, v any) string {
	t.Helper()
	switch v := v.(type) {
	case int:
		return time.Date(2026, 1, 10, 0, 0, v, 0, time.UTC).Format(time.RFC3339)
	case time.Time:
		return v.Format(time.RFC3339)
	}
	return fmt.Sprint(v)
}

func names(step any) string {
	if list, ok := step.([]any); ok {
		var of []string
		for _, name := range list {
			of = append(of, fmt.Sprintf("%q", name))
		}
		return "[" + strings.Join(of, ", ") + "]"
	}
	return fmt.Sprintf("%q", step)
}

// levels is how many steps everybody reaches; steps are written as the keys of a step.
func levels(t *testing.T, l *draw.Log, steps []string, rest string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for n := range steps {
		rule := "{match: {sequence: [{" + strings.Join(steps[:n+1], "}, {") + "}], within: all" + rest + "}}"
		for person, outcome := range decided(t, l, rule) {
			reached := out[person]
			if outcome == "in" && reached == n {
				reached++
			}
			out[person] = reached
		}
	}
	return out
}

func (c *funnelCase) funnel(t *testing.T, file *funnelFile) {
	people, want := map[string][][]any{}, c.Levels
	switch {
	case c.Stream != "":
		people["p"] = file.Streams[c.Stream]
		level, err := strconv.Atoi(c.Level.Value)
		if err != nil {
			t.Fatal(err)
		}
		want = map[string]int{"p": level}
	case c.Levels != nil:
		for name := range c.Levels {
			people[name] = file.Streams[name]
		}
	default:
		want = map[string]int{}
		for name, p := range c.People {
			people[name] = p.Events
			want[name], _ = p.Level.(int)
		}
	}
	var steps []string
	for _, s := range c.Steps {
		steps = append(steps, "did: "+names(s))
	}
	rest := ""
	if c.Mode == "strict_increase" {
		rest = ", ties: strict"
	}
	if len(c.Tests) > 0 {
		c.reached(t, logOf(t, people), steps)
		return
	}
	if diff := cmp.Diff(want, levels(t, logOf(t, people), steps,
		fmt.Sprintf(", span: %ds%s", c.Window, rest))); diff != "" {
		t.Error(diff)
	}
}

// reached checks who reaches which step in windows of several lengths.
func (c *funnelCase) reached(t *testing.T, l *draw.Log, steps []string) {
	for _, test := range c.Tests {
		var want map[int][]string
		node := test["reached_step"]
		if err := node.Decode(&want); err != nil {
			t.Fatal(err)
		}
		window := test["window"]
		got := map[int][]string{}
		for person, level := range levels(t, l, steps, ", span: "+window.Value+"s") {
			for step := range level {
				got[step+1] = append(got[step+1], person)
			}
		}
		for step := range got {
			slices.Sort(got[step])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// nulls reads the two columns a and b of the file as product and campaign.
func (c *funnelCase) nulls(t *testing.T, _ *funnelFile) {
	var rows map[string][][]any
	if err := c.Rows.Decode(&rows); err != nil {
		t.Fatal(err)
	}
	people := map[string][][]any{}
	for person, of := range rows {
		for _, r := range of {
			people[person] = append(people[person], []any{r[0], "row", r[1], r[2]})
		}
	}
	for _, test := range c.Tests {
		var wheres []string
		var want map[string]int
		ofSteps, ofLevel := test["steps"], test["level"]
		if err := ofSteps.Decode(&wheres); err != nil {
			t.Fatal(err)
		}
		if err := ofLevel.Decode(&want); err != nil {
			t.Fatal(err)
		}
		var steps []string
		for _, w := range wheres {
			w = strings.NewReplacer("a = ", "product = ", "a is ", "product is ", "b = ", "campaign = ", "b is ",
				"campaign is ").Replace(w)
			steps = append(steps, fmt.Sprintf("did: row, where: %q", w))
		}
		if diff := cmp.Diff(want, levels(t, logOf(t, people), steps, fmt.Sprintf(", span: %ds", c.Window))); diff != "" {
			t.Error(diff)
		}
	}
}

// gaps checks the upper ones. The events lie on full seconds: less than n is at most n-1.
func (c *funnelCase) gaps(t *testing.T, file *funnelFile) {
	l := logOf(t, map[string][][]any{"p": file.Streams[c.Stream]})
	upper := 0
	for _, test := range c.Tests {
		first, then, gap := test["first"], test["then"], test["gap"]
		op, text, _ := strings.Cut(gap.Value, " ")
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		switch op {
		case "<":
			n--
		case "<=":
		default:
			continue
		}
		upper++
		want := map[string]string{"true": "in", "false": "out"}
		match := test["match"]
		rule := fmt.Sprintf("{match: {sequence: [{did: %q}, {did: %q, within_previous: %ds}], within: all}}", first.Value,
			then.Value, n)
		if got := decided(t, l, rule)["p"]; got != want[match.Value] {
			t.Errorf("%s is %s", rule, got)
		}
	}
	if upper == 0 {
		t.Error("no upper gap was tried")
	}
}

func (c *funnelCase) counts(t *testing.T, file *funnelFile) {
	l := logOf(t, map[string][][]any{"p": file.Streams[c.Stream]})
	for event, n := range c.Counts {
		if got := decided(t, l, exactly(event, n, "within: all"))["p"]; got != "in" {
			t.Errorf("event %s does not count %d", event, n)
		}
	}
}

// exactly is a rule for those who did something so many times.
func exactly(event string, n int, within string) string {
	if n == 0 {
		return fmt.Sprintf("{match: {all: [{did: any, %s}, {did_not: %q, %s}]}}", within, event, within)
	}
	return fmt.Sprintf("{match: {did: %q, exactly: %d, %s}}", event, n, within)
}

// on is the window of one day.
func on(t *testing.T, day string) string {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("within: {from: %s, before: %s}", day, at.AddDate(0, 0, 1).Format(time.DateOnly))
}

func (c *funnelCase) retention(t *testing.T, _ *funnelFile) {
	people := map[string][][]any{}
	for day, users := range c.Data {
		low, high, several := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(users, "users "), "user "), "..")
		if !several {
			high = low
		}
		from, err := strconv.Atoi(low)
		if err != nil {
			t.Fatal(err)
		}
		to, err := strconv.Atoi(high)
		if err != nil {
			t.Fatal(err)
		}
		for u := from; u <= to; u++ {
			id := fmt.Sprint("user-", u)
			people[id] = append(people[id], []any{day + "T12:00:00Z", "came"})
		}
	}
	var want map[string]int
	if err := c.Expect.Decode(&want); err != nil {
		t.Fatal(err)
	}
	l := logOf(t, people)
	for name, n := range want {
		var did []string
		for day := range strings.SplitSeq(strings.TrimPrefix(name, "did_"), "_and_") {
			did = append(did, "{did: came, "+on(t, "2018-08-"+day)+"}")
		}
		in := 0
		for _, outcome := range decided(t, l, "{match: {all: ["+strings.Join(did, ", ")+"]}}") {
			if outcome == "in" {
				in++
			}
		}
		if in != n {
			t.Errorf("%s: %d people, want %d", name, in, n)
		}
	}
}

func (c *funnelCase) windowed(t *testing.T, _ *funnelFile) {
	people, want := map[string][][]any{}, map[string]string{}
	for name, p := range c.People {
		want[name] = p.Expect
		for _, age := range p.AgeDays {
			people[name] = append(people[name], []any{time.Date(2026, 1, 30-age, 0, 0, 0, 0, time.UTC), "test-event"})
		}
	}
	l := logOf(t, people)
	l.AsOf, l.KnownBy = instant(t, "2026-01-30T00:00:00Z"), instant(t, "2026-01-30T00:00:00Z")
	if diff := cmp.Diff(want, decided(t, l, "{match: {did: test-event, within: 10d}}")); diff != "" {
		t.Error(diff)
	}
}

// invalid asks only the engine: the reference checks nothing.
func (c *funnelCase) invalid(t *testing.T, _ *funnelFile) {
	rule, ok := map[string]string{
		"U02": "{match: {did: view, within: '10', at_least: '2'}}",
		"U03": "{match: {happened: view, within: 10d}}",
	}[c.ID]
	if !ok {
		t.Fatalf("there is no rule for case %s", c.ID)
	}
	schema, err := engine.Schema()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := value.LoadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	if _, errs := engine.Check(schema, zone, "case", rule); !errs.Failed() {
		t.Errorf("%s is accepted", rule)
	}
}

// perDay takes the sessions of the file as devices.
func (c *funnelCase) perDay(t *testing.T, _ *funnelFile) {
	var rows [][]string
	if err := c.Rows.Decode(&rows); err != nil {
		t.Fatal(err)
	}
	people := map[string][][]any{}
	for _, r := range rows {
		people[r[0]] = append(people[r[0]], []any{r[1] + "T12:00:00Z", r[2]})
	}
	l := logOf(t, people)
	for key, n := range c.Results {
		session, day, _ := strings.Cut(key, " ")
		if got := decided(t, l, exactly("conv", n, on(t, day)))[session]; got != "in" {
			t.Errorf("%s does not count %d", key, n)
		}
	}
}
