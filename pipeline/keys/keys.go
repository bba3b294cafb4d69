// Package keys holds everything secret of a run: the master keys behind keyed ids, the recipients of lists, the
// identity that reads the program's own state back, and the key that signs manifest lines.
//
// In come references (env:NAME, file:PATH, age:PATH), never secrets themselves; out come keyed ids, ciphertext and
// signatures. The package knows no storage, no people and no environment: variables are looked up by a function that
// the caller gives. Nothing it returns or fails with shows a secret.
package keys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"filippo.io/age"
)

// Config names a project's keys by reference.
type Config struct {
	Master     map[int]string // by key number, from 1; the highest number is the one in use
	State      string         // an age identity; not age:PATH, which it opens
	Recipients string         // an age recipients file: who may open lists
	Signing    string         // an Ed25519 key, PKCS#8 PEM
}

// Ring is a project's keys. It is read-only; any number of goroutines may use it.
type Ring struct {
	roots      map[int]root
	newest     int
	state      *Identity
	recipients []age.Recipient
	signing    ed25519.PrivateKey
}

// Open reads all keys of a project.
func Open(src Source, c Config) (*Ring, error) {
	r := &Ring{roots: map[int]root{}}
	var err error
	if r.state, err = src.Identity(c.State); err != nil {
		return nil, fmt.Errorf("read the state key: %w", err)
	}
	src.state = r.state
	for _, number := range slices.Sorted(maps.Keys(c.Master)) {
		if r.roots[number], err = src.master(c.Master[number]); err != nil {
			return nil, fmt.Errorf("read master key %d: %w", number, err)
		}
		r.newest = number
	}
	if r.newest < 1 {
		return nil, errors.New("read the master keys: want at least one, numbered from 1; malgrupp secret keygen makes one")
	}
	if r.recipients, err = src.recipients(c.Recipients); err != nil {
		return nil, fmt.Errorf("read the recipients of lists: %w", err)
	}
	if r.signing, err = src.signing(c.Signing); err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	return r, nil
}

// master reads 64 hex digits and forgets them: only the root of the sub-keys is kept.
func (s Source) master(ref string) (root, error) {
	secret, err := s.secret(ref)
	if err != nil {
		return nil, err
	}
	defer clear(secret.bytes)
	text := bytes.TrimSpace(secret.bytes)
	key := make([]byte, hex.DecodedLen(len(text)))
	defer clear(key)
	if _, err := hex.Decode(key, text); err != nil || len(key) != masterLength {
		// The decoder's own error would show a character of the key.
		return nil, fmt.Errorf("%s: want %d hex digits, found %d characters; malgrupp secret keygen makes a key", ref,
			2*masterLength,
			len(text))
	}
	return newRoot(key)
}

// recipients reads who may open lists. The file is public, so anybody may read it, but it is no less trusted: nobody
// else may write it.
func (s Source) recipients(ref string) ([]age.Recipient, error) {
	text, err := s.public(ref)
	if err != nil {
		return nil, err
	}
	out, err := age.ParseRecipients(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: want age recipients, one a line: %w", ref, err)
	}
	return out, nil
}

// EncryptList returns a writer whose contents only the recipients of lists can read; they alone can read the label, too
// (Identity.Label). Nothing is complete before Close has returned nil; it does not close w.
func (r *Ring) EncryptList(w io.Writer, label []byte) (io.WriteCloser, error) {
	to := slices.Clone(r.recipients)
	to[0] = labelled{to[0], label}
	return encrypt(w, to)
}

// EncryptState returns a writer whose contents DecryptState can read. Nothing is complete before Close has returned
// nil; it does not close w.
func (r *Ring) EncryptState(w io.Writer) (io.WriteCloser, error) {
	return encrypt(w, r.state.recipients)
}

// DecryptState reads what EncryptState wrote. The plaintext may be used only after it was read to its end without an
// error: that is where a truncated object shows.
func (r *Ring) DecryptState(ciphertext io.Reader) (io.Reader, error) {
	return r.state.Decrypt(ciphertext)
}
