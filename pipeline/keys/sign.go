package keys

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
)

const pemType = "PRIVATE KEY" // PKCS#8

func (s Source) signing(ref string) (ed25519.PrivateKey, error) {
	text, err := s.secret(ref)
	if err != nil {
		return nil, err
	}
	defer clear(text.bytes)
	wrong := fmt.Errorf("%s: want one Ed25519 key as PKCS#8 PEM, as malgrupp secret keygen or openssl genpkey "+
		"-algorithm ed25519 writes it", ref)
	block, _ := pem.Decode(text.bytes)
	if block == nil || block.Type != pemType {
		return nil, wrong
	}
	defer clear(block.Bytes)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, wrong
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, wrong
	}
	return key, nil
}

// Sign returns the signature over the exact bytes of a manifest line, in base64.
func (r *Ring) Sign(line []byte) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(r.signing, line))
}

// Verify reports whether a signature that Sign made fits the bytes.
func (r *Ring) Verify(line []byte, signature string) bool {
	sig, err := base64.StdEncoding.Strict().DecodeString(signature)
	return err == nil && ed25519.Verify(r.signing.Public().(ed25519.PublicKey), line, sig)
}
