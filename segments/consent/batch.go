package consent

import "github.com/malgrupp/malgrupp/segments/evidence"

// Row is one admitted row of one subject. Uses are the uses that may see it, all of the subject's level.
type Row struct {
	Time    int64
	Subject uint32
	Class   uint32
	Uses    uint32
}

// Batch is evidence that the gate has admitted. Its contents are unexported and only Door.Admit writes one, so whoever
// holds a row holds it with consent; the zero value has no rows. It is valid until the door's next Admit.
//
// A row of evidence is up to two rows here: one of the device and one of the customer.
type Batch struct {
	rows   []Row
	origin []uint32 // by row: the row of the block, for values
	owner  []uint32 // by row: whose it is; nil where no use asks
	block  *evidence.Block
	levels [2]uint32
}

// Len is the number of rows.
func (b Batch) Len() int { return len(b.rows) }

// Row returns a copy of row i.
func (b Batch) Row(i int) Row { return b.rows[i] }

// Value returns value column v of row i, evidence.Null where it has none.
func (b Batch) Value(i, v int) int64 { return b.block.Values[v][b.origin[i]] }

// Origin is the row of the block that row i was: two rows of a batch may come from one.
func (b Batch) Origin(i int) int { return int(b.origin[i]) }

// Device is the number of the device that row i came from, evidence.None where none is known. It tells rows of one
// device from those of another; whose it is only the roll can say.
func (b Batch) Device(i int) uint32 { return b.block.Device[b.origin[i]] }

// NoOwner stands where no customer is known.
const NoOwner = evidence.None

// Owner is the number of the customer whose row i is, or NoOwner. Only for uses that ask for people.
func (b Batch) Owner(i int) uint32 { return b.owner[i] }

// Class returns the picks and the window slot of a class of this door's batches.
func (b Batch) Class(k uint32) (picks []uint64, slot uint16) { return b.block.Classes.Of(k) }

// Level returns all uses of the level to which the given uses belong.
func (b Batch) Level(uses uint32) uint32 {
	if uses&b.levels[0] != 0 {
		return b.levels[0]
	}
	return b.levels[1]
}
