// Package planted is what mutants are made of: each function is its argument, unless the mutant of that number is on.
package planted

import (
	"cmp"
	"os"
	"syscall"
	"time"
)

// file is given by the linker. Its first two bytes are the number of the mutant that is on; byte n+1 becomes 1 when the
// program comes to the place of mutant n.
var file string

const size = 1 << 16

var mem = load()

var on = int(mem[0])<<8 | int(mem[1])

func load() []byte {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return make([]byte, size)
	}
	defer f.Close()
	m, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	return m
}

func is(n int) bool {
	if mem[n+1] == 0 {
		mem[n+1] = 1
	}
	return n == on
}

// Keep is whether a statement stays.
func Keep(n int) bool { return !is(n) }

// Not is the opposite.
func Not[B ~bool](n int, b B) B { return b != B(is(n)) }

// True is always true.
func True[B ~bool](n int, b B) B { return b || B(is(n)) }

// False is never true.
func False[B ~bool](n int, b B) B { return b && !B(is(n)) }

// Zero is nothing.
func Zero[T any](n int, v T) T {
	if is(n) {
		var none T
		return none
	}
	return v
}

// Off is off by one.
func Off[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](n int, v T) T {
	if is(n) {
		return v + 1
	}
	return v
}

// The comparisons, each with the other boundary.

// Lss is <.
func Lss[T cmp.Ordered](n int, a, b T) bool { return a < b || is(n) && a == b }

// Leq is <=.
func Leq[T cmp.Ordered](n int, a, b T) bool { return a < b || a == b && !is(n) }

// Gtr is >.
func Gtr[T cmp.Ordered](n int, a, b T) bool { return a > b || is(n) && a == b }

// Geq is >=.
func Geq[T cmp.Ordered](n int, a, b T) bool { return a > b || a == b && !is(n) }

// Before is time.Time.Before.
func Before(n int, a, b time.Time) bool { return a.Before(b) || is(n) && a.Equal(b) }

// After is time.Time.After.
func After(n int, a, b time.Time) bool { return a.After(b) || is(n) && a.Equal(b) }
