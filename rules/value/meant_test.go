package value

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSpokenDurationsAndDatesAreUnderstood(t *testing.T) {
	for text, want := range map[string]string{
		"2 weeks": "2w", "14D": "14d", "yesterday": "1d", "6m": "6min 6mo", "6M": "6min 6mo", "1y": "12mo",
		"1.5h": "90min", "half a year": "", "0.5y": "6mo", "last 7 days": "7d", "last_30_days": "30d",
		"7 days ago": "7d", "P14D": "14d", "PT24H": "24h", "P6M": "6mo", "PT30M": "30min", "14": "14d 14h",
		"-14d": "14d", "14 d": "14d", "last week": "1w", "two weeks": "2w", "2 viikkoa": "2w", "3 quarters": "9mo",
		"2 Jahre": "", "soon": "", "0d": "", "0 days": "", "all": "", "": "", "99999999 days": "", "1/2 d": "",
	} {
		if got := strings.Join(MeantDurations(text), " "); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"1.4.2026": "2026-04-01", "01.04.2026": "2026-04-01", "2026/4/1": "2026-04-01", "20260401": "2026-04-01",
		"2026.04.01": "2026-04-01", "2026-4-1": "2026-04-01", "2026-04-01T00:00:00Z": "2026-04-01", "4/1/2026": "",
		"2026-02-30": "", "yesterday": "", "31.2.2026": "",
	} {
		if got := MeantDate(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestWhatIsProposedCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(),
			rapid.StringMatching(`(last |-|P|PT)?[0-9]{0,3}([.,/-][0-9]{1,2})? ?[a-zäå]{0,8}( ago)?`),
			rapid.StringMatching(`[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}`)).Draw(t, "text")
		for _, d := range MeantDurations(text) {
			if _, err := ParseDuration(d); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
		if d := MeantDate(text); d != "" {
			if _, ok := ParseDate(d); !ok {
				t.Errorf("%q: %q is no date", text, d)
			}
		}
	})
}
