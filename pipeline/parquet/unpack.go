package parquet

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// unpacker keeps decompressors. The library's own codecs grow their output as the data asks for; these stop at the size
// that the page declared, which was checked against the limits.
type unpacker struct {
	source bytes.Reader
	gzip   *gzip.Reader
	brotli *brotli.Reader
	zstd   *zstd.Decoder
}

// decompress returns the stored bytes decompressed to exactly size bytes. The result is valid until the next call; it
// aliases stored where nothing was compressed.
func (s *scratch) decompress(codec format.CompressionCodec, stored []byte, size int) ([]byte, error) {
	if codec == format.Uncompressed {
		if len(stored) != size {
			return nil, faultf("a page holds %d bytes, declares %d", len(stored), size)
		}
		return stored, nil
	}
	for room := plausible(size, len(stored)); ; room = min(size, 8*room) {
		s.plain = slices.Grow(s.plain[:0], room+readSlack)
		n, err := s.unpack.into(s.plain[:room], codec, stored)
		switch {
		case err != nil:
			return nil, err
		case n == size:
			return s.plain[:size], nil
		case n <= room || room == size:
			return nil, faultf("a page decompresses to another size than the %d bytes it declares", size)
		}
	}
}

// What a byte of these codecs stands for at most; the others say it as they go.
const (
	maxSnappyRatio = 22
	maxLZ4Ratio    = 255
)

// into decompresses at most len(dst) bytes; it returns a larger number if there are more.
func (u *unpacker) into(dst []byte, codec format.CompressionCodec, stored []byte) (int, error) {
	damaged := faultf("a page cannot be decompressed (%s): it is damaged", codec)
	switch codec {
	case format.Snappy:
		n, err := snappy.DecodedLen(stored)
		if err != nil || n > maxSnappyRatio*len(stored) {
			return 0, damaged
		}
		if n > len(dst) {
			return n, nil
		}
		if _, err := snappy.Decode(dst, stored); err != nil {
			return 0, damaged
		}
		return n, nil
	case format.Lz4Raw:
		n, err := lz4.UncompressBlock(stored, dst)
		switch {
		case err == nil:
			return n, nil
		case len(dst) < maxLZ4Ratio*len(stored):
			return len(dst) + 1, nil // the codec does not tell a small buffer from a damaged page
		}
		return 0, damaged
	case format.Zstd:
		n, err := u.unzstd(dst, stored)
		if err != nil {
			return 0, damaged
		}
		return n, nil
	case format.Gzip, format.Brotli:
		u.source.Reset(stored)
		r, err := u.stream(codec)
		if err != nil {
			return 0, damaged
		}
		n, err := fill(r, dst)
		if err != nil {
			return 0, damaged
		}
		return n, nil
	}
	return 0, faultf("it is compressed with %s, which is not supported", codec)
}

// maxZstdWindow admits what zstd writes in its long mode; the window lies within the output and costs no memory.
const maxZstdWindow = 1 << 27

func (u *unpacker) unzstd(dst, stored []byte) (int, error) {
	if u.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return 0, err
		}
		u.zstd = d
	}
	out, err := u.zstd.DecodeAll(stored, dst[:0:len(dst)])
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return len(dst) + 1, nil
	}
	if len(out) > 0 && len(dst) > 0 && &out[0] != &dst[0] {
		copy(dst, out)
	}
	return len(out), err
}

func (u *unpacker) stream(codec format.CompressionCodec) (io.Reader, error) {
	if codec == format.Brotli {
		if u.brotli == nil {
			u.brotli = new(brotli.Reader)
		}
		return u.brotli, u.brotli.Reset(&u.source)
	}
	if u.gzip == nil {
		u.gzip = new(gzip.Reader)
	}
	return u.gzip, u.gzip.Reset(&u.source)
}

// fill reads until dst is full or r ends, and one byte more to learn whether r goes on.
func fill(r io.Reader, dst []byte) (int, error) {
	n, err := io.ReadFull(r, dst)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return n, nil
	}
	if err != nil {
		return n, err
	}
	var more [1]byte
	if _, err := io.ReadFull(r, more[:]); err != io.EOF {
		return n + 1, nil
	}
	return n, nil
}
