package parquet

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// levelsV1 takes the length-prefixed levels off the front of a version 1 page.
func (s *scratch) levelsV1(into *[]uint8, body []byte, encoding format.Encoding, most uint8,
	n int,
) ([]uint8, []byte, error) {
	if encoding != format.RLE {
		return nil, nil, faultf("levels are encoded as %s, which is not supported", encoding)
	}
	if len(body) < 4 {
		return nil, nil, fault("a page ends before its levels")
	}
	length := binary.LittleEndian.Uint32(body)
	if body = body[4:]; int64(length) > int64(len(body)) {
		return nil, nil, fault("levels are longer than their page")
	}
	levels, err := s.unpackLevels(into, body[:length], most, n)
	return levels, body[length:], err
}

// levelsV2 unpacks the levels of a version 2 page, which fill packed: more would be values, pushed aside by a wrong
// length. Some writers store levels of columns that have none, in runs of no width.
func (s *scratch) levelsV2(into *[]uint8, packed []byte, most uint8, n int) ([]uint8, error) {
	if most == 0 && len(packed) == 0 {
		return nil, nil
	}
	end, err := checkRuns(packed, bits.Len8(most), n)
	switch {
	case err != nil:
		return nil, err
	case end < len(packed):
		return nil, fault("a page header declares more bytes of levels than there are")
	case most == 0:
		return nil, nil
	}
	return s.unpackLevels(into, packed, most, n)
}

func (s *scratch) unpackLevels(into *[]uint8, packed []byte, most uint8, n int) ([]uint8, error) {
	width := bits.Len8(most)
	end, err := checkRuns(packed, width, n)
	if err != nil {
		return nil, err
	}
	*into = slices.Grow((*into)[:0], n+runSlack)
	e := rle.Encoding{BitWidth: width}
	levels, err := e.DecodeLevels(*into, packed[:end])
	if err != nil || len(levels) < n {
		return nil, fault("the levels of a page are damaged")
	}
	*into = levels
	levels = levels[:n]
	if int(most) != 1<<width-1 {
		for _, level := range levels {
			if level > most {
				return nil, fault("a page has a level that its schema does not know")
			}
		}
	}
	return levels, nil
}

func countLevel(levels []uint8, level uint8) int { return bytes.Count(levels, []byte{level}) }

// runSlack is by how many values the last bit-packed run may exceed what was asked for; writers pad runs.
const runSlack = 512

// checkRuns walks the runs of the hybrid of run lengths and bit packing until they hold n values, and returns where
// they end. The decoder believes run lengths and allocates for them, so they are checked before it starts. Some writers
// cut the padding of the last packed run; its end then lies behind packed, in the slack that every buffer here has.
func checkRuns(packed []byte, width, n int) (end int, err error) {
	short := faultf("a page holds fewer values than it declares (%d)", n)
	for have, i := 0, 0; ; {
		switch {
		case have > n+runSlack:
			return 0, fault("a run is longer than its page")
		case have >= n:
			return i, nil
		}
		head, size := binary.Uvarint(packed[i:])
		if size <= 0 || head>>1 > math.MaxInt32 {
			return 0, short
		}
		i += size
		count, bytes := int(head>>1), (width+7)/8
		if head&1 == 1 {
			bytes, count = count*width, 8*count
		}
		if bytes > len(packed)-i {
			cut := head&1 == 1 && have+count >= n && (n-have)*width <= 8*(len(packed)-i) && bytes <= cap(packed)-i
			if !cut {
				return 0, short
			}
		}
		have += count
		i += bytes
	}
}
