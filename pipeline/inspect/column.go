package inspect

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// seen is what is known of one column of the objects looked at.
type seen struct {
	path, typ         string
	list              bool
	codecs, encodings []string
	stored            int64
	objects           int          // that have it
	column            rules.Column // as a schema could read it; no name where none could
	fault             string

	rows, nulls int64
	lo, hi      int64 // of integers and times
	spanned     bool  // lo and hi are set
	partly      bool  // some row groups are not in lo and hi
	texts       map[string]struct{}
	samples     map[string]int64 // shapes, or values, with how often they came
	hashes      map[uint64]struct{}
	repeats     int64 // values that came before, of those that were told apart
	told        int64
}

// What is kept of one column's values at most.
const (
	maxDistinct = 10_000
	maxTold     = 1 << 20 // values of a column that are told apart, to see whether it could be an id
	maxSamples  = 1000
	maxNumbers  = 1000 // values of a row group whose shape is looked at, where they are not texts
	shownShapes = 3
	shownBytes  = 20
)

// reach widens the range of a column's values.
func (s *seen) reach(lo, hi int64) {
	if !s.spanned {
		s.lo, s.hi, s.spanned = lo, hi, true
	}
	s.lo, s.hi = min(s.lo, lo), max(s.hi, hi)
}

// add looks at the column of one row group.
func (s *seen) add(p *profiler, a arrow.Array, values bool) {
	s.rows += int64(a.Len())
	if s.samples == nil {
		s.samples, s.texts = map[string]int64{}, map[string]struct{}{}
	}
	switch a := a.(type) {
	case *array.Dictionary:
		s.addTexts(a, p.counted(a), values)
		return
	case *array.Int64:
		s.addWords(a, values, a.Value)
	case *array.Timestamp:
		s.addWords(a, values, func(i int) int64 { return int64(a.Value(i)) })
	case *array.Boolean:
		for i := range a.Len() {
			if a.IsValid(i) {
				s.sample(strconv.FormatBool(a.Value(i)), 1, true)
			}
		}
	case *array.Float64:
		for i := range min(a.Len(), maxNumbers) {
			if a.IsValid(i) {
				s.sample(strconv.FormatFloat(a.Value(i), 'g', -1, 64), 1, values)
			}
		}
	}
	s.nulls += int64(a.NullN())
}

// addTexts looks at each text once, however many rows have it.
func (s *seen) addTexts(a *array.Dictionary, counted []int64, values bool) {
	dict := a.Dictionary().(*array.String)
	for code, n := range counted {
		switch {
		case n == 0:
		case dict.IsNull(code):
			s.nulls += n
		default:
			text := dict.Value(code)
			s.tell(maphash.String(seed, text), n)
			if len(s.texts) <= maxDistinct {
				s.texts[strings.Clone(text)] = struct{}{}
			}
			s.sample(text, n, values)
		}
	}
}

// seed is that of the hashes by which values are told apart; what comes of them does not depend on it.
var seed = maphash.MakeSeed()

// tell notes that a value came n times.
func (s *seen) tell(hash uint64, n int64) {
	if len(s.hashes) >= maxTold {
		return
	}
	if s.hashes == nil {
		s.hashes = map[uint64]struct{}{}
	}
	s.told += n
	s.repeats += n - 1
	if _, known := s.hashes[hash]; known {
		s.repeats++
	}
	s.hashes[hash] = struct{}{}
}

// addWords looks at integers, decimals and times.
func (s *seen) addWords(a arrow.Array, values bool, at func(int) int64) {
	for i := range a.Len() {
		if !a.IsValid(i) {
			continue
		}
		v := at(i)
		s.reach(v, v)
		s.tell(maphash.Comparable(seed, v), 1)
		if i < maxNumbers && s.column.Type.Kind != value.Timestamp {
			s.sample(s.number(v), 1, values)
		}
	}
}

// number writes an integer or a decimal of the column's scale.
func (s *seen) number(v int64) string {
	if s.column.Type.Kind != value.Decimal || s.column.Type.Scale <= 0 {
		return strconv.FormatInt(v, 10)
	}
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	digits := fmt.Sprintf("%0*d", s.column.Type.Scale+1, v)
	point := len(digits) - s.column.Type.Scale
	return sign + digits[:point] + "." + digits[point:]
}

func (s *seen) sample(text string, n int64, values bool) {
	if !values {
		text = mask(text)
	}
	if _, known := s.samples[text]; known || len(s.samples) < maxSamples {
		s.samples[strings.Clone(text)] += n
	}
}

// mask keeps the shape of a text and none of its content: letters become a, digits 9, ASCII punctuation stays, and it
// ends after 20 characters.
func mask(text string) string {
	var b strings.Builder
	for n, r := range []rune(text[:min(len(text), 4*shownBytes)]) {
		switch {
		case n == shownBytes:
			return b.String() + "..."
		case unicode.IsDigit(r):
			b.WriteByte('9')
		case r < unicode.MaxASCII && (unicode.IsPunct(r) || unicode.IsSymbol(r)) || r == ' ':
			b.WriteRune(r)
		default:
			b.WriteByte('a')
		}
	}
	return b.String()
}

// shown is the column for people: samples by how often they came.
func (s *seen) shown() InspectedColumn {
	c := InspectedColumn{
		Path: s.path, Type: s.typ, List: s.list, Codecs: s.codecs, Encodings: s.encodings, Stored: s.stored, Fault: s.fault,
	}
	if s.column.Zone != "" {
		c.Type += ", no zone"
	}
	if s.rows > 0 {
		share := float64(s.nulls) / float64(s.rows)
		c.NullShare = &share
	}
	if n := len(s.texts); n > maxDistinct {
		c.Distinct = fmt.Sprintf(">%d", maxDistinct)
	} else if n > 0 {
		c.Distinct = strconv.Itoa(n)
	}
	if unit := s.unit(); s.spanned && (s.column.Type.Kind == value.Timestamp || unit != "") {
		c.From, c.To = secondText(inMicros(s.lo, unit)), secondText(inMicros(s.hi, unit))
		c.Partly = s.partly
		c.Unit = unit
		return c
	}
	c.Samples = slices.SortedFunc(maps.Keys(s.samples), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.samples[b], s.samples[a]), cmp.Compare(a, b))
	})
	c.Samples = c.Samples[:min(len(c.Samples), shownShapes)]
	return c
}

// units are how integers count time, with what a unit is in nanoseconds.
var units = []struct {
	name  string
	nanos int64
}{{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}}

// Times of events lie between these years; the magnitude of an integer then tells its unit.
var (
	firstTime = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastTime  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

// unit guesses how an integer column counts time, by its name and its magnitude; "" if it does not look like a time.
func (s *seen) unit() string {
	if s.column.Type.Kind != value.Integer || !s.spanned || !timely(s.path) {
		return ""
	}
	for _, u := range units {
		perSecond := int64(1e9) / u.nanos
		if s.lo >= firstTime*perSecond && s.hi/perSecond < lastTime {
			return u.name
		}
	}
	return ""
}

// inMicros brings a count of a unit to microseconds; no unit is microseconds already.
func inMicros(v int64, unit string) int64 {
	switch unit {
	case "s":
		return v * 1e6
	case "ms":
		return v * 1e3
	case "ns":
		return v / 1e3
	}
	return v
}

// secondText writes a time to the second: finer it could single out a row.
func secondText(us int64) string {
	if year := time.UnixMicro(us).UTC().Year(); year < 1 || year > 9999 {
		return "beyond the calendar"
	}
	return time.UnixMicro(us).UTC().Format(time.RFC3339)
}
