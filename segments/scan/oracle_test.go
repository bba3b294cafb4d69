package scan_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

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
	if got := b.Classes.Marks(b.Class[i])&evidence.Dropped != 0; got != dropped {
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
	if !blocked && device != "" && b.Who[i] != identity.Spread([]byte(device)) {
		t.Fatalf("%v is counted as somebody else", r)
	}
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
