package parquet

import "github.com/parquet-go/parquet-go/format"

// pageHeader is the part of a page's header that reading needs. Counts and sizes are as declared, not yet believed.
type pageHeader struct {
	kind            format.PageType
	decoded, stored int32 // bytes of the page without its header
	crc             uint32
	hasCRC          bool
	values          int32 // nulls included
	encoding        format.Encoding

	// Version 1 only.
	defEncoding, repEncoding format.Encoding

	// Version 2 only: levels lie uncompressed before the values.
	defBytes, repBytes int32
	uncompressed       bool
}

// readPageHeader reads the header at the beginning of b and returns its length. A field that we know and that has
// another type is damage: passed over, it would be as if it were not there, the checksum too.
func readPageHeader(b []byte) (h pageHeader, length int, err error) {
	c := compact{rest: b}
	for id, wire, ok := c.field(0); ok; id, wire, ok = c.field(id) {
		switch {
		case id == 1:
			h.kind = format.PageType(c.typed(wire))
		case id == 2:
			h.decoded = c.typed(wire)
		case id == 3:
			h.stored = c.typed(wire)
		case id == 4:
			h.crc, h.hasCRC = uint32(c.typed(wire)), true
		case wire != wireStruct && (id == 5 || id == 7 || id == 8):
			c.fail()
		case id == 5, id == 7:
			h.readData(&c)
		case id == 8:
			h.readDataV2(&c)
		default:
			c.skip(wire, 0)
		}
	}
	switch {
	case c.bad:
		return h, 0, fault("a page header is damaged")
	case h.decoded < 0 || h.stored < 0 || h.values < 0 || h.defBytes < 0 || h.repBytes < 0:
		return h, 0, fault("a page header declares a negative size or count")
	case int64(h.defBytes)+int64(h.repBytes) > int64(h.stored) || int64(h.defBytes)+int64(h.repBytes) > int64(h.decoded):
		return h, 0, fault("a page header declares more bytes of levels than its page holds")
	}
	return h, len(b) - len(c.rest), nil
}

// readData reads a version 1 data page header, or a dictionary page header, whose first two fields are the same.
func (h *pageHeader) readData(c *compact) {
	for id, wire, ok := c.field(0); ok; id, wire, ok = c.field(id) {
		switch {
		case id == 1:
			h.values = c.typed(wire)
		case id == 2:
			h.encoding = format.Encoding(c.typed(wire))
		case id == 3 && wire != wireTrue && wire != wireFalse: // of a dictionary: whether it is sorted
			h.defEncoding = format.Encoding(c.typed(wire))
		case id == 4:
			h.repEncoding = format.Encoding(c.typed(wire))
		default:
			c.skip(wire, 1)
		}
	}
}

func (h *pageHeader) readDataV2(c *compact) {
	for id, wire, ok := c.field(0); ok; id, wire, ok = c.field(id) {
		switch {
		case id == 1:
			h.values = c.typed(wire)
		case id == 4:
			h.encoding = format.Encoding(c.typed(wire))
		case id == 5:
			h.defBytes = c.typed(wire)
		case id == 6:
			h.repBytes = c.typed(wire)
		case id == 7 && wire != wireTrue && wire != wireFalse:
			c.fail()
		case id == 7:
			h.uncompressed = wire == wireFalse
		default:
			c.skip(wire, 1)
		}
	}
}
