package parquet

import (
	"encoding/binary"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// decodeDictionary reads a dictionary page. A chunk has at most one.
func (c *column) decodeDictionary(s *scratch, p *page, codec format.CompressionCodec) error {
	if err := p.verify(); err != nil {
		return err
	}
	if c.dict.len() > 0 || len(c.known) > 0 || c.slots > 0 {
		return fault("a dictionary page follows other pages")
	}
	if p.encoding != format.Plain && p.encoding != oldDictionary {
		return faultf("its dictionary is encoded as %s", p.encoding)
	}
	body, err := s.decompress(codec, p.body, int(p.decoded))
	if err != nil {
		return err
	}
	if !c.isText() {
		c.known, err = c.appendWords(c.known, s, format.Plain, body, int(p.values))
		return err
	}
	from, spans, err := c.texts(s, format.Plain, body, int(p.values))
	if err != nil {
		return err
	}
	c.dict.ends = slices.Grow(c.dict.ends, len(spans))
	c.dict.bytes = slices.Grow(c.dict.bytes, len(from)+readSlack)
	for _, at := range spans {
		c.dict.add(from[at.from:at.to])
	}
	c.dict.coded = c.dict.len()
	return c.dict.fit(s.most)
}

// decodeCodes reads a page of codes: text keeps them, words are looked up.
func (c *column) decodeCodes(s *scratch, data *content) error {
	if c.isText() {
		from := len(c.text)
		codes, err := unpackCodes(c.text[from:from], data.values, data.present, c.dict.coded)
		if err != nil {
			return err
		}
		c.text = joined(c.text, codes)
		return nil
	}
	codes, err := unpackCodes(s.narrow, data.values, data.present, len(c.known))
	if err != nil {
		return err
	}
	s.narrow = codes
	for _, code := range codes {
		c.words = append(c.words, c.known[code])
	}
	return nil
}

// unpackCodes decodes n codes, each below limit, into the room behind dst.
func unpackCodes(dst []int32, packed []byte, n, limit int) ([]int32, error) {
	if len(packed) == 0 || limit == 0 {
		return nil, fault("a page of codes lacks its dictionary or its codes")
	}
	width := int(packed[0])
	if width == 0 {
		dst = slices.Grow(dst[:0], n)[:n]
		clear(dst)
		return dst, nil
	}
	if width > 32 {
		return nil, fault("a page of codes is damaged")
	}
	end, err := checkRuns(packed[1:], width, n)
	if err != nil {
		return nil, err
	}
	codes, err := new(rle.DictionaryEncoding).DecodeInt32(slices.Grow(dst[:0], n+runSlack), packed[:1+end])
	if err != nil || len(codes) < n {
		return nil, fault("a page of codes is damaged")
	}
	codes = codes[:n]
	if !allBelow(codes, int32(limit)) {
		return nil, fault("a page has a code that its dictionary lacks")
	}
	return codes, nil
}

// allBelow reports whether all codes lie in [0, limit). It goes without a branch for each: a negative difference or
// code leaves its sign.
func allBelow(codes []int32, limit int32) bool {
	var s0, s1, s2, s3 int32
	last := limit - 1
	for len(codes) >= 8 {
		c := codes[:8:8]
		s0 |= (last - c[0]) | c[0] | (last - c[4]) | c[4]
		s1 |= (last - c[1]) | c[1] | (last - c[5]) | c[5]
		s2 |= (last - c[2]) | c[2] | (last - c[6]) | c[6]
		s3 |= (last - c[3]) | c[3] | (last - c[7]) | c[7]
		codes = codes[8:]
	}
	for _, c := range codes {
		s0 |= (last - c) | c
	}
	return s0|s1|s2|s3 >= 0
}

// appendWords decodes n values and appends them, converted.
func (c *column) appendWords(v []int64, s *scratch, encoding format.Encoding, src []byte, n int) ([]int64, error) {
	from := len(v)
	if c.convert.byteStrings() {
		return c.appendByteStrings(v, s, encoding, src, n)
	}
	var err error
	switch c.convert.physical {
	case format.Int64, format.Double:
		v, err = appendWide(v, encoding, src, n)
	case format.Int32, format.Float:
		v, err = s.appendNarrow(v, encoding, src, n)
	case format.Boolean:
		v, err = s.appendBits(v, encoding, src, n)
	default:
		err = faultf("its values are %s, which cannot be read", c.convert.physical)
	}
	if err != nil {
		return v[:from], err
	}
	return v, c.convert.words(v[from:])
}

func (c *column) appendByteStrings(v []int64, s *scratch, encoding format.Encoding, src []byte,
	n int,
) ([]int64, error) {
	length := c.convert.length
	if c.convert.physical == format.ByteArray {
		length = 0
	}
	from, spans, err := s.splitValues(encoding, src, n, length)
	if err != nil {
		return v, err
	}
	for _, at := range spans {
		word, err := c.convert.bytes(from[at.from:at.to])
		if err != nil {
			return v, err
		}
		v = append(v, word)
	}
	return v, nil
}

// appendWide decodes 64-bit values. Plain doubles and integers are the same bytes.
func appendWide(v []int64, encoding format.Encoding, src []byte, n int) ([]int64, error) {
	if err := checkFixed(encoding, src, n, 8); err != nil {
		return v, err
	}
	v = slices.Grow(v, n)
	got, err := parquet.LookupEncoding(encoding).DecodeInt64(v[len(v):], sized(encoding, src, 8*n))
	if err != nil || len(got) != n {
		return v, fault("the values of a page are damaged")
	}
	return joined(v, got), nil
}

// joined appends what a decoder was asked to put right behind v; where it had to move, it is copied.
func joined[T any](v, got []T) []T {
	from := len(v)
	if n := from + len(got); n > from && n <= cap(v) && &v[:n][from] == &got[0] {
		return v[:n]
	}
	return append(v, got...)
}

func (s *scratch) appendNarrow(v []int64, encoding format.Encoding, src []byte, n int) ([]int64, error) {
	if err := checkFixed(encoding, src, n, 4); err != nil {
		return v, err
	}
	got, err := parquet.LookupEncoding(encoding).DecodeInt32(s.narrow[:0], sized(encoding, src, 4*n))
	if err != nil || len(got) != n {
		return v, fault("the values of a page are damaged")
	}
	s.narrow = got
	v = slices.Grow(v, n)
	for _, x := range got {
		v = append(v, int64(x))
	}
	return v, nil
}

// checkFixed makes sure, before anything is decoded, that src holds n values of that width.
func checkFixed(encoding format.Encoding, src []byte, n, width int) error {
	switch encoding {
	case format.Plain:
		if len(src) < n*width {
			return faultf("a page holds fewer values than it declares (%d)", n)
		}
	case format.ByteStreamSplit:
		if len(src) != n*width {
			return faultf("a page holds another number of values than it declares (%d)", n)
		}
	case format.DeltaBinaryPacked:
		_, err := checkDelta(src, n)
		return err
	default:
		return faultf("values are encoded as %s, which this type does not have", encoding)
	}
	return nil
}

// sized cuts what lies behind the values of an encoding that has no length of its own.
func sized(encoding format.Encoding, src []byte, bytes int) []byte {
	if encoding == format.Plain {
		return src[:bytes]
	}
	return src
}

// appendBits decodes booleans, plain or in runs.
func (s *scratch) appendBits(v []int64, encoding format.Encoding, src []byte, n int) ([]int64, error) {
	bits := src
	if encoding == format.RLE {
		var err error
		if bits, err = s.runsOfBits(src, n); err != nil {
			return v, err
		}
	} else if encoding != format.Plain {
		return v, faultf("booleans are encoded as %s", encoding)
	}
	if len(bits) < (n+7)/8 {
		return v, faultf("a page holds fewer values than it declares (%d)", n)
	}
	v = slices.Grow(v, n)
	for i := range n {
		v = append(v, int64(bits[i>>3]>>(i&7)&1))
	}
	return v, nil
}

func (s *scratch) runsOfBits(src []byte, n int) ([]byte, error) {
	if len(src) < 4 || int64(binary.LittleEndian.Uint32(src)) > int64(len(src)-4) {
		return nil, fault("the values of a page are damaged")
	}
	runs := src[4 : 4+binary.LittleEndian.Uint32(src)]
	levels, err := s.unpackLevels(&s.reps, runs, 1, n)
	if err != nil {
		return nil, err
	}
	s.bytes = slices.Grow(s.bytes[:0], (n+7)/8)[:(n+7)/8]
	clear(s.bytes)
	for i, bit := range levels {
		s.bytes[i>>3] |= bit << (i & 7)
	}
	return s.bytes, nil
}
