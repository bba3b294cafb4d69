package parquet

import (
	"encoding/binary"
	"math"
	"math/big"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules/value"
)

// conversion turns a leaf's physical values into words: 64-bit integers that hold a value of the column's type, floats
// as their bits, booleans as 0 and 1. What would lose a digit is a fault.
type conversion struct {
	kind     value.Kind
	physical format.Type
	length   int         // bytes of a fixed-length value
	unsigned bool        // integers are unsigned
	floats   bool        // the file has floats; they stay bits until the column is whole (exact.go)
	spelling spelling    // of a text column, how what is no text is written
	scale    int         // of a number, the power of ten that brings it to the column's scale
	factor   int64       // the same as what it is multiplied by
	divisor  int64       // or divided
	most     int64       // of a decimal, the first magnitude that no longer fits
	unit     string      // of a time: s, ms, us or ns
	zone     *value.Zone // of a time read off a wall clock
}

const int96Bytes = 12

// byteStrings says whether values come as byte strings rather than machine words.
func (c *conversion) byteStrings() bool {
	return c.physical == format.ByteArray || c.physical == format.FixedLenByteArray || c.physical == format.Int96
}

// asIs says whether values keep the form that they have in the file, be its width another.
func (c *conversion) asIs() bool {
	switch c.kind {
	case value.Text:
		return c.spelling == verbatim
	case value.Float:
		return c.floats
	}
	return !c.floats && c.scale == 0
}

// words converts in place what was decoded as machine words.
func (c *conversion) words(v []int64) error {
	if c.floats {
		if c.physical == format.Float {
			for i, bits := range v {
				v[i] = int64(math.Float64bits(float64(math.Float32frombits(uint32(bits)))))
			}
		}
		return nil
	}
	switch c.kind {
	case value.Integer:
		return c.integers(v)
	case value.Decimal:
		return c.decimals(v)
	case value.Float:
		return c.toFloats(v)
	case value.Timestamp:
		if c.divisor > 1 {
			if err := c.divide(v); err != nil {
				return err
			}
		}
		c.times(v)
	case value.Date:
		return c.days(v)
	case value.Text:
		if c.spelling == dated {
			return c.days(v)
		}
	}
	return nil
}

func (c *conversion) widen(v []int64) error {
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

func (c *conversion) integers(v []int64) error {
	if c.divisor > 1 {
		return c.divide(v)
	}
	return c.widen(v)
}

// divide takes places off that hold nothing.
func (c *conversion) divide(v []int64) error {
	for i, x := range v {
		if x%c.divisor != 0 {
			return errDigitsCut
		}
		v[i] = x / c.divisor
	}
	return nil
}

func (c *conversion) decimals(v []int64) error {
	if err := c.integers(v); err != nil {
		return err
	}
	least := c.most / c.factor
	for i, x := range v {
		if x >= least && x != 0 || x <= -least && x != 0 {
			return errTooWide
		}
		v[i] = x * c.factor
	}
	return nil
}

const (
	errDigitsCut = fault("a number has more decimal places than its type: raise the scale in the schema, or say decimal")
	errTooWide   = fault("a decimal has more digits than its type: widen the type in the schema")
	errInexact   = fault("a number has more digits than a float holds: say integer or decimal in the schema")
)

// toFloats writes integers and decimals as floats from which all their digits come back.
func (c *conversion) toFloats(v []int64) error {
	if err := c.widen(v); err != nil {
		return err
	}
	for i, x := range v {
		scale := c.scale
		for ; scale > 0 && x%10 == 0; scale-- {
			x /= 10
		}
		f := float64(x)
		switch {
		case scale > maxDecimalDigits || scale > 0 && (x <= -floatDigits || x >= floatDigits),
			f >= math.MaxInt64 || int64(f) != x:
			return errInexact
		}
		v[i] = int64(math.Float64bits(f / float64(powerOfTen(scale))))
	}
	return nil
}

// floatDigits is 10^15: every decimal of so many digits has a float of its own.
const floatDigits = 1_000_000_000_000_000

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

// days turns times on a wall clock into their days; dates are days already.
func (c *conversion) days(v []int64) error {
	day := int64(microsPerDay)
	switch c.unit {
	case "":
		return nil
	case "ms":
		day /= 1000
	case "ns":
		day *= 1000
	}
	for i, x := range v {
		if x%day != 0 {
			return fault("a time of day would be lost: say timestamp in the schema")
		}
		v[i] = x / day
	}
	return nil
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

// bytes converts one byte string: a big-endian decimal, a half float, or an INT96 time.
func (c *conversion) bytes(b []byte) (int64, error) {
	switch {
	case c.physical == format.Int96:
		return int96Micros(b), nil
	case c.floats:
		return int64(math.Float64bits(halfFloat(binary.LittleEndian.Uint16(b)))), nil
	}
	narrow := *c
	x, ok := bigEndian(b)
	if c.scale < 0 && (!ok || c.scale < -maxDecimalDigits) {
		var err error
		if x, ok, err = c.divideWide(b); err != nil {
			return 0, err
		}
		narrow.divisor = 1
	}
	if !ok {
		return 0, fault("a number does not fit 63 bits at its type's scale: lower the scale in the schema")
	}
	v := [1]int64{x}
	err := narrow.words(v[:])
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

// wide reads a two's complement number that machine words are too small for.
func wide(b []byte) *big.Int {
	b = trimSign(b)
	x := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return x
}

// divideWide takes places off a number of any width.
func (c *conversion) divideWide(b []byte) (x int64, fits bool, err error) {
	places := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-c.scale)), nil)
	whole, rest := new(big.Int).QuoRem(wide(b), places, new(big.Int))
	if rest.Sign() != 0 {
		return 0, false, errDigitsCut
	}
	return whole.Int64(), whole.IsInt64(), nil
}

// halfFloat widens a float of 16 bits.
func halfFloat(bits uint16) float64 {
	sign, exponent, fraction := 1.0, int(bits>>10&31), float64(bits&1023)
	if bits>>15 != 0 {
		sign = -1
	}
	switch {
	case exponent == 31 && fraction == 0:
		return math.Inf(int(sign))
	case exponent == 31:
		return math.NaN()
	case exponent == 0:
		return sign * math.Ldexp(fraction, -24)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
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
