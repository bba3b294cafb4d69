// Package reference decides segments a second time, row by row, so that the engine has somebody to disagree with.
//
// In come rules as YAML text and a world: rows, instants, what the log covers. Out goes what became of every person.
// It is written from the specification of the rule language alone and shares no code with the engine, not even the
// reading of rules: it has a reader of `where` texts, a calendar and a notion of sessions of its own, numbers are
// rationals, and a sequence is found by trying every choice of rows. It checks nothing (a rule that the engine refuses
// has no meaning here), knows no consent, and is as slow as that sounds.
package reference

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
)

// Row is one line of the log. Times are microseconds UTC, absent texts are empty.
type Row struct {
	At, Received     int64
	Seq              int64
	ID, Event        string
	Device, Customer string
	Session          string
	Values           map[string]any // free columns: string, *big.Rat, bool, Instant or Date; absent: null
}

// Instant is a value of a timestamp column, in microseconds.
type Instant int64

// Date is a value of a date column, in days since 1970.
type Date int64

// column returns a value by the name that rules know it by; nil is null.
func (r *Row) column(name string) any {
	switch name {
	case "event_time":
		return Instant(r.At)
	case "received_at":
		return Instant(r.Received)
	case "seq":
		return big.NewRat(r.Seq, 1)
	}
	for column, text := range map[string]string{
		"event_id": r.ID, "event": r.Event, "device_id": r.Device, "customer_id": r.Customer, "session_id": r.Session,
	} {
		if column == name && text != "" {
			return text
		}
	}
	return r.Values[name]
}

// World is all that a verdict depends on besides the rule. Lengths are microseconds.
type World struct {
	Rows          []Row
	AsOf, KnownBy int64
	DataFrom      int64  // where coverage begins
	Missing       []Span // what is not covered after that
	Clock         Clock
	SessionGap    int64
	MaxSkew       int64
	Dedupe        int64
	Stays         map[string]map[string]int64 // by segment and person: when he last qualified
	Dropped       []Mark                      // content whose rows nobody may use
}

// Mark is content of a column: a text, what a text begins with, or without either every value.
type Mark struct{ Column, Value, Prefix string }

// on reports whether a row shows the content.
func (m Mark) on(r *Row) bool {
	v := r.column(m.Column)
	if v == nil || m.Value == "" && m.Prefix == "" {
		return v != nil
	}
	text, _ := v.(string)
	return m.Value != "" && text == m.Value || m.Prefix != "" && strings.HasPrefix(text, m.Prefix)
}

// Span is a half-open stretch of time.
type Span struct{ From, Before int64 }

func (s Span) has(us int64) bool { return s.From <= us && us < s.Before }

// covered reports whether the log is complete over a stretch. A stretch of no length always is.
func (w *World) covered(s Span) bool {
	if s.From >= s.Before {
		return true
	}
	return w.DataFrom <= s.From && !slices.ContainsFunc(w.Missing,
		func(m Span) bool { return m.From < s.Before && s.From < m.Before })
}

// known are the rows that count, in canonical order: visible, by no clock that runs ahead, no copies, and showing
// nothing that nobody may use.
func (w *World) known() []*Row {
	var seen []*Row
	for i := range w.Rows {
		if r := &w.Rows[i]; r.Received < w.KnownBy && r.At < w.AsOf && r.At <= r.Received+w.MaxSkew {
			seen = append(seen, r)
		}
	}
	var out []*Row
	for i, r := range seen {
		if !w.copied(seen, i) && !slices.ContainsFunc(w.Dropped, func(m Mark) bool { return m.on(r) }) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Received, b.Received),
			cmp.Compare(a.ID, b.ID))
	})
	return out
}

// copied reports whether a row with the same id arrived shortly before. Of rows that arrived at once the first in the
// slice counts; worlds keep such rows equal.
func (w *World) copied(seen []*Row, i int) bool {
	r := seen[i]
	for j, other := range seen {
		late := r.Received - other.Received
		if other.ID == r.ID && late <= w.Dedupe && (late > 0 || late == 0 && j < i) {
			return true
		}
	}
	return false
}

// timelines are the rows of every person, in canonical order.
func (w *World) timelines(identity string) map[string][]*Row {
	out := map[string][]*Row{}
	for _, r := range w.known() {
		person := r.Device
		if identity == "customer" {
			person = r.Customer
		}
		if person != "" {
			out[person] = append(out[person], r)
		}
	}
	return out
}

// visit is one session: a stretch of rows of one device.
type visit struct{ rows []*Row }

func (v *visit) start() int64 { return v.rows[0].At }

func (v *visit) end() int64 { return v.rows[len(v.rows)-1].At }

// visits cuts a timeline into sessions: by the session id of the row, else by inactivity of its device.
func (w *World) visits(timeline []*Row) []*visit {
	var out []*visit
	named, open := map[[2]string]*visit{}, map[string]*visit{}
	for _, r := range timeline {
		v, key := open[r.Device], [2]string{r.Device, r.Session}
		if r.Session != "" {
			v = named[key]
		} else if v != nil && r.At-v.end() > w.SessionGap {
			v = nil
		}
		if v == nil {
			v = &visit{}
			out = append(out, v)
		}
		v.rows = append(v.rows, r)
		if r.Session != "" {
			named[key] = v
		} else {
			open[r.Device] = v
		}
	}
	return out
}
