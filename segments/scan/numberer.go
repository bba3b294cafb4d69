package scan

import (
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// numberer turns the ids of one column into subject numbers, once per dictionary entry that a selected row shows.
type numberer struct {
	subjects *identity.Subjects
	customer bool
	file     bool // ids nobody ever named get a number as well, others are Unknown
	blocked  []string
	need     []bool
	number   []uint32 // by dictionary code
	who      []uint64 // the same: of devices of a block, a hash that is the same in every run
	entries  []int32  // the codes that are looked up
	ids      [][]byte
	hashes   []uint64
	found    []uint32

	unwritten identity.Crowd // ids that no list can hold, of all row groups
}

func (n *numberer) kind() identity.Kind {
	if n.customer {
		return identity.Customer
	}
	return identity.Device
}

// resolve numbers the entries that rows of sel show. A missing id is None for a customer and Blocked for a device (a
// row without a device has no owner); an id nobody ever named is Unknown, or filed where the plan asks for such people:
// a customer without any consent event can still own what his device's grant admits.
func (n *numberer) resolve(dict *array.String, codes []int32, sel []uint32) []uint32 {
	size := dict.Len()
	n.need, n.number, n.who = grow(n.need, size), grow(n.number, size), grow(n.who, size)
	clear(n.need)
	for _, r := range sel {
		n.need[codes[r]] = true
	}
	n.entries, n.ids, n.hashes = n.entries[:0], n.ids[:0], n.hashes[:0]
	for i := range size {
		switch {
		case !n.need[i]:
		case dict.IsNull(i) && n.customer:
			n.number[i] = evidence.None
		case dict.IsNull(i):
			n.number[i], n.who[i] = evidence.Blocked, 0
		default:
			id := []byte(identity.Normalise(dict.Value(i)))
			if identity.Unwritable(id) {
				n.unwritten.Add(identity.Spread(id))
			}
			if !n.customer && !n.file {
				n.who[i] = identity.Spread(id)
			}
			n.entries, n.ids = append(n.entries, int32(i)), append(n.ids, id)
			n.hashes = append(n.hashes, n.subjects.Hash(n.kind(), id))
		}
	}
	n.found = grow(n.found, len(n.hashes))
	n.subjects.LookupAll(n.hashes, func(i int) []byte { return n.ids[i] }, n.found)
	for i, code := range n.entries {
		n.number[code] = n.found[i]
		if n.found[i] == identity.Missing {
			n.number[code] = n.unnamed(n.hashes[i], n.ids[i])
		}
	}
	return n.number
}

// unnamed numbers an id that no consent event, and so far no login, ever named.
func (n *numberer) unnamed(hash uint64, id []byte) uint32 {
	switch {
	case identity.Blocked(string(id), n.blocked...):
		return evidence.Blocked
	case n.file:
		return n.subjects.Late(hash, id)
	case n.customer:
		return evidence.Unknown
	}
	// With logins read before, the device may have a number all the same.
	if x, ok := n.subjects.LookupLate(hash, id); ok {
		return x
	}
	return evidence.Unknown
}

// who fills the device and customer columns of the block.
func (w *Worker) who(g RowGroup) error {
	b := &w.block
	b.Device, b.Customer = grow(b.Device, len(w.sel)), grow(b.Customer, len(w.sel))
	b.Who = grow(b.Who, len(w.sel))
	for i := range b.Customer {
		b.Customer[i] = evidence.None
	}
	if name := w.s.roles[rules.RoleCustomer]; name != "" {
		a, err := g.Column(name)
		if err != nil {
			return err
		}
		codes, dict := asText(a)
		number := w.custs.resolve(dict, codes, w.sel)
		for i, r := range w.sel {
			b.Customer[i] = number[codes[r]]
		}
	}
	a, err := g.Column(w.s.roles[rules.RoleDevice])
	if err != nil {
		return err
	}
	codes, dict := asText(a)
	number := w.devices.resolve(dict, codes, w.sel)
	for i, r := range w.sel {
		c := codes[r]
		// A device that no consent event named can still be admitted by the grant of the customer who is logged in on
		// it, and then needs a number of its own.
		if number[c] == evidence.Unknown && b.Customer[i] < evidence.Unknown {
			number[c] = w.devices.late(dict.Value(int(c)))
		}
		b.Device[i], b.Who[i] = number[c], w.devices.who[c]
	}
	return nil
}

func (n *numberer) late(raw string) uint32 {
	id := []byte(identity.Normalise(raw))
	return n.subjects.Late(n.subjects.Hash(n.kind(), id), id)
}
