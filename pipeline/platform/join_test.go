package platform

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/rules"
)

// sum is what platforms match: SHA-256 of a normal form in hex.
func sum(normal string) string {
	h := sha256.Sum256([]byte(normal))
	return hex.EncodeToString(h[:])
}

// joining is one case: rows of the member c1, and what a part is told of her.
type joining struct {
	name       string
	kind, part string // google_data_manager, if kind is empty
	level      rules.Level
	send       []Column
	country    string // of the table
	forms      map[Column]Form
	rows       []Contact
	want       []record
	dropped    map[Value]int
}

func (c joining) check(t *testing.T) {
	t.Helper()
	if c.kind == "" {
		c.kind = "google_data_manager"
	}
	s := source(c.kind, c.part, c.send, filed(NewContacts(c.forms, c.country), c.level, someone{"c1", c.rows}))
	_, got, dropped := told(t, audience(t, []string{"c1"}, c.level), s)
	if diff := cmp.Diff(c.want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(c.dropped, dropped.Values); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	if (dropped.People == 1) != (len(c.want) == 0) {
		t.Errorf("%d people are dropped", dropped.People)
	}
}

const (
	customers = rules.CustomerLevel
	devices   = rules.DeviceLevel
	iosID     = "6D92078A-8246-4BA4-AE5B-76104861E7DC"
	droidID   = "38400000-8cf0-11bd-b23e-10b96e40000d"
)

var (
	contactColumns = []Column{Email, Phone}
	allColumns     = []Column{Email, Phone, FirstName, LastName, Country, PostalCode, MAID}
	nobody         = map[Value]int{{"", noneKnown}: 1}
)

func TestSeveralRowsOfAMemberAreSeveralIdentifiers(t *testing.T) {
	for _, c := range []joining{
		{
			name: "each once, in an order that is not that of the rows", level: customers, send: contactColumns, country: "FI",
			rows: []Contact{
				{Email: "liv@example.com"},
				{Email: "LIV@example.com ", Phone: "040 123 4567"},
				{Email: "liv@example.net", Phone: "+358401234567"},
			},
			want: []record{{"email": sorted(sum("liv@example.com"), sum("liv@example.net")), "phone": {sum("+358401234567")}}},
		},
		{
			name: "a column that is not sent is not told", level: customers, send: []Column{
				Phone,
			}, country: "FI", rows: []Contact{{Email: "liv@example.com"}}, dropped: nobody,
		},
		{name: "a member without a row", level: customers, send: contactColumns, dropped: nobody},
		{
			name: "a row without a value", level: customers, send: contactColumns, rows: []Contact{
				{}, {MAIDOS: "ios"},
			}, dropped: nobody,
		},
		{
			name: "more than the platform takes of one person", level: customers, send: contactColumns, rows: addresses(12),
			want: []record{{"email": hashes(12)[:10]}}, dropped: map[Value]int{{"email", overLimit}: 2},
		},
		{
			name: "twelve spellings of one address", level: customers, send: contactColumns, want: []record{
				{"email": {sum("liv@example.com")}},
			},
			rows: []Contact{
				{Email: "liv@example.com"},
				{Email: "Liv@example.com"},
				{Email: "LIv@example.com"},
				{Email: "LIV@example.com"},
				{Email: "l i v@example.com"},
			},
		},
		{
			name: "a form without a limit takes all", kind: "meta_csv", level: customers, send: contactColumns,
			rows: addresses(12), want: oneEach("email", hashes(12)),
		},
		{
			name: "a form with room for one address", kind: "google_customer_match_csv", level: customers, send: googleAddress,
			country: "FI", rows: []Contact{
				{FirstName: "Liv", LastName: "Berg", PostalCode: "00100"},
				{FirstName: "Liv", LastName: "Berg", PostalCode: "00200"},
			},
			want:    []record{{"address": {sum("liv") + "," + sum("berg") + ",FI,00100"}}},
			dropped: map[Value]int{{"address", overLimit}: 1},
		},
	} {
		t.Run(c.name, c.check)
	}
}

func addresses(n int) (out []Contact) {
	for i := range n {
		out = append(out, Contact{Email: fmt.Sprintf("liv%d@example.com", i)})
	}
	return out
}

// hashes are those of the first n addresses, sorted.
func hashes(n int) (out []string) {
	for _, row := range addresses(n) {
		out = append(out, sum(row[Email]))
	}
	return sorted(out...)
}

func oneEach(word string, values []string) (out []record) {
	for _, v := range values {
		out = append(out, record{word: {v}})
	}
	return out
}

func TestADeviceIsToldByItsAdvertisingIDAlone(t *testing.T) {
	full := Contact{
		Email: "liv@example.com", Phone: "+358401234567", FirstName: "Liv", LastName: "Berg", Country: "FI",
		PostalCode: "00100", MAID: iosID, MAIDOS: "ios",
	}
	for _, c := range []joining{
		{
			name: "its own id", part: "ios", level: devices, send: allColumns, rows: []Contact{full}, want: []record{
				{"maid": {iosID}},
			},
		},
		{
			name: "never a contact key that stands in its row", level: devices, send: allColumns, rows: []Contact{
				full,
			}, dropped: nobody,
		},
		{
			name: "nor in a form that takes both", kind: "meta_csv", level: devices, send: allColumns, rows: []Contact{
				full,
			}, want: []record{{"maid": {strings.ToLower(iosID)}}},
		},
		{
			name: "an id of another system", part: "android", level: devices, send: allColumns, rows: []Contact{
				full,
			}, dropped: nobody,
		},
		{
			name: "ids that are not sent", part: "ios", level: devices, send: contactColumns, rows: []Contact{
				full,
			}, dropped: nobody,
		},
		{
			name: "an id of an unknown system", part: "ios", level: devices, send: allColumns, rows: []Contact{
				{MAID: iosID, MAIDOS: "windows"}, {MAID: droidID},
			},
			dropped: map[Value]int{{"maid", unknownOS}: 2, {"", noneKnown}: 1},
		},
		{
			name: "somebody who limited tracking", part: "ios", level: devices, send: allColumns, rows: []Contact{
				{MAID: "00000000-0000-0000-0000-000000000000", MAIDOS: "ios"},
			},
			dropped: map[Value]int{{"idfa", "all_zero"}: 1, {"", noneKnown}: 1},
		},
		{
			name: "a system in any case", part: "android", level: devices, send: allColumns, rows: []Contact{
				{MAID: droidID, MAIDOS: " Android"},
			}, want: []record{{"maid": {droidID}}},
		},
	} {
		t.Run(c.name, c.check)
	}
}

// TestACustomerAndADeviceOfOneNameAreTwo: rows of customers are never joined to devices, nor the other way round.
func TestACustomerAndADeviceOfOneNameAreTwo(t *testing.T) {
	for _, level := range []rules.Level{customers, devices} {
		other := map[rules.Level]rules.Level{customers: devices, devices: customers}[level]
		table := plainTable(other, "FI", someone{"c1", []Contact{{Email: "liv@example.com", MAID: iosID, MAIDOS: "ios"}}})
		for _, part := range []string{"", "ios"} {
			adds, _, dropped := told(t, audience(t, []string{"c1"}, level),
				source("google_data_manager", part, allColumns, table))
			if adds.Len() != 0 || dropped.People != 1 {
				t.Errorf("a row of level %v is told of a member of level %v", other, level)
			}
		}
	}
}

func TestIdentifiersAreJoinedForMembersOnly(t *testing.T) {
	var table []someone
	for i := range 20 {
		table = append(table, someone{fmt.Sprintf("c%d", i), []Contact{{Email: fmt.Sprintf("p%d@example.com", i)}}})
	}
	adds, records, _ := told(t, audience(t, ids(table[:3]), customers),
		source("google_data_manager", "", contactColumns, plainTable(customers, "", table...)))
	want := sorted(sum("p0@example.com"), sum("p1@example.com"), sum("p2@example.com"))
	if diff := cmp.Diff(oneEach("email", want), records); diff != "" || adds.Consent() != "list:ads:customer" {
		t.Errorf("for %q:\n%s", adds.Consent(), diff)
	}
}

// TestOfMembersWithOneEntryTheFirstStandsForAll: a family with one address is one entry, whatever the order of its
// making.
func TestOfMembersWithOneEntryTheFirstStandsForAll(t *testing.T) {
	var people []someone
	for i := range 300 {
		people = append(people,
			someone{fmt.Sprintf("c%03d", i), []Contact{{Email: fmt.Sprintf("family%d@example.com", i*7%100)}}})
	}
	s := source("google_data_manager", "", contactColumns, plainTable(customers, "", people...))
	adds, _ := Members(audience(t, ids(people), customers), s)
	if adds.Len() != 100 {
		t.Fatalf("%d entries of 100 families", adds.Len())
	}
	for entry, subject := range adds.Told() {
		i := slices.IndexFunc(people, func(p someone) bool { return entry == "email="+sum(p.rows[0][Email]) })
		if subject != people[i].id {
			t.Errorf("%s stands for the family of %s", subject, people[i].id)
		}
	}
}

func TestAColumnOfHashesGoesAsItIs(t *testing.T) {
	hash := sum("liv@example.com")
	form := map[Column]Form{Email: {Hashed: true, Profile: "google.v1"}}
	for _, c := range []joining{
		{
			name: "a hash", level: customers, send: contactColumns, forms: form, rows: []Contact{
				{Email: " " + strings.ToUpper(hash)},
			}, want: []record{{"email": {hash}}},
		},
		{
			name: "what is no hash", level: customers, send: contactColumns, forms: form, rows: []Contact{
				{Email: "liv@example.com"}, {Email: hash[1:]}, {Email: "x" + hash}, {Email: hash + hash},
			},
			dropped: map[Value]int{{"email", "not_a_hash"}: 4, {"", noneKnown}: 1},
		},
		{
			name: "the hash of nothing", level: customers, send: contactColumns, forms: form, rows: []Contact{{Email: sum("")}},
			dropped: map[Value]int{{"email", "empty"}: 1, {"", noneKnown}: 1},
		},
		{
			name: "a hash in a plain column", level: customers, send: contactColumns, rows: []Contact{{Email: hash}},
			dropped: map[Value]int{{"email", "not_an_email"}: 1, {"", noneKnown}: 1},
		},
	} {
		t.Run(c.name, c.check)
	}
}

func TestAHashIsAcceptedOnlyWhereItsProfileMakesTheSame(t *testing.T) {
	for _, c := range []struct {
		kind, column, profile string
		want                  bool
	}{
		{"google_data_manager", "email", "google.v1", true},
		{"google_data_manager", "email", "dv360.v1", true},
		{"google_data_manager", "email", "meta.v1", false},
		{"google_data_manager", "email", "google.v2", false},
		{"google_data_manager", "phone", "tiktok.v1", true},
		{"google_data_manager", "first_name", "dv360.v1", false},
		{"google_data_manager", "country", "google.v1", false}, // goes plain
		{"google_data_manager", "maid", "google.v1", false},
		{"google_data_manager", "subject", "google.v1", false},
		{"meta_csv", "email", "meta.v1", true},
		{"meta_csv", "email", "google.v1", false},
		{"meta_csv", "phone", "snapchat.v1", true},
		{"meta_csv", "country", "meta.v1", true},
		{"file_csv", "email", "google.v1", false},
	} {
		p, _ := Of(c.kind)
		if got := p.Accepts(c.column, c.profile); got != c.want {
			t.Errorf("%s accepts %s of %s: %v", c.kind, c.column, c.profile, got)
		}
	}
}

// TestACountryIsNeverGuessed: a national number and a postal code are read by the country of their row, by that of the
// table if the row names none, and by no other.
func TestACountryIsNeverGuessed(t *testing.T) {
	phone := func(n string) []record { return []record{{"phone": {sum(n)}}} }
	for _, c := range []joining{
		{
			name: "the row's", country: "FI", rows: []Contact{
				{Phone: "070-123 45 67", Country: "se "},
			}, want: phone("46701234567"),
		},
		{
			name: "the table's", country: "FI", rows: []Contact{
				{Phone: "040 123 4567", Country: " "},
			}, want: phone("358401234567"),
		},
		{
			name: "none", rows: []Contact{{Phone: "040 123 4567"}}, dropped: map[Value]int{
				{"phone", "no_country"}: 1, {"", noneKnown}: 1,
			},
		},
		{name: "none is needed", rows: []Contact{{Phone: "+358 40 123 4567"}}, want: phone("358401234567")},
		{
			name: "a name", country: "FI", rows: []Contact{{Phone: "040 123 4567", Country: "Finland"}}, dropped: map[Value]int{
				{"phone", "no_country"}: 1, {"", noneKnown}: 1,
			},
		},
		{
			name: "no code", country: "FI", rows: []Contact{{Phone: "040 123 4567", Country: "XX"}}, dropped: map[Value]int{
				{"phone", "no_country"}: 1, {"", noneKnown}: 1,
			},
		},
		{
			name: "a code that is not of ISO 3166", country: "FI", rows: []Contact{
				{PostalCode: "SW1A 1AA", Country: "UK"},
			}, dropped: map[Value]int{{"postal_code", "no_country"}: 1, {"", noneKnown}: 1},
		},
		{
			name: "letters that are no country", country: "FI", rows: []Contact{
				{PostalCode: "00100", Country: "ZZ"},
			}, dropped: map[Value]int{{"postal_code", "no_country"}: 1, {"", noneKnown}: 1},
		},
		{
			name: "a hash", country: "FI", forms: map[Column]Form{Country: {Hashed: true, Profile: "meta.v1"}}, rows: []Contact{
				{Phone: "040 123 4567", Country: sum("se")},
			},
			dropped: map[Value]int{{"phone", "no_country"}: 1, {"", noneKnown}: 1},
		},
		{
			name: "a code in a column of hashes", country: "FI", forms: map[Column]Form{
				Country: {Hashed: true, Profile: "meta.v1"},
			}, rows: []Contact{{Phone: "040 123 4567", Country: "FI"}},
			dropped: map[Value]int{{"phone", "no_country"}: 1, {"", noneKnown}: 1},
		},
		{
			name: "the table's beside hashes", country: "FI", forms: map[Column]Form{
				Country: {Hashed: true, Profile: "meta.v1"},
			}, rows: []Contact{{Phone: "040 123 4567"}},
			want: phone("358401234567"),
		},
	} {
		c.kind, c.level, c.send = "meta_csv", customers, []Column{Phone, PostalCode}
		t.Run(c.name, c.check)
	}
}

// TestAnAddressGoesWholeOrNotAtAll tries every subset of its four parts, each missing and each bad.
func TestAnAddressGoesWholeOrNotAtAll(t *testing.T) {
	good := Contact{FirstName: "Liv", LastName: "Berg", Country: "SE", PostalCode: "111 22"}
	bad := Contact{FirstName: "L1v", LastName: "...\u200b\xff", Country: "Sverige", PostalCode: "1112"}
	whole := sum("liv") + "," + sum("berg") + ",SE,11122"
	for _, kind := range []string{"google_data_manager", "google_customer_match_csv"} {
		for set := range 1 << len(googleAddress) {
			for _, spoilt := range []Contact{{}, bad} {
				row := good
				row[Email] = "liv@example.com"
				for i, c := range googleAddress {
					if set&(1<<i) == 0 {
						row[c] = spoilt[c]
					}
				}
				s := source(kind, "", allColumns, plainTable(customers, "", someone{"c1", []Contact{row}}))
				_, got, _ := told(t, audience(t, []string{"c1"}, customers), s)
				want := record{"email": {sum("liv@example.com")}}
				if set == 1<<len(googleAddress)-1 {
					want["address"] = []string{whole}
				}
				if diff := cmp.Diff([]record{want}, got); diff != "" {
					t.Errorf("%s, parts %04b:\n%s", kind, set, diff)
				}
			}
		}
	}
}

func TestAnAddressWithoutACountryIsInThatOfTheTable(t *testing.T) {
	joining{
		level: customers, send: googleAddress, country: "SE", rows: []Contact{
			{FirstName: "Liv", LastName: "Berg", PostalCode: "SE-111 22"},
		},
		want: []record{{"address": {sum("liv") + "," + sum("berg") + ",SE,11122"}}},
	}.check(t)
}
