package draw

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/e2e/reference"
)

// Log is a world with what only its storage knows.
type Log struct {
	reference.World
	Zone        string
	Partitioned bool // by UTC day of arrival, from DataFrom on, without the days of Missing
}

// durations are the lengths of windows; rows are put where they begin.
var durations = []string{"1d", "2d", "7d", "1w", "14d", "1mo", "24h", "48h", "2h", "30min", "90s", "3d", "5d"}

// gaps are the lengths between two rows.
var gaps = []string{"1s", "10min", "30min", "1h", "2h", "24h", "1d", "2d"}

const people = 60

// NewLog draws a log of some sixty devices.
func NewLog(t *rapid.T) *Log {
	d := dice{t}
	l := &Log{Zone: one(d, "Europe/Helsinki", "Europe/Helsinki", "Europe/Helsinki", "America/New_York",
		"Australia/Lord_Howe", "Asia/Beirut", "UTC")}
	clock, err := reference.NewClock(l.Zone)
	if err != nil {
		t.Fatal(err)
	}
	wall, err := time.Parse(time.DateTime, one(d,
		"2026-03-30 00:00:00", "2026-03-30 03:30:00", "2026-03-29 12:00:00", "2026-04-15 00:00:00", "2026-05-31 00:00:00",
		"2026-10-26 00:00:00", "2026-10-26 03:30:00", "2026-10-25 03:30:00", "2026-10-25 12:00:00", "2026-11-02 01:30:00",
		"2026-03-29 00:00:00"))
	if err != nil {
		t.Fatal(err)
	}
	asOf := clock.Earliest(wall)
	l.World = reference.World{
		AsOf: asOf, KnownBy: asOf + one[int64](d, 0, 0, reference.Hour, 6*reference.Hour), Clock: clock,
		DataFrom: asOf - 400*reference.Day, SessionGap: one[int64](d, 30, 30, 10) * reference.Minute,
		MaxSkew: 5 * reference.Minute, Dedupe: 7 * reference.Day,
	}
	l.cover(d)
	l.populate(d)
	l.lose()
	return l
}

// cover draws what the log covers.
func (l *Log) cover(d dice) {
	l.Partitioned = d.chance(35)
	if l.Partitioned || d.chance(40) {
		l.DataFrom = l.Clock.Step(l.AsOf, duration(one(d, "48h", "5d", "10d", "20d", "45d")), -1)
	}
	if !l.Partitioned {
		return
	}
	l.DataFrom = reference.UTCDay(l.DataFrom).From
	for range d.under(3) {
		day := reference.UTCDay(l.AsOf - int64(1+d.under(12))*reference.Day)
		if day.From > l.DataFrom && !slices.Contains(l.Missing, day) {
			l.Missing = append(l.Missing, day)
		}
	}
}

// lose takes away what arrived on a missing day, or before the first partition.
func (l *Log) lose() {
	if !l.Partitioned {
		return
	}
	l.Rows = slices.DeleteFunc(l.Rows, func(r reference.Row) bool {
		return r.Received < l.DataFrom || l.Lacks(r.Received)
	})
}

func duration(text string) reference.Duration {
	d, err := reference.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return d
}

// anchor is an instant that some rule looks at.
func (l *Log) anchor(d dice) int64 {
	switch d.under(10) {
	case 0:
		if len(l.Missing) > 0 {
			day := one(d, l.Missing...)
			return one(d, day.From, day.Before)
		}
		return max(l.DataFrom, l.AsOf-50*reference.Day)
	case 1, 2:
		return l.AsOf - int64(d.under(24*one(d, 2, 10)))*reference.Hour
	case 3:
		return reference.UTCDay(l.AsOf - int64(d.under(10))*reference.Day).From
	}
	return l.Clock.Step(l.AsOf, duration(one(d, durations...)), -1)
}

// near is an instant at or close to another.
func near(d dice, at int64) int64 {
	switch d.under(6) {
	case 0:
		return at
	case 1:
		return at + one[int64](d, -1, 1)
	case 2:
		return at - int64(d.under(60*24))*reference.Minute
	}
	return at + one[int64](d, -1, 1)*one(d, reference.Second, 10*reference.Minute, 30*reference.Minute, reference.Hour,
		2*reference.Hour, reference.Day)
}

// after is an instant a gap later, or at its border.
func (l *Log) after(d dice, at int64) int64 {
	if d.chance(20) {
		return at
	}
	return l.Clock.Step(at, duration(one(d, gaps...)), 1) + one[int64](d, 0, 0, 0, 0, -1, 1)
}

// populate draws the rows, person by person.
func (l *Log) populate(d dice) {
	for i := range people {
		named := d.chance(20) // by session id
		at := near(d, l.anchor(d))
		for range d.under(9) {
			r := l.row(d, i, at)
			if named && d.chance(80) {
				r.Session = one(d, "s1", "s2")
			}
			l.Rows = append(l.Rows, r)
			if d.chance(7) {
				l.Rows = append(l.Rows, l.copy(d, r))
			}
			if d.chance(70) {
				at = l.after(d, at)
			} else {
				at = near(d, l.anchor(d))
			}
		}
	}
}

func (l *Log) row(d dice, person int, at int64) reference.Row {
	at = min(at, l.KnownBy) // a later time is an impossible one
	r := reference.Row{
		At: at, Received: at, Seq: int64(d.under(3)), ID: fmt.Sprint("e", len(l.Rows)), Event: one(d, events...),
		Device: fmt.Sprint("d", person), Values: map[string]any{},
	}
	if d.chance(5) {
		r.Device = fmt.Sprint("d", (person+1)%people)
	}
	if d.chance(65) {
		r.Customer = fmt.Sprint("c", person*2/3)
	}
	switch d.under(12) {
	case 0:
		r.Received += one(d, reference.Second, reference.Hour, reference.Day, 8*reference.Day)
	case 1:
		r.Received -= one(d, reference.Minute, 5*reference.Minute, 5*reference.Minute+1, reference.Hour)
	}
	for _, c := range Columns {
		if v, ok := c.value(d); ok {
			r.Values[c.Name] = v
		}
	}
	return r
}

// copy is a row with the same id: the very same again, or a later version.
func (l *Log) copy(d dice, r reference.Row) reference.Row {
	late := one[int64](d, 0, reference.Second, 3*reference.Day, 7*reference.Day, 7*reference.Day+1, 8*reference.Day)
	if late == 0 {
		return r
	}
	r.Received += late
	r.Event = one(d, events...)
	r.Values = maps.Clone(r.Values)
	r.Values["product"] = one(d, "mortgage", "card")
	return r
}

var events = []string{"view", "view", "calc", "apply", "logout"}

// Column is a free column of every log.
type Column struct {
	Name, Type string // as a schema writes the type
	nulls      int    // of a hundred
	values     []any
}

func (c *Column) value(d dice) (any, bool) {
	if d.chance(c.nulls) {
		return nil, false
	}
	return one(d, c.values...), true
}

func number(text string) *big.Rat {
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("no number: " + text)
	}
	return n
}

func numbers(texts ...string) (out []any) {
	for _, text := range texts {
		out = append(out, number(text))
	}
	return out
}

// Columns are the free columns of every log.
var Columns = []Column{
	{"product", "text", 25, []any{"mortgage", "card", "savings", "car loan"}},
	{"campaign", "text", 40, []any{"", "spring", "SPRING", "it's", "ÄLÄ osta", "a%b"}},
	{"page", "text", 20, []any{
		"/lainat", "/lainat/laskuri?product=card&x", "https://Bank.Example:8443/lainat?gclid=7#top", "https://u@[::1]:80",
		"app://home?gclid=", "/a?b=http://x.example/y",
	}},
	{"amount", "decimal(18,2)", 25, numbers("-5", "0.1", "0.2", "0.3", "10", "100.25", "20000")},
	{"visits", "integer", 25, numbers("-1", "0", "1", "2", "3")},
	{"score", "float", 30, numbers("0.5", "1.25", "-2", "0")},
	{"premium", "boolean", 30, []any{true, false}},
	{"due", "timestamp", 40, []any{
		reference.Instant(1774828800000000), reference.Instant(1774828800000001),
		reference.Instant(1793000000000000),
	}},
	{"born", "date", 40, []any{reference.Date(7305), reference.Date(7306), reference.Date(20542)}},
}

// NewMark draws content of a free column: a text, what it begins with, or all of a column that is often missing.
func NewMark(t *rapid.T) reference.Mark {
	d := dice{t}
	c := one(d, Columns...)
	m := reference.Mark{Column: c.Name}
	text, ok := one(d, c.values...).(string)
	switch {
	case !ok && c.nulls < 40:
		return NewMark(t)
	case !ok, text == "":
	case d.chance(50):
		m.Value = text
	default:
		letters := []rune(text)
		m.Prefix = string(letters[:1+d.under(min(4, len(letters)))])
	}
	return m
}

// Lacks reports whether the partition of an instant's day is missing.
func (l *Log) Lacks(at int64) bool { return slices.Contains(l.Missing, reference.UTCDay(at)) }

// remember says of some people when they qualified last for a segment in which people stay.
func (l *Log) remember(d dice, r Rule, stay reference.Duration) {
	if l.Stays == nil {
		l.Stays = map[string]map[string]int64{}
	}
	records := map[string]int64{}
	for i := range l.Rows {
		person := l.Rows[i].Device
		if r.Identity == "customer" {
			person = l.Rows[i].Customer
		}
		if person != "" && d.chance(8) {
			records[person] = min(l.AsOf, one(d, l.Clock.Step(l.AsOf, stay, -1)+one[int64](d, -1, 0, 1), l.anchor(d)))
		}
	}
	l.Stays[r.Name] = records
}

// dropStay forgets what was remembered of a rule that was refused.
func (l *Log) dropStay(name string) { delete(l.Stays, name) }
