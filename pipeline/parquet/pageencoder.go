package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pageEncoder turns values into the bytes of pages. Its buffers last from page to page.
type pageEncoder struct {
	by     Codec
	zstd   *zstd.Encoder
	plain  []byte // page before compression
	stored []byte
	head   []byte
	part   []byte
}

func (e *pageEncoder) init(by Codec) (err error) {
	e.by = by
	if by == Zstd {
		e.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	}
	return err
}

func (e *pageEncoder) codec() format.CompressionCodec {
	switch e.by {
	case Zstd:
		return format.Zstd
	case Uncompressed:
		return format.Uncompressed
	}
	return format.Snappy
}

// appendLevels appends levels of 0 and 1 with their length before them.
func (e *pageEncoder) appendLevels(b []byte, levels []uint8) (_ []byte, err error) {
	coder := rle.Encoding{BitWidth: 1}
	if e.part, err = coder.EncodeLevels(e.part[:0], levels); err != nil {
		return b, err
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(e.part)))
	return append(b, e.part...), nil
}

func (e *pageEncoder) appendCodes(b []byte, codes []int32) (_ []byte, err error) {
	if e.part, err = new(rle.DictionaryEncoding).EncodeInt32(e.part[:0], codes); err != nil {
		return b, err
	}
	return append(b, e.part...), nil
}

func (e *pageEncoder) appendDelta(b []byte, words []int64) (_ []byte, err error) {
	if e.part, err = new(delta.BinaryPackedEncoding).EncodeInt64(e.part[:0], words); err != nil {
		return b, err
	}
	return append(b, e.part...), nil
}

// seal compresses the page, completes its header into e.head and returns the page as stored.
func (e *pageEncoder) seal(head *format.PageHeader) ([]byte, error) {
	if len(e.plain) > math.MaxInt32 {
		return nil, fmt.Errorf("a page has %d bytes: write smaller values", len(e.plain))
	}
	stored := e.plain
	switch e.by {
	case Snappy:
		stored = snappy.Encode(e.stored[:cap(e.stored)], e.plain)
		e.stored = stored
	case Zstd:
		stored = e.zstd.EncodeAll(e.plain, e.stored[:0])
		e.stored = stored
	}
	head.UncompressedPageSize = int32(len(e.plain))
	head.CompressedPageSize = int32(len(stored))
	head.CRC = int32(crc32.ChecksumIEEE(stored))
	buffer := bytes.NewBuffer(e.head[:0])
	err := thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(buffer)).Encode(head)
	e.head = buffer.Bytes()
	return stored, err
}
