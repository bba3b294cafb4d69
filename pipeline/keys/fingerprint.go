package keys

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"filippo.io/age"
)

// Fingerprints tell keys apart without showing anything of them: 32 hex digits each. They stand in the record of a run,
// so that a key that somebody put in the place of another shows.
type Fingerprints struct {
	Recipients string         `json:"recipients"`
	State      string         `json:"state"`
	Signing    string         `json:"signing"`
	Master     map[int]string `json:"master"` // by number
}

// Fingerprints are those of the ring.
func (r *Ring) Fingerprints() (Fingerprints, error) {
	public := r.signing.Public().(ed25519.PublicKey)
	f := Fingerprints{
		Recipients: fingerprint(names(r.recipients)), State: fingerprint(names(r.state.recipients)),
		Signing: fingerprint(string(public)), Master: map[int]string{},
	}
	for number, from := range r.roots {
		sub, err := hkdf.Expand(sha256.New, from, "fingerprint", subKeyLength)
		if err != nil {
			return f, fmt.Errorf("derive the fingerprint of master key %d: %w", number, err)
		}
		f.Master[number] = fingerprint(string(sub))
	}
	return f, nil
}

// Replaced are the recipients and master keys that are others than they were, in words. A master key of a new number is
// none. Without the state key and the signing key nothing that was written can be read or believed.
func (f Fingerprints) Replaced(now Fingerprints) (what []string) {
	if f.Recipients != now.Recipients {
		what = append(what, "the recipients of lists")
	}
	for _, number := range slices.Sorted(maps.Keys(f.Master)) {
		if is, there := now.Master[number]; there && is != f.Master[number] {
			what = append(what, fmt.Sprintf("master key %d", number))
		}
	}
	return what
}

func fingerprint(of string) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:16])
}

// names are the public keys of recipients, in byte order.
func names(to []age.Recipient) string {
	var out []string
	for _, r := range to {
		out = append(out, fmt.Sprint(r))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
