// Package evidence holds what leaves the scan: narrow rows that some condition wants, reduced to numbers and classes.
//
// Rows here belong to people who may not have consented. Only segments/scan makes a Block and only
// consent.Door.Admit reads one (docs/adr/0002-consent-is-a-type.md); the package knows no rules, no ids and no consent.
package evidence

import "math"

// Values that stand for "no subject" in the number columns of a Block.
const (
	None    = math.MaxUint32     // no customer on the row
	Blocked = math.MaxUint32 - 1 // an id that may not be used (docs/identity.md, Blocked ids)
	Unknown = math.MaxUint32 - 2 // an id that no consent event and no login ever named
)

// Null stands in a value column for a row without a value.
const Null = math.MinInt64

// Classes gives the classes of a worker's blocks their meaning. Class k wants the picks whose bits are set in
// Picks[k*Words:(k+1)*Words] and lies in the window slot Slot[k]. Marked says of a class what its rows carry; it is nil
// where the schema has no marks. The table only grows.
type Classes struct {
	Words  int
	Picks  []uint64
	Slot   []uint16
	Marked []Mark
}

// Mark is what rows carry that the gate must know of, whatever rules want of them: a set of the constants below.
type Mark uint8

// The marks.
const (
	Dropped     Mark = 1 << iota // content that nobody may use (a label with policy: drop)
	GPC                          // a signal of global privacy control
	BrowserDeny                  // a browser or an operating system that refuses
)

// Marks are all of them.
var Marks = []Mark{Dropped, GPC, BrowserDeny}

// Of returns the pick set and the window slot of class k.
func (c *Classes) Of(k uint32) (picks []uint64, slot uint16) {
	return c.Picks[int(k)*c.Words : int(k+1)*c.Words], c.Slot[k]
}

// Marks is what the rows of class k carry.
func (c *Classes) Marks(k uint32) Mark {
	if c.Marked == nil {
		return 0
	}
	return c.Marked[k]
}

// Len is the number of classes so far.
func (c *Classes) Len() int { return len(c.Slot) }

// Block is the evidence of one row group: parallel columns, one entry a row. Device and Customer are numbers of
// identity.Subjects or one of the constants above, Time is microseconds UTC, Values holds one column per value that
// some metric reads (only rows whose class needs it carry one; all others hold Null). The worker that made the block
// reuses it: it is valid until that worker's next scan.
type Block struct {
	Classes  *Classes
	Partner  bool // the rows come from a partner's site
	Records  bool // the rows are no events: each is about its subject alone, what was kept of him at that time
	Class    []uint32
	Device   []uint32
	Who      []uint64 // hashes of the devices' ids, the same in every run; nil for records
	Customer []uint32
	Time     []int64
	Values   [][]int64
}

// Len is the number of rows.
func (b *Block) Len() int { return len(b.Class) }
