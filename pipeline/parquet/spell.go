package parquet

import (
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules/value"
)

// spelling is how a text column writes values that are no texts in the file.
type spelling uint8

const (
	verbatim spelling = iota // they are texts
	digits                   // integers, as their decimal digits
	dated                    // dates, as 2026-04-01
	hyphened                 // 16 bytes, as the 36 characters of a UUID in small letters
	hexed                    // bytes, two small letters or digits each
)

const uuidBytes = 16

// texts finds n values of a page, as texts, and returns the slice in which their spans lie. Spelt out, values are
// longer than they are stored, so their sum is watched.
func (c *column) texts(s *scratch, e format.Encoding, src []byte, n int) ([]byte, []span, error) {
	s.spelt = s.spelt[:0]
	if !c.convert.byteStrings() {
		words, err := c.appendWords(s.wide[:0], s, e, src, n)
		if err != nil {
			return nil, nil, err
		}
		s.wide, s.spans = words, slices.Grow(s.spans[:0], n)
		for _, word := range words {
			from := len(s.spelt)
			if s.spelt = c.convert.spellWord(s.spelt, word); int64(len(s.spelt)) > s.most {
				return nil, nil, textsTooLarge(s.most)
			}
			s.spans = append(s.spans, span{int32(from), int32(len(s.spelt))})
		}
		return s.spelt, s.spans, nil
	}
	length := c.convert.length
	if c.convert.physical == format.ByteArray {
		length = 0
	}
	from, spans, err := s.splitValues(e, src, n, length)
	if err != nil || c.convert.spelling == verbatim {
		return from, spans, err
	}
	for i, at := range spans {
		begin := len(s.spelt)
		if s.spelt, err = c.convert.spellBytes(s.spelt, from[at.from:at.to]); err != nil {
			return nil, nil, err
		}
		if int64(len(s.spelt)) > s.most {
			return nil, nil, textsTooLarge(s.most)
		}
		spans[i] = span{int32(begin), int32(len(s.spelt))}
	}
	return s.spelt, spans, nil
}

func (c *conversion) spellBytes(dst, b []byte) ([]byte, error) {
	switch c.spelling {
	case digits:
		return wide(b).Append(dst, 10), nil
	case hexed:
		return hex.AppendEncode(dst, b), nil
	}
	if len(b) != uuidBytes {
		return dst, faultf("a value of %d bytes is no UUID, which has %d: say `encoding: hex`", len(b), uuidBytes)
	}
	for i, end := range []int{4, 6, 8, 10, 16} {
		from := []int{0, 4, 6, 8, 10}[i]
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, b[from:end])
	}
	return dst, nil
}

func (c *conversion) spellWord(dst []byte, word int64) []byte {
	switch {
	case c.spelling == dated:
		return append(dst, value.FormatDays(word)...)
	case c.unsigned && c.physical == format.Int32:
		return strconv.AppendUint(dst, uint64(uint32(word)), 10)
	case c.unsigned:
		return strconv.AppendUint(dst, uint64(word), 10)
	}
	return strconv.AppendInt(dst, word, 10)
}
