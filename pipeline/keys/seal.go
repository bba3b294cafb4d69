package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"filippo.io/age"
)

// Identity opens what was encrypted to it.
type Identity struct {
	redacted
	identities []age.Identity
	recipients []age.Recipient // the public halves
}

// Identity reads an age identity file.
func (s Source) Identity(ref string) (*Identity, error) {
	text, err := s.secret(ref)
	if err != nil {
		return nil, err
	}
	defer clear(text.bytes)
	i := &Identity{}
	// The parser's own error would show part of the line.
	if i.identities, err = age.ParseIdentities(bytes.NewReader(text.bytes)); err != nil {
		return nil, fmt.Errorf("%s: want an age identity (AGE-SECRET-KEY-1...), as malgrupp secret keygen or age-keygen "+
			"writes it", ref)
	}
	for _, identity := range i.identities {
		switch identity := identity.(type) {
		case *age.X25519Identity:
			i.recipients = append(i.recipients, identity.Recipient())
		case *age.HybridIdentity:
			i.recipients = append(i.recipients, identity.Recipient())
		default:
			return nil, fmt.Errorf("%s: want an age identity that is a key of its own, not a plugin's", ref)
		}
	}
	return i, nil
}

// Decrypt reads what was encrypted to the identity. The plaintext may be used only after it was read to its end without
// an error: that is where a truncated object shows.
func (i *Identity) Decrypt(ciphertext io.Reader) (io.Reader, error) {
	plain, err := age.Decrypt(ciphertext, i.identities...)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, errors.New("decrypt: the object was encrypted to another key; restore the identity it was written for")
	}
	if err != nil {
		return nil, fmt.Errorf("decrypt: the object is damaged or not encrypted: %w", err)
	}
	return plain, nil
}

// leastSize is what is encrypted at least: fifty members of most lists fit, so that fewer of them show no number.
const leastSize = 64 << 10

// Padded is the size that n bytes are padded to before they are encrypted: 64 KiB, or the next step, at most 12 % more,
// so that the size of what is encrypted tells only roughly how many people are in it. The steps are those of Padmé
// (Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with PURBs, 2019).
func Padded(n int64) int64 {
	if n <= leastSize {
		return leastSize
	}
	exponent := bits.Len64(uint64(n)) - 1
	step := int64(1)<<(exponent-bits.Len(uint(exponent))) - 1
	return (n + step) &^ step
}

func encrypt(w io.Writer, to []age.Recipient) (io.WriteCloser, error) {
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return sealed, nil
}
