package parquet

import "encoding/binary"

// compact reads thrift's compact protocol from a slice. The first fault sticks: all later reads return zeros, so a
// caller checks bad once at the end.
type compact struct {
	rest []byte
	bad  bool
}

// Wire types of the compact protocol. A boolean field carries its value in the type.
const (
	wireTrue   = 1
	wireFalse  = 2
	wireByte   = 3
	wireInt16  = 4
	wireInt32  = 5
	wireInt64  = 6
	wireDouble = 7
	wireBinary = 8
	wireList   = 9
	wireSet    = 10
	wireMap    = 11
	wireStruct = 12
)

const maxThriftDepth = 24

func (c *compact) fail() {
	c.bad, c.rest = true, nil
}

func (c *compact) take(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.fail()
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

func (c *compact) byte() byte {
	b := c.take(1)
	if c.bad {
		return 0
	}
	return b[0]
}

func (c *compact) uvarint() uint64 {
	u, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.fail()
		return 0
	}
	c.rest = c.rest[n:]
	return u
}

func (c *compact) varint() int64 {
	u := c.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (c *compact) int32() int32 {
	v := c.varint()
	if v != int64(int32(v)) {
		c.fail()
		return 0
	}
	return int32(v)
}

// typed is the int32 of a field that must be one.
func (c *compact) typed(wire byte) int32 {
	if wire != wireInt32 {
		c.fail()
		return 0
	}
	return c.int32()
}

// field reads the head of a struct's next field; false at the struct's end.
func (c *compact) field(last int16) (id int16, wire byte, ok bool) {
	head := c.byte()
	if c.bad || head == 0 {
		return 0, 0, false
	}
	if delta := int16(head >> 4); delta != 0 {
		return last + delta, head & 15, true
	}
	return int16(c.varint()), head & 15, !c.bad
}

// list reads the head of a list or set; every element takes at least one byte, so the count is bounded by what is left.
func (c *compact) list() (n int, wire byte) {
	head := c.byte()
	size := uint64(head >> 4)
	if size == 15 {
		size = c.uvarint()
	}
	if size > uint64(len(c.rest)) {
		c.fail()
		return 0, 0
	}
	return int(size), head & 15
}

func (c *compact) skip(wire byte, depth int) {
	if depth > maxThriftDepth {
		c.fail()
		return
	}
	switch wire {
	case wireTrue, wireFalse:
	case wireByte:
		c.byte()
	case wireInt16, wireInt32, wireInt64:
		c.uvarint()
	case wireDouble:
		c.take(8)
	case wireBinary:
		c.take(c.uvarint())
	case wireList, wireSet:
		n, element := c.list()
		for range n {
			c.skipElement(element, depth+1)
		}
	case wireMap:
		c.skipMap(depth)
	case wireStruct:
		for id, wire, ok := c.field(0); ok; id, wire, ok = c.field(id) {
			c.skip(wire, depth+1)
		}
	default:
		c.fail()
	}
}

// skipElement skips an element of a list, set or map, where a boolean takes a byte of its own.
func (c *compact) skipElement(wire byte, depth int) {
	if wire == wireTrue || wire == wireFalse {
		wire = wireByte
	}
	if !c.bad {
		c.skip(wire, depth)
	}
}

func (c *compact) skipMap(depth int) {
	n := c.uvarint()
	if n == 0 {
		return
	}
	if n > uint64(len(c.rest)) {
		c.fail()
		return
	}
	kinds := c.byte()
	for range n {
		c.skipElement(kinds>>4, depth+1)
		c.skipElement(kinds&15, depth+1)
	}
}
