package identifier

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestProfilesAreSortedAndFoundByTheirId(t *testing.T) {
	var ids []string
	for _, p := range Profiles() {
		ids = append(ids, p.ID())
		if found, ok := ProfileOf(p.ID()); !ok || found != p {
			t.Errorf("%s is not found", p.ID())
		}
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("ids are not sorted and distinct: %v", ids)
	}
	for _, id := range []string{"", "google", "google.v2", "zz.v1"} {
		if _, ok := ProfileOf(id); ok {
			t.Errorf("%q is found", id)
		}
	}
}

func TestEveryFieldAndReasonHasAWordOfItsOwn(t *testing.T) {
	words := map[string]bool{"": true}
	for f := range fieldCount {
		if words[f.String()] {
			t.Errorf("field %d has the word %q", f, f)
		}
		words[f.String()] = true
	}
	for r := range reasonCount {
		if words[r.String()] {
			t.Errorf("reason %d has the word %q", r, r)
		}
		words[r.String()] = true
	}
}

func TestAHashGoesOnlyWhereTheDeclarationsAgree(t *testing.T) {
	want := map[Field][]string{
		Email: {
			"criteo.v1 = pinterest.v1 = snapchat.v1 = x.v1", "dv360.v1 = google.v1", "linkedin.v1 = microsoft.v1 = tiktok.v1",
			"meta.v1", "reddit.v1", "uid2.v1",
		},
		Phone:        {"dv360.v1 = google.v1 = tiktok.v1 = x.v1", "meta.v1 = pinterest.v1 = snapchat.v1", "uid2.v1"},
		GivenName:    {"dv360.v1", "google.v1", "meta.v1"},
		FamilyName:   {"dv360.v1", "google.v1", "meta.v1"},
		FirstInitial: {"meta.v1"}, Country: {"meta.v1"}, PostalCode: {"meta.v1"}, City: {"meta.v1"},
		BirthDate: {"meta.v1"}, BirthYear: {"meta.v1"}, BirthMonth: {"meta.v1"}, BirthDay: {"meta.v1"}, Gender: {"meta.v1"},
		IDFA: {"snapchat.v1 = tiktok.v1 = x.v1"}, AAID: {"snapchat.v1 = tiktok.v1 = x.v1"},
		Handle: {"x.v1"},
	}
	got := map[Field][]string{}
	for f := range fieldCount {
		for _, p := range Profiles() {
			var same []string
			for _, o := range Profiles() {
				if p.SameFor(o, f) != o.SameFor(p, f) {
					t.Errorf("%s and %s do not agree on whether they agree about %s", p.ID(), o.ID(), f)
				}
				if p.SameFor(o, f) {
					same = append(same, o.ID())
				}
			}
			if group := strings.Join(same, " = "); group != "" && !slices.Contains(got[f], group) {
				got[f] = append(got[f], group)
			}
		}
		slices.Sort(got[f])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestAHashIsSentAsIfItsValueWere(t *testing.T) {
	for _, p := range Profiles() {
		if !p.Hashes(Email) {
			continue
		}
		normal, _ := p.Normal(Email, "liv@example.org", "")
		want, _ := p.Append(nil, Email, "liv@example.org", "")
		hash := fmt.Sprintf("\u00a0%X\n", sha256.Sum256([]byte(normal)))
		got, reason := p.AppendHash([]byte("before "), Email, hash)
		if reason != Accepted || string(got) != "before "+string(want) {
			t.Errorf("%s sends %q, %v; want %q", p.ID(), got, reason, want)
		}
	}
}

func TestWhatIsNoHashIsNotSent(t *testing.T) {
	google, _ := ProfileOf("google.v1")
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte("liv@example.org")))
	for _, c := range []struct {
		name, value string
		field       Field
		want        Reason
	}{
		{"a cut hash", hash[1:], Email, NotAHash},
		{"a hash and a half", hash + hash[:32], Email, NotAHash},
		{"a hash with a foreign letter", "g" + hash[1:], Email, NotAHash},
		{"nothing", "", Email, NotAHash},
		{"an address", "liv@example.org", Email, NotAHash},
		{"the hash of nothing", fmt.Sprintf("%x", sha256.Sum256(nil)), Email, Empty},
		{"broken text", hash[:63] + "\xff", Email, BadUTF8},
		{"a country, which goes as it is", hash, Country, NotTaken},
		{"a city, which does not go at all", hash, City, NotTaken},
	} {
		got, reason := google.AppendHash([]byte("before "), c.field, c.value)
		if reason != c.want || string(got) != "before " {
			t.Errorf("%s: %q, %v; want %v", c.name, got, reason, c.want)
		}
	}
}

// seeds are the values of all cases, by field, with countries.
func seeds(t testing.TB) (values [fieldCount][]string, countries []string) {
	countries = []string{"", "FI", "SE", "NO", "GB", "US", "NL", "BR", "AR", "QQ"}
	for _, s := range cases(t) {
		f := fieldOf(t, s.field)
		values[f] = append(values[f], s.value)
	}
	for f := range values {
		slices.Sort(values[f])
	}
	return values, countries
}

// drawn is a value of a field, near to one that people write.
func drawn(values []string) *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom(values),
		rapid.String(),
		rapid.StringOfN(rapid.SampledFrom([]rune("ab.+@-_ ,'İßÅåÆμ\u0308\u0301\u00a0\u200b\u2011Éﬁ東٣\x00\v")), 0, 20, -1),
		rapid.StringOfN(rapid.SampledFrom([]rune("0123456789+()-/. ٠٩")), 0, 20, -1),
		rapid.Custom(func(t *rapid.T) string {
			v := []rune(rapid.SampledFrom(values).Draw(t, "seed"))
			at := rapid.IntRange(0, len(v)).Draw(t, "at")
			return string(slices.Insert(v, at, rapid.Rune().Draw(t, "rune")))
		}),
	)
}

type property func(t *rapid.T, p *Profile, f Field, value, country string)

// forAll checks a property of drawn values of every field that a profile takes.
func forAll(t *testing.T, holds property) {
	values, countries := seeds(t)
	type taken struct {
		p *Profile
		f Field
	}
	var all []taken
	for _, p := range Profiles() {
		for f := range fieldCount {
			if p.Takes(f) {
				all = append(all, taken{p, f})
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		one := all[rapid.Uint16().Draw(t, "field")%uint16(len(all))]
		holds(t, one.p, one.f, drawn(values[one.f]).Draw(t, "value"), rapid.SampledFrom(countries).Draw(t, "country"))
	})
}

func TestANormalFormIsItsOwnNormalForm(t *testing.T) {
	forAll(t, func(t *rapid.T, p *Profile, f Field, value, country string) {
		if p.fields[f].form == (phone{}) || p.fields[f].form == (postalCode{short: true}) {
			return // E.164 without + is not what a phone book has, nor is half a postal code
		}
		normal, reason := p.Normal(f, value, country)
		if reason != Accepted {
			return
		}
		if again, reason := p.Normal(f, normal, country); reason != Accepted || again != normal {
			t.Fatalf("%s of %q is %q, but of that %q, %v", f, value, normal, again, reason)
		}
	})
}

func TestAnInvisibleCharacterAtTheEndChangesNothing(t *testing.T) {
	forAll(t, func(t *rapid.T, p *Profile, f Field, value, country string) {
		short, reason := p.Normal(f, value, country)
		general, otherwise := p.Normal(f, value+"\u200b", country)
		if short != general || reason != otherwise {
			t.Fatalf("%s of %q is %q, %v by the short way and %q, %v by the general one", f, value, short, reason, general,
				otherwise)
		}
	})
}

func TestAppendSendsTheNormalFormAndLeavesAllBefore(t *testing.T) {
	forAll(t, checkAppend)
}

// checkAppend compares Append with Normal.
func checkAppend(t *rapid.T, p *Profile, f Field, value, country string) {
	if problem := appendProblem(p, f, value, country); problem != "" {
		t.Fatal(problem)
	}
}

func appendProblem(p *Profile, f Field, value, country string) string {
	const before = "before "
	normal, reason := p.Normal(f, value, country)
	dst := append(make([]byte, 0, 9), before...)
	out, otherwise := p.Append(dst, f, value, country)
	sent, ok := bytes.CutPrefix(out, []byte(before))
	want := sentFor(sample{profile: p.ID(), field: f.String(), normal: normal})
	switch {
	case reason != otherwise:
		return fmt.Sprintf("Normal says %v, Append %v", reason, otherwise)
	case !ok || string(dst) != before:
		return fmt.Sprintf("the bytes before became %q", out)
	case (reason != Accepted) != (normal == ""), (reason != Accepted) != (len(sent) == 0):
		return fmt.Sprintf("%v, but the normal form is %q and %q is sent", reason, normal, sent)
	case reason == Accepted && string(sent) != want:
		return fmt.Sprintf("%q is sent, want %q", sent, want)
	case bytes.Contains(sent, []byte("e3b0c44298fc1c149afbf4c8996fb924")):
		return "the hash of nothing is sent"
	}
	return ""
}

func FuzzNoValueSendsMoreThanItsNormalForm(f *testing.F) {
	for _, s := range cases(f) {
		i := slices.IndexFunc(Profiles(), func(p *Profile) bool { return p.ID() == s.profile })
		f.Add(uint8(i), uint8(fieldOf(f, s.field)), s.value, s.country)
	}
	f.Fuzz(func(t *testing.T, profile, field uint8, value, country string) {
		p := Profiles()[int(profile)%len(Profiles())]
		if problem := appendProblem(p, Field(field)%fieldCount, value, country); problem != "" {
			t.Fatal(problem)
		}
	})
}
