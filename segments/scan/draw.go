package scan

import (
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Draw is a sample of people, for a scan that may leave out the rows of all others. It is a matter of speed: it may let rows
// of others through, never drop one of somebody who is drawn.
//
// The consent log was sampled before, so an id that is filed is taken for drawn without a look at it; only ids that no consent
// event names are asked about, where their rows can be anybody's at all.
type Draw struct {
	Customers bool                 // it is drawn from customers, else from devices
	Anonymous bool                 // of customers: rows without a login may turn out to be theirs
	Draws     func(id string) bool // of an id as identity.Normalise leaves it
}

// answer is whether the rows of an id are kept.
type answer uint8

const (
	unasked answer = iota
	drawn
	unnamed // by any consent event, and not asked about yet
	drawnUnnamed
	others
)

// drawer asks about every id of a column once in a row group.
type drawer struct {
	answers []answer // by dictionary code
	codes   []int32
	ids     [][]byte
	hashes  []uint64
	found   []uint32
}

// draw keeps the selected rows of people who are drawn, before anything else is asked of them.
func (w *Worker) draw(g RowGroup) error {
	d := w.s.plan.Draw
	if d == nil || len(w.sel) == 0 {
		return nil
	}
	logins, customers, err := w.texts(g, rules.RoleCustomer)
	if err != nil {
		return err
	}
	codes, dict, kind := logins, customers, identity.Customer
	if !d.Customers {
		if codes, dict, err = w.texts(g, rules.RoleDevice); err != nil {
			return err
		}
		kind = identity.Device
	}
	if dict != nil {
		w.drawn.ask(w.s.subjects, kind, dict, codes, w.sel)
	}
	n := 0
	for i, r := range w.sel {
		logged := customers != nil && customers.IsValid(int(logins[r]))
		if d.Customers && !logged && d.Anonymous || dict != nil && w.drawn.keeps(dict, codes[r], logged, d.Draws) {
			w.sel[n], w.state[n] = r, w.state[i]
			n++
		}
	}
	w.sel, w.state = w.sel[:n], w.state[:n]
	return nil
}

// texts returns the ids in a role, nil where the source has none.
func (w *Worker) texts(g RowGroup, role rules.Role) ([]int32, *array.String, error) {
	name := w.s.roles[role]
	if name == "" {
		return nil, nil, nil
	}
	a, err := g.Column(name)
	if err != nil {
		return nil, nil, err
	}
	codes, dict := asText(a)
	return codes, dict, nil
}

// ask finds which of the ids that selected rows show are filed.
func (d *drawer) ask(subjects *identity.Subjects, kind identity.Kind, dict *array.String, codes []int32, sel []uint32) {
	d.answers = grow(d.answers, dict.Len())
	clear(d.answers)
	d.codes, d.ids, d.hashes = d.codes[:0], d.ids[:0], d.hashes[:0]
	for _, r := range sel {
		k := codes[r]
		if d.answers[k] != unasked {
			continue
		}
		d.answers[k] = others
		if dict.IsValid(int(k)) {
			d.answers[k] = unnamed
			id := []byte(identity.Normalise(dict.Value(int(k))))
			d.codes, d.ids, d.hashes = append(d.codes, k), append(d.ids, id), append(d.hashes, subjects.Hash(kind, id))
		}
	}
	d.found = grow(d.found, len(d.hashes))
	subjects.LookupAll(d.hashes, func(i int) []byte { return d.ids[i] }, d.found)
	for i, k := range d.codes {
		if d.found[i] != identity.Missing {
			d.answers[k] = drawn
		}
	}
}

// keeps reports whether a row is kept. What no consent event names can only be admitted where somebody is logged in.
func (d *drawer) keeps(dict *array.String, code int32, logged bool, draws func(id string) bool) bool {
	if d.answers[code] == unnamed && logged {
		d.answers[code] = others
		if draws(identity.Normalise(dict.Value(int(code)))) {
			d.answers[code] = drawnUnnamed
		}
	}
	return d.answers[code] == drawn || d.answers[code] == drawnUnnamed && logged
}
