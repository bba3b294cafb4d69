package tcf

import (
	"fmt"
	"testing"
	"time"
)

// at is an instant in tenths of a second, as strings have it.
func at(t *testing.T, text string) uint64 {
	t.Helper()
	instant, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return uint64(instant.UnixMilli() / 100)
}

func TestWhatTheDatesMakeOfAString(t *testing.T) {
	const none, now = "[]", "2026-11-01T00:00:00Z"
	for _, c := range []struct {
		name, updated, now string
		change             func(*facts)
		disclosed          bool
		want               string
	}{
		{name: "good", updated: "2026-10-31T00:00:00Z", disclosed: true, want: none},
		{name: "a day ahead", updated: "2026-11-02T00:00:00Z", disclosed: true, want: none},
		{name: "more than a day ahead", updated: "2026-11-02T00:00:00.1Z", disclosed: true, want: "[TC_FUTURE]"},
		{
			name: "changed before it was made", updated: "2026-10-31T00:00:00Z", disclosed: true,
			change: func(f *facts) { f.created = f.updated + 1 }, want: "[TC_TIME_ORDER]",
		},
		{
			name: "for all sites, when that was possible", updated: "2021-08-31T23:59:59.9Z",
			change: func(f *facts) { f.own = 0 }, want: none,
		},
		{
			name: "for all sites", updated: "2021-09-01T00:00:00Z",
			change: func(f *facts) { f.own = 0 }, want: "[TC_GLOBAL_SCOPE]",
		},
		{
			name: "the last day of policy 3", updated: "2023-09-30T23:59:59.9Z",
			change: func(f *facts) { f.policy = 3 }, want: none,
		},
		{
			name: "policy 3 too late", updated: "2023-10-01T00:00:00Z",
			change: func(f *facts) { f.policy = 3 }, want: "[TC_POLICY_OLD]",
		},
		{
			name: "policy 4 in time", updated: "2023-10-01T00:00:00Z",
			change: func(f *facts) { f.policy = 4 }, want: none,
		},
		{
			name: "interest for purposes that may have it", updated: "2026-01-01T00:00:00Z",
			change: func(f *facts) { f.interests = 0xc3ffff }, want: none,
		},
		{
			name: "interest for purpose 3", updated: "2026-01-01T00:00:00Z",
			change: func(f *facts) { f.policy, f.interests = 4, 1<<21 }, want: "[TC_LI_3_6]",
		},
		{
			name: "interest for purpose 6", updated: "2026-01-01T00:00:00Z",
			change: func(f *facts) { f.interests = 1 << 18 }, want: "[TC_LI_3_6]",
		},
		{
			name: "interest for purpose 6 under policy 3", updated: "2023-01-01T00:00:00Z",
			change: func(f *facts) { f.policy, f.interests = 3, 1<<18 }, want: none,
		},
		{name: "nobody disclosed, in time", updated: "2026-02-28T23:59:59.9Z", want: none},
		{name: "nobody disclosed", updated: "2026-03-01T00:00:00Z", want: "[TC_NO_DISCLOSED]"},
		{
			name: "nearly everything", updated: "2026-03-01T00:00:00Z", now: "2026-02-27T23:59:59Z",
			change: func(f *facts) { f.created, f.own, f.policy = f.updated+1, 0, 2 },
			want:   "[TC_FUTURE TC_TIME_ORDER TC_GLOBAL_SCOPE TC_POLICY_OLD TC_NO_DISCLOSED]",
		},
		{
			name: "a new form of the list of vendors", updated: "2026-10-31T00:00:00Z", disclosed: true,
			change: func(f *facts) { f.list, f.policy = 4095, 63 }, want: none,
		},
	} {
		if c.now == "" {
			c.now = now
		}
		f := facts{updated: at(t, c.updated), created: at(t, c.updated), policy: 5, own: 1}
		if c.change != nil {
			c.change(&f)
		}
		text := f.write().bitSet(0).bitSet(0).put(12, 0).text()
		if c.disclosed {
			text += "." + new(writer).put(3, 1).bitSet(0).text()
		}
		var s String
		if err := s.Decode(text); err != nil {
			t.Fatal(err)
		}
		micros := int64(at(t, c.now)) * 100_000
		all := s.Findings(micros)
		if got := fmt.Sprint(all); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		first, found := s.Finding(micros)
		if found != (len(all) > 0) || found && first != all[0] {
			t.Errorf("%s: the first finding is %s %t", c.name, first, found)
		}
	}
}

func TestFutureBeginsADayFromNow(t *testing.T) {
	var s String
	if err := s.Decode(facts{updated: 17e9, own: 1, policy: 5}.write().bitSet(0).bitSet(0).put(12, 0).text()); err != nil {
		t.Fatal(err)
	}
	const day = 24 * 3600 * 1_000_000
	if f, ok := s.Finding(s.LastUpdated - day); ok {
		t.Errorf("a string of 24 hours from now has %s", f)
	}
	if f, ok := s.Finding(s.LastUpdated - day - 1); !ok || f != Future {
		t.Errorf("a string of a microsecond more has %s %t", f, ok)
	}
}

func TestTheStrictestRestrictionIsTold(t *testing.T) {
	w := facts{}.write().bitSet(0).bitSet(0).put(12, 5)
	w.put(6, 2).put(2, RequireConsent).singles(4)
	w.put(6, 2).put(2, RequireInterest).singles(3)
	w.put(6, 2).put(2, NotAllowed).singles(2)
	w.put(6, 3).put(2, Undefined).singles(5)
	w.put(6, 2).put(2, RequireConsent).singles(1)
	var s String
	if err := s.Decode(w.text()); err != nil {
		t.Fatal(err)
	}
	for vendor, want := range []string{"0 false", "0 true", "0 true", "2 true", "1 true", "0 false"} {
		if kind, ok := s.Restricts(2, vendor); fmt.Sprint(kind, ok) != want {
			t.Errorf("vendor %d: %d %t, want %s", vendor, kind, ok, want)
		}
	}
	if kind, ok := s.Restricts(3, 5); kind != Undefined || !ok {
		t.Error("a restriction that nobody has defined restricts nothing")
	}
	if _, ok := s.Restricts(4, 1); ok {
		t.Error("a purpose that nothing restricts is restricted")
	}
}

func TestAnErrorTellsTheCodeAndNothingOfTheText(t *testing.T) {
	var s String
	if err := s.Decode("CPersonal data"); err == nil || err.Error() != "TC_BASE64: a character that is no base64url" {
		t.Errorf("the error is %v", err)
	}
}
