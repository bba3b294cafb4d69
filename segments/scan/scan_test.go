package scan_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

const hour = int64(3_600_000_000)

// knownBy lies just after the clocks went back in Helsinki.
var knownBy = time.Date(2025, 10, 26, 3, 0, 0, 0, time.UTC).UnixMicro()

const (
	skew  = 5 * 60 * 1_000_000
	limit = 5 * 60 * 1_000_000 // a time further ahead of known_by is an error
)

var (
	textType = value.Type{Kind: value.Text}
	whole    = value.Type{Kind: value.Integer}
	moment   = value.Type{Kind: value.Timestamp}
)

// drawSchema draws a log that may lack arrivals and customers, and whose ids may be integers.
func drawSchema(t *rapid.T) *rules.Schema {
	ids := rapid.SampledFrom([]value.Type{textType, textType, whole}).Draw(t, "type of ids")
	s := &rules.Schema{Name: "log", Columns: []rules.Column{
		{Name: "event_time", Type: moment, Role: rules.RoleEventTime},
		{Name: "event", Type: textType, Role: rules.RoleEventName},
		{Name: "device_id", Type: ids, Role: rules.RoleDevice},
		{Name: "page", Type: textType},
		{Name: "amount", Type: value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}},
		{Name: "visits", Type: whole},
		{Name: "score", Type: value.Type{Kind: value.Float}},
		{Name: "opened", Type: value.Type{Kind: value.Boolean}},
		{Name: "due", Type: value.Type{Kind: value.Date}},
	}}
	if rapid.IntRange(0, 3).Draw(t, "customers") > 0 {
		s.Columns = append(s.Columns, rules.Column{Name: "customer_id", Type: ids, Role: rules.RoleCustomer})
	}
	if rapid.IntRange(0, 3).Draw(t, "arrivals") > 0 {
		s.Columns = append(s.Columns, rules.Column{Name: "received_at", Type: moment, Role: rules.RoleReceivedAt})
	}
	return s
}

// samples are the values of a column; absent is a column that other sources have.
var samples = map[string][]any{
	"event":  {"view", "buy", "open"},
	"page":   {"/a", "/A", "/ab", "/b", "", "/äö"},
	"absent": {"/a"},
	"amount": {int64(-150), int64(0), int64(1), int64(99), int64(100)},
	"visits": {int64(-1), int64(0), int64(1), int64(2), int64(math.MaxInt64)},
	"score": {
		0.0, math.Copysign(0, -1), 0.3, -0.125, 0.125, 1e17, 1e300, -1e300, math.Inf(1), math.Inf(-1),
		math.NaN(),
	},
	"opened":   {int64(0), int64(1)},
	"due":      {int64(-1), int64(0), int64(20_000)},
	"text ids": {"d1", " d1 ", "d2", "d3", "d4", "d5", "N/A", "House", "0000", "both"},
	"int ids":  {int64(1), int64(2), int64(3), int64(71), int64(72), int64(73), int64(-1)},
}

func draw(t *rapid.T, from, name string) any { return rapid.SampledFrom(samples[from]).Draw(t, name) }

func drawRow(t *rapid.T, schema *rules.Schema) logRow {
	r := logRow{}
	for _, c := range schema.Columns {
		switch {
		case rapid.IntRange(0, 5).Draw(t, "null") == 0:
		case c.Role == rules.RoleEventTime:
			r[c.Name] = drawInstant(t)
		case c.Role == rules.RoleReceivedAt:
			// Set below, from the event's time.
		case c.Role == rules.RoleDevice || c.Role == rules.RoleCustomer:
			from := "text ids"
			if c.Type.Kind == value.Integer {
				from = "int ids"
			}
			r[c.Name] = draw(t, from, c.Name)
		default:
			r[c.Name] = draw(t, c.Name, c.Name)
		}
	}
	if at, ok := r["event_time"].(int64); ok && rapid.IntRange(0, 9).Draw(t, "no arrival") > 0 {
		r["received_at"] = at +
			rapid.SampledFrom([]int64{0, hour, -skew, -skew - 1, 9 * hour, knownBy - at, knownBy - at - 1}).Draw(t, "arrival")
	}
	return r
}

func drawInstant(t *rapid.T) int64 {
	if rapid.IntRange(0, 9).Draw(t, "odd time") == 0 {
		return rapid.SampledFrom([]int64{
			time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1, 0, knownBy + limit, knownBy + limit + 1,
		}).Draw(t, "time")
	}
	return knownBy - hour*rapid.Int64Range(0, 8).Draw(t, "hours ago") + rapid.Int64Range(-1, 1).Draw(t, "micro")
}

// drawWhere draws a tree of tests over the columns, deep enough for factors that several columns decide.
func drawWhere(t *rapid.T, depth int) rules.Expr {
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
		return drawTest(t)
	}
	var terms []rules.Expr
	for range rapid.IntRange(2, 3).Draw(t, "terms") {
		terms = append(terms, drawWhere(t, depth-1))
	}
	if rapid.Bool().Draw(t, "or") {
		return rules.Or(terms)
	}
	return rules.And(terms)
}

var terms = []rules.Term{
	{Column: "page", Type: textType, Of: textType},
	{Column: "event", Type: textType, Of: textType},
	{Column: "absent", Type: textType, Of: textType},
	{Column: "page", Function: "lower", Type: textType, Of: textType},
	{Column: "page", Function: "length", Type: whole, Of: textType},
	{
		Column: "amount", Type: value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}, Of: value.Type{
			Kind: value.Decimal, Precision: 18, Scale: 2,
		},
	},
	{Column: "visits", Type: whole, Of: whole},
	{Column: "score", Type: value.Type{Kind: value.Float}, Of: value.Type{Kind: value.Float}},
	{Column: "opened", Type: value.Type{Kind: value.Boolean}, Of: value.Type{Kind: value.Boolean}},
	{Column: "due", Type: value.Type{Kind: value.Date}, Of: value.Type{Kind: value.Date}},
	{Column: "event_time", Type: moment, Of: moment},
	{Column: "event_time", Function: "local.hour", Type: whole, Of: moment},
	{Column: "event_time", Function: "local.weekday", Type: whole, Of: moment},
	{Column: "event_time", Function: "local.date", Type: value.Type{Kind: value.Date}, Of: moment},
}

func drawTest(t *rapid.T) *rules.Test {
	test := &rules.Test{Term: rapid.SampledFrom(terms).Draw(t, "term")}
	ops := []where.Op{where.OpEqual, where.OpLess, where.OpGreaterEqual, where.OpIn, where.OpBetween, where.OpIsNull}
	switch test.Term.Type.Kind {
	case value.Text:
		ops = append(ops, where.OpStartsWith)
	case value.Boolean:
		ops = []where.Op{where.OpIsTrue, where.OpIsFalse, where.OpIsNull}
	}
	test.Op = rapid.SampledFrom(ops).Draw(t, "operator")
	if test.Op != where.OpLess && test.Op != where.OpGreaterEqual { // these are each other's negation
		test.Not = rapid.Bool().Draw(t, "not")
	}
	n := 1
	switch test.Op {
	case where.OpIsNull, where.OpIsTrue, where.OpIsFalse:
		n = 0
	case where.OpBetween:
		n = 2
	case where.OpIn:
		n = rapid.IntRange(1, 3).Draw(t, "literals")
	}
	for range n {
		test.Args = append(test.Args, drawLiteral(t, test.Term))
	}
	return test
}

func drawLiteral(t *rapid.T, term rules.Term) value.Value {
	v := value.Value{Kind: term.Type.Kind}
	switch {
	case term.Function == "local.hour", term.Function == "local.weekday", term.Function == "length":
		v.Int = rapid.Int64Range(0, 6).Draw(t, "literal")
	case term.Function == "local.date":
		v.Int = knownBy/(24*hour) - rapid.Int64Range(-1, 1).Draw(t, "literal")
	case term.Column == "event_time":
		v.Int = drawInstant(t)
	case term.Type.Kind == value.Text:
		v.Text = strings.ToLower(draw(t, term.Column, "literal").(string))
	case term.Type.Kind == value.Float:
		v.Float = rapid.SampledFrom([]float64{0, 0.3, 1e17, -1e300}).Draw(t, "literal")
	default:
		v.Int = draw(t, term.Column, "literal").(int64)
	}
	return v
}

var zones = func() (out []*value.Zone) {
	for _, name := range []string{"Europe/Helsinki", "America/New_York"} {
		z, err := value.LoadZone(name)
		if err != nil {
			panic(err)
		}
		out = append(out, z)
	}
	return out
}()

func drawPick(t *rapid.T) rules.Pick {
	p := rules.Pick{Any: rapid.IntRange(0, 3).Draw(t, "any") == 0}
	if !p.Any {
		for _, e := range samples["event"] {
			if rapid.Bool().Draw(t, "wants the event") {
				p.Events = append(p.Events, e.(string))
			}
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "where") > 0 {
		p.Where = drawWhere(t, 2)
		p.Zone = rapid.SampledFrom(zones).Draw(t, "zone")
	}
	return p
}

// drawLabels draws what the schema, and that of another table, label.
func drawLabels(t *rapid.T, schema *rules.Schema) []*rules.Schema {
	other := &rules.Schema{Name: "other", Columns: []rules.Column{
		{Name: "name", Type: textType, Role: rules.RoleEventName},
		{Name: "page", Type: textType},
		{Name: "absent", Type: textType},
		{Name: "due", Type: value.Type{Kind: value.Date}},
	}}
	customers := &rules.Schema{
		Name: "customers", Customers: true, Columns: []rules.Column{
			{Name: "page", Type: textType, Labels: []rules.Label{{Is: "private", Policy: "drop"}}},
		},
	}
	for k, s := range []*rules.Schema{schema, other} {
		for i := range s.Columns {
			c := &s.Columns[i]
			if rapid.IntRange(0, []int{12, 2}[k]).Draw(t, "labelled") > 0 ||
				slices.Contains([]rules.Role{rules.RoleDevice, rules.RoleCustomer}, c.Role) {
				continue
			}
			l := rules.Label{Is: "private", Policy: rapid.SampledFrom([]string{"drop", "drop", "no_ads"}).Draw(t, "policy")}
			if c.Type.Kind == value.Text {
				from := c.Name
				if c.Role == rules.RoleEventName {
					from = "event"
				}
				value := draw(t, from, "mark").(string)
				switch {
				case value == "" || c.Role != rules.RoleEventName && rapid.IntRange(0, 3).Draw(t, "whole") == 0:
				case rapid.Bool().Draw(t, "prefix"):
					l.Prefix = value[:1+rapid.IntRange(0, 1).Draw(t, "longer")]
				default:
					l.Value = value
				}
			}
			c.Labels = append(c.Labels, l)
		}
	}
	return []*rules.Schema{customers, schema, other}
}

// drawPlan draws picks, most of them few and deep, sometimes more than a word holds, and windows over them.
func drawPlan(t *rapid.T) *scan.Plan {
	p := &scan.Plan{Customers: true, KnownBy: knownBy, MaxSkew: skew, Blocked: []string{"house", "73"}, Compile: compile}
	picks := rapid.IntRange(1, 5).Draw(t, "picks")
	if rapid.IntRange(0, 19).Draw(t, "many") == 0 {
		picks = rapid.SampledFrom([]int{64, 70}).Draw(t, "how many") // a label is one more
	}
	p.Values = []rules.Reading{
		{Column: "page", Type: textType},
		{Column: "visits", Type: whole},
		{Column: "score", Type: value.Type{Kind: value.Float}},
		{Column: "score", Type: value.Type{Kind: value.Float}, Quantise: &value.Number{Int: 25, Scale: 2}},
		{Column: "due", Type: value.Type{Kind: value.Date}},
		{Column: "opened", Type: value.Type{Kind: value.Boolean}},
		{Column: "event_time", Type: moment},
		{Column: "amount"},
		{Column: "absent", Type: textType},
	}
	for i := range picks {
		pick := drawPick(t)
		if i > 0 && p.Picks[i-1].Where != nil && rapid.IntRange(0, 3).Draw(t, "twin") == 0 {
			pick = p.Picks[i-1] // the same words, perhaps on another clock
			pick.Zone = rapid.SampledFrom(zones).Draw(t, "zone")
		}
		p.Picks = append(p.Picks, pick)
		for range rapid.IntRange(1, 2).Draw(t, "conditions") {
			hours := rapid.Int64Range(1, 8).Draw(t, "window from")
			w := rules.Want{Pick: i, From: knownBy - hours*hour, Value: rapid.IntRange(-1, len(p.Values)-1).Draw(t, "value")}
			w.Before = w.From + rapid.Int64Range(0, hours).Draw(t, "window's length")*hour
			p.Wants = append(p.Wants, w)
			p.Edges = append(p.Edges, w.From, w.Before)
		}
	}
	slices.Sort(p.Edges)
	p.Edges = slices.Compact(p.Edges)
	return p
}

func TestBlocksAreWhatALoopOverTheRowsFinds(t *testing.T) {
	kept, shown := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		schema, plan := drawSchema(t), drawPlan(t)
		if rapid.Bool().Draw(t, "labels") {
			plan.Labels = drawLabels(t, schema)
		}
		subjects := identity.NewSubjects()
		for _, id := range []string{"d1", "d2", "both", "1", "2"} { // the ledger names these
			hash := subjects.Hash(identity.Device, []byte(id))
			subjects.Shard(identity.ShardOf(hash)).File(hash, []byte(id))
		}
		s, err := scan.New(plan, schema, rapid.Bool().Draw(t, "partner"), subjects, scan.NewNames())
		if err != nil {
			t.Fatal(err)
		}
		o := &scanOracle{plan: plan, schema: schema, subjects: subjects, texts: map[string]int64{}}
		for range rapid.IntRange(1, 2).Draw(t, "workers") {
			w := s.Worker()
			o.counts, o.shown = scan.Counts{}, 0
			for range rapid.IntRange(1, 3).Draw(t, "row groups") {
				rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) logRow { return drawRow(t, schema) }), 0, 80).Draw(t, "rows")
				o.check(t, w, rows)
			}
			if diff := cmp.Diff(o.counts, w.Counts()); diff != "" {
				t.Fatal(diff)
			}
			kept, shown = kept+int(o.counts.Wanted), shown+o.shown
		}
	})
	if kept == 0 {
		t.Error("no row ever was evidence: the test asks nothing")
	}
	if shown == 0 || shown == kept {
		t.Errorf("%d rows of %d show what is labelled: the test asks nothing", shown, kept)
	}
}

func TestThePlanNamesTheColumnsItReads(t *testing.T) {
	schema := copiesSchema(textType, true)
	plan := &scan.Plan{Customers: true, Picks: []rules.Pick{{Events: []string{"view"}, Where: rules.And{
		&rules.Test{Term: rules.Term{Column: "visits", Type: whole, Of: whole}, Op: where.OpIsNull},
		&rules.Test{Term: rules.Term{Column: "absent", Type: textType, Of: textType}, Op: where.OpIsNull},
	}}}, Values: []rules.Reading{{Column: "score"}, {Column: "score", Quantise: &value.Number{Int: 1}}}, Compile: compile}
	s, err := scan.New(plan, schema, false, identity.NewSubjects(), scan.NewNames())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"device_id", "event", "event_time", "received_at", "score", "visits"}
	if diff := cmp.Diff(want, s.Columns()); diff != "" {
		t.Error(diff)
	}
}

// compile is the plain meaning of a test.
func compile(test *rules.Test, z *value.Zone) (kernel.Row, error) {
	row, err := builtin.CompileTest(test, z)
	return kernel.Row(row), err
}

func TestFloatsAreOrderedOrCountedInSteps(t *testing.T) {
	schema := &rules.Schema{Name: "log", Columns: []rules.Column{
		{Name: "event_time", Type: moment, Role: rules.RoleEventTime},
		{Name: "event", Type: textType, Role: rules.RoleEventName},
		{Name: "device_id", Type: textType, Role: rules.RoleDevice},
		{Name: "score", Type: value.Type{Kind: value.Float}},
	}}
	plan := &scan.Plan{
		Customers: true, KnownBy: knownBy, Picks: []rules.Pick{{Any: true}}, Edges: []int64{knownBy - hour, knownBy},
	}
	for i, step := range []*value.Number{nil, {Int: 1, Scale: 2}, {Int: 25, Scale: 2}, {Int: 5, Scale: 0}} {
		plan.Values = append(plan.Values, rules.Reading{Column: "score", Type: value.Type{Kind: value.Float}, Quantise: step})
		plan.Wants = append(plan.Wants, rules.Want{Value: i, From: knownBy - hour, Before: knownBy})
	}
	s, err := scan.New(plan, schema, false, identity.NewSubjects(), scan.NewNames())
	if err != nil {
		t.Fatal(err)
	}
	var rows []logRow
	for _, f := range append(slices.Clone(samples["score"]), 2.5, -2.5, 7.49, 1e18, -1e18, 9.3e18, nil) {
		rows = append(rows, logRow{"event_time": knownBy - 1, "event": "view", "device_id": "d1", "score": f})
	}
	g := rapid.Custom(func(t *rapid.T) *logGroup { return newGroup(t, schema, rows) }).Example(0)
	b, err := s.Worker().Scan(g, nil)
	if err != nil || b.Len() != len(rows) {
		t.Fatalf("%d rows of %d, error %v", b.Len(), len(rows), err)
	}
	for v, value := range plan.Values {
		for i, r := range rows {
			want := int64(evidence.Null)
			if f, ok := r["score"].(float64); ok {
				want = floatWord(value, f)
			}
			if got := b.Values[v][i]; got != want {
				t.Errorf("%v in steps of %v is %d, want %d", r["score"], value.Quantise, got, want)
			}
		}
	}
}

// scanOracle looks at every row on its own.
type scanOracle struct {
	plan     *scan.Plan
	schema   *rules.Schema
	subjects *identity.Subjects
	texts    map[string]int64 // numbers of texts met so far
	counts   scan.Counts
	shown    int // rows that show dropped content
}

// has reports whether the log has the column.
func (o *scanOracle) has(column string) bool { _, ok := o.schema.Column(column); return ok }

// check scans one row group and compares the block, row by row.
func (o *scanOracle) check(t *rapid.T, w *scan.Worker, rows []logRow) {
	var copies []uint32
	var oversized []int32
	for i := range rows {
		if rapid.IntRange(0, 9).Draw(t, "is a copy") == 0 {
			copies = append(copies, uint32(i))
		}
		if rapid.IntRange(0, 9).Draw(t, "is oversized") == 0 {
			oversized = append(oversized, int32(i))
			rows[i]["page"] = nil
		}
	}
	g := newGroup(t, o.schema, rows)
	g.oversized = oversized
	b, err := w.Scan(g, copies)
	if err != nil {
		t.Fatal(err)
	}
	o.counts.Rows += int64(len(rows))
	n := 0
	for i, r := range rows {
		if !o.wanted(r, slices.Contains(copies, uint32(i)), slices.Contains(g.Oversized(), int32(i))) {
			continue
		}
		if n == b.Len() {
			t.Fatalf("row %d, %v, is missing from the block", i, r)
		}
		o.compare(t, b, n, r)
		n++
	}
	if n != b.Len() {
		t.Fatalf("the block has %d rows, want %d", b.Len(), n)
	}
	g.scribble()
}

// wants are the conditions that want a row.
func (o *scanOracle) wants(r logRow) (out []rules.Want) {
	at, ok := r["event_time"].(int64)
	for _, w := range o.plan.Wants {
		p := o.plan.Picks[w.Pick]
		name, _ := r["event"].(string)
		event := p.Any || r["event"] != nil && slices.Contains(p.Events, name)
		if ok && at >= w.From && at < w.Before && event && passes(p.Where, r, p.Zone) == value.True {
			out = append(out, w)
		}
	}
	return out
}

// wanted decides whether a row becomes evidence and counts it; oversized says that the scan saw a value that is too
// large.
func (o *scanOracle) wanted(r logRow, copied, oversized bool) bool {
	at, ok := r["event_time"].(int64)
	received, there := r["received_at"].(int64)
	judged := !o.has("received_at") || there && received < knownBy // what had not arrived yet is not
	if !ok || at < time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() || at > knownBy+limit {
		if judged {
			o.counts.Invalid++
		}
		return false
	}
	if oversized && judged {
		o.counts.Oversized++
	}
	if len(o.wants(r)) == 0 {
		return false
	}
	if o.has("received_at") {
		received, arrived := r["received_at"].(int64)
		switch {
		case !arrived || received >= knownBy:
			o.counts.Hidden++
			return false
		case at > received+skew:
			o.counts.Skewed++
			return false
		}
	}
	switch {
	case copied:
		o.counts.Copies++
		return false
	case oversized:
		return false
	}
	o.counts.Wanted++
	return true
}

func (o *scanOracle) compare(t *rapid.T, b *evidence.Block, i int, r logRow) {
	at := r["event_time"].(int64)
	wants := o.wants(r)
	picks, slot := b.Classes.Of(b.Class[i])
	for p := range o.plan.Picks {
		want := slices.ContainsFunc(wants, func(w rules.Want) bool { return w.Pick == p })
		if got := picks[p/64]>>(p%64)&1 != 0; got != want {
			t.Fatalf("%v is kept for pick %d (%v): %t, want %t", r, p, o.plan.Picks[p].Where, got, want)
		}
	}
	edges := 0
	for _, e := range o.plan.Edges {
		if e <= at {
			edges++
		}
	}
	if int(slot) != edges || b.Time[i] != at {
		t.Fatalf("%v has slot %d and time %d, want %d and %d", r, slot, b.Time[i], edges, at)
	}
	dropped := o.dropped(r)
	if got := b.Classes.IsDropped(b.Class[i]); got != dropped {
		t.Fatalf("%v shows dropped content: %t, want %t", r, got, dropped)
	}
	if dropped {
		o.shown++
	}
	o.compareIDs(t, b, i, r)
	for v, value := range o.plan.Values {
		reads := slices.ContainsFunc(wants, func(w rules.Want) bool { return w.Value == v })
		if got := b.Values[v][i]; reads || got != evidence.Null {
			o.compareValue(t, value, r[value.Column], got)
		}
	}
}

// dropped looks for labelled content in the columns of a row, one label after another.
func (o *scanOracle) dropped(r logRow) bool {
	for _, s := range o.plan.Labels {
		for _, c := range s.Columns {
			name := c.Name
			if c.Role == rules.RoleEventName {
				name = "event"
			}
			value := r[name]
			if f, ok := value.(float64); ok && f != f || s.Customers || !o.has(name) {
				continue
			}
			text, _ := value.(string)
			for _, l := range c.Labels {
				if value != nil && l.Policy == "drop" && (l.Value == "" || text == l.Value) && strings.HasPrefix(text, l.Prefix) {
					return true
				}
			}
		}
	}
	return false
}

// idOf is the trimmed id of a column, "" for none, and whether it may not be used.
func (o *scanOracle) idOf(r logRow, column string) (id string, blocked bool) {
	if !o.has(column) || r[column] == nil {
		return "", false
	}
	id = strings.TrimSpace(fmt.Sprint(r[column]))
	return id, slices.Contains([]string{"N/A", "House", "0000", "-1", "73"}, id)
}

func (o *scanOracle) compareIDs(t *rapid.T, b *evidence.Block, i int, r logRow) {
	number := func(kind identity.Kind, id string) uint32 {
		return o.subjects.Late(o.subjects.Hash(kind, []byte(id)), []byte(id))
	}
	customer, blocked := o.idOf(r, "customer_id")
	want := uint32(evidence.None)
	switch {
	case blocked:
		want = evidence.Blocked
	case customer != "":
		want = number(identity.Customer, customer)
	}
	if b.Customer[i] != want {
		t.Fatalf("%v has customer %d, want %d", r, b.Customer[i], want)
	}
	device, blocked := o.idOf(r, "device_id")
	switch {
	case device == "" || blocked:
		if b.Device[i] != evidence.Blocked {
			t.Fatalf("%v has device %d, want it blocked", r, b.Device[i])
		}
	case b.Device[i] == evidence.Unknown:
		if slices.Contains([]string{"d1", "d2", "both", "1", "2"}, device) || want < evidence.Unknown {
			t.Fatalf("%v has an unknown device", r)
		}
	case b.Device[i] != number(identity.Device, device):
		t.Fatalf("%v has device %d, want %d", r, b.Device[i], number(identity.Device, device))
	}
}

func (o *scanOracle) compareValue(t *rapid.T, v rules.Reading, value any, got int64) {
	want := int64(evidence.Null)
	switch value := value.(type) {
	case int64:
		want = value
	case float64:
		want = floatWord(v, value)
	case string:
		if !o.has(v.Column) {
			break
		}
		known, ok := o.texts[value]
		if !ok {
			known = got
			for text, number := range o.texts {
				if number == got {
					t.Fatalf("%q and %q are both number %d", text, value, got)
				}
			}
			o.texts[value] = got
		}
		if want = known; got == evidence.Null {
			t.Fatalf("%q has no number", value)
		}
	}
	if got != want {
		t.Fatalf("%v of column %s is %d, want %d", value, v.Column, got, want)
	}
}

// floatWord is a float in units of its step's last place, rounded to whole steps, or its rank among all floats: how
// many floats lie between it and zero.
func floatWord(v rules.Reading, f float64) int64 {
	switch {
	case f != f:
		return evidence.Null
	case v.Quantise == nil && f < 0:
		return -int64(math.Float64bits(-f))
	case v.Quantise == nil:
		return int64(math.Float64bits(math.Abs(f)))
	case math.IsInf(f, 0):
		return evidence.Null
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Quantise.Scale)), nil)
	step := new(big.Rat).SetFrac(big.NewInt(v.Quantise.Int), unit)
	steps := new(big.Rat).Quo(new(big.Rat).SetFloat64(f), step)
	steps.Add(steps, big.NewRat(1, 2))
	units := new(big.Int).Div(steps.Num(), steps.Denom()) // Div rounds down for a positive divisor
	units.Mul(units, big.NewInt(v.Quantise.Int))
	if !units.IsInt64() {
		return evidence.Null
	}
	return units.Int64()
}
