package parquet

import (
	"encoding/binary"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	magic          = "PAR1"
	magicEncrypted = "PARE"
	magicBytes     = 4
	tailBytes      = 8 // length of the footer, magic
)

const encryptedReason = "it is encrypted, which is not supported: export it without Parquet encryption"

// readFooter returns the metadata of an object of that size and the offset at which its data ends. Sizes are checked
// before anything is allocated for them. Storages charge and wait by the request, so the footer is guessed to lie in
// the last 64th of the object, which costs little where it does not.
func readFooter(r io.ReaderAt, size int64) (*fileMeta, int64, error) {
	if size < magicBytes+tailBytes {
		return nil, 0, faultf("it has %d bytes, too few for a Parquet file", size)
	}
	last := make([]byte, min(max(size/64, tailBytes), maxGuess))
	if err := readFull(r, last, size-int64(len(last))); err != nil {
		return nil, 0, err
	}
	tail := last[len(last)-tailBytes:]
	if string(tail[4:]) != magic {
		return nil, 0, notParquet(r, string(tail[4:]))
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	end := size - tailBytes - length
	switch {
	case end < magicBytes:
		return nil, 0, faultf("its footer claims %d bytes, the object has %d", length, size)
	case length > maxFooterBytes:
		return nil, 0, faultf("its footer has %d bytes, at most %d are read", length, maxFooterBytes)
	}
	guessed := last[:len(last)-tailBytes]
	if int64(len(guessed)) >= length {
		meta, err := decodeFooter(guessed[int64(len(guessed))-length:])
		return meta, end, err
	}
	b := make([]byte, length)
	missing := b[:length-int64(len(guessed))]
	copy(b[len(missing):], guessed)
	if err := readFull(r, missing, end); err != nil {
		return nil, 0, err
	}
	meta, err := decodeFooter(b)
	return meta, end, err
}

// maxGuess bounds what is read at the end of an object before it is known how long the footer is.
const maxGuess = 16 << 10

// notParquet says why an object that does not end like a Parquet file is none.
func notParquet(r io.ReaderAt, end string) error {
	var head [magicBytes]byte
	if err := readFull(r, head[:], 0); err != nil {
		return err
	}
	switch {
	case end == magicEncrypted || string(head[:]) == magicEncrypted:
		return fault(encryptedReason)
	case string(head[:]) != magic:
		return faultf("it does not begin with %s: not a Parquet file", magic)
	}
	return faultf("it does not end with %s: cut short, or not a Parquet file", magic)
}

func decodeFooter(b []byte) (*fileMeta, error) {
	walk := compact{rest: b}
	walk.checkFooter()
	switch signed := len(walk.rest) > 0 && !walk.bad; {
	case walk.bad:
		return nil, fault("its footer is damaged")
	case signed:
		return nil, fault(encryptedReason)
	}
	meta := new(fileMeta)
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), b, meta); err != nil {
		return nil, fault("its footer is damaged or lacks a required field")
	}
	if meta.EncryptionAlgorithm.Value != nil {
		return nil, fault(encryptedReason)
	}
	return meta, nil
}

// What reading needs of a footer, as thrift has it. The library's own types ask for more than that: they refuse a key
// without a value, which the format allows, and cannot tell a count of 0 from none.
type (
	fileMeta struct {
		Schema              []format.SchemaElement     `thrift:"2,required"`
		RowGroups           []groupMeta                `thrift:"4,required"`
		CreatedBy           string                     `thrift:"6,optional"`
		ColumnOrders        []format.ColumnOrder       `thrift:"7,optional"`
		EncryptionAlgorithm format.EncryptionAlgorithm `thrift:"8,optional"`
	}

	groupMeta struct {
		Columns []chunkMeta `thrift:"1,required"`
		NumRows int64       `thrift:"3,required"`
	}

	chunkMeta struct {
		FilePath                string                      `thrift:"1,optional"`
		MetaData                columnMeta                  `thrift:"3,optional"`
		CryptoMetadata          format.ColumnCryptoMetaData `thrift:"8,optional"`
		EncryptedColumnMetadata []byte                      `thrift:"9,optional"`
	}

	columnMeta struct {
		Type                  format.Type             `thrift:"1,required"`
		Encoding              []format.Encoding       `thrift:"2,required"`
		PathInSchema          []string                `thrift:"3,required"`
		Codec                 format.CompressionCodec `thrift:"4,required"`
		NumValues             int64                   `thrift:"5,required"`
		TotalUncompressedSize int64                   `thrift:"6,required"`
		TotalCompressedSize   int64                   `thrift:"7,required"`
		DataPageOffset        int64                   `thrift:"9,required"`
		DictionaryPageOffset  int64                   `thrift:"11,optional"`
		Statistics            statistics              `thrift:"12,optional"`
	}

	statistics struct {
		Max       []byte             `thrift:"1,optional"`
		Min       []byte             `thrift:"2,optional"`
		NullCount thrift.Null[int64] `thrift:"3,optional"`
		MaxValue  []byte             `thrift:"5,optional"`
		MinValue  []byte             `thrift:"6,optional"`
	}
)

// Least bytes that an element of the footer's large lists takes. The decoder allocates a list by its declared count, so
// a list of empty elements would cost hundreds of times its size in memory.
const (
	minSchemaElement = 4
	minRowGroup      = 8
	minColumnChunk   = 16
)

// checkFooter walks the whole footer without allocating.
func (c *compact) checkFooter() {
	for id, wire, ok := c.field(0); ok; id, wire, ok = c.field(id) {
		switch {
		case id == 2 && wire == wireList:
			c.checkList(minSchemaElement, func() { c.skip(wireStruct, 1) })
		case id == 4 && wire == wireList:
			c.checkList(minRowGroup, c.checkRowGroup)
		default:
			c.skip(wire, 0)
		}
	}
}

func (c *compact) checkRowGroup() {
	for id, wire, ok := c.field(0); ok; id, wire, ok = c.field(id) {
		if id == 1 && wire == wireList {
			c.checkList(minColumnChunk, c.checkColumnChunk)
			continue
		}
		c.skip(wire, 1)
	}
}

func (c *compact) checkColumnChunk() {
	for id, wire, ok := c.field(0); ok; id, wire, ok = c.field(id) {
		if id == 3 && wire == wireStruct {
			c.checkColumnMeta()
			continue
		}
		c.skip(wire, 2)
	}
}

// checkColumnMeta lets no column lie deeper than a schema may be.
func (c *compact) checkColumnMeta() {
	for id, wire, ok := c.field(0); ok; id, wire, ok = c.field(id) {
		if id != 3 || wire != wireList {
			c.skip(wire, 3)
			continue
		}
		n, element := c.list()
		if n > maxTreeDepth {
			c.fail()
		}
		for range n {
			c.skipElement(element, 4)
		}
	}
}

func (c *compact) checkList(least int, element func()) {
	n, wire := c.list()
	if wire != wireStruct && n > 0 || n > len(c.rest)/least {
		c.fail()
	}
	for range n {
		if c.bad {
			return
		}
		element()
	}
}

func readFull(r io.ReaderAt, b []byte, offset int64) error {
	if n, err := r.ReadAt(b, offset); n < len(b) {
		return &readError{err: err}
	}
	return nil
}

// readError is a failure of the storage below, not of the object: callers see it unwrapped and may try again.
type readError struct{ err error }

func (e *readError) Error() string { return "read: " + e.err.Error() }
