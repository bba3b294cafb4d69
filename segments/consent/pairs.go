package consent

// pair is a device with a customer.
type pair struct{ device, customer uint32 }

// pairTable remembers the stances of pairs: an open-addressing table, because every logged-in row asks it.
type pairTable struct {
	slots   []uint32 // index into stances + 1; 0 is free; len is a power of two
	pairs   []pair
	stances []stance
}

func (t *pairTable) find(device, customer uint32) *stance {
	for at := hashPair(device, customer); len(t.slots) > 0; at++ {
		slot := t.slots[at&uint64(len(t.slots)-1)]
		if slot == 0 {
			return nil
		}
		if p := t.pairs[slot-1]; p.device == device && p.customer == customer {
			return &t.stances[slot-1]
		}
	}
	return nil
}

// add files the stance of a pair that find did not find; the result is valid until the next add.
func (t *pairTable) add(device, customer uint32, s stance) *stance {
	t.pairs, t.stances = append(t.pairs, pair{device, customer}), append(t.stances, s)
	if 2*len(t.pairs) > len(t.slots) {
		t.slots = make([]uint32, max(64, 4*len(t.slots)))
		for i := range t.pairs {
			t.insert(i)
		}
	} else {
		t.insert(len(t.pairs) - 1)
	}
	return &t.stances[len(t.stances)-1]
}

func (t *pairTable) insert(i int) {
	mask := uint64(len(t.slots) - 1)
	at := hashPair(t.pairs[i].device, t.pairs[i].customer) & mask
	for t.slots[at] != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = uint32(i + 1)
}

// hashPair spreads pairs; numbers are dense and not chosen by anybody outside, so a multiplication will do.
func hashPair(device, customer uint32) uint64 {
	h := (uint64(device)<<32 | uint64(customer)) * 0x9e3779b97f4a7c15
	return h ^ h>>32
}
