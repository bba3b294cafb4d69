package e2e_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// trace is one id of somebody in one spelling.
type trace struct {
	who      int
	spelling string
	text     []byte
}

// traces finds many texts at once, by their first eight bytes.
type traces struct {
	by    map[uint64][]trace
	maybe [1 << 16]uint64 // a bit for each hash of eight bytes: most of what is looked at is no text's beginning
}

func newTraces() *traces { return &traces{by: map[uint64][]trace{}} }

func place(key uint64) (int, uint64) {
	h := key * 0x9e3779b97f4a7c15 >> 42
	return int(h >> 6), 1 << (h & 63)
}

func (f *traces) add(who int, spelling, text string) {
	key := binary.LittleEndian.Uint64([]byte(text)[:8])
	word, bit := place(key)
	f.maybe[word] |= bit
	f.by[key] = append(f.by[key], trace{who, spelling, []byte(text)})
}

// addID adds an id in nine spellings: as it is, in capitals and small letters, in hexadecimal, in the two alphabets of
// base64, as in an address, and the SHA-256 of each normal form in hexadecimal and in base64. Padding is left out.
func (f *traces) addID(who int, id string, normal ...string) {
	f.add(who, "plain", id)
	f.add(who, "upper", strings.ToUpper(id))
	f.add(who, "lower", strings.ToLower(id))
	f.add(who, "hex", hex.EncodeToString([]byte(id)))
	f.add(who, "base64", base64.RawStdEncoding.EncodeToString([]byte(id)))
	f.add(who, "base64url", base64.RawURLEncoding.EncodeToString([]byte(id)))
	f.add(who, "address", url.QueryEscape(id))
	for _, form := range append(normal, id) {
		sum := sha256.Sum256([]byte(form))
		f.add(who, "sha256 hex", hex.EncodeToString(sum[:]))
		f.add(who, "sha256 base64", base64.RawStdEncoding.EncodeToString(sum[:]))
		f.add(who, "sha256 base64", base64.RawURLEncoding.EncodeToString(sum[:]))
	}
}

// in returns whose ids are in some bytes, and in which spellings.
func (f *traces) in(data []byte) map[int]map[string]int {
	found := map[int]map[string]int{}
	for i := 0; i+8 <= len(data); i++ {
		key := binary.LittleEndian.Uint64(data[i:])
		if word, bit := place(key); f.maybe[word]&bit == 0 {
			continue
		}
		for _, t := range f.by[key] {
			if bytes.HasPrefix(data[i:], t.text) {
				if found[t.who] == nil {
					found[t.who] = map[string]int{}
				}
				found[t.who][t.spelling]++
			}
		}
	}
	return found
}

// What is said of searches that find nothing is worth as much as what they do find.
func TestTheSearchFindsEverySpelling(t *testing.T) {
	t.Parallel()
	const id = "D/aB3+xY7?k"
	sum := sha256.Sum256([]byte("d/ab3+xy7?k"))
	f := newTraces()
	f.addID(7, id, strings.ToLower(id))
	for spelling, text := range map[string]string{
		"plain": id, "upper": "D/AB3+XY7?K", "lower": "d/ab3+xy7?k", "hex": "442f6142332b7859373f6b",
		"base64": "RC9hQjMreFk3P2s", "base64url": "RC9hQjMreFk3P2s", "address": "D%2FaB3%2BxY7%3Fk",
		"sha256 hex": hex.EncodeToString(sum[:]), "sha256 base64": base64.StdEncoding.EncodeToString(sum[:]),
	} {
		if n := f.in([]byte("\x00x" + text + "y"))[7][spelling]; n == 0 {
			t.Errorf("the search does not find %s as %s", id, spelling)
		}
	}
	if diff := cmp.Diff(map[int]map[string]int{}, f.in([]byte("D/aB3+xY8?k, D/aB3+xY7"))); diff != "" {
		t.Errorf("the search finds what is not there:\n%s", diff)
	}
}
