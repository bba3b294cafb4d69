package scan

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
)

// Versions finds the rows of a source that share an event id, before any `where` looks at them (docs/language.md,
// Copies and late rows). Rows are read twice. The first reading hashes every id and keeps the hashes that came more
// than once; the second looks at the rows behind those hashes and compares real ids, so that nothing rests on a hash.
type Versions struct {
	within   int64 // microseconds
	knownBy  int64
	maxSkew  int64
	schema   *rules.Schema
	roles    map[rules.Role]string
	seed     maphash.Seed
	mu       sync.Mutex
	hashes   [256][][]uint64 // by shard, one list a row group
	suspects [256][]uint64   // sorted
	found    []sighting
}

// Copies are the rows of a source that repeat an earlier version of their event. It is read-only.
type Copies struct {
	of        map[Unit][]uint32
	Conflicts int64 // copies whose contents differ from the version before, apart from their arrival
}

// Unit names a row group of a run.
type Unit struct{ Object, RowGroup int }

// sighting is one row whose id may have come before.
type sighting struct {
	id       string
	at       int64
	received int64
	unit     Unit
	row      uint32
	content  [sha256.Size]byte // of the whole row: orders versions that arrived at one instant
	payload  [sha256.Size]byte // without received_at: tells a repetition from a contradiction
}

// NewVersions prepares to look for copies that arrived within that many microseconds of an earlier version.
func (s *Scanner) NewVersions(within int64) *Versions {
	return &Versions{
		within: within, knownBy: s.plan.KnownBy, maxSkew: s.plan.MaxSkew, schema: s.schema, roles: s.roles,
		seed: maphash.MakeSeed(),
	}
}

// TellsCopies reports whether the schema has what telling copies apart needs.
func (s *Scanner) TellsCopies() bool { return s.roles[rules.RoleEventID] != "" }

// Note is the first reading of a row group; safe for concurrent use.
func (c *Versions) Note(g RowGroup) error {
	ids, visible, _, _, err := c.rows(g)
	if err != nil {
		return err
	}
	var shards [256][]uint64
	dict, codes := ids.dict, ids.codes
	byCode := make([]uint64, dict.Len())
	for i := range byCode {
		if !dict.IsNull(i) {
			byCode[i] = maphash.String(c.seed, dict.Value(i))
		}
	}
	for _, r := range visible {
		h := byCode[codes[r]]
		shards[h>>56] = append(shards[h>>56], h)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, s := range shards {
		if len(s) > 0 {
			c.hashes[i] = append(c.hashes[i], s)
		}
	}
	return nil
}

// Suspect ends the first reading.
func (c *Versions) Suspect() {
	for i, lists := range c.hashes {
		all := slices.Concat(lists...)
		c.hashes[i] = nil
		slices.Sort(all)
		for j := 1; j < len(all); j++ {
			if all[j] == all[j-1] && (len(c.suspects[i]) == 0 || c.suspects[i][len(c.suspects[i])-1] != all[j]) {
				c.suspects[i] = append(c.suspects[i], all[j])
			}
		}
	}
}

// Look is the second reading of a row group; safe for concurrent use.
func (c *Versions) Look(g RowGroup, u Unit) error {
	ids, visible, at, received, err := c.rows(g)
	if err != nil {
		return err
	}
	dict, codes := ids.dict, ids.codes
	suspect := make([]bool, dict.Len())
	for i := range suspect {
		if !dict.IsNull(i) {
			h := maphash.String(c.seed, dict.Value(i))
			_, suspect[i] = slices.BinarySearch(c.suspects[h>>56], h)
		}
	}
	var found []sighting
	for _, r := range visible {
		if suspect[codes[r]] {
			found = append(found, sighting{
				id: strings.Clone(dict.Value(int(codes[r]))), at: int64(at.Value(int(r))), received: received(r), unit: u, row: r,
			})
		}
	}
	if err := c.hash(g, found); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found = append(c.found, found...)
	return nil
}

// rows returns the ids of a row group, the rows that are visible, not quarantined and have an id, when they happened
// and when they arrived.
func (c *Versions) rows(g RowGroup) (ids texts, visible []uint32, at *array.Timestamp, received func(uint32) int64,
	err error,
) {
	a, err := g.Column(c.roles[rules.RoleEventID])
	if err != nil {
		return ids, nil, nil, nil, err
	}
	ids.codes, ids.dict = asText(a)
	a, err = g.Column(c.roles[rules.RoleEventTime])
	if err != nil {
		return ids, nil, nil, nil, err
	}
	at = a.(*array.Timestamp)
	received = func(uint32) int64 { return 0 }
	arrived := func(uint32) (int64, bool) { return math.MinInt64, true }
	if name := c.roles[rules.RoleReceivedAt]; name != "" {
		a, err = g.Column(name)
		if err != nil {
			return ids, nil, nil, nil, err
		}
		r := a.(*array.Timestamp)
		received = func(i uint32) int64 { return int64(r.Value(int(i))) }
		arrived = func(i uint32) (int64, bool) { return received(i), r.IsValid(int(i)) }
	}
	dict, codes := ids.dict, ids.codes
	for i := range uint32(g.Rows()) {
		if dict.IsNull(int(codes[i])) || at.IsNull(int(i)) {
			continue
		}
		t := int64(at.Value(int(i)))
		when, ok := arrived(i)
		if !ok || when >= c.knownBy || when != math.MinInt64 && t-when > c.maxSkew {
			continue
		}
		visible = append(visible, i)
	}
	return ids, visible, at, received, nil
}

// AsOf ends the second reading, as of a moment: of the versions of one event that happened before it the first received
// counts, of those received at the same instant the one with the smallest content hash. It may be asked of several
// moments.
func (c *Versions) AsOf(moment int64) *Copies {
	found := slices.DeleteFunc(slices.Clone(c.found), func(s sighting) bool { return s.at >= moment })
	slices.SortFunc(found, func(a, b sighting) int {
		return cmp.Or(strings.Compare(a.id, b.id), cmp.Compare(a.received, b.received),
			slices.Compare(a.content[:], b.content[:]),
			cmp.Compare(a.unit.Object, b.unit.Object), cmp.Compare(a.unit.RowGroup, b.unit.RowGroup), cmp.Compare(a.row, b.row))
	})
	out := &Copies{of: map[Unit][]uint32{}}
	for i := 1; i < len(found); i++ {
		a, b := &found[i-1], &found[i]
		if a.id != b.id || b.received-a.received > c.within {
			continue
		}
		out.of[b.unit] = append(out.of[b.unit], b.row)
		if a.payload != b.payload {
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

// hash computes the content hash of the rows found in a row group: SHA-256 over the schema's columns in name order,
// each as a tag, a length and bytes (docs/language.md, Copies and late rows).
func (c *Versions) hash(g RowGroup, found []sighting) error {
	if len(found) == 0 {
		return nil
	}
	names := make([]string, len(c.schema.Columns))
	for i := range c.schema.Columns {
		names[i] = c.schema.Columns[i].Name
	}
	slices.Sort(names)
	content, payload := make([][]byte, len(found)), make([][]byte, len(found))
	for _, name := range names {
		a, err := g.Column(name)
		if err != nil {
			return err
		}
		for i := range found {
			content[i] = appendValue(content[i], a, int(found[i].row))
			if name != c.roles[rules.RoleReceivedAt] {
				payload[i] = appendValue(payload[i], a, int(found[i].row))
			}
		}
	}
	for i := range found {
		found[i].content, found[i].payload = sha256.Sum256(content[i]), sha256.Sum256(payload[i])
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
