package builtin

import (
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var ordered = []value.Kind{value.Integer, value.Decimal, value.Float, value.Date, value.Timestamp}

// extreme keeps the largest or smallest value by subject.
type extreme struct {
	in      fold.Range
	covered bool
	trend   trend
	best    []int64
	has     fold.Bits
}

func newExtreme(m *rules.Metric, c *rules.Compare, s fold.Setting, t trend) *extreme {
	in := fold.RangeOf(c, scale(m))
	if m.Type.Kind == value.Float && c != nil {
		in = floatRange(c)
	}
	return &extreme{in: in, covered: s.Covered, trend: t}
}

// floatRange is the range of value.OrderedFloat images that satisfy a comparator.
func floatRange(c *rules.Compare) fold.Range {
	return fold.RangeOf(&rules.Compare{Op: c.Op, Bound: value.Number{Int: value.OrderedFloat(floatOf(c.Bound))}}, 0)
}

// floatOf is the nearest floating point number.
func floatOf(n value.Number) float64 {
	text := strconv.FormatInt(n.Int, 10) + "e-" + strconv.Itoa(n.Scale)
	// a decimal text always parses; beyond range it is an infinity
	f, _ := strconv.ParseFloat(strings.TrimSuffix(text, "e-0"), 64)
	return f
}

// extremeSQL is the form of the largest or smallest value.
func extremeSQL(function string, t trend) func(*rules.Condition, sql.Setting) (sql.Form, error) {
	return func(c *rules.Condition, s sql.Setting) (sql.Form, error) {
		return aggregated(c, s, func(rows string) string {
			return function + "(" + when(rows, s.Value(c.Metric)) + ")"
		}, "", t)
	}
}

func (t *extreme) find(rows fold.Rows) {
	t.best, t.has = zeroed(t.best, rows.Subjects), zeroed(t.has, (rows.Subjects+63)/64)
	for i, s := range rows.Subject {
		x := rows.Value[i]
		if x == fold.Null {
			continue
		}
		if !t.has.Has(s) || t.trend == grows && x > t.best[s] || t.trend == falls && x < t.best[s] {
			t.best[s] = x
			t.has.Set(s)
		}
	}
}

func (t *extreme) Fold(rows fold.Rows, v fold.Verdicts) {
	t.find(rows)
	for s, x := range t.best {
		if t.has.Has(uint32(s)) {
			judge(v, uint32(s), fold.Wide(x), t.in, t.trend, t.covered)
		} else {
			nothing(v, uint32(s), t.covered)
		}
	}
}

func (t *extreme) Rank(rows fold.Rows, r fold.Ranks) {
	t.find(rows)
	for s, x := range t.best {
		if t.has.Has(uint32(s)) {
			r.Value[s] = fold.Wide(x)
			r.Has.Set(uint32(s))
		}
	}
}
