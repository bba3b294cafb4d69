package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/e2e/reference"
	"github.com/malgrupp/malgrupp/e2e/reference/draw"
	"github.com/malgrupp/malgrupp/e2e/reference/engine"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// number is a setting of the environment.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s is %q, want a number", name, text)
	}
	return n
}

// A case is one rule and one person. MALGRUPP_CASES asks for more of them, MALGRUPP_SEED for those of an earlier run.
func TestTheEngineAndTheReferenceAgreeOnRandomRulesAndHistories(t *testing.T) {
	d := &duel{verdicts: map[string]int{}, keys: map[string]int{}}
	target, seed := number(t, "MALGRUPP_CASES", 100_000), number(t, "MALGRUPP_SEED", int(time.Now().UnixNano()%1e9))
	setFlag(t, "rapid.nofailfile", "true") // the seed says it all
	setFlag(t, "rapid.shrinktime", "1ns")  // reduced is quicker and plainer
	for round := 0; d.cases < target && !t.Failed(); round++ {
		setFlag(t, "rapid.seed", strconv.Itoa(seed+round))
		rapid.Check(t, d.compare)
	}
	t.Logf("seed %d: %d cases of %d rules, verdicts %v, keys %v, refused %d, unseen %d", seed, d.cases, d.rules,
		d.verdicts, d.keys, d.refused, d.unseen)
	d.checkShares(t)
}

func setFlag(t *testing.T, name, value string) {
	t.Helper()
	f := flag.Lookup(name)
	before := f.Value.String()
	t.Cleanup(func() { _ = f.Value.Set(before) })
	if err := f.Value.Set(value); err != nil {
		t.Fatal(err)
	}
}

// duel counts what was compared.
type duel struct {
	cases, rules, refused int
	unseen                int // undecided, and a run has no reason to meet them
	verdicts, keys        map[string]int
}

// rulesPerLog are decided in one run, as a project's are.
const rulesPerLog = 12

func (d *duel) compare(t *rapid.T) {
	a := rapid.Custom(newArena).Draw(t, "arena")
	d.refused += a.refused
	dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "storage"), 0))
	got, want, err := a.decide(a.log, dice)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range a.rules {
		d.rules++
		for _, key := range ruleKey.FindAllStringSubmatch(r.Text, -1) {
			d.keys[key[1]]++
		}
		for person, outcome := range want[r.Name] {
			d.cases++
			d.verdicts[outcome]++
			if got[r.Name][person] == "" && outcome == "unknown" && !a.log.Seen(a.parsed, r.Name, person) {
				d.unseen++
				continue
			}
			if said := orOut(got[r.Name][person]); said != outcome {
				t.Fatalf("%s: the engine says %s, the reference %s\n%s", person, said, outcome, a.reduced(r, person, dice))
			}
		}
		for person := range got[r.Name] {
			if _, ok := want[r.Name][person]; !ok {
				t.Fatalf("%s: the engine knows somebody the reference does not: %s", r.Text, person)
			}
		}
	}
}

func orOut(outcome string) string {
	if outcome == "" {
		return "out"
	}
	return outcome
}

var ruleKey = regexp.MustCompile(`\b([a-z_]+|(?:count|sum|avg|min|max|distinct|days|sessions)\([a-z_]*\)): `)

// arena is a log with the rules that the two decide over it.
type arena struct {
	log    *draw.Log
	schema *rules.Schema
	zone   *value.Zone
	rules  []draw.Rule
	segs   []*rules.Segment
	parsed map[string]*reference.Rule

	refused int
}

// GoString keeps what was drawn out of rapid's own report.
func (a *arena) GoString() string {
	return fmt.Sprintf("%d rows, %d rules", len(a.log.Rows), len(a.rules))
}

func newArena(t *rapid.T) *arena {
	l := draw.NewLog(t)
	schema, err := engine.Schema()
	if err != nil {
		t.Fatal(err)
	}
	zone, err := value.LoadZone(l.Zone)
	if err != nil {
		t.Fatal(err)
	}
	a := &arena{log: l, schema: schema, zone: zone, parsed: map[string]*reference.Rule{}}
	for i := range rulesPerLog {
		a.refused += a.add(t, fmt.Sprint("segment-", i))
	}
	if rapid.IntRange(0, 3).Draw(t, "labels") == 0 {
		a.label(t)
	}
	return a
}

// label marks content of some column as nobody's: its rows count for no rule. The rules were checked before, so that
// they may ask for it nevertheless.
func (a *arena) label(t *rapid.T) {
	for range rapid.IntRange(1, 2).Draw(t, "marks") {
		m := reference.Mark{Column: "event", Value: rapid.SampledFrom([]string{"calc", "logout"}).Draw(t, "event")}
		if rapid.Bool().Draw(t, "column") {
			m = draw.NewMark(t)
		}
		a.log.Dropped = append(a.log.Dropped, m)
		c, _ := a.schema.Column(m.Column)
		c.Labels = append(c.Labels, rules.Label{Value: m.Value, Prefix: m.Prefix, Is: "private", Policy: "drop"})
	}
}

// refusable are the reasons for which a rule drawn at random may be refused.
var refusable = []string{"E-CONTRADICTION", "E-SEQUENCE", "E-UNANCHORED"}

// add draws rules until one stands, and returns how many did not.
func (a *arena) add(t *rapid.T, name string) (refused int) {
	for ; ; refused++ {
		r := draw.NewRule(t, a.log, name, a.rules)
		seg, errs := engine.Check(a.schema, a.zone, name, r.Text)
		if errs.Failed() && slices.ContainsFunc(errs, func(e *source.Finding) bool { return e.Code == "E-UNANCHORED" }) {
			r = r.Anchored()
			seg, errs = engine.Check(a.schema, a.zone, name, r.Text)
		}
		if errs.Failed() {
			for _, e := range errs {
				if strings.HasPrefix(e.Code, "E-") && !slices.Contains(refusable, e.Code) {
					t.Fatalf("%s: %v", r.Text, errs)
				}
			}
			continue
		}
		parsed, err := reference.ParseRule(r.Text)
		if err != nil {
			t.Fatal(err)
		}
		a.rules, a.segs, a.parsed[name] = append(a.rules, r), append(a.segs, seg), parsed
		return refused
	}
}

// decide asks both about a log.
func (a *arena) decide(l *draw.Log, dice *rand.Rand) (got, want map[string]map[string]string, err error) {
	segs, errs := rules.Order(a.segs)
	if errs.Failed() {
		return nil, nil, errs
	}
	got, err = engine.Run(context.Background(), l, a.schema, segs, a.zone, dice)
	return got, l.Outcomes(a.parsed), err
}

// reduced is a disagreement about one person with as few rows and values as still show it.
func (a *arena) reduced(r draw.Rule, person string, dice *rand.Rand) string {
	differ := func(b *arena, rows []reference.Row) (string, bool) {
		l := *a.log
		l.Rows = rows
		got, want, err := b.decide(&l, dice)
		said, right := orOut(got[r.Name][person]), orOut(want[r.Name][person])
		met := said != "out" || right != "unknown" || l.Seen(b.parsed, r.Name, person)
		return fmt.Sprintf("engine %s, reference %s, error %v", said, right, err), err == nil && said != right && met
	}
	b := a.only(r)
	rows := a.log.Rows
	if _, ok := differ(b, rows); !ok {
		b = a
	}
	rows = shrink(rows, 64, func(rows []reference.Row) bool { _, ok := differ(b, rows); return ok })
	for i := range rows {
		for key := range rows[i].Values {
			fewer := slices.Clone(rows)
			fewer[i].Values = maps.Clone(rows[i].Values)
			delete(fewer[i].Values, key)
			if _, ok := differ(b, fewer); ok {
				rows = fewer
			}
		}
	}
	verdict, _ := differ(b, rows)
	return a.describe(b, r, rows, verdict)
}

// only is the arena with one rule and those it refers to.
func (a *arena) only(r draw.Rule) *arena {
	b := *a
	b.rules, b.segs, b.parsed = nil, nil, map[string]*reference.Rule{}
	need := r.Text
	for i := len(a.rules) - 1; i >= 0; i-- {
		if other := a.rules[i]; other.Name == r.Name || strings.Contains(need, "in_segment: "+other.Name+"}") {
			need += other.Text
			b.rules, b.segs, b.parsed[other.Name] = append(b.rules, other), append(b.segs, a.segs[i]), a.parsed[other.Name]
		}
	}
	return &b
}

// shrink leaves out rows while something holds, first many at once.
func shrink(rows []reference.Row, step int, holds func([]reference.Row) bool) []reference.Row {
	for ; step > 0; step /= 2 {
		for at := 0; at < len(rows); {
			fewer := slices.Delete(slices.Clone(rows), at, min(at+step, len(rows)))
			if holds(fewer) {
				rows = fewer
			} else {
				at += step
			}
		}
	}
	return rows
}

func (a *arena) describe(b *arena, r draw.Rule, rows []reference.Row, verdict string) string {
	var out strings.Builder
	local := func(us int64) string { return time.UnixMicro(us).In(location(a.log.Zone)).Format(time.RFC3339Nano) }
	fmt.Fprintf(&out, "about %s: %s\nzone %s, as_of %s, known_by %s, data from %s, session gap %d min\n", r.Name, verdict,
		a.log.Zone, local(a.log.AsOf), local(a.log.KnownBy), local(a.log.DataFrom), a.log.SessionGap/reference.Minute)
	if len(a.log.Dropped) > 0 {
		fmt.Fprintf(&out, "dropped %+v\n", a.log.Dropped)
	}
	for _, m := range a.log.Missing {
		fmt.Fprintf(&out, "missing from %s to %s\n", local(m.From), local(m.Before))
	}
	for _, rule := range b.rules {
		fmt.Fprintf(&out, "%s: %s\n", rule.Name, rule.Text)
	}
	for _, row := range rows {
		fmt.Fprintf(&out, "%s received %s seq %d %s %s device %q customer %q session %q %v\n", local(row.At),
			local(row.Received), row.Seq, row.ID, row.Event, row.Device, row.Customer, row.Session, row.Values)
	}
	return out.String()
}

func location(zone string) *time.Location {
	l, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return l
}

// checkShares fails where some verdict or word was hardly tried. A share is a tenth of the usual one: cases come by the
// log, some hundreds of people at a time, so that a share scatters by its half; a generator that went blind has none.
func (d *duel) checkShares(t *testing.T) {
	t.Helper()
	for outcome, share := range map[string]float64{
		"in": 0.02, "out": 0.06, "wait": 0.0003, "unknown": 0.015, "capped": 0.004,
		"control": 0.0009, "withheld": 0.0001,
	} {
		if n := d.verdicts[outcome]; float64(n) < share*float64(d.cases) {
			t.Errorf("only %d of %d cases are %s, want %.2f%%", n, d.cases, outcome, 100*share)
		}
	}
	for _, key := range []string{
		"all", "any", "not", "at_least_of", "did", "did_not", "metric", "sequence", "session", "first", "last", "in_segment",
		"exclude", "top", "stay", "exclusive", "holdout", "cap", "min_size", "where", "has", "within", "within_previous",
		"without", "then_not", "for", "span", "same_session", "ties", "lasting_at_least", "at_least", "at_most", "exactly",
		"more_than", "less_than", "percent", "count", "by", "salt", "from", "to", "before",
	} {
		if d.keys[key] < d.rules/100 {
			t.Errorf("only %d of %d rules say %s", d.keys[key], d.rules, key)
		}
	}
}
