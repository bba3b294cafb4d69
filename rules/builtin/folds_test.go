package builtin_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // the oracle's clock must not depend on the machine

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/value"
)

// verdict is one person's verdict as the test finds it.
type verdict string

const (
	isTrue    verdict = "true"
	isFalse   verdict = "false"
	isUnknown verdict = "unknown"
	noValue   verdict = "no value"
)

// row is one admitted row of a condition; value is in units of the column, nil without one.
type plainRow struct {
	subject uint32
	at      int64
	value   *big.Rat
	encoded int64 // what the scan hands over for the value
}

// columnOf says how the values of a column are drawn and encoded.
type columnOf struct {
	name     string
	kind     value.Type
	quantise *value.Number
	draw     func(t *rapid.T) (value *big.Rat, encoded int64)
}

// units draws numbers of units of 10^-scale, small and often equal, or from the ends of the line.
func units(scale int, step int64) func(t *rapid.T) (*big.Rat, int64) {
	return func(t *rapid.T) (*big.Rat, int64) {
		v := step * rapid.Int64Range(-20, 20).Draw(t, "steps")
		if rapid.IntRange(0, 9).Draw(t, "large") == 0 {
			v = rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64 + 1, math.MaxInt64 - 1}).Draw(t, "large value")
		}
		return new(big.Rat).SetFrac(big.NewInt(v), power(scale)), v
	}
}

func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

var (
	integers = columnOf{"integers", value.Type{Kind: value.Integer}, nil, units(0, 1)}
	decimals = columnOf{"decimals", value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}, nil, units(2, 1)}
	steps    = columnOf{
		"floats in steps of 0.25", value.Type{Kind: value.Float}, &value.Number{Int: 25, Scale: 2}, units(2, 25),
	}
	floats = columnOf{"floats", value.Type{Kind: value.Float}, nil, func(t *rapid.T) (*big.Rat, int64) {
		f := rapid.SampledFrom([]float64{
			-1.5, 0, math.Copysign(0, -1), 0.1, 0.25, 1, 1e17, -1e300, 0.30000000000000004,
		}).Draw(t, "float")
		return new(big.Rat).SetFloat64(f), value.OrderedFloat(f)
	}}
)

var helsinki = func() *time.Location {
	l, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		panic(err)
	}
	return l
}()

var zone = func() *value.Zone {
	z, err := value.LoadZone("Europe/Helsinki")
	if err != nil {
		panic(err)
	}
	return z
}()

// drawRows draws rows of a few people, the last of whom never has any.
func drawRows(t *rapid.T, c columnOf) (subjects int, rows []plainRow) {
	subjects = rapid.IntRange(1, 70).Draw(t, "people")
	winter := time.Date(2025, 10, 26, 0, 0, 0, 0, time.UTC).UnixMicro() // clocks go back in Helsinki
	for range rapid.IntRange(0, 40).Draw(t, "rows") {
		r := plainRow{
			subject: rapid.Uint32Range(0, uint32(min(subjects, 6))).Draw(t, "subject") % uint32(subjects),
			at:      winter + rapid.Int64Range(-60, 60).Draw(t, "hour")*3_600_000_000 + rapid.Int64Range(-1, 1).Draw(t, "micro"),
			encoded: fold.Null,
		}
		if rapid.IntRange(0, 4).Draw(t, "null") > 0 {
			r.value, r.encoded = c.draw(t)
		}
		rows = append(rows, r)
	}
	return subjects, rows
}

func columns(subjects int, rows []plainRow, needs fold.Need) fold.Rows {
	out := fold.Rows{Subjects: subjects}
	for _, r := range rows {
		out.Subject = append(out.Subject, r.subject)
		if needs&fold.NeedTime != 0 {
			out.Time = append(out.Time, r.at)
		}
		if needs&fold.NeedValue != 0 {
			out.Value = append(out.Value, r.encoded)
		}
	}
	return out
}

// aggregate computes a metric for one person in plain arithmetic; nil is "no value".
func aggregate(function string, subject uint32, rows []plainRow) *big.Rat {
	var values []*big.Rat
	count, days, different := int64(0), map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		if r.subject != subject {
			continue
		}
		count++
		days[time.UnixMicro(r.at).In(helsinki).Format(time.DateOnly)] = true
		if r.value != nil {
			values = append(values, r.value)
			different[r.value.String()] = true
		}
	}
	sum := new(big.Rat)
	for _, v := range values {
		sum.Add(sum, v)
	}
	switch function {
	case "count":
		return big.NewRat(count, 1)
	case "days":
		return big.NewRat(int64(len(days)), 1)
	case "distinct":
		return big.NewRat(int64(len(different)), 1)
	case "sum":
		return sum
	}
	if len(values) == 0 {
		return nil
	}
	switch function {
	case "avg":
		return sum.Quo(sum, big.NewRat(int64(len(values)), 1))
	case "min":
		return slices.MinFunc(values, (*big.Rat).Cmp)
	default:
		return slices.MaxFunc(values, (*big.Rat).Cmp)
	}
}

func holds(c *rules.Compare, v, bound *big.Rat) bool {
	switch d := v.Cmp(bound); c.Op {
	case rules.AtLeast:
		return d >= 0
	case rules.AtMost:
		return d <= 0
	case rules.MoreThan:
		return d > 0
	case rules.LessThan:
		return d < 0
	default:
		return d == 0
	}
}

// boundOf is the bound as a fraction; where floats are compared as they are, it is the float that the text names.
func boundOf(c *rules.Compare, col columnOf, function string) *big.Rat {
	exact := new(big.Rat).SetFrac(big.NewInt(c.Bound.Int), power(c.Bound.Scale))
	if col.name == floats.name && (function == "min" || function == "max") {
		f, err := strconv.ParseFloat(exact.FloatString(c.Bound.Scale), 64)
		if err != nil {
			panic(err)
		}
		return new(big.Rat).SetFloat64(f)
	}
	return exact
}

// reachable are values a metric could take once missing rows are added, as far as they matter to a bound: the value
// itself, its neighbours, the bound and what lies beside it, and values far away.
func reachable(function string, col columnOf, v, bound *big.Rat) []*big.Rat {
	step := big.NewRat(1, 1)
	switch {
	case function == "count" || function == "days" || function == "distinct":
	case col.name == decimals.name:
		step = big.NewRat(1, 100)
	case col.name == steps.name:
		step = big.NewRat(1, 100) // the engine knows the places of a step, not the step
	case col.name == floats.name:
		return nil
	}
	grid := new(big.Rat).Quo(bound, step)
	whole := new(big.Int).Div(grid.Num(), grid.Denom())
	out := []*big.Rat{v, new(big.Rat).Add(v, step), new(big.Rat).Sub(v, step)}
	for _, d := range []int64{-1 << 40, -1, 0, 1, 1 << 40} {
		at := new(big.Rat).SetInt(new(big.Int).Add(whole, big.NewInt(d)))
		out = append(out, at.Mul(at, step))
	}
	return slices.DeleteFunc(out, func(r *big.Rat) bool {
		switch function {
		case "sum":
			return false
		case "min":
			return r.Cmp(v) > 0
		}
		return r.Cmp(v) < 0
	})
}

// judged is the verdict of one person: over a covered window the comparison, over an uncovered one what no added row
// could change.
func judged(function string, col columnOf, c *rules.Compare, v *big.Rat, covered bool) verdict {
	bound := new(big.Rat)
	if v != nil {
		bound = boundOf(c, col, function)
	}
	switch {
	case v == nil && covered:
		return noValue
	case v == nil:
		return isUnknown
	case covered && holds(c, v, bound):
		return isTrue
	case covered:
		return isFalse
	case function == "avg":
		return isUnknown
	case col.name == floats.name && (function == "min" || function == "max"):
		return extremeOfFloats(function, c, v, bound)
	}
	var yes, no bool
	for _, r := range reachable(function, col, v, bound) {
		if holds(c, r, bound) {
			yes = true
		} else {
			no = true
		}
	}
	switch {
	case yes && no:
		return isUnknown
	case yes:
		return isTrue
	}
	return isFalse
}

// extremeOfFloats is the table of the five comparators for a maximum that may still rise or a minimum that may fall.
func extremeOfFloats(function string, c *rules.Compare, v, bound *big.Rat) verdict {
	d, up, down := v.Cmp(bound), rules.AtLeast, rules.AtMost
	upStrict, downStrict := rules.MoreThan, rules.LessThan
	if function == "min" {
		d, up, down, upStrict, downStrict = -d, rules.AtMost, rules.AtLeast, rules.LessThan, rules.MoreThan
	}
	switch {
	case c.Op == up && d >= 0, c.Op == upStrict && d > 0:
		return isTrue
	case c.Op == down && d > 0, c.Op == downStrict && d >= 0, c.Op == rules.Exactly && d > 0:
		return isFalse
	}
	return isUnknown
}

func verdictsOf(v fold.Verdicts, subject uint32) verdict {
	var out []verdict
	for _, set := range []struct {
		in   fold.Bits
		name verdict
	}{{v.True, isTrue}, {v.Unknown, isUnknown}, {v.NoValue, noValue}, {v.Wait, "wait"}} {
		if set.in.Has(subject) {
			out = append(out, set.name)
		}
	}
	switch len(out) {
	case 0:
		return isFalse
	case 1:
		return out[0]
	}
	return verdict(fmt.Sprint(out))
}

func newVerdicts(n int) fold.Verdicts {
	return fold.Verdicts{True: fold.NewBits(n), Wait: fold.NewBits(n), Unknown: fold.NewBits(n), NoValue: fold.NewBits(n)}
}

func drawCompare(t *rapid.T) *rules.Compare {
	return &rules.Compare{
		Op: rapid.SampledFrom([]rules.Comparator{
			rules.AtLeast, rules.AtMost, rules.Exactly, rules.MoreThan, rules.LessThan,
		}).Draw(t, "comparator"),
		Bound: value.Number{Int: rapid.Int64Range(-30, 30).Draw(t, "bound"), Scale: rapid.IntRange(0, 4).Draw(t, "places")},
	}
}

// metrics are the aggregates with the columns they take.
var metrics = map[string][]columnOf{
	"count": {integers}, "days": {integers}, "sum": {integers, decimals, steps}, "avg": {integers, decimals, steps},
	"min": {integers, decimals, floats}, "max": {integers, decimals, floats}, "distinct": {integers, decimals, floats},
}

// condition is a metric over a column.
func condition(function string, col columnOf, c *rules.Compare) *rules.Condition {
	m := &rules.Metric{Function: function, Type: col.kind, Quantise: col.quantise}
	if function != "count" && function != "days" {
		m.Column = "x"
	}
	return &rules.Condition{Verb: "metric", Events: []string{"e"}, Metric: m, Compare: c}
}

func TestMetricsAreTheirPlainArithmetic(t *testing.T) {
	verb, _ := builtin.Folds("metric")
	for function, cols := range metrics {
		for _, col := range cols {
			t.Run(function+" of "+col.name, func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) {
					c := condition(function, col, drawCompare(t))
					covered := rapid.Bool().Draw(t, "covered")
					f := verb.New(c, fold.Setting{Covered: covered, Zone: zone})
					for range 2 { // a fold keeps its scratch from partition to partition
						subjects, rows := drawRows(t, col)
						v := newVerdicts(subjects)
						f.Fold(columns(subjects, rows, verb.Needs(c)), v)
						for s := range uint32(subjects) {
							value := aggregate(function, s, rows)
							if got, want := verdictsOf(v, s), judged(function, col, c.Compare, value, covered); got != want {
								t.Fatalf("%s = %v %s %s, covered %t: %s, want %s", function, value, c.Compare.Op, c.Compare.Bound, covered, got,
									want)
							}
						}
					}
				})
			})
		}
	}
}

func TestMetricsRankByTheirPlainArithmetic(t *testing.T) {
	verb, _ := builtin.Folds("metric")
	for function, cols := range metrics {
		if function == "avg" {
			continue // it has no exact value to rank by
		}
		for _, col := range cols {
			t.Run(function+" of "+col.name, func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) {
					c := condition(function, col, nil)
					ranker := verb.Rank(c, fold.Setting{Zone: zone})
					for range 2 {
						subjects, rows := drawRows(t, col)
						r := fold.Ranks{Value: make([]fold.Int128, subjects), Has: fold.NewBits(subjects)}
						ranker.Rank(columns(subjects, rows, verb.Needs(c)), r)
						checkOrder(t, function, rows, r)
					}
				})
			})
		}
	}
}

// checkOrder compares every two people: whoever has the larger value must rank higher.
func checkOrder(t *rapid.T, function string, rows []plainRow, r fold.Ranks) {
	values := make([]*big.Rat, len(r.Value))
	for s := range values {
		values[s] = aggregate(function, uint32(s), rows)
		if r.Has.Has(uint32(s)) != (values[s] != nil) {
			t.Fatalf("%s = %v has a rank: %t", function, values[s], r.Has.Has(uint32(s)))
		}
	}
	for a := range values {
		for b := range values {
			if values[a] != nil && values[b] != nil && r.Value[a].Cmp(r.Value[b]) != values[a].Cmp(values[b]) {
				t.Fatalf("%s: %v and %v rank as %d", function, values[a], values[b], r.Value[a].Cmp(r.Value[b]))
			}
		}
	}
}

func TestDidAndDidNotCountRows(t *testing.T) {
	did, _ := builtin.Folds("did")
	didNot, _ := builtin.Folds("did_not")
	rapid.Check(t, func(t *rapid.T) {
		c := &rules.Condition{Events: []string{"e"}, Compare: drawCompare(t)}
		covered := rapid.Bool().Draw(t, "covered")
		yes, no := did.New(c, fold.Setting{Covered: covered}), didNot.New(c, fold.Setting{Covered: covered})
		none := &rules.Compare{Op: rules.Exactly}
		for range 2 {
			subjects, rows := drawRows(t, integers)
			vYes, vNo := newVerdicts(subjects), newVerdicts(subjects)
			yes.Fold(columns(subjects, rows, did.Needs(c)), vYes)
			no.Fold(columns(subjects, rows, didNot.Needs(c)), vNo)
			for s := range uint32(subjects) {
				n := aggregate("count", s, rows)
				if got, want := verdictsOf(vYes, s), judged("count", integers, c.Compare, n, covered); got != want {
					t.Fatalf("did %v %s %s, covered %t: %s, want %s", n, c.Compare.Op, c.Compare.Bound, covered, got, want)
				}
				if got, want := verdictsOf(vNo, s), judged("count", integers, none, n, covered); got != want {
					t.Fatalf("did_not with %v rows, covered %t: %s, want %s", n, covered, got, want)
				}
			}
		}
	})
}

func TestLogicHasNoFold(t *testing.T) {
	for _, name := range []string{"all", "any", "not", "at_least_of", "in_segment", "pigeon", ""} {
		if v, ok := builtin.Folds(name); ok && v.New != nil {
			t.Errorf("%q has a fold", name)
		}
	}
}
