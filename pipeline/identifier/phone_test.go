package identifier

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

func TestThePlansAreTheLibrarys(t *testing.T) {
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plans {
		i := slices.IndexFunc(all.GetMetadata(), func(m *phonenumbers.PhoneMetadata) bool { return m.GetId() == p.region })
		if i < 0 {
			t.Fatalf("the library does not know %s", p.region)
		}
		m := all.GetMetadata()[i]
		var lengths uint32
		for _, n := range m.GetGeneralDesc().GetPossibleLength() {
			lengths |= 1 << n
		}
		code := strconv.Itoa(int(m.GetCountryCode()))
		if code != p.code || lengths != p.lengths || hasTrunkZero(p.region) != p.trunk ||
			phonenumbers.GetRegionCodeForCountryCode(int(m.GetCountryCode())) != p.region {
			t.Errorf("%s: the library has code %s, lengths %b, trunk zero %v", p.region, code, lengths, hasTrunkZero(p.region))
		}
	}
}

// compareWays fails if the plans take a number that the library refuses or reads otherwise. The plans refuse nothing,
// so nothing else can differ.
func compareWays(t rapid.TB, text, country string) (planned bool) {
	t.Helper()
	d, reason := dial(text)
	if reason != Accepted {
		return false
	}
	short, ok := d.appendPlanned(nil, country)
	if !ok {
		return false
	}
	if long, reason := d.appendParsed(nil, country); reason != Accepted || !bytes.Equal(short, long) {
		t.Errorf("%q in %q is %s by its plan and %s, %v by the library", text, country, short, long, reason)
	}
	return true
}

func TestBothWaysAgreeForEveryLengthAndBeginning(t *testing.T) {
	for _, p := range plans {
		for length := 1; length <= 16; length++ {
			for beginning := range 1000 {
				if testing.Short() && beginning%7 != 0 {
					continue
				}
				national := (strconv.Itoa(1000 + beginning)[1:] + "2345678901234")[:length]
				compareWays(t, "+"+p.code+national, "")
				compareWays(t, national, p.region)
				if p.trunk {
					compareWays(t, "0"+national, p.region)
				}
			}
		}
	}
}

func TestBothWaysAgreeForWhatPeopleWrite(t *testing.T) {
	planned := 0
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(plans).Draw(t, "plan")
		regions := []string{p.region, "", "FI", "AX", "IT", "BR", "QQ"}
		before := rapid.SampledFrom([]string{
			"+" + p.code, "00" + p.code, p.code, "+" + p.code + "(0)", "+" + p.code + "0", "0", "",
		})
		text := before.Draw(t, "before") +
			rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), 3, 14, -1).Draw(t, "national")
		if compareWays(t, text, rapid.SampledFrom(regions).Draw(t, "region")) {
			planned++
		}
	})
	if planned == 0 {
		t.Error("no plan took anything")
	}
}

func TestTheUsualFormsTakeTheShortWay(t *testing.T) {
	for country, texts := range map[string][]string{
		"FI": {
			"040 555 0123", "+358 40 555 0123", "00358405550123", "358405550123", "+358 (0)9 555 01234",
			"+358 040 5550123",
		},
		"SE": {"070-555 01 23", "+46705550123", "08-555 012 34"},
		"NO": {"905 55 012", "+4790555012"},
		"DK": {"32 55 50 12", "+4532555012"},
		"EE": {"5555 0123", "+37255550123"},
		"LV": {"25550123", "+37125550123"},
		"DE": {"0151 55501234", "+4915155501234"},
		"GB": {"07700 900123", "+447700900123"},
		"AU": {"0491 570 156", "+61491570156"},
		"US": {"(212) 555-0123", "+12125550123"},
	} {
		for _, text := range texts {
			if !compareWays(t, text, country) {
				t.Errorf("%q in %s takes the long way", text, country)
			}
		}
	}
}

func TestDigitsOfEveryScriptAreRead(t *testing.T) {
	for _, zero := range "0٠۰߀०০੦૦୦௦౦೦൦๐໐༠၀០᠐᥆᧐᪀᪐᭐０𝟎𝟘𝟢𝟬𝟶" {
		var text strings.Builder
		for _, d := range "0123456789" {
			text.WriteRune(zero + d - '0')
		}
		d, reason := dial("+" + text.String())
		if reason != Accepted || string(d.number()) != "0123456789" {
			t.Errorf("digits from %q are read as %s, %v", zero, d.number(), reason)
		}
	}
}
