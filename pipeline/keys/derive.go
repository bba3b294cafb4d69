package keys

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

const (
	masterLength = 32
	subKeyLength = 32
	keyedLength  = 16 // bytes of the HMAC that a keyed id keeps
	salt         = "malgrupp/v1"
)

// Label says what a keyed id is for. One raw id has unlinkable keyed ids under different labels.
type Label string

// The labels (docs/identity.md, Member keys); Dest makes those of destinations.
const (
	DeviceID   Label = "device-id"
	CustomerID Label = "customer-id"
	Tombstone  Label = "tombstone"
)

// Dest is the label of ids that lie with one destination.
func Dest(name string) Label { return Label("dest:" + name) }

// ErrNoKey says that something was keyed with a master that this project does not name.
var ErrNoKey = errors.New("no master key of that number: name it in keys.master, restored from where it was escrowed")

// root is the pseudorandom key that HKDF extracts from a master; sub-keys are expanded from it.
type root []byte

func newRoot(master []byte) (root, error) {
	prk, err := hkdf.Extract(sha256.New, master, []byte(salt))
	if err != nil {
		return nil, fmt.Errorf("derive from the master key: %w", err)
	}
	return prk, nil
}

// Keyer turns raw ids into keyed ids under one label. One goroutine uses it at a time.
type Keyer struct {
	number int
	prefix string
	mac    hash.Hash
	sum    [sha256.Size]byte
	text   []byte
}

// Keyer returns a keyer under the newest master.
func (r *Ring) Keyer(l Label) (*Keyer, error) { return r.KeyerOf(r.newest, l) }

// KeyerOf returns a keyer under the master of a number; it fails with ErrNoKey where the ring lacks it.
func (r *Ring) KeyerOf(number int, l Label) (*Keyer, error) {
	from, ok := r.roots[number]
	if !ok {
		return nil, fmt.Errorf("master key %d: %w", number, ErrNoKey)
	}
	sub, err := hkdf.Expand(sha256.New, from, string(l), subKeyLength)
	if err != nil {
		return nil, fmt.Errorf("derive the sub-key for %s: %w", l, err)
	}
	defer clear(sub)
	return &Keyer{number: number, prefix: "k" + strconv.Itoa(number) + ".", mac: hmac.New(sha256.New, sub)}, nil
}

// Number is that of the master key.
func (k *Keyer) Number() int { return k.number }

// Key returns the keyed id, k<number>. and 22 letters. It names nobody without the master and may be stored and logged.
func (k *Keyer) Key(id ID) string {
	k.mac.Reset()
	k.text = append(k.text[:0], id.id...)
	k.mac.Write(k.text)
	sum := k.mac.Sum(k.sum[:0])[:keyedLength]
	k.text = append(k.text[:0], k.prefix...)
	k.text = base64.RawURLEncoding.AppendEncode(k.text, sum)
	return string(k.text)
}

// NumberOf returns the number of the master under which an id was keyed; ok is false for what is no keyed id.
func NumberOf(keyed string) (number int, ok bool) {
	head, tail, _ := strings.Cut(keyed, ".")
	digits, prefixed := strings.CutPrefix(head, "k")
	number, err := strconv.Atoi(digits)
	if !prefixed || err != nil || number < 1 || strconv.Itoa(number) != digits {
		return 0, false
	}
	sum, err := base64.RawURLEncoding.Strict().DecodeString(tail)
	return number, err == nil && len(sum) == keyedLength
}
