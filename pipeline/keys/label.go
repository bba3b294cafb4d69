package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"

	"filippo.io/age"
)

// labelStanza is the type of the stanza that carries a label. Whoever does not know it passes over it, as age's format
// asks of every reader (age-encryption.org/v1, Recipient stanza).
const labelStanza = "malgrupp.org/label"

// labelled is a recipient whose stanzas are followed by a label, encrypted under the key of the file: only who can open
// the file reads it, and the file's own header authenticates it.
type labelled struct {
	age.Recipient
	label []byte
}

// Wrap wraps the key of a file to the recipient and adds the label.
func (l labelled) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	stanzas, _, err := l.WrapWithLabels(fileKey)
	return stanzas, err
}

// WrapWithLabels also returns which recipients may stand beside this one.
func (l labelled) WrapWithLabels(fileKey []byte) (stanzas []*age.Stanza, beside []string, err error) {
	if r, ok := l.Recipient.(age.RecipientWithLabels); ok {
		stanzas, beside, err = r.WrapWithLabels(fileKey)
	} else {
		stanzas, err = l.Recipient.Wrap(fileKey)
	}
	if err != nil {
		return nil, nil, err
	}
	aead, err := labelCipher(fileKey)
	if err != nil {
		return nil, nil, err
	}
	// A file's key encrypts one label, so that a nonce of zeros is used once.
	body := aead.Seal(nil, make([]byte, aead.NonceSize()), l.label, nil)
	return append(stanzas, &age.Stanza{Type: labelStanza, Body: body}), beside, nil
}

func labelCipher(fileKey []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, fileKey, nil, labelStanza, subKeyLength)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// labelReader is an identity that also reads the label.
type labelReader struct {
	*Identity
	label []byte
}

// Unwrap returns the key of the file.
func (l *labelReader) Unwrap(stanzas []*age.Stanza) (fileKey []byte, err error) {
	for _, identity := range l.identities {
		if fileKey, err = identity.Unwrap(stanzas); !errors.Is(err, age.ErrIncorrectIdentity) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	for _, s := range stanzas {
		if s.Type != labelStanza {
			continue
		}
		aead, err := labelCipher(fileKey)
		if err != nil {
			return nil, err
		}
		if l.label, err = aead.Open(nil, make([]byte, aead.NonceSize()), s.Body, nil); err != nil {
			return nil, fmt.Errorf("open the label: %w", err)
		}
	}
	return fileKey, nil
}

// Label reads the label of what EncryptList wrote, "" if it has none. The contents are not looked at.
func (i *Identity) Label(ciphertext []byte) ([]byte, error) {
	l := &labelReader{Identity: i}
	if _, err := age.Decrypt(bytes.NewReader(ciphertext), l); err != nil {
		return nil, fmt.Errorf("decrypt: the object is damaged, or encrypted to another key: %w", err)
	}
	return l.label, nil
}
