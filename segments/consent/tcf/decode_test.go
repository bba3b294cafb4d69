package tcf

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// ceiling is how much reading any text may allocate, in bytes.
const ceiling = 1 << 20

// agree fails where the decoder and the second reading tell different things of a text. s is used again.
func agree(t interface{ Fatalf(string, ...any) }, s *String, text string) {
	want, code := secondReading(text)
	err := s.Decode(text)
	if code != "" || err != nil {
		var got Error
		if !errors.As(err, &got) || code != strings.Split(got.Error(), ":")[0] {
			t.Fatalf("%q: the error is %v, the second reading has %q", text, err, code)
		}
		if s.Consents != 0 || s.VendorConsents.Has(1) || s.HasPublisher || len(s.Restrictions) != 0 {
			t.Fatalf("%q: something is left of a string that has an error", text)
		}
		return
	}
	got := map[string]string{
		"created":      strconv.FormatInt(s.Created/100_000, 10),
		"last_updated": strconv.FormatInt(s.LastUpdated/100_000, 10),
	}
	for name, v := range plain(s) {
		if got[name] == "" {
			got[name] = fmt.Sprint(v)
		}
	}
	for name, v := range sets(s) {
		got[name] = list(v)
	}
	for name, v := range want.fields {
		if got[name] != v {
			t.Fatalf("%q: %s is %s, the second reading has %s", text, name, got[name], v)
		}
	}
	for name, v := range vendorSets(s) {
		p := want.sets[name]
		if (v == nil) != (p == nil) || v != nil && (v.Max != p.max || v.Ranged != p.ranged) {
			t.Fatalf("%q: %s is %+v, the second reading has %+v", text, name, v, p)
		}
		for _, id := range probes(p) {
			if v.Has(id) != p.has(id) {
				t.Fatalf("%q: %s has vendor %d: %t, by the second reading %t", text, name, id, v.Has(id), p.has(id))
			}
		}
	}
	if len(s.Restrictions) != want.count {
		t.Fatalf("%q: %d restrictions, by the second reading %d", text, len(s.Restrictions), want.count)
	}
	for purpose := range 64 {
		agreeOnRestrictions(t, s, want, purpose)
	}
}

// agreeOnRestrictions compares the strictest restriction of a purpose for the vendors at the ends of all ranges.
func agreeOnRestrictions(t interface{ Fatalf(string, ...any) }, s *String, want *oracle, purpose int) {
	for _, kind := range []int{0, 1, 2, 3} {
		for _, id := range probes(want.sets[fmt.Sprintf("%d,%d", purpose, kind)]) {
			strictest, restricted := 0, false
			for _, kind := range []int{1, 2, 3, 0} { // the last that holds is the strictest
				if p := want.sets[fmt.Sprintf("%d,%d", purpose, kind)]; p != nil && p.has(id) {
					strictest, restricted = kind, true
				}
			}
			if got, ok := s.Restricts(purpose, id); got != strictest || ok != restricted {
				t.Fatalf("purpose %d, vendor %d: %d %t, by the second reading %d %t",
					purpose, id, got, ok, strictest, restricted)
			}
		}
	}
}

// probes are the vendors at both sides of every end of a set, up to some hundred.
func probes(p *pairs) []int {
	if p == nil {
		return nil
	}
	out := []int{-1, 0, 1, p.max, p.max + 1, 65535, 65536}
	for _, pair := range p.list[:min(len(p.list), 64)] {
		out = append(out, pair[0]-1, pair[0], pair[0]+1, pair[1]-1, pair[1], pair[1]+1)
	}
	return out
}

// allocated is how many bytes a call allocates.
func allocated(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func FuzzDecodeAgreesWithASecondReading(f *testing.F) {
	for _, text := range samples() {
		f.Add(text)
	}
	var s String
	f.Fuzz(func(t *testing.T, text string) {
		agree(t, &s, text)
		if n := allocated(func() { _ = new(String).Decode(text) }); n > ceiling {
			t.Errorf("%d bytes of text allocate %d bytes", len(text), n)
		}
	})
}

// drawn are random texts: fields as they come, sometimes a wrong one, sometimes damaged afterwards.
func drawn(t *rapid.T) string {
	text := randomCore(t)
	for _, kind := range rapid.SliceOfN(rapid.IntRange(0, 19), 0, 4).Draw(t, "segments") {
		text += "." + randomSegment(t, kind%5)
	}
	if rapid.IntRange(0, 3).Draw(t, "damage") == 0 {
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		put := rapid.SampledFrom([]string{"", ".", "A", "B", "=", "==", "_", "/", "é", "\n"}).Draw(t, "put")
		text = text[:at] + put + text[min(len(text), at+rapid.IntRange(0, 2).Draw(t, "instead")):]
	}
	return text
}

func TestRandomStringsAreReadAsByASecondReading(t *testing.T) {
	var s String
	whole := 0
	rapid.Check(t, func(t *rapid.T) {
		text := drawn(t)
		if agree(t, &s, text); s.Version == 2 {
			whole++
		}
	})
	if whole == 0 {
		t.Error("no random string could be read")
	}
}

func TestAHostileStringAllocatesLittle(t *testing.T) {
	for name, text := range hostile() {
		if len(text) > longest {
			t.Fatalf("%s has %d characters, more than are read at all", name, len(text))
		}
		var s String
		err := s.Decode(text)
		if n := allocated(func() { _ = new(String).Decode(text) }); n > ceiling/2 {
			t.Errorf("%s (%d characters, %v) allocates %d bytes", name, len(text), err, n)
		}
		if n := testing.AllocsPerRun(20, func() { _ = s.Decode(text) }); n != 0 {
			t.Errorf("%s allocates %v times in buffers that are used again", name, n)
		}
		agree(t, new(String), text)
	}
}

func TestReadingAgainAllocatesNothing(t *testing.T) {
	var s String
	texts := samples()
	for _, text := range texts {
		_ = s.Decode(text)
	}
	n := testing.AllocsPerRun(20, func() {
		for _, text := range texts {
			_ = s.Decode(text)
			_, _ = s.Finding(0)
			_, _ = s.Restricts(1, 32)
			_ = s.VendorConsents.Has(755)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
