package parquet

import (
	"math"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules/value"
)

// settle turns the floats of a decoded column into the column's type; NaN is null whatever that is.
func (c *column) settle() error {
	if !c.convert.floats {
		return nil
	}
	c.dropNaN()
	if c.convert.kind == value.Float {
		return nil
	}
	for i, bits := range c.words {
		if c.nulls > 0 && !bitSet(c.valid, i) {
			c.words[i] = 0
			continue
		}
		x, err := c.convert.exact(math.Float64frombits(uint64(bits)))
		if err != nil {
			return err
		}
		c.words[i] = x
	}
	if c.convert.kind == value.Timestamp {
		c.convert.times(c.words)
	}
	return nil
}

// exact is a float as an integer at the column's scale. A float that could stand for several integers, because it is
// too large to have a neighbour at distance 1, stands for none.
func (c *conversion) exact(f float64) (int64, error) {
	factor := float64(c.factor)
	product := f * factor
	switch {
	case math.Abs(f) >= c.largestExact():
		return 0, fault("a float is too large to be an exact number: export it as an integer or decimal")
	case product != math.Trunc(product) || math.FMA(f, factor, -product) != 0:
		return 0, errDigitsCut
	case c.most > 0 && math.Abs(product) >= float64(c.most):
		return 0, errTooWide
	}
	return int64(product), nil
}

// largestExact is the first whole number that a float of the file's width shares with others.
func (c *conversion) largestExact() float64 {
	switch c.physical {
	case format.FixedLenByteArray:
		return 1 << 11
	case format.Float:
		return 1 << 24
	}
	return 1 << 53
}
