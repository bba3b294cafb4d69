package consent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPurposeOutsideThePatternIsRefused(t *testing.T) {
	for _, name := range []string{"Google Ads", "", "9lives", "Meta", "a/b", "../x", "a*", strings.Repeat("a", 33)} {
		if _, err := NewPurposes([]string{name}); err == nil || !strings.HasPrefix(err.Error(), "BAD_PURPOSE") {
			t.Errorf("destination %q: %v, want BAD_PURPOSE", name, err)
		}
	}
}

func TestDestinationsThatShareAConsentShareItsPurpose(t *testing.T) {
	p, err := NewPurposes([]string{"google", "meta", "google"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range p.Len() {
		names = append(names, p.Name(i))
	}
	if diff := cmp.Diff([]string{"measure", "profile", "link", "partner_data", "activate:google", "activate:meta"},
		names); diff != "" {
		t.Error(diff)
	}
}

func TestPatternsCoverWhatTheyName(t *testing.T) {
	p, err := NewPurposes([]string{"google", "meta"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"*":               {"measure", "profile", "link", "partner_data", "activate:google", "activate:meta"},
		"activate:*":      {"activate:google", "activate:meta"},
		"activate:google": {"activate:google"},
		"activate:tiktok": nil, // another project's destination
		"measure":         {"measure"},
	} {
		pattern, err := p.Pattern(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for i := range p.Len() {
			if pattern.covers(i) {
				got = append(got, p.Name(i))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func FuzzPatternReadsPurposesAndRefusesTheRest(f *testing.F) {
	for _, seed := range []string{
		"*", "activate:*", "activate:google", "activate:x", "profile", "Profile", "activate:Google Ads", "**", "",
	} {
		f.Add(seed)
	}
	p, err := NewPurposes([]string{"google"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pattern, err := p.Pattern(text)
		if err != nil {
			return
		}
		switch {
		case pattern >= 0 && p.Name(int(pattern)) == text:
		case pattern == EveryPurpose && text == "*":
		case pattern == EveryActivation && text == "activate:*":
		case pattern == OtherPurpose && destination.MatchString(strings.TrimPrefix(text, "activate:")):
		default:
			t.Errorf("%q was read as pattern %d", text, pattern)
		}
	})
}

func TestUsesAskThePurposesOfTheProcessingMap(t *testing.T) {
	p, err := NewPurposes([]string{"google"})
	if err != nil {
		t.Fatal(err)
	}
	device, err := p.ListUse(false, "google")
	if err != nil {
		t.Fatal(err)
	}
	customer, err := p.ListUse(true, "google")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		use     Use
		own     string
		partner string
	}{
		{p.ReportUse(), "measure", "measure partner_data"},
		{p.SegmentUse(false), "profile", "profile partner_data"},
		{p.SegmentUse(true), "profile link", "profile partner_data link"},
		{device, "profile activate:google", "profile partner_data activate:google"},
		{customer, "profile link activate:google", "profile partner_data link activate:google"},
	} {
		for partner, want := range map[bool]string{false: c.own, true: c.partner} {
			var got []string
			for _, purpose := range c.use.asked(partner) {
				got = append(got, p.Name(purpose))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, partner %t: asks %v, want %s", c.use.Name, partner, got, want)
			}
		}
	}
	if _, err := p.ListUse(false, "tiktok"); err == nil {
		t.Error("a list for a destination that the project lacks has a use")
	}
}

func TestUnknownActionsAreRefused(t *testing.T) {
	for _, word := range []string{"", "Grant", "revoke", "State", "opt_out"} {
		if _, err := ParseAction(word); err == nil {
			t.Errorf("%q was read as an action", word)
		}
	}
	for _, word := range []string{
		"grant", "deny", "withdraw", "object", "lift", "erase", "gpc", "browser", "state", "heartbeat",
	} {
		if _, err := ParseAction(word); err != nil {
			t.Errorf("%s: %v", word, err)
		}
	}
}
