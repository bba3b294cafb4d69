package tcf

import (
	"encoding/binary"
	"math/bits"
)

// ahead is how far a reader looks beyond the bits that it wants, in bytes.
const ahead = 8

// sixes are the six bits of each character; what is no base64url has the highest bit.
var sixes = func() (out [256]byte) {
	for i := range out {
		out[i] = 0x80
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		out[c] = byte(i)
	}
	return out
}()

// unpack writes the bits of a segment to the front of free and returns their reader, or false where a character has
// none. Up to two = at the end are nothing.
func unpack(free []byte, segment string) (reader, bool) {
	for range 2 {
		if n := len(segment) - 1; n >= 0 && segment[n] == '=' {
			segment = segment[:n]
		}
	}
	data, end := free, 6*len(segment)
	bad := byte(0)
	for ; len(segment) >= 4; segment, free = segment[4:], free[3:] {
		a, b, c, d := sixes[segment[0]], sixes[segment[1]], sixes[segment[2]], sixes[segment[3]]
		bad |= a | b | c | d
		binary.BigEndian.PutUint32(free, (uint32(a)<<18|uint32(b)<<12|uint32(c)<<6|uint32(d))<<8)
	}
	last := uint32(0)
	for i := range len(segment) {
		six := sixes[segment[i]]
		bad |= six
		last |= uint32(six) << (26 - 6*i)
	}
	binary.BigEndian.PutUint32(free, last)
	return reader{data: data, end: end}, bad < 0x80
}

// reader reads fields of a segment, the highest bit first. It keeps the first error; what it reads from then on means
// nothing.
type reader struct {
	data []byte // has ahead bytes more than the bits fill
	at   int    // the next bit
	end  int    // how many bits there are
	err  Error
}

func (r *reader) fail(why Error) {
	if r.err == 0 {
		r.err = why
	}
}

// skip goes over n bits and returns where they begin.
func (r *reader) skip(n int) (from int) {
	from = r.at
	if from+n > r.end {
		r.fail(Truncated)
	} else {
		r.at += n
	}
	return from
}

// take reads up to 57 bits.
func (r *reader) take(n int) uint64 {
	from := r.skip(n)
	return binary.BigEndian.Uint64(r.data[from/8:]) << (from % 8) >> (64 - n)
}

func (r *reader) number(n int) int { return int(r.take(n)) }

func (r *reader) flag() bool { return r.take(1) == 1 }

// set reads n bits, up to 63, of which the first becomes the lowest.
func (r *reader) set(n int) uint64 {
	low := n / 2
	return bits.Reverse64(r.take(low)<<(64-low) | r.take(n-low)<<(64-n))
}

// instant reads tenths of a second and returns microseconds.
func (r *reader) instant() int64 { return int64(r.take(36)) * 100_000 }

// letters reads two letters.
func (r *reader) letters() (out [2]byte) {
	for i := range out {
		letter := byte(r.take(6))
		if letter > 25 {
			r.fail(Letter)
		}
		out[i] = 'A' + letter
	}
	return out
}

// once notes that a segment is there, which it may be once.
func (r *reader) once(there *bool) {
	if *there {
		r.fail(SegmentDup)
	}
	*there = true
}

// rest fails if a bit is set after the last field.
func (r *reader) rest() {
	for r.err == 0 && r.at < r.end {
		if r.take(min(r.end-r.at, 57)) != 0 {
			r.fail(Trailing)
		}
	}
}
