package scan

import (
	"cmp"
	"hash/maphash"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// notedIDs are the fingerprints of a row group's ids: 96 bits of two keyed hashes, so that one id passes for another in
// a night of a billion rows once in 10^11 nights. The key is drawn anew by every run.
type notedIDs struct {
	unit  Unit
	rows  []uint32 // that are visible, not quarantined and have an id; nil where these are all of them
	hash  []uint64
	check []uint32
}

// suspect is a row whose id another row has, too.
type suspect struct {
	hash  uint64
	check uint32
	row   uint32
}

func compareIDs(a, b *suspect) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.check, b.check))
}

// Note is the first reading of a row group; safe for concurrent use.
func (c *Versions) Note(g RowGroup, u Unit) error {
	n, err := c.fingerprints(g)
	if err != nil {
		return err
	}
	n.unit = u
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noted = append(c.noted, n)
	return nil
}

func (c *Versions) fingerprints(g RowGroup) (n notedIDs, err error) {
	a, err := g.Column(c.roles[rules.RoleEventID])
	if err != nil {
		return n, err
	}
	codes, dict := asText(a)
	at, received, err := c.times(g)
	if err != nil {
		return n, err
	}
	entries := notedIDs{hash: make([]uint64, dict.Len()), check: make([]uint32, dict.Len())}
	for i := range entries.hash {
		if id := dict.Value(i); !dict.IsNull(i) {
			entries.hash[i], entries.check[i] = maphash.String(c.seeds[0], id), uint32(maphash.String(c.seeds[1], id))
		}
	}
	inOrder := len(codes) == dict.Len()
	arrives := c.arrivals(at, received)
	n.rows = make([]uint32, 0, len(codes))
	for i, code := range codes {
		inOrder = inOrder && int(code) == i
		if arrives(i) && (dict.NullN() == 0 || !dict.IsNull(int(code))) {
			n.rows = append(n.rows, uint32(i))
		}
	}
	if len(n.rows) == len(codes) && inOrder {
		n.rows, n.hash, n.check = nil, entries.hash, entries.check
		return n, nil
	}
	n.hash, n.check = make([]uint64, len(n.rows)), make([]uint32, len(n.rows))
	for i, row := range n.rows {
		n.hash[i], n.check[i] = entries.hash[codes[row]], entries.check[codes[row]]
	}
	return n, nil
}

// arrivals reports of a row whether it has a time, had arrived and is not quarantined.
func (c *Versions) arrivals(at, received *array.Timestamp) func(i int) bool {
	happened, timeless := at.TimestampValues(), at.NullN() > 0
	if received == nil {
		return func(i int) bool { return !timeless || at.IsValid(i) }
	}
	arrived, unknown := received.TimestampValues(), received.NullN() > 0
	return func(i int) bool {
		in := int64(arrived[i])
		return in < c.knownBy && int64(happened[i])-in <= c.maxSkew &&
			(!timeless || at.IsValid(i)) && (!unknown || received.IsValid(i))
	}
}

// spanBits is how many hashes are looked at together, as a power of two: few enough to stay in a processor's cache.
const spanBits = 22

// Suspect ends the first reading, with that many workers: it finds which hashes came more than once, span by span, and
// then the rows that have one of these.
func (c *Versions) Suspect(workers int) {
	total := 0
	for i := range c.noted {
		total += len(c.noted[i].hash)
	}
	high := max(0, bits.Len(uint(total))-spanBits) // the highest bits of a hash are its span
	spans := make([][]uint64, 1<<high)
	each(workers, len(spans), func() func(int) {
		var r repeats
		return func(span int) { spans[span] = r.find(c.noted, uint64(span), high) }
	})
	var all []uint64
	for _, hashes := range spans {
		all = append(all, hashes...) // ascending, as spans are
	}
	var marks identity.Met
	marks.Begin(len(all))
	for _, hash := range all {
		marks.Meet(hash)
	}
	rows := make([][]suspect, len(c.noted))
	each(workers, len(c.noted), func() func(int) {
		return func(i int) { rows[i] = c.noted[i].among(all, &marks) }
	})
	c.rows = map[Unit][]suspect{}
	for i := range c.noted {
		if len(rows[i]) > 0 {
			c.rows[c.noted[i].unit] = rows[i]
		}
	}
	c.noted = nil
}

// each does n pieces of work with several workers; begin makes what one of them does.
func each(workers, n int, begin func() func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range max(1, workers) {
		wg.Go(func() {
			do := begin()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

// repeats finds the hashes of a span that came more than once; its buffers are used again.
type repeats struct {
	hashes []uint64
	met    identity.Met
}

func (r *repeats) find(noted []notedIDs, span uint64, high int) (out []uint64) {
	r.gather(noted, span, high)
	r.met.Begin(len(r.hashes))
	for _, hash := range r.hashes {
		r.met.Meet(hash)
	}
	few := r.hashes[:0]
	for _, hash := range r.hashes {
		if r.met.Again(hash) {
			few = append(few, hash)
		}
	}
	slices.Sort(few)
	for i := 1; i < len(few); i++ {
		if few[i] == few[i-1] && (len(out) == 0 || out[len(out)-1] != few[i]) {
			out = append(out, few[i])
		}
	}
	return out
}

// gather takes the hashes of a span, without a branch that cannot be foreseen.
func (r *repeats) gather(noted []notedIDs, span uint64, high int) {
	n := 0
	for i := range noted {
		from := noted[i].hash
		r.hashes = slices.Grow(r.hashes[:n], len(from))
		into := r.hashes[n : n+len(from)]
		k := 0
		for _, hash := range from {
			into[k] = hash
			if hash>>(64-high) == span {
				k++
			}
		}
		n += k
	}
	r.hashes = r.hashes[:n]
}

// among are the rows whose hash is one of some, ascending.
func (n *notedIDs) among(all []uint64, marks *identity.Met) (out []suspect) {
	for i, hash := range n.hash {
		if !marks.Once(hash) {
			continue
		}
		if _, repeated := slices.BinarySearch(all, hash); repeated {
			row := uint32(i)
			if n.rows != nil {
				row = n.rows[i]
			}
			out = append(out, suspect{hash, n.check[i], row})
		}
	}
	return out
}
