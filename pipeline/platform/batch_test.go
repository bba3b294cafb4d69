package platform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/rules"
)

// spoilt are bad values of each column with the reason that is counted.
var spoilt = map[Column]map[string]string{
	Email: {
		"not-an-email": "not_an_email", "matti@järvi.example": "non_ascii_domain", "@example.com": "not_an_email",
		"a@example.com,b@example.com": "not_an_email", "\u200b": "empty", "a\xff@example.com": "bad_utf8",
	},
	Phone: {
		"+0000000000": "bad_country_code", "040-CALL-ME": "letters", "040 123 4567 ext 12": "extension",
		"+358 40": "bad_length", "+358 555555555": "placeholder", "()": "empty", "\u200b\u2060": "empty",
		"40 123 4567": "national_without_trunk_prefix", "040*1234567": "bad_character",
	},
	FirstName: {"Matti2": "digits_in_name", "\ufeff": "empty"},
	LastName:  {"R2D2": "digits_in_name", "\u00ad\u00a0": "empty"},
	Country:   {"Finland": "not_iso_3166_1_alpha2", "\u200b": "not_iso_3166_1_alpha2"},
	PostalCode: {
		"100": "bad_postal_code", "ABCDE": "bad_postal_code", "12345678901234567890123": "bad_postal_code",
	},
	City:      {"--": "empty", "東京": "empty"},
	BirthDate: {"29.2.2000": "date_not_iso_8601", "2001-02-29": "no_such_date", "1850-01-01": "bad_year"},
	Gender:    {"nainen": "unknown_gender", "?": "unknown_gender"},
	MAID: {
		"00000000-0000-0000-0000-000000000000": "all_zero", "38400000-8cf0-11bd-b23e": "not_a_uuid",
		"384000008cf011bdb23e10b96e40000d": "uuid_without_hyphens",
	},
}

// goodRow is a row whose every value is good and nobody else's.
func goodRow(i int) Contact {
	letters := fmt.Sprintf("%c%c", 'a'+i/26, 'a'+i%26)
	return Contact{
		Email: "person." + letters + "@example.com", Phone: fmt.Sprintf("040 12 34%03d", i), FirstName: "Liv " + letters,
		LastName: "Berg " + letters, Country: "FI", PostalCode: fmt.Sprintf("%05d", 100+i), City: "Espoo " + letters,
		BirthDate: fmt.Sprintf("19%02d-01-01", i), Gender: "f", MAID: fmt.Sprintf("38400000-8cf0-11bd-b23e-%012d", 1+i),
		MAIDOS: []string{"ios", "android"}[i%2],
	}
}

// TestABatchOfGoodPeopleAndOneBadOneDeliversTheGood: the bad value takes nobody along, and is counted under its field
// and reason.
func TestABatchOfGoodPeopleAndOneBadOneDeliversTheGood(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		if !p.Identifies() {
			t.Skip("sends no identifiers")
		}
		rapid.Check(t, func(rt *rapid.T) {
			n := rapid.IntRange(0, 30).Draw(rt, "good")
			var people []someone
			for i := range n {
				people = append(people, someone{fmt.Sprintf("c%02d", i), []Contact{goodRow(i)}})
			}
			c := rapid.SampledFrom(p.Send).Draw(rt, "column")
			value := rapid.SampledFrom(slices.Sorted(keysOf(spoilt[c]))).Draw(rt, "value")
			bad := goodRow(n)
			bad[c] = value
			spoiltOne := someone{"c99", []Contact{bad}}
			s := Source{Platform: p, Part: part, Send: p.Send, Consent: "list:ads:customer"}
			without, _ := entriesBySubject(t, s, people)
			with, dropped := entriesBySubject(t, s, append(people, spoiltOne))
			delete(with, "c99")
			if diff := cmp.Diff(without, with); diff != "" {
				rt.Fatalf("a bad %s of one person changes what is told of others:\n%s", c, diff)
			}
			if field, taken := fieldIn(part, c, bad); taken {
				if got := dropped.Values[Value{field, spoilt[c][value]}]; got != 1 {
					rt.Fatalf("%s %s is counted %d times: %v", field, spoilt[c][value], got, dropped.Values)
				}
			}
		})
	})
}

func keysOf(m map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// fieldIn is the word of the identifier that a part takes from a row's column.
func fieldIn(part *Part, c Column, row Contact) (word string, taken bool) {
	f := fields[c]
	if c == MAID {
		f = map[string]identifier.Field{"ios": identifier.IDFA, "android": identifier.AAID}[row[MAIDOS]]
	}
	return f.String(), slices.Contains(part.Takes, f) || slices.Contains(part.Address, c)
}

// entriesBySubject makes people members and returns their entries.
func entriesBySubject(t *testing.T, s Source, people []someone) (map[string]string, Dropped) {
	t.Helper()
	s.Contacts = plainTable(rules.CustomerLevel, "", people...)
	adds, dropped := Members(audience(t, ids(people), rules.CustomerLevel), s)
	out := map[string]string{}
	for entry, id := range adds.Told() {
		out[id] = entry
	}
	return out, dropped
}

// TestNothingThatIsHashedLeavesPlain looks for every stored value and its usual spellings in lists, counts and errors.
func TestNothingThatIsHashedLeavesPlain(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		if !p.Identifies() {
			t.Skip("holds the subjects' own ids")
		}
		profile, _ := identifier.ProfileOf(p.Profile)
		var people []someone
		var secret []string
		for i := range 40 {
			row := goodRow(i)
			people = append(people, someone{fmt.Sprintf("subject-%d", i), []Contact{row, spoiltRow(i)}})
			secret = append(secret, people[i].id, fmt.Sprintf("3584012%05d", 34000+i))
			for c := range MAID {
				if profile.Hashes(fields[c]) {
					secret = append(secret, spellings(row[c])...)
				}
			}
		}
		s := Source{
			Platform: p, Part: part, Send: p.Send, Contacts: plainTable(rules.CustomerLevel, "", people...),
			Consent: "list:ads:customer",
		}
		adds, dropped := Members(audience(t, ids(people), rules.CustomerLevel), s)
		l := List{Segment: "savers", Action: Adds, Consent: s.Consent, Send: s.Send, Entries: adds.Entries()}
		out := bytes.NewBuffer(written(t, part, l))
		fmt.Fprint(out, dropped)
		fmt.Fprintln(out, part.Write(brokenPipe{}, l))
		l.Consent = ""
		fmt.Fprintln(out, part.Write(io.Discard, l))
		for _, value := range secret {
			if bytes.Contains(out.Bytes(), []byte(value)) {
				t.Errorf("%q leaves", value)
			}
		}
	})
}

// spellings are a value as stored and in usual forms, where they are long enough not to stand in a hash by chance.
func spellings(value string) (out []string) {
	for _, v := range []string{
		value, strings.ToLower(value), strings.ReplaceAll(value, " ", ""), strings.TrimLeft(value, "0"),
	} {
		if len(v) > 6 {
			out = append(out, v)
		}
	}
	return out
}

// spoiltRow is a row whose every value is bad.
func spoiltRow(i int) (row Contact) {
	for c, values := range spoilt {
		all := slices.Sorted(keysOf(values))
		row[c] = all[i%len(all)]
	}
	return row
}

// brokenPipe takes nothing.
type brokenPipe struct{}

var errBroken = errors.New("the pipe is broken")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestAWriteThatFailsIsAnError(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		s := Source{Platform: p, Part: part, Send: p.Send, Consent: "list:ads:customer"}
		people := []someone{{"c1", []Contact{goodRow(0), goodRow(1)}}}
		l := inOrder(t, s, Adds, people)
		if len(l.Entries) != 1 {
			t.Fatalf("%d entries", len(l.Entries))
		}
		if err := part.Write(brokenPipe{}, l); !errors.Is(err, errBroken) {
			t.Errorf("the error is %v", err)
		}
	})
}

// nothing64 is the hash of nothing in base64.
var nothing64 = []byte("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")

// TestTheHashOfNothingNeverLeaves: whatever a column holds that looks like nothing, in both forms.
func TestTheHashOfNothingNeverLeaves(t *testing.T) {
	nothing := []string{
		"", " ", "\t\n", "\u00a0", "\u200b", "\ufeff", "\u200b\u200c\u200d\u2060\u00ad", "+", "()", "(0)", "-", "--", ".",
		"...", "@", "00", "tel:", "'", "\x00", "\v\f", "\xff", "0", "{}", "\u2028", "=", ",", "+@gmail.com", sum(""),
		strings.ToUpper(sum("")), " " + sum("") + "\u200b",
	}
	each(t, func(t *testing.T, p *Platform, part *Part) {
		var people []someone
		for i, value := range nothing {
			row := Contact{MAIDOS: []string{"ios", "android"}[i%2]}
			for c := range MAIDOS {
				row[c] = value
			}
			row[Country] = []string{"FI", value}[i%2]
			people = append(people, someone{fmt.Sprintf("c%02d", i), []Contact{row}})
		}
		hashed := map[Column]Form{}
		for c := range MAIDOS {
			hashed[c] = Form{Hashed: true, Profile: p.Profile}
		}
		for _, forms := range []map[Column]Form{nil, hashed} {
			s := Source{
				Platform: p, Part: part, Send: p.Send, Consent: "list:ads:customer",
				Contacts: filed(NewContacts(forms, "FI"), rules.CustomerLevel, people...),
			}
			adds, _ := Members(audience(t, ids(people), rules.CustomerLevel), s)
			list := written(t, part, List{
				Segment: "savers", Action: Snapshot, Consent: s.Consent, Send: s.Send, Entries: adds.Entries(),
			})
			if bytes.Contains(bytes.ToLower(list), []byte(sum(""))) || bytes.Contains(list, nothing64) {
				t.Errorf("it does, of columns %v", forms)
			}
		}
	})
}
