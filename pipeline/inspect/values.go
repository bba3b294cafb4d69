package inspect

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// tests are what the values of one object are tested for, with how many rows failed each.
type tests struct {
	tests []*valueTest
	pair  *pairTest // nil where the schema does not say both times
	ids   *idTest   // nil where the schema names no event id, or copies are expected
}

// idTest asks whether the event id tells events apart.
type idTest struct {
	column string
	seen   seen
}

// valueTest is a test of the values of one column.
type valueTest struct {
	column  string
	kind    DriftKind
	message string
	worst   float64 // from this share of the rows on the contract is broken
	clear   func(g *parquet.RowGroup) bool
	fails   kernel.Test
	failed  int64
}

// pairTest asks whether events came in before they happened.
type pairTest struct {
	event, received string
	skew            int64
	failed          int64
}

// Shares of an object's rows from which on a test is not only noted but breaks the contract.
const (
	atOnce     = 0.0  // with the first row
	oddClocks  = 0.01 // single clocks are always wrong; a run stops at more impossible times than these
	halfOfRows = 0.5
	allRows    = 1.0
	never      = 2.0
)

const plausibleFrom = 631_152_000_000_000 // 1990-01-01T00:00:00Z: the real logs begin in 2008, a wrong unit in 1970

// newTests finds what the schema promises about values; columns that the object lacks promise nothing.
func newTests(schema *rules.Schema, lacking []string, in *decide.Inputs) *tests {
	t := new(tests)
	for i := range schema.Columns {
		c := &schema.Columns[i]
		if slices.Contains(lacking, c.Name) {
			continue
		}
		switch {
		case c.Role == rules.RoleEventTime:
			t.tests = append(t.tests, nullTest(c, oddClocks))
		case !c.Optional && c.Since == "" && c.Until == "":
			t.tests = append(t.tests, nullTest(c, allRows))
		}
		if c.Role == rules.RoleEventTime || c.Role == rules.RoleReceivedAt {
			t.tests = append(t.tests, timeTest(c, in.Clock().UnixMicro()+value.MicrosPerDay))
		}
		if c.Type.Kind == value.Text {
			t.tests = append(t.tests, bytesTest(c))
		}
		if len(c.Enum) > 0 {
			listed := func(text string) bool { return slices.Contains(c.Enum, text) }
			t.tests = append(t.tests, wordTest(c, "values that enum does not list", atOnce, listed))
		}
		if c.Min != nil || c.Max != nil {
			t.tests = append(t.tests, boundTest(c))
		}
		if c.MaxLength > 0 {
			short := func(text string) bool { return utf8.RuneCountInString(text) <= c.MaxLength }
			t.tests = append(t.tests, wordTest(c, "texts longer than max_length", atOnce, short))
		}
		if c.Role == rules.RoleEventName && schema.Events != nil {
			listed := func(text string) bool { return schema.Events[text] != nil }
			t.tests = append(t.tests, wordTest(c, "events that events does not list: rules cannot ask for them", never, listed))
		}
	}
	if id, ok := schema.WithRole(rules.RoleEventID); ok && !slices.Contains(lacking, id.Name) {
		t.ids = &idTest{column: id.Name}
	}
	event, ok := schema.WithRole(rules.RoleEventTime)
	received, both := schema.WithRole(rules.RoleReceivedAt)
	if ok && both && !slices.Contains(lacking, received.Name) {
		t.pair = &pairTest{event: event.Name, received: received.Name, skew: project.Micros(in.Project.MaxClockSkew)}
	}
	return t
}

func nullTest(c *rules.Column, worst float64) *valueTest {
	return &valueTest{
		column: c.Name, kind: DriftNull, message: "missing, though the schema needs it", worst: worst,
		clear: func(g *parquet.RowGroup) bool { n, ok := g.NullCount(c.Name); return ok && n == 0 },
		fails: where(c, func(_ value.Value, null bool) bool { return null }),
	}
}

func timeTest(c *rules.Column, before int64) *valueTest {
	return &valueTest{
		column: c.Name, kind: DriftTime, worst: oddClocks,
		message: "before 1990 or after tomorrow: a wrong unit, or a broken clock",
		clear: func(g *parquet.RowGroup) bool {
			lo, hi, ok := g.Bounds(c.Name)
			return ok && lo >= plausibleFrom && hi < before
		},
		fails: where(c, func(v value.Value, null bool) bool { return !null && (v.Int < plausibleFrom || v.Int >= before) }),
	}
}

// bytesTest finds columns of bytes that are read as text: ids of which no list can hold, words that nobody can write in
// a rule. Line ends and tabs stand in the texts of people, never in ids.
func bytesTest(c *rules.Column) *valueTest {
	return &valueTest{
		column: c.Name, kind: DriftText, worst: oddClocks,
		message: "bytes that are no text (not UTF-8, or control characters): encoding: hex or uuid, or another column",
		clear:   func(*parquet.RowGroup) bool { return false },
		fails: where(c, func(v value.Value, null bool) bool {
			text := v.Text
			if !c.IsID() {
				text = lineEnds.Replace(text)
			}
			return !null && identity.Unwritable([]byte(text))
		}),
	}
}

var lineEnds = strings.NewReplacer("\n", "", "\r", "", "\t", "")

// boundTest asks whether numbers lie between min and max.
func boundTest(c *rules.Column) *valueTest {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if c.Min != nil {
		low = *c.Min
	}
	if c.Max != nil {
		high = *c.Max
	}
	return &valueTest{
		column: c.Name, kind: DriftEnum, message: "numbers below min or above max", worst: atOnce,
		clear: func(*parquet.RowGroup) bool { return false },
		fails: where(c, func(v value.Value, null bool) bool { return !null && (v.Int < low || v.Int > high) }),
	}
}

func wordTest(c *rules.Column, message string, worst float64, listed func(string) bool) *valueTest {
	return &valueTest{
		column: c.Name, kind: DriftEnum, message: message, worst: worst,
		clear: func(*parquet.RowGroup) bool { return false },
		fails: where(c, func(v value.Value, null bool) bool { return !null && !listed(v.Text) }),
	}
}

// where is a test of the values of a column.
func where(c *rules.Column, is func(v value.Value, null bool) bool) kernel.Test {
	return kernel.New(c.Type.Kind, func(v value.Value, null bool) value.Truth {
		if is(v, null) {
			return value.True
		}
		return value.False
	})
}

// read tests every row group; what statistics show to be right is not decoded.
func (t *tests) read(f *parquet.File) error {
	var cursor parquet.Cursor
	var p profiler
	for i := range f.RowGroups() {
		g := cursor.Move(f, i)
		for _, test := range t.tests {
			if test.clear(g) {
				continue
			}
			a, err := g.Column(test.column)
			if err != nil {
				return err
			}
			n, err := p.count(a, test.fails, p.rows(a))
			if err != nil {
				return err
			}
			test.failed += n
		}
		if t.pair != nil {
			if err := t.pair.read(g); err != nil {
				return err
			}
		}
		if t.ids != nil {
			a, err := g.Column(t.ids.column)
			if err != nil {
				return err
			}
			t.ids.seen.add(&p, a, false)
		}
	}
	return nil
}

// repeated is how many rows repeat an id, where it is more than half of them; copies are ordinary.
func (t *idTest) repeated() int64 {
	if s := &t.seen; s.told >= shown.Floor && 2*s.repeats > s.told {
		return s.repeats
	}
	return 0
}

func (p *pairTest) read(g *parquet.RowGroup) error {
	event, err := g.Column(p.event)
	if err != nil {
		return err
	}
	received, err := g.Column(p.received)
	if err != nil {
		return err
	}
	happened, came := event.(*array.Timestamp), received.(*array.Timestamp)
	for i := range happened.Len() {
		if happened.IsValid(i) && came.IsValid(i) && int64(happened.Value(i))-int64(came.Value(i)) > p.skew {
			p.failed++
		}
	}
	return nil
}

// findings are the tests that failed, in an object of that many rows.
func (t *tests) findings(rows int64) (out []finding) {
	add := func(kind DriftKind, column, message string, failed int64, worst float64) {
		if failed > 0 {
			out = append(out, finding{Departure{kind, float64(failed) >= worst*float64(rows), column, message}, failed, rows})
		}
	}
	for _, test := range t.tests {
		add(test.kind, test.column, test.message, test.failed, test.worst)
	}
	if t.ids != nil {
		add(DriftCopies, t.ids.column, "the event id repeats that of another row: it tells no events apart (copies: "+
			"expected, if they are copies)", t.ids.repeated(), halfOfRows)
	}
	if p := t.pair; p != nil {
		add(DriftTime, p.event, "later than "+p.received+": clocks that run ahead, or a wrong zone or unit", p.failed,
			halfOfRows)
	}
	return out
}
