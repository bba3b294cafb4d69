package value

// Offset is how far the clock of a zone is ahead of UTC from an instant on, in microseconds.
type Offset struct{ From, Ahead int64 }

// Offsets returns the offsets that hold somewhere in [from, before), oldest first: what must be known to write local
// time down as arithmetic. The first of them may begin earlier.
func (z *Zone) Offsets(from, before int64) []Offset {
	first := z.interval(from)
	out := []Offset{{z.starts[first], z.offsets[first]}}
	for i := first + 1; i < len(z.starts) && z.starts[i] < before; i++ {
		out = append(out, Offset{z.starts[i], z.offsets[i]})
	}
	return out
}
