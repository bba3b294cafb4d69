package tcf

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// writer puts fields together as zeros and ones.
type writer struct{ strings.Builder }

func (w *writer) put(n int, v uint64) *writer {
	if n > 0 {
		fmt.Fprintf(w, "%0*b", n, v)
	}
	return w
}

// text is the base64url of what was put, filled up with zeros.
func (w *writer) text() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var out strings.Builder
	for six := range slices.Chunk([]byte(w.String()+strings.Repeat("0", (6-w.Len()%6)%6)), 6) {
		v := 0
		for _, bit := range six {
			v = 2*v + int(bit-'0')
		}
		out.WriteByte(letters[v])
	}
	return out.String()
}

// facts are the fields of a core up to the sets of vendors, all others are zero.
type facts struct {
	created, updated        uint64 // tenths of a second
	policy, own             uint64 // own: service specific
	features                uint64 // 12 bits
	consents, interests     uint64 // 24 bits, purpose 1 the highest
	cmp, cmpVersion, screen uint64
	letters                 [4]uint64
	list, custom, treatment uint64
}

func (f facts) write() *writer {
	w := new(writer)
	w.put(6, 2).put(36, f.created).put(36, f.updated).put(12, f.cmp).put(12, f.cmpVersion).put(6, f.screen)
	w.put(6, f.letters[0]).put(6, f.letters[1]).put(12, f.list).put(6, f.policy).put(1, f.own).put(1, f.custom)
	w.put(12, f.features).put(24, f.consents).put(24, f.interests).put(1, f.treatment)
	return w.put(6, f.letters[2]).put(6, f.letters[3])
}

func (w *writer) bitSet(n int) *writer {
	return w.put(16, uint64(n)).put(1, 0).put(n, 0)
}

// singles puts n ranges of one vendor each.
func (w *writer) singles(n int) *writer {
	w.put(12, uint64(n))
	for i := range n {
		w.put(1, 0).put(16, uint64(i+1))
	}
	return w
}

// samples are strings of every shape: bits, ranges, restrictions, all segments, and what is wrong.
func samples() []string {
	core := facts{created: 15e9, updated: 16e9, policy: 5, own: 1, consents: 0xffe000}
	empty := core.write().bitSet(0).bitSet(0).put(12, 0).text()
	ranged := core.write().put(16, 900).put(1, 1).put(12, 2).
		put(1, 1).put(16, 7).put(16, 800).put(1, 0).put(16, 900).
		bitSet(30).put(12, 1).put(6, 1).put(2, 2).singles(3).text()
	widest := core.write().put(16, 65535).put(1, 1).singles(2).bitSet(0).
		put(12, 1).put(6, 24).put(2, 0).put(12, 1).put(1, 1).put(16, 65535).put(16, 65535).text()
	shared := new(writer).put(3, 1).put(16, 40).put(1, 0).put(40, 1<<39|1).text()
	allowed := new(writer).put(3, 2).put(16, 30).put(1, 0).put(30, 1<<15).text()
	publisher := new(writer).put(3, 3).put(24, 5).put(24, 1<<23).put(6, 63).put(63, 9).put(63, 1).text()
	return []string{
		empty, ranged, ranged + "." + shared, empty + "." + publisher + "." + shared, ranged + "==", empty + ".YA.YA",
		widest, ranged + "." + shared + "." + allowed, ranged + "." + publisher + "." + allowed + "." + shared,
		allowed, ranged + ".." + shared, "", ".", "A", "A+", "CA==", "=", "==", "C===",
		strings.Repeat("A", longest+1), empty + "." + publisher[:9],
		empty + "B", empty + ".gAAA", strings.Replace(empty, "A", "/", 1), ranged[:len(ranged)-4],
	}
}

// hostile are texts made to be expensive.
func hostile() map[string]string {
	all := func(w *writer) *writer {
		w.put(12, 4095)
		for range 2970 {
			w.put(1, 1).put(16, 1).put(16, 65535)
		}
		return w
	}
	restricted := facts{}.write().bitSet(0).bitSet(0).put(12, 4095)
	for i := range 4095 {
		restricted.put(6, uint64(i%64)).put(2, 3).put(12, 0)
	}
	claims := facts{}.write().put(16, 65535).put(1, 1).put(12, 4095).text()
	claimed := facts{}.write().put(16, 65535).put(1, 1)
	segment := strings.Repeat("."+new(writer).put(3, 1).bitSet(0).text(), 2)
	return map[string]string{
		"a string that claims 4,095 ranges":       claims,
		"a string that claims 4,095 restrictions": facts{}.write().bitSet(0).bitSet(0).put(12, 4095).text(),
		"ranges that have everybody":              all(facts{}.write().put(16, 65535).put(1, 1)).text()[:16000],
		"ranges of one":                           claimed.singles(4095).bitSet(0).put(12, 0).text(),
		"restrictions of nobody":                  restricted.text(),
		"bits":                                    facts{}.write().bitSet(65535).bitSet(20000).put(12, 0).text(),
		"zeros":                                   "C" + strings.Repeat("A", longest-1),
		"segments twice":                          facts{}.write().bitSet(0).bitSet(0).put(12, 0).text() + segment,
		"dots":                                    strings.Repeat(".", longest),
		"segments of a letter":                    strings.Repeat("A.", longest/2-1) + "A",
	}
}

func randomCore(t *rapid.T) string {
	n := func(bits int, name string) uint64 { return rapid.Uint64Range(0, 1<<bits-1).Draw(t, name) }
	f := facts{
		created: n(36, "created"), updated: n(36, "updated"), policy: n(6, "policy"), own: n(1, "own"),
		features: n(12, "features"), consents: n(24, "consents"), interests: n(24, "interests"), cmp: n(12, "cmp"),
		cmpVersion: n(12, "cmp version"), screen: n(6, "screen"), list: n(12, "list"), custom: n(1, "texts"),
		treatment: n(1, "treatment"),
	}
	for i := range f.letters {
		f.letters[i] = rapid.Uint64Range(0, 25).Draw(t, "letter")
	}
	if rapid.IntRange(0, 19).Draw(t, "no letter") == 0 {
		f.letters[rapid.IntRange(0, 3).Draw(t, "which")] = n(6, "letter")
	}
	w := f.write()
	randomSet(t, w)
	randomSet(t, w)
	restrictions := rapid.IntRange(0, 4).Draw(t, "restrictions")
	w.put(12, uint64(restrictions))
	for range restrictions {
		purpose := rapid.Uint64Range(0, 3).Draw(t, "purpose")
		w.put(6, purpose).put(2, rapid.Uint64Range(0, 3).Draw(t, "kind"))
		randomRanges(t, w, 30)
	}
	return w.text()
}

func randomSegment(t *rapid.T, kind int) string {
	w := new(writer).put(3, uint64(kind))
	if kind != publisher {
		randomSet(t, w)
		return w.text()
	}
	custom := rapid.IntRange(0, 63).Draw(t, "custom")
	w.put(24, rapid.Uint64Range(0, 1<<24-1).Draw(t, "consents"))
	w.put(24, rapid.Uint64Range(0, 1<<24-1).Draw(t, "interests")).put(6, uint64(custom))
	for range 2 {
		w.put(custom, rapid.Uint64Range(0, 1<<custom-1).Draw(t, "custom bits"))
	}
	return w.text()
}

func randomSet(t *rapid.T, w *writer) {
	largest := rapid.IntRange(0, 70).Draw(t, "max")
	w.put(16, uint64(largest))
	if largest > 0 && rapid.Bool().Draw(t, "ranged") {
		w.put(1, 1)
		randomRanges(t, w, largest)
		return
	}
	w.put(1, 0)
	for range largest {
		w.put(1, rapid.Uint64Range(0, 1).Draw(t, "bit"))
	}
}

// randomRanges are mostly in order and within bounds.
func randomRanges(t *rapid.T, w *writer, largest int) {
	n := rapid.IntRange(0, 5).Draw(t, "ranges")
	w.put(12, uint64(n))
	for range n {
		first, last := rapid.IntRange(1, largest).Draw(t, "first"), rapid.IntRange(1, largest).Draw(t, "last")
		if first > last && rapid.IntRange(0, 9).Draw(t, "order") > 0 {
			first, last = last, first
		}
		if rapid.IntRange(0, 29).Draw(t, "bounds") == 0 {
			first = rapid.SampledFrom([]int{0, largest + 1}).Draw(t, "out of bounds")
		}
		if rapid.Bool().Draw(t, "single") {
			w.put(1, 0).put(16, uint64(first))
			continue
		}
		w.put(1, 1).put(16, uint64(first)).put(16, uint64(last))
	}
}
