package consent

import (
	"testing"

	"github.com/malgrupp/malgrupp/segments/consent/tcf"
)

// bitsOf is a set of purposes of a TC string.
func bitsOf(purposes ...int) (out uint32) {
	for _, p := range purposes {
		out |= 1 << (p - 1)
	}
	return out
}

func TestAStringSaysOfEachPurposeWhatItsBitsSay(t *testing.T) {
	own := Carrier{Own: bitsOf(1, 3), Custom: 2}
	for _, c := range []struct {
		name string
		s    tcf.String
		want Reason
	}{
		{"no publisher segment", tcf.String{Consents: bitsOf(1, 3)}, silent},
		{"all", chosen(tcf.Publisher{Consents: bitsOf(1, 3), CustomConsents: 2}), GrantedTC},
		{"more than all", chosen(tcf.Publisher{Consents: bitsOf(1, 2, 3), CustomConsents: 3}), GrantedTC},
		{"one is missing", chosen(tcf.Publisher{Consents: bitsOf(1), CustomConsents: 2}), TCNoPurpose},
		{"the custom one is missing", chosen(tcf.Publisher{Consents: bitsOf(1, 3)}), TCNoPurpose},
		{
			"the missing one by interest",
			chosen(tcf.Publisher{Consents: bitsOf(1), Interests: bitsOf(3), CustomConsents: 2}), TCLIOnly,
		},
		{
			"one by interest, one not at all", chosen(tcf.Publisher{Consents: bitsOf(1), Interests: bitsOf(3)}),
			TCNoPurpose,
		},
	} {
		if got := own.own(&c.s); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, says(got), says(c.want))
		}
	}
}

// chosen is a string with a publisher segment.
func chosen(own tcf.Publisher) tcf.String { return tcf.String{HasPublisher: true, Own: own} }

// says names a reason, and the silence beside them.
func says(r Reason) string {
	if r == silent {
		return "nothing"
	}
	return r.String()
}

// A string is what a consent platform wrote on 1 April 2026: all purposes, vendor 91, all disclosed.
const sound = "CQh-8AAQh-8AAEsABBENCWFgAP_gAAAAAApAAtgAAAAAAAAAAAAAAIAAAAA.IAtgAAAAAAAAAAAAAAIA.dDAAwAAAAUAA"

func stringPolicy(t *testing.T) *Policy {
	t.Helper()
	p := densePolicy(instant(t, "2026-04-10T00:00:00Z"))
	p.TCF = []Carrier{Profile: {Own: bitsOf(1, 3)}, fixed: {Vendor: 91, Purposes: bitsOf(1, 3, 4)}}
	return p
}

func TestAStringThatIsNotSoundDeniesWhateverItIsAskedAbout(t *testing.T) {
	p := stringPolicy(t)
	for _, c := range []struct {
		text, now string
		want      Reason
	}{
		{sound, "2026-04-10T00:00:00Z", GrantedTC},
		{sound[:len(sound)-20], "2026-04-10T00:00:00Z", TCInvalid},
		{"", "2026-04-10T00:00:00Z", TCInvalid},
		{sound, "2026-03-30T00:00:00Z", TCFuture},
		{sound[:59], "2026-04-10T00:00:00Z", TCNoDisclosed},
	} {
		p.Now = instant(t, c.now)
		s := NewStrings(p)
		n := s.Number(c.text)
		for purpose := range p.Purposes.Len() {
			want := silent
			if purpose == Profile || purpose == fixed {
				want = c.want
			}
			if got := s.says(n, purpose); got != want {
				t.Errorf("%q at %s says of %s: %s, want %s", c.text, c.now, p.Purposes.Name(purpose), says(got), says(want))
			}
		}
		if again := s.Number(c.text); again != n || len(s.updated) != 1 {
			t.Errorf("%q has the numbers %d and %d", c.text, n, again)
		}
	}
}

func TestMoreThanOneBrokenStringInTwentyStopsTheRun(t *testing.T) {
	for _, c := range []struct {
		distinct, broken int
		stops            bool
	}{{0, 0, false}, {20, 1, false}, {20, 2, true}, {19, 1, true}, {1000, 50, false}, {1000, 51, true}} {
		if err := CheckStrings(c.distinct, c.broken); (err != nil) != c.stops {
			t.Errorf("%d of %d: %v", c.broken, c.distinct, err)
		}
	}
}

// What a vendor needs is a consent, or an interest where that was accepted; the string must know the vendor.
func TestAStringSaysOfAVendorWhatItsBitsSay(t *testing.T) {
	var whole tcf.String
	if err := whole.Decode(sound); err != nil {
		t.Fatal(err)
	}
	everybody, nobody := whole.VendorConsents, tcf.Vendors{}
	needs := Carrier{Vendor: 91, Purposes: bitsOf(2, 7), Interests: bitsOf(7)}
	for _, c := range []struct {
		name                string
		consents, interests uint32
		byConsent, byLI     tcf.Vendors
		carrier             Carrier
		want                Reason
	}{
		{"consents", bitsOf(2, 7), 0, everybody, nobody, needs, GrantedTC},
		{"more than is needed", bitsOf(1, 2, 3, 7), 0, everybody, nobody, needs, GrantedTC},
		{"an interest that was accepted", bitsOf(2), bitsOf(7), everybody, everybody, needs, GrantedTC},
		{"an interest of others", bitsOf(2), bitsOf(7), everybody, nobody, needs, TCLIOnly},
		{"another's interest", bitsOf(2), bitsOf(4), everybody, everybody, needs, TCNoPurpose},
		{"neither", bitsOf(2), 0, everybody, everybody, needs, TCNoPurpose},
		{"one by interest that was not accepted", bitsOf(7), bitsOf(2), everybody, everybody, needs, TCLIOnly},
		{
			"both by interest, one accepted", 0, bitsOf(2, 7), everybody, everybody, needs, TCLIOnly,
		},
		{"another vendor", bitsOf(2, 7), 0, nobody, everybody, needs, TCNoVendor},
		{"nothing is needed of a vendor that is unknown", 0, 0, nobody, nobody, Carrier{Vendor: 91}, TCNoVendor},
	} {
		s := whole
		s.Consents, s.Interests, s.VendorConsents, s.VendorInterests = c.consents, c.interests, c.byConsent, c.byLI
		if got := c.carrier.vendor(&s); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, says(got), says(c.want))
		}
	}
	s := whole
	if s.Disclosed = nobody; needs.vendor(&s) != TCNotDisclosed {
		t.Errorf("a vendor that was not disclosed: %s", says(needs.vendor(&s)))
	}
	if s.HasDisclosed = false; needs.vendor(&s) != GrantedTC {
		t.Errorf("a string without disclosed vendors: %s", says(needs.vendor(&s)))
	}
}
