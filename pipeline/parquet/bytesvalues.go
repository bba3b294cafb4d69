package parquet

import (
	"encoding/binary"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// splitValues finds the n byte strings of a page and returns the slice in which their spans lie. length is that of a
// fixed-length type, 0 for strings that carry their own.
func (s *scratch) splitValues(encoding format.Encoding, src []byte, n, length int) ([]byte, []span, error) {
	s.spans = s.spans[:0]
	switch {
	case length > 0 && encoding == format.Plain:
		return s.splitFixed(src, n, length)
	case length > 0 && encoding == format.ByteStreamSplit:
		if len(src) != n*length {
			return nil, nil, faultf("a page holds fewer values than it declares (%d)", n)
		}
		joined, err := parquet.LookupEncoding(encoding).DecodeFixedLenByteArray(s.bytes[:0], src, length)
		if err != nil {
			return nil, nil, fault("the values of a page are damaged")
		}
		s.bytes = joined
		return s.splitFixed(joined, n, length)
	case encoding == format.Plain:
		return s.splitPlain(src, n)
	case encoding == format.DeltaLengthByteArray && length == 0:
		return s.splitDeltaLength(src, n)
	case encoding == format.DeltaByteArray:
		return s.joinDelta(src, n, length)
	}
	return nil, nil, faultf("values are encoded as %s, which this type does not have", encoding)
}

func (s *scratch) splitFixed(src []byte, n, length int) ([]byte, []span, error) {
	if len(src) < n*length {
		return nil, nil, faultf("a page holds fewer values than it declares (%d)", n)
	}
	s.spans = slices.Grow(s.spans, n)
	for i := range n {
		s.spans = append(s.spans, span{int32(i * length), int32((i + 1) * length)})
	}
	return src, s.spans, nil
}

func (s *scratch) splitPlain(src []byte, n int) ([]byte, []span, error) {
	short := faultf("a page holds fewer values than it declares (%d)", n)
	if len(src) < 4*n {
		return nil, nil, short
	}
	s.spans = slices.Grow(s.spans, n)
	at := 0
	for range n {
		if len(src)-at < 4 {
			return nil, nil, short
		}
		length := binary.LittleEndian.Uint32(src[at:])
		at += 4
		if int64(length) > int64(len(src)-at) {
			return nil, nil, fault("a value is longer than its page")
		}
		s.spans = append(s.spans, span{int32(at), int32(at + int(length))})
		at += int(length)
	}
	return src, s.spans, nil
}

func (s *scratch) splitDeltaLength(src []byte, n int) ([]byte, []span, error) {
	lengths, rest, err := s.lengths(&s.narrow, src, n)
	if err != nil {
		return nil, nil, err
	}
	s.spans = slices.Grow(s.spans, n)
	at := 0
	for _, length := range lengths {
		if length < 0 || int(length) > len(rest)-at {
			return nil, nil, fault("a value is longer than its page")
		}
		s.spans = append(s.spans, span{int32(at), int32(at + int(length))})
		at += int(length)
	}
	return rest, s.spans, nil
}

// joinDelta puts together values that are stored as a length shared with their predecessor and a suffix.
func (s *scratch) joinDelta(src []byte, n, length int) ([]byte, []span, error) {
	prefixes, rest, err := s.lengths(&s.narrow, src, n)
	if err != nil {
		return nil, nil, err
	}
	suffixes, rest, err := s.lengths(&s.second, rest, n)
	if err != nil {
		return nil, nil, err
	}
	total, most := 0, min(defaultPageBytes, max(ratioFreeBytes, maxRatio*len(src)))
	for i := range n {
		if prefixes[i] < 0 || suffixes[i] < 0 || length > 0 && int(prefixes[i])+int(suffixes[i]) != length {
			return nil, nil, fault("a value has a length that its type does not have")
		}
		total += int(prefixes[i]) + int(suffixes[i])
		if total > most {
			return nil, nil, fault("the shared prefixes of a page make it too large")
		}
	}
	s.bytes, s.spans = slices.Grow(s.bytes[:0], total), slices.Grow(s.spans, n)
	var last span
	for i := range n {
		prefix, suffix := prefixes[i], int(suffixes[i])
		if prefix > last.to-last.from || suffix > len(rest) {
			return nil, nil, fault("a value is longer than its page")
		}
		from := int32(len(s.bytes))
		s.bytes = append(s.bytes, s.bytes[last.from:last.from+prefix]...)
		s.bytes = append(s.bytes, rest[:suffix]...)
		rest = rest[suffix:]
		last = span{from, int32(len(s.bytes))}
		s.spans = append(s.spans, last)
	}
	return s.bytes, s.spans, nil
}

// lengths decodes n delta-packed lengths from the front of src.
func (s *scratch) lengths(into *[]int32, src []byte, n int) (lengths []int32, rest []byte, err error) {
	end, err := checkDelta(src, n)
	if err != nil {
		return nil, nil, err
	}
	lengths, err = new(delta.BinaryPackedEncoding).DecodeInt32((*into)[:0], src[:end])
	if err != nil || len(lengths) != n {
		return nil, nil, fault("the lengths of a page's values are damaged")
	}
	*into = lengths
	return lengths, src[end:], nil
}

const (
	maxDeltaBlock = 1 << 16
	maxMiniBlocks = 1 << 11
)

// checkDelta walks delta-packed integers, which must be n, and returns where they end. The decoder allocates for the
// count it reads, so it is checked before.
func checkDelta(src []byte, n int) (end int, err error) {
	c := compact{rest: src}
	block, minis, total := c.uvarint(), c.uvarint(), c.uvarint()
	c.uvarint()
	if c.bad || block == 0 || block > maxDeltaBlock || minis == 0 || minis > maxMiniBlocks || block%(32*minis) != 0 {
		return 0, fault("the head of delta-packed values is damaged")
	}
	if total != uint64(n) {
		return 0, faultf("a page holds %d values, declares %d", total, n)
	}
	perMini := int(block / minis)
	for left := n - 1; left > 0 && !c.bad; {
		c.uvarint()
		for _, width := range c.take(minis) {
			if left <= 0 {
				break
			}
			left -= perMini
			c.takeUpTo(uint64(perMini*int(width)/8), left <= 0)
		}
	}
	if c.bad {
		return 0, fault("delta-packed values end too early")
	}
	return len(src) - len(c.rest), nil
}

// takeUpTo skips n bytes; some writers cut the very last block short.
func (c *compact) takeUpTo(n uint64, last bool) {
	if last {
		n = min(n, uint64(len(c.rest)))
	}
	c.take(n)
}
