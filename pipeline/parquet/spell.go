package parquet

import (
	"encoding/hex"
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

// eachText visits n values of a page, as texts. What is visited is valid until the next one.
func (c *column) eachText(s *scratch, e format.Encoding, src []byte, n int, visit func(text []byte)) error {
	if c.convert.byteStrings() {
		length := c.convert.length
		if c.convert.physical == format.ByteArray {
			length = 0
		}
		from, spans, err := s.splitValues(e, src, n, length)
		if err != nil {
			return err
		}
		for _, at := range spans {
			b := from[at.from:at.to]
			if c.convert.spelling != verbatim {
				if s.spelt, err = c.convert.spellBytes(s.spelt[:0], b); err != nil {
					return err
				}
				b = s.spelt
			}
			visit(b)
		}
		return nil
	}
	words, err := c.appendWords(s.wide[:0], s, e, src, n)
	if err != nil {
		return err
	}
	s.wide = words
	for _, word := range words {
		s.spelt = c.convert.spellWord(s.spelt[:0], word)
		visit(s.spelt)
	}
	return nil
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
