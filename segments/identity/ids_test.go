package identity

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestIDsThatStandForNobodyAreBlocked(t *testing.T) {
	for _, id := range []string{
		"", "null", "NULL", "Nil", "none", "n/a", "NA", "NaN", "undefined", "unknown", "unset", "anonymous", "anon", "guest",
		"test", "default", "deleted", "optout", "opt-out", "(not set)", "[object Object]", "true", "FALSE", "-1",
		"0", "00", "00000000-0000-0000-0000-000000000000", "aaaa", "a-a-a-a", "----", "-",
		"ffffffff-ffff-ffff-ffff-ffffffffffff", "ääää", strings.Repeat("ab", 64) + "c", "d1\x00", "d\n1", "d\u0085x",
		"d\x7f1",
	} {
		if !Blocked(id) {
			t.Errorf("%q is not blocked", id)
		}
	}
}

func TestIDsOfSomebodyAreNotBlocked(t *testing.T) {
	for _, id := range []string{
		"d1", "1", "aaa", "aaab", "000000001", "0-1", "testing", "null1", "8f14e45f-ceea-467f-9575-3e25d0b6c1a2",
		strings.Repeat("ab", 64), "nön", "c 1",
	} {
		if Blocked(id) {
			t.Errorf("%q is blocked", id)
		}
	}
}

func TestTheListOfBlockedIDsCanBeExtended(t *testing.T) {
	if !Blocked("Branch-Tablet-Of-The-Main-Office", "branch-tablet-of-the-main-office") || !Blocked("null", "x") ||
		Blocked("d1", "x") {
		t.Error("an extension does not add to the list")
	}
}

func TestLettersKeepTheirCaseAndBlanksAreTrimmed(t *testing.T) {
	if got := Normalise(" \tD1\u00a0\n"); got != "D1" {
		t.Errorf("normalised to %q", got)
	}
}

func FuzzBlockedAgreesWithThePaper(f *testing.F) {
	for _, seed := range []string{"", "null", "0-0", "aaaa", "a-a", "d1", "\x00", "\xff\xff\xff\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id := Normalise(text)
		if Normalise(id) != id {
			t.Errorf("normalising %q twice gives something else", text)
		}
		bare := strings.ReplaceAll(id, "-", "")
		want := len(id) > 128 || strings.Trim(bare, "0") == ""
		for _, word := range placeholders {
			want = want || strings.ToLower(id) == word
		}
		for _, r := range id {
			want = want || r < 0x20 || r >= 0x7f && r < 0xa0
		}
		if first, size := utf8.DecodeRuneInString(bare); size > 0 && utf8.RuneCountInString(bare) >= 4 {
			same := true
			for _, r := range bare {
				same = same && r == first
			}
			want = want || same
		}
		if got := Blocked(id); got != want {
			t.Errorf("%q: blocked %t, want %t", id, got, want)
		}
	})
}

func TestAnIDIsUnwritableWhereverTheByteStands(t *testing.T) {
	long := "0123456789abcdef0123456789-åäö"
	if Unwritable([]byte(long)) || Unwritable(nil) || Unwritable([]byte(" ~\u00a0")) {
		t.Error("a text is unwritable")
	}
	for _, bad := range []string{"\x00", "\x1f", "\x7f", "\xff", "\xc3", "\u0085"} {
		for at := range 26 {
			if id := long[:at] + bad + long[at:]; !Unwritable([]byte(id)) {
				t.Errorf("%q is writable", id)
			}
		}
	}
}
