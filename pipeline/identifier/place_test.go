package identifier

import "testing"

func TestACountryIsReadAsItIsSent(t *testing.T) {
	google, _ := ProfileOf("google.v1")
	for value, want := range map[string]string{
		"FI": "FI", "fi": "FI", " Se\u200b ": "SE", "AX": "AX",
		"": "", "UK": "", "EU": "", "XX": "", "ZZ": "", "FIN": "", "Finland": "", "F\xff": "", "12": "", "f@": "", "ﬁ": "",
	} {
		if got := CountryOf(value); got != want {
			t.Errorf("%q is %q, want %q", value, got, want)
		}
		if sent, _ := google.Append(nil, Country, value, ""); string(sent) != want {
			t.Errorf("%q is sent as %q, want %q", value, sent, want)
		}
	}
}
