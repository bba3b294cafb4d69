package segments

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/value"
)

// The population steps in their fixed order (docs/language.md, Population steps): top, stay, exclusive, then holdout,
// then cap. The minimum size is asked when lists are compared with what was told
// (pipeline/holdback.go), because every destination has its own.

// top cuts the qualified of a segment down to its best; the rest are remembered as capped.
func (c *court) top(seg *planned, use int, r *settled) {
	if seg.Top == nil {
		return
	}
	n := c.sample.of(seg.Top.Count)
	if n == 0 {
		n = share(len(r.qualified), seg.Top.Percent)
	}
	if n < len(r.qualified) {
		c.rank(seg, use, r.qualified, func(k *candidate) (fold.Int128, bool) { return k.top, k.hasTop })
		// who stays is appended to the first and must not overwrite the second
		r.qualified, r.beyond = r.qualified[:n:n], r.qualified[n:]
	}
}

// share is n x percent / 100, rounded up.
func share(n int, percent value.Number) int {
	den := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(percent.Scale+2)), nil)
	num := new(big.Int).Mul(big.NewInt(int64(n)), big.NewInt(percent.Int))
	num.Add(num, den).Sub(num, big.NewInt(1))
	return int(num.Div(num, den).Int64())
}

// rank puts the highest value first; people without a value come last, ties go by a hash of segment and id, then by id.
func (c *court) rank(seg *planned, use int, of []candidate, value func(*candidate) (fold.Int128, bool)) {
	for i := range of {
		k := &of[i]
		if !k.ranked().tieIsKnown {
			k.name = c.name(k.subject, use)
			k.tie, k.tieIsKnown = hash64(seg.Name, k.name), true
		}
	}
	slices.SortFunc(of, func(a, b candidate) int {
		va, hasA := value(&a)
		vb, hasB := value(&b)
		switch {
		case hasA != hasB:
			if hasA {
				return -1
			}
			return 1
		case hasA && va != vb:
			return vb.Cmp(va)
		}
		return cmp.Or(cmp.Compare(a.tie, b.tie), strings.Compare(a.name, b.name))
	})
}

// hash64 is the first 8 bytes, big endian, of SHA-256(salt 0x00 id): every engine can compute it, and it never changes.
func hash64(salt, id string) uint64 {
	h := sha256.New()
	h.Write([]byte(salt))
	h.Write([]byte{0})
	h.Write([]byte(id))
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// Bucket is the holdout bucket of an id, 0 to 9,999.
func Bucket(salt, id string) int { return int(hash64(salt, id) % 10000) }

// name is the id of somebody the gate admitted for this use. Nobody else can reach this point; were it otherwise the
// roll would refuse, and an empty id is dropped by populate.
func (c *court) name(subject uint32, use int) string {
	id, _ := c.roll.Name(subject, use)
	return id
}

// populate runs the population steps of one segment for one use and names the people.
func (c *court) populate(a *Audience, s int, r *settled) {
	if r == nil {
		return
	}
	seg := &c.plan.segments[s]
	kept := r.qualified
	a.Qualified = len(kept)
	a.today = c.names(r.today, a.use)
	a.breakdown = r.breakdown
	a.trace = r.trace
	a.capped = c.names(r.beyond, a.use)
	if seg.Holdout != nil {
		kept, a.control = c.holdout(seg.Holdout, kept, a.use)
	}
	if seg.Cap != nil && len(kept) > c.sample.of(seg.Cap.Count) {
		bound := c.sample.of(seg.Cap.Count)
		c.rank(seg, a.use, kept, func(k *candidate) (fold.Int128, bool) { return k.cap, k.hasCap })
		a.capped = append(a.capped, c.names(kept[bound:], a.use)...)
		kept = kept[:bound]
	}
	a.members = c.names(kept, a.use)
	a.crowd = crowdOf(kept, c.roll.Bound())
	for i := range kept {
		if kept[i].hidden {
			a.Hidden++
		}
	}
	a.waiting, a.unknown = r.undecided[waiting], r.undecided[unknowing]
	if a.absent = r.absent; a.absent != nil {
		a.paths = c.explain[s].paths()
	}
	a.roll = c.roll
}

// holdout splits people into those who stay and the control group.
func (c *court) holdout(h *rules.Holdout, of []candidate, use int) (kept []candidate, control []string) {
	// bucket < percent x 100, compared as integers: percent = Int x 10^-Scale.
	limit := new(big.Int).Mul(big.NewInt(h.Percent.Int), big.NewInt(100))
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(h.Percent.Scale)), nil)
	for i := range of {
		k := of[i]
		k.ranked().name = c.name(k.subject, use)
		bucket := big.NewInt(int64(Bucket(h.Salt, k.name)))
		if bucket.Mul(bucket, unit).Cmp(limit) < 0 {
			control = append(control, k.name)
		} else {
			kept = append(kept, k)
		}
	}
	slices.Sort(control)
	return kept, control
}

// names returns the ids of the candidates in byte order.
func (c *court) names(of []candidate, use int) []string {
	out := make([]string, 0, len(of))
	for i := range of {
		id := ""
		if of[i].rank != nil {
			id = of[i].name
		}
		if id == "" {
			id = c.name(of[i].subject, use)
		}
		if id != "" {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
