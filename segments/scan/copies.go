package scan

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
)

// Versions finds the rows of a source that share an event id, before any `where` looks at them (docs/language.md,
// Copies and late rows). A first reading takes the fingerprint of every id (Note); Suspect finds those that came more
// than once. A second reading looks at these rows alone (Look), and a third one only at rows that arrived together
// and differ (Ties, Settle).
type Versions struct {
	within  int64 // microseconds
	knownBy int64
	maxSkew int64
	schema  *rules.Schema
	roles   map[rules.Role]string
	seeds   [2]maphash.Seed
	mu      sync.Mutex
	noted   []notedIDs
	rows    map[Unit][]suspect
	found   map[Unit][]sighting
	ordered []*sighting
	ties    map[Unit]bool
}

// Copies are the rows of a source that repeat an earlier version of their event. It is read-only.
type Copies struct {
	of        map[Unit][]uint32
	Conflicts int64 // copies whose contents differ from the version before, apart from their arrival
}

// Unit names a row group of a run.
type Unit struct{ Object, RowGroup int }

// sighting is one row whose id came before.
type sighting struct {
	suspect
	at       int64
	received int64
	unit     Unit
	payload  [sha256.Size]byte // of the row but for its id and received_at: tells a repetition from a contradiction
	content  [sha256.Size]byte // of the whole row: orders versions that arrived at one instant and differ, else zero
}

// NewVersions prepares to look for copies that arrived within that many microseconds of an earlier version.
func (s *Scanner) NewVersions(within int64) *Versions {
	return &Versions{
		within: within, knownBy: s.plan.KnownBy, maxSkew: s.plan.MaxSkew, schema: s.schema, roles: s.roles,
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, found: map[Unit][]sighting{},
	}
}

// TellsCopies reports whether the schema has what telling copies apart needs.
func (s *Scanner) TellsCopies() bool { return s.roles[rules.RoleEventID] != "" }

// Look is the second reading of a row group; safe for concurrent use.
func (c *Versions) Look(g RowGroup, u Unit) error {
	rows := c.rows[u]
	if len(rows) == 0 {
		return nil
	}
	at, received, err := c.times(g)
	if err != nil {
		return err
	}
	found := make([]sighting, len(rows))
	for i, s := range rows {
		found[i] = sighting{suspect: s, at: int64(at.Value(int(s.row))), unit: u}
		if received != nil {
			found[i].received = int64(received.Value(int(s.row)))
		}
	}
	if err := c.hash(g, found, func(s *sighting) *[sha256.Size]byte { return &s.payload }, rules.RoleEventID,
		rules.RoleReceivedAt); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found[u] = found
	return nil
}

// times are when the rows of a row group happened and when they arrived, nil where the log does not say.
func (c *Versions) times(g RowGroup) (at, received *array.Timestamp, err error) {
	a, err := g.Column(c.roles[rules.RoleEventTime])
	if err != nil {
		return nil, nil, err
	}
	at = a.(*array.Timestamp)
	if name := c.roles[rules.RoleReceivedAt]; name != "" {
		if a, err = g.Column(name); err != nil {
			return nil, nil, err
		}
		received = a.(*array.Timestamp)
	}
	return at, received, nil
}

// order sorts the rows that were found: the versions of an event side by side, in the order in which they count.
func (c *Versions) order() {
	c.ordered = c.ordered[:0]
	for _, of := range c.found {
		for i := range of {
			c.ordered = append(c.ordered, &of[i])
		}
	}
	slices.SortFunc(c.ordered, func(a, b *sighting) int {
		return cmp.Or(compareIDs(&a.suspect, &b.suspect), cmp.Compare(a.received, b.received),
			bytes.Compare(a.content[:], b.content[:]),
			cmp.Compare(a.unit.Object, b.unit.Object), cmp.Compare(a.unit.RowGroup, b.unit.RowGroup), cmp.Compare(a.row, b.row))
	})
}

// Ties ends the second reading. It returns the row groups with versions of one event that arrived at one instant and
// differ: Settle must see them before AsOf is asked.
func (c *Versions) Ties() map[Unit]bool {
	c.order()
	c.ties = map[Unit]bool{}
	for i, a := range c.ordered {
		for _, b := range c.ordered[i+1:] {
			if compareIDs(&a.suspect, &b.suspect) != 0 || a.received != b.received {
				break
			}
			if a.payload != b.payload {
				c.ties[a.unit], c.ties[b.unit] = true, true
			}
		}
	}
	return c.ties
}

// Settle is the third reading of a row group; safe for concurrent use.
func (c *Versions) Settle(g RowGroup, u Unit) error {
	return c.hash(g, c.found[u], func(s *sighting) *[sha256.Size]byte { return &s.content })
}

// AsOf tells copies, as of a moment: of the versions of one event that happened before it the first received counts, of
// those received at the same instant the one with the smallest content hash. It may be asked of several moments.
func (c *Versions) AsOf(moment int64) *Copies {
	if len(c.ties) > 0 {
		c.order() // by contents, which are known now
	}
	out := &Copies{of: map[Unit][]uint32{}}
	var a *sighting
	for _, b := range c.ordered {
		if b.at >= moment {
			continue
		}
		before := a
		a = b
		if before == nil || compareIDs(&before.suspect, &b.suspect) != 0 || b.received-before.received > c.within {
			continue
		}
		out.of[b.unit] = append(out.of[b.unit], b.row)
		if before.payload != b.payload {
			out.Conflicts++
		}
	}
	for u := range out.of {
		slices.Sort(out.of[u])
	}
	return out
}

// Of returns the rows of a row group that are copies, ascending.
func (c *Copies) Of(u Unit) []uint32 {
	if c == nil {
		return nil
	}
	return c.of[u]
}

// hash computes a hash of the rows found in a row group: SHA-256 over the schema's columns in name order but for those
// of some roles, each as a tag, a length and bytes (docs/language.md, Copies and late rows).
func (c *Versions) hash(g RowGroup, found []sighting, into func(*sighting) *[sha256.Size]byte, without ...rules.Role,
) error {
	var names []string
	for i := range c.schema.Columns {
		if col := &c.schema.Columns[i]; col.Role == rules.RoleNone || !slices.Contains(without, col.Role) {
			names = append(names, col.Name)
		}
	}
	slices.Sort(names)
	contents := make([][]byte, len(found))
	for _, name := range names {
		a, err := g.Column(name)
		if err != nil {
			return err
		}
		for i := range found {
			contents[i] = appendValue(contents[i], a, int(found[i].row))
		}
	}
	for i := range found {
		*into(&found[i]) = sha256.Sum256(contents[i])
	}
	return nil
}

func appendValue(buf []byte, a arrow.Array, row int) []byte {
	null := a.IsNull(row)
	var value []byte
	switch a := a.(type) {
	case *array.Dictionary:
		dict, code := a.Dictionary().(*array.String), a.GetValueIndex(row)
		if null = null || dict.IsNull(code); !null {
			value = []byte(dict.Value(code))
		}
	case *array.Int64:
		value = binary.LittleEndian.AppendUint64(nil, uint64(a.Value(row)))
	case *array.Timestamp:
		value = binary.LittleEndian.AppendUint64(nil, uint64(a.Value(row)))
	case *array.Date32:
		value = binary.LittleEndian.AppendUint64(nil, uint64(a.Value(row)))
	case *array.Float64:
		value = binary.LittleEndian.AppendUint64(nil, math.Float64bits(a.Value(row)))
	case *array.Boolean:
		value = []byte{0}
		if a.Value(row) {
			value[0] = 1
		}
	}
	if null {
		return append(buf, 0)
	}
	buf = binary.LittleEndian.AppendUint64(append(buf, 1), uint64(len(value)))
	return append(buf, value...)
}
