package state

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// Heard is what accepted runs saw of the consent log and the lists of people, by which the next one knows that nothing
// is gone (docs/consent.md, The log as a whole).
type Heard struct {
	Days  map[int64]Day    // by UTC day of recorded_at, in days since 1970-01-01
	Lists map[string]int64 // distinct entries, by list
}

// Day is one day of the consent log.
type Day struct {
	Rows    int64
	Denials []int64 // fingerprints of its denying events, ascending, each once
}

// With is what was seen, and the denials of more beside it.
func (h Heard) With(more Heard) Heard {
	out := Heard{maps.Clone(h.Days), h.Lists}
	for day, d := range more.Days {
		was := out.Days[day]
		denials := slices.Concat(was.Denials, d.Denials)
		slices.Sort(denials)
		out.Days[day] = Day{was.Rows, slices.Compact(denials)}
	}
	return out
}

var heardTable = table{what: "what was seen of the consent log", its: "its", it: "it", format: 1, schema: &rules.Schema{
	Name: "heard", Columns: []rules.Column{
		{Name: "format", Type: integer},
		{Name: "list", Type: text}, // "" for a day of the log
		{Name: "day", Type: integer},
		{Name: "rows", Type: integer},
		{Name: "denial", Type: integer, Optional: true},
	},
}}

// Write returns it as an encrypted Parquet object; equal contents have equal plain bytes.
func (h Heard) Write(ring *keys.Ring) ([]byte, error) {
	var list, day, rows, denial parquet.Values
	add := func(name string, on, n, what int64, none bool) {
		list.Text, day.Ints, rows.Ints = append(list.Text, name), append(day.Ints, on), append(rows.Ints, n)
		denial.Ints, denial.Null = append(denial.Ints, what), append(denial.Null, none)
	}
	for _, name := range slices.Sorted(maps.Keys(h.Lists)) {
		add(name, 0, h.Lists[name], 0, true)
	}
	for _, on := range slices.Sorted(maps.Keys(h.Days)) {
		d := h.Days[on]
		add("", on, d.Rows, 0, true)
		for _, what := range d.Denials {
			add("", on, d.Rows, what, false)
		}
	}
	return heardTable.seal(ring, len(list.Text), list, day, rows, denial)
}

// ReadHeard decrypts and checks what was seen.
func ReadHeard(sealed []byte, ring *keys.Ring) (Heard, error) {
	h := Heard{map[int64]Day{}, map[string]int64{}}
	err := heardTable.open(sealed, ring, func(g *parquet.RowGroup) error {
		lists, err := texts(g, "list")
		if err != nil {
			return err
		}
		var columns [3]*array.Int64
		for i, name := range []string{"day", "rows", "denial"} {
			a, err := g.Column(name)
			if err != nil {
				return err
			}
			columns[i] = a.(*array.Int64)
		}
		for i := range g.Rows() {
			if name := lists[0].At(i); name != "" {
				h.Lists[name] = columns[1].Value(i)
				continue
			}
			d := h.Days[columns[0].Value(i)]
			d.Rows = columns[1].Value(i)
			if columns[2].IsValid(i) {
				d.Denials = append(d.Denials, columns[2].Value(i))
			}
			h.Days[columns[0].Value(i)] = d
		}
		return nil
	})
	return h, err
}

// Act is an objection, an erasure or a lift that an accepted run saw, or the latest refusal of its sort that it saw on
// rows of a device: they hold whatever the logs say later. The time is in microseconds UTC.
type Act struct {
	Kind    string // device or customer
	ID      string
	Action  string
	Purpose string // * of a signal: what it denies is a matter of settings
	Source  string // a lift counts while its source is trusted
	Reason  string // why a TC string on a row denied the purpose; else ""
	At      int64
}

// OnRow reports whether a row said it, not the consent log.
func (a *Act) OnRow() bool {
	return a.Action == ActGPC || a.Action == ActBrowser || a.Action == ActString
}

// The acts that rows say.
const (
	ActGPC     = "gpc"
	ActBrowser = "browser"
	ActString  = "state"
)

// Acts are acts in the order of Compare, each once.
type Acts []Act

// NewActs are the acts of several sources.
func NewActs(of ...Acts) Acts {
	out := slices.Concat(of...)
	slices.SortFunc(out, func(a, b Act) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID), cmp.Compare(a.At, b.At),
			strings.Compare(a.Action, b.Action), strings.Compare(a.Purpose, b.Purpose),
			strings.Compare(a.Source, b.Source), strings.Compare(a.Reason, b.Reason))
	})
	return slices.Compact(out)
}

// Without are the acts but those that lie behind the tombstone of their person: nothing may name her any more. What she
// said after it is of a new person, unless she is erased for ever.
func (a Acts) Without(buried func(kind, id string) (Tombstone, bool)) Acts {
	if buried == nil {
		return a
	}
	return slices.DeleteFunc(slices.Clone(a), func(e Act) bool {
		t, yes := buried(e.Kind, e.ID)
		return yes && (t.Forever || e.At <= t.At)
	})
}

var actsTable = table{what: "the objections and erasures", its: "their", it: "them", format: 2, schema: &rules.Schema{
	Name: "acts", Columns: []rules.Column{
		{Name: "format", Type: integer},
		{Name: "subject_type", Type: text},
		{Name: "subject_id", Type: text},
		{Name: "action", Type: text},
		{Name: "purpose", Type: text},
		{Name: "source", Type: text},
		{Name: "reason", Type: text, Optional: true}, // format 1 has none
		{Name: "at", Type: instant},
	},
}}

// Write returns the acts as an encrypted Parquet object; equal acts have equal plain bytes.
func (a Acts) Write(ring *keys.Ring) ([]byte, error) {
	var kind, id, action, purpose, from, reason, at parquet.Values
	for _, e := range a {
		kind.Text, id.Text, action.Text = append(kind.Text, e.Kind), append(id.Text, e.ID), append(action.Text, e.Action)
		purpose.Text, from.Text = append(purpose.Text, e.Purpose), append(from.Text, e.Source)
		reason.Text, reason.Null = append(reason.Text, e.Reason), append(reason.Null, e.Reason == "")
		at.Ints = append(at.Ints, e.At)
	}
	return actsTable.seal(ring, len(a), kind, id, action, purpose, from, reason, at)
}

// ReadActs decrypts and checks acts.
func ReadActs(sealed []byte, ring *keys.Ring) (out Acts, err error) {
	err = actsTable.open(sealed, ring, func(g *parquet.RowGroup) error {
		t, err := texts(g, "subject_type", "subject_id", "action", "purpose", "source", "reason")
		if err != nil {
			return err
		}
		at, err := g.Column("at")
		if err != nil {
			return err
		}
		for i := range g.Rows() {
			out = append(out, Act{
				t[0].At(i), t[1].At(i), t[2].At(i), t[3].At(i), t[4].At(i), t[5].At(i), int64(at.(*array.Timestamp).Value(i)),
			})
		}
		return nil
	})
	return NewActs(out), err
}
