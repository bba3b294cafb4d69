package oracle

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func zone(t *testing.T, name string) clock {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return clock{z}
}

func TestOddHoursAreTheEarliestInstantThatShowsThatTimeOrLater(t *testing.T) {
	helsinki := zone(t, "Europe/Helsinki")
	for _, c := range []struct {
		asOf, want string
		ago        Ago
	}{
		{"2026-04-05T03:30:00+03:00", "2026-03-29T04:00:00+03:00", Ago{Days: 7}}, // 03:30 was skipped
		{"2026-11-01T03:30:00+02:00", "2026-10-25T03:30:00+03:00", Ago{Days: 7}}, // 03:30 came twice
		{"2026-10-26T00:00:00+02:00", "2026-10-25T00:00:00+03:00", Ago{Days: 1}}, // a day of 25 hours
		{"2026-10-26T00:00:00+02:00", "2026-10-25T01:00:00+03:00", Ago{Hours: 24}},
		{"2026-03-31T00:00:00+03:00", "2026-02-28T00:00:00+02:00", Ago{Months: 1}}, // a month's end clamps
	} {
		asOf, err := time.Parse(time.RFC3339, c.asOf)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.Parse(time.RFC3339, c.want)
		if err != nil {
			t.Fatal(err)
		}
		if got := helsinki.ago(asOf.UnixMicro(), c.ago); got != want.UnixMicro() {
			t.Errorf("%s less %+v is %s, want %s", c.asOf, c.ago, time.UnixMicro(got).In(helsinki.zone), want)
		}
	}
}

func TestHoldoutBucketsAreThoseOfThePaper(t *testing.T) {
	for id, want := range map[string]uint64{"c-1001": 6062, "c-1002": 857, "c-1003": 5667, "c-1004": 3878} {
		if got := hash("spring-2026", id) % 10000; got != want {
			t.Errorf("bucket of %s is %d, want %d", id, got, want)
		}
	}
}

func TestPartsOfAddresses(t *testing.T) {
	type parts struct{ Host, Path, Query string }
	show := func(s *string) string {
		if s == nil {
			return "null"
		}
		return *s
	}
	for url, want := range map[string]parts{
		"https://u@Shop.Example:8443/a/b?x=1&p=2#p=3": {"shop.example", "/a/b", "2"},
		"https://shop.example":                        {"shop.example", "/", "null"},
		"/a?p":                                        {"null", "/a", ""},
		"/a?u=http://x/y&p=1":                         {"null", "/a", "1"},
		"https://shop.example/#?p=1":                  {"shop.example", "/", "null"},
		"https://:80/a?p=":                            {"null", "/a", ""},
	} {
		got := parts{show(hostOf(url)), pathOf(url), show(queryOf(url, "p"))}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", url, diff)
		}
	}
}

func TestIdsThatNameNobodyAreBlocked(t *testing.T) {
	for id, want := range map[string]bool{
		"": true, "NULL": true, "n/a": true, "[object Object]": true, "0": true, "00000000-0000-0000-0000-000000000000": true,
		"xxxx": true, "xxx": false, "a\tb": true, strings.Repeat("ab", 65): true, strings.Repeat("ab", 64): false,
		"c-1": false,
	} {
		if got := blocked(id); got != want {
			t.Errorf("blocked(%q) is %v", id, got)
		}
	}
}
