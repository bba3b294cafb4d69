package scan_test

import (
	"math"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/segments/scan"
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
