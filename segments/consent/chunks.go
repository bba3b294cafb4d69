package consent

// chunkLen is how many elements a chunk holds.
const chunkLen = 512

// chunks is a list that grows without copying: millions of events pass through it once.
type chunks[T any] struct {
	full [][]T
	last []T
}

func (c *chunks[T]) add(v T) {
	if len(c.last) == cap(c.last) {
		if len(c.last) > 0 {
			c.full = append(c.full, c.last)
		}
		c.last = make([]T, 0, chunkLen)
	}
	c.last = append(c.last, v)
}

func (c *chunks[T]) len() int { return len(c.full)*chunkLen + len(c.last) }

// at is the element of a place.
func (c *chunks[T]) at(i int) *T {
	if i < len(c.full)*chunkLen {
		return &c.full[i/chunkLen][i%chunkLen]
	}
	return &c.last[i-len(c.full)*chunkLen]
}

// each yields the elements in order.
func (c *chunks[T]) each(yield func(v *T)) {
	for _, chunk := range c.full {
		for i := range chunk {
			yield(&chunk[i])
		}
	}
	for i := range c.last {
		yield(&c.last[i])
	}
}
