package parquet

import (
	"hash/crc32"
	"slices"

	"github.com/parquet-go/parquet-go/format"
)

// scratch holds the buffers that decoding one page after another needs; one set serves all columns of a cursor.
type scratch struct {
	chunk  []byte // stored bytes of the column chunk at hand
	pages  []page
	plain  []byte // decompressed page
	defs   []uint8
	reps   []uint8
	narrow []int32 // 32-bit values, codes, or lengths
	second []int32
	spans  []span
	bytes  []byte  // values that had to be put together
	wide   []int64 // values that are written as texts
	spelt  []byte  // and how
	unpack unpacker
	most   int64 // bytes that the texts of the chunk at hand may take
}

// page is a page as stored; body aliases the chunk.
type page struct {
	pageHeader
	body []byte
}

// span is a byte string within some other slice.
type span struct{ from, to int32 }

// load reads a column chunk and splits it into pages, having checked what each declares: nothing larger than a limit
// is ever allocated for a page, and all pages together hold exactly the values that the footer promises.
func (s *scratch) load(f *File, m *columnMeta) error {
	if m.TotalCompressedSize > f.limits.ChunkBytes {
		return faultf("it takes %d bytes, at most %d are read: raise `limits`", m.TotalCompressedSize, f.limits.ChunkBytes)
	}
	s.most = f.limits.ChunkBytes
	s.chunk = slices.Grow(s.chunk[:0], int(m.TotalCompressedSize)+readSlack)[:m.TotalCompressedSize]
	if err := readFull(f.reader, s.chunk, chunkStart(m)); err != nil {
		return err
	}
	if err := s.split(m, f.limits); err != nil {
		return err
	}
	if chunkStart(m) != m.DataPageOffset && s.pages[0].kind != format.DictionaryPage {
		return fault("the footer points to a dictionary, and there is none")
	}
	return nil
}

// readSlack lets vector instructions of the decoders read past the end of a buffer.
const readSlack = 64

// split finds the pages of the chunk. BYTE_STREAM_SPLIT has to be named in the footer too: its bytes are those of plain
// values in another order, so that a header, which no checksum covers, could turn one into the other unnoticed.
func (s *scratch) split(m *columnMeta, limits Limits) error {
	s.pages = s.pages[:0]
	var values, decoded int64
	for rest := s.chunk; values < m.NumValues || len(s.pages) == 0; {
		if len(rest) == 0 {
			if m.NumValues == 0 {
				return nil
			}
			return faultf("its pages hold %d values, the footer promises %d", values, m.NumValues)
		}
		h, n, err := readPageHeader(rest)
		if err != nil {
			return err
		}
		rest = rest[n:]
		if int64(h.stored) > int64(len(rest)) {
			return fault("a page is longer than its column chunk")
		}
		if h.kind == format.DataPage || h.kind == format.DataPageV2 {
			values += int64(h.values)
			if h.encoding == format.ByteStreamSplit && !slices.Contains(m.Encoding, h.encoding) {
				return fault("a page header declares an encoding that the footer does not name")
			}
		}
		decoded += h.cost()
		if err := h.check(limits, decoded); err != nil {
			return err
		}
		s.pages = append(s.pages, page{h, rest[:h.stored]})
		rest = rest[h.stored:]
	}
	if values != m.NumValues {
		return faultf("its pages hold %d values, the footer promises %d", values, m.NumValues)
	}
	return nil
}

// bytesPerValue is what a decoded value costs at least, however well it was packed.
const bytesPerValue = 8

// cost is the memory that decoding a page takes.
func (h *pageHeader) cost() int64 { return max(int64(h.decoded), bytesPerValue*int64(h.values)) }

func (h *pageHeader) check(limits Limits, chunk int64) error {
	switch {
	case h.cost() > limits.PageBytes:
		return faultf("a page declares %d values in %d bytes, more than the %d bytes a page may take: raise `limits`",
			h.values, h.decoded, limits.PageBytes)
	case chunk > limits.ChunkBytes:
		return faultf("its pages declare more than the %d bytes a column of a row group may take: raise `limits`",
			limits.ChunkBytes)
	case int64(h.decoded) > ratioFreeBytes && int64(h.decoded)/maxRatio > int64(h.stored):
		return faultf("a page of %d bytes declares %d bytes when decompressed, above %d times its size", h.stored, h.decoded,
			maxRatio)
	}
	return nil
}

// content is a data page ready for decoding.
type content struct {
	levels   int     // entries, nulls included
	defs     []uint8 // empty if the column has no nulls by its schema
	reps     []uint8
	present  int // entries that have a value
	encoding format.Encoding
	values   []byte
}

// open checks a data page's sum, decompresses it and decodes its levels. The result is valid until the next call.
func (s *scratch) open(p *page, codec format.CompressionCodec, leaf *node) (content, error) {
	c := content{levels: int(p.values), encoding: p.encoding}
	if err := p.verify(); err != nil {
		return c, err
	}
	var err error
	if p.kind == format.DataPageV2 {
		err = s.openV2(&c, p, codec, leaf)
	} else {
		err = s.openV1(&c, p, codec, leaf)
	}
	if err != nil {
		return c, err
	}
	c.present = c.levels
	if len(c.defs) > 0 {
		c.present = countLevel(c.defs, leaf.maxDef)
	}
	return c, nil
}

// verify compares the page with its checksum, where it carries one.
func (p *page) verify() error {
	if p.hasCRC && crc32.ChecksumIEEE(p.body) != p.crc {
		return fault("a page does not match its checksum: the object was changed or cut after it was written")
	}
	return nil
}

func (s *scratch) openV1(c *content, p *page, codec format.CompressionCodec, leaf *node) error {
	body, err := s.decompress(codec, p.body, int(p.decoded))
	if err != nil {
		return err
	}
	if leaf.maxRep > 0 {
		if c.reps, body, err = s.levelsV1(&s.reps, body, p.repEncoding, leaf.maxRep, c.levels); err != nil {
			return err
		}
	}
	if leaf.maxDef > 0 {
		if c.defs, body, err = s.levelsV1(&s.defs, body, p.defEncoding, leaf.maxDef, c.levels); err != nil {
			return err
		}
	}
	c.values = body
	return nil
}

func (s *scratch) openV2(c *content, p *page, codec format.CompressionCodec, leaf *node) error {
	var err error
	reps, defs := p.body[:p.repBytes], p.body[p.repBytes:p.repBytes+p.defBytes]
	if c.reps, err = s.levelsV2(&s.reps, reps, leaf.maxRep, c.levels); err != nil {
		return err
	}
	if c.defs, err = s.levelsV2(&s.defs, defs, leaf.maxDef, c.levels); err != nil {
		return err
	}
	c.values = p.body[p.repBytes+p.defBytes:]
	if p.uncompressed || len(c.values) == 0 {
		return nil
	}
	c.values, err = s.decompress(codec, c.values, int(p.decoded-p.repBytes-p.defBytes))
	return err
}
