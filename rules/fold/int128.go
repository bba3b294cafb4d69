package fold

import (
	"math/big"
	"math/bits"
)

// Int128 is a signed 128-bit integer: sums of 64-bit values cannot overflow it.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Wide returns v as an Int128.
func Wide(v int64) Int128 { return Int128{Hi: v >> 63, Lo: uint64(v)} }

// Add returns a + v.
func (a Int128) Add(v int64) Int128 {
	lo, carry := bits.Add64(a.Lo, uint64(v), 0)
	return Int128{Hi: a.Hi + v>>63 + int64(carry), Lo: lo}
}

// Cmp compares a with b: -1, 0 or 1.
func (a Int128) Cmp(b Int128) int {
	switch {
	case a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo:
		return -1
	case a == b:
		return 0
	}
	return 1
}

// Big returns a as a big integer, for the few places that multiply.
func (a Int128) Big() *big.Int {
	v := new(big.Int).Lsh(big.NewInt(a.Hi), 64)
	return v.Add(v, new(big.Int).SetUint64(a.Lo))
}
