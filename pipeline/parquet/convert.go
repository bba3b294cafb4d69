package parquet

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules/value"
)

// conversion turns a leaf's physical values into words: 64-bit integers that hold a value of the column's type, floats
// as their bits, booleans as 0 and 1.
type conversion struct {
	kind     value.Kind
	physical format.Type
	length   int         // bytes of a fixed-length value
	unsigned bool        // integers are unsigned
	factor   int64       // of a decimal, what brings it up to the column's scale
	divisor  int64       // or down to it
	most     int64       // of a decimal, the first magnitude that no longer fits
	unit     string      // of a time: s, ms, us or ns
	zone     *value.Zone // of a time read off a wall clock
}

const int96Bytes = 12

// byteStrings says whether values come as byte strings rather than machine words.
func (c *conversion) byteStrings() bool {
	return c.physical == format.ByteArray || c.physical == format.FixedLenByteArray || c.physical == format.Int96
}

// words converts in place what was decoded as machine words.
func (c *conversion) words(v []int64) error {
	switch c.kind {
	case value.Integer:
		return c.integers(v)
	case value.Decimal:
		return c.decimals(v)
	case value.Timestamp:
		c.times(v)
	case value.Float:
		if c.physical == format.Float {
			for i, bits := range v {
				v[i] = int64(math.Float64bits(float64(math.Float32frombits(uint32(bits)))))
			}
		}
	}
	return nil
}

func (c *conversion) integers(v []int64) error {
	if !c.unsigned {
		return nil
	}
	for i, x := range v {
		if c.physical == format.Int32 {
			v[i] = int64(uint32(x))
		} else if x < 0 {
			return fault("an unsigned integer does not fit 63 bits")
		}
	}
	return nil
}

func (c *conversion) decimals(v []int64) error {
	if err := c.integers(v); err != nil {
		return err
	}
	least := c.most / c.factor
	for i, x := range v {
		if c.divisor > 1 {
			if x%c.divisor != 0 {
				return errDigitsCut
			}
			x /= c.divisor
		}
		if x >= least && x != 0 || x <= -least && x != 0 {
			return fault("a decimal has more digits than its type: widen the type in the schema")
		}
		v[i] = x * c.factor
	}
	return nil
}

var errDigitsCut = fault("a decimal has more decimal places than its type: raise the scale in the schema")

func (c *conversion) times(v []int64) {
	if c.unsigned {
		for i, x := range v {
			if c.physical == format.Int32 {
				v[i] = int64(uint32(x))
			} else if x < 0 {
				v[i] = math.MaxInt64
			}
		}
	}
	switch c.unit {
	case "s":
		scaleUp(v, 1_000_000)
	case "ms":
		scaleUp(v, 1000)
	case "ns":
		for i, x := range v {
			v[i] = floorDiv(x, 1000)
		}
	}
	if c.zone != nil {
		for i, x := range v {
			v[i] = c.zone.Earliest(x)
		}
	}
}

// scaleUp multiplies; what leaves an int64 becomes its nearest end, so that an absurd time stays absurd.
func scaleUp(v []int64, factor int64) {
	most := math.MaxInt64 / factor
	for i, x := range v {
		switch {
		case x > most:
			v[i] = math.MaxInt64
		case x < -most:
			v[i] = math.MinInt64
		default:
			v[i] = x * factor
		}
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// bytes converts one byte string: a big-endian decimal or integer, or an INT96 time.
func (c *conversion) bytes(b []byte) (int64, error) {
	if c.physical == format.Int96 {
		return int96Micros(b), nil
	}
	narrow := *c
	x, ok := bigEndian(b)
	if !ok && c.divisor > 1 {
		if x, ok = c.divideWide(b); !ok {
			return 0, errDigitsCut
		}
		narrow.divisor = 1
	}
	if !ok {
		return 0, fault("a decimal does not fit 63 bits at its type's scale: lower the scale in the schema")
	}
	if c.kind == value.Integer {
		return x, nil
	}
	v := [1]int64{x}
	err := narrow.decimals(v[:])
	return v[0], err
}

// bigEndian reads a two's complement number of any length.
func bigEndian(b []byte) (int64, bool) {
	b = trimSign(b)
	if len(b) == 0 {
		return 0, true
	}
	if len(b) > 8 {
		return 0, false
	}
	x := int64(int8(b[0])) >> 7 // 0 or -1
	for _, octet := range b {
		x = x<<8 | int64(octet)
	}
	return x, true
}

// trimSign drops leading bytes that only repeat the sign.
func trimSign(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xFF && b[1] >= 0x80) {
		b = b[1:]
	}
	return b
}

// divideWide divides a number of up to 128 bits, if that leaves nothing over and the result fits.
func (c *conversion) divideWide(b []byte) (int64, bool) {
	if b = trimSign(b); len(b) > 16 {
		return 0, false
	}
	negative := b[0] >= 0x80
	var hi, lo uint64
	if negative {
		hi, lo = math.MaxUint64, math.MaxUint64
	}
	for _, octet := range b {
		hi, lo = hi<<8|lo>>56, lo<<8|uint64(octet)
	}
	if negative {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	if hi >= uint64(c.divisor) {
		return 0, false
	}
	quotient, rest := bits.Div64(hi, lo, uint64(c.divisor))
	if rest != 0 || quotient > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(quotient), true
	}
	return int64(quotient), true
}

const (
	julianEpoch  = 2440588 // Julian day number of 1970-01-01
	microsPerDay = 86_400_000_000
)

// int96Micros reads nanoseconds of the day and Julian day. The sum wraps round as Spark's does: so its writer stores
// times whose day number would not fit.
func int96Micros(b []byte) int64 {
	nanos := int64(binary.LittleEndian.Uint64(b))
	day := int64(int32(binary.LittleEndian.Uint32(b[8:]))) - julianEpoch
	return day*microsPerDay + nanos/1000
}
