package identifier

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// A sending is how a normal form leaves: as it is, or as its SHA-256 without any salt, since platforms match that.
type sending uint8

const (
	plain        sending = iota
	sha256Hex            // 64 lower-case hex characters
	sha256Base64         // 44 characters, standard and padded, of the 32 bytes and not of their hex
)

// seal replaces the normal form out[from:] by what is sent for it.
func (s sending) seal(out []byte, from int) []byte {
	if s == plain {
		return out
	}
	sum := sha256.Sum256(out[from:])
	return s.encode(out[:from], &sum)
}

func (s sending) encode(dst []byte, sum *[sha256.Size]byte) []byte {
	if s == sha256Base64 {
		return base64.StdEncoding.AppendEncode(dst, sum[:])
	}
	var text [2 * sha256.Size]byte
	for i, b := range sum {
		binary.LittleEndian.PutUint16(text[2*i:], hexPairs[b])
	}
	return append(dst, text[:]...)
}

// hexPairs has the two hex characters of each byte, the first in the low half. Two at a time, they take half the time
// of the standard encoder.
var hexPairs = func() (pairs [256]uint16) {
	const digits = "0123456789abcdef"
	for b := range pairs {
		pairs[b] = uint16(digits[b>>4]) | uint16(digits[b&15])<<8
	}
	return pairs
}()

// hashOfNothing is what careless programs send for people without a value. It matches strangers to each other.
var hashOfNothing = sha256.Sum256(nil)

// appendHash sends a hash that somebody else made.
func (s sending) appendHash(dst []byte, value string) ([]byte, Reason) {
	text, ok := clean(value)
	if !ok {
		return dst, BadUTF8
	}
	text = strings.TrimSpace(text)
	if len(text) != hex.EncodedLen(sha256.Size) {
		return dst, NotAHash
	}
	var sum [sha256.Size]byte
	if _, err := hex.Decode(sum[:], []byte(text)); err != nil {
		return dst, NotAHash
	}
	if bytes.Equal(sum[:], hashOfNothing[:]) {
		return dst, Empty
	}
	return s.encode(dst, &sum), Accepted
}
