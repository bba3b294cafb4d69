package tcf

import "testing"

// short is what most sites write: bits for some hundred vendors, the publisher's own purposes, disclosed vendors.
func short() string {
	core := facts{created: 17e9, updated: 17e9, policy: 5, own: 1, consents: 0xffe000, list: 120}.write()
	core.bitSet(240).bitSet(0).put(12, 0)
	disclosed := new(writer).put(3, 1).put(16, 900).put(1, 1).singles(3)
	own := new(writer).put(3, 3).put(24, 1<<23).put(24, 0).put(6, 2).put(2, 2).put(2, 0)
	return core.text() + "." + disclosed.text() + "." + own.text()
}

// BenchmarkDecode reads one string of some hundred characters again and again.
func BenchmarkDecode(b *testing.B) {
	text := short()
	var s String
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := s.Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeTwoMillion reads two million strings, no two alike, and asks of each what a gate would.
func BenchmarkDecodeTwoMillion(b *testing.B) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	text := short()
	texts := make([]string, 2_000_000)
	for i := range texts {
		own := []byte(text) // the time of its making differs: characters 2 to 6
		for k := range 4 {
			own[6-k] = letters[i>>(6*k)&63]
		}
		texts[i] = string(own)
	}
	var s String
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			if err := s.Decode(text); err != nil {
				b.Fatal(err)
			}
			_, _ = s.Finding(0)
			_, _ = s.Restricts(1, 755)
			_ = s.VendorConsents.Has(755) && s.Disclosed.Has(755)
		}
	}
}
