package platform

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
)

// Defects that were seen in other programs of this kind, numbered as they were collected, each with a case that would
// catch it here. Those of conversation with a platform are not here but with the deliveries: 13 (wipe, then add), 17
// (answers for each element) and 18 (faults without a status). 10 (a payload that the API cannot decode) is
// TestEveryBodyIsARequestOfGoogle, 19 (batches by count alone) is beside the other limits.

// contacted are the platforms that know people by identifiers, by name, with what each is sent of contacts.
func contacted() map[string]Source {
	out := map[string]Source{}
	for name, p := range tested() {
		if p.Identifies() && slices.Contains(p.Send, Email) {
			send := slices.DeleteFunc(slices.Clone(contactColumns), func(c Column) bool { return !slices.Contains(p.Send, c) })
			out[name] = Source{Platform: p, Part: &p.Parts[0], Send: send, Consent: "list:ads:customer"}
		}
	}
	return out
}

// told1 is what a part is told of one customer in Finland.
func told1(t *testing.T, kind, part string, send []Column, rows ...Contact) ([]record, Dropped) {
	t.Helper()
	s := source(kind, part, send, plainTable(customers, "FI", someone{"c1", rows}))
	_, records, dropped := told(t, audience(t, []string{"c1"}, customers), s)
	return records, dropped
}

// same says that a customer's row is told as wanted and nothing is dropped.
func same(t *testing.T, kind string, send []Column, row Contact, want ...record) {
	t.Helper()
	got, dropped := told1(t, kind, "", send, row)
	if diff := cmp.Diff(want, got); diff != "" || len(dropped.Values) > 0 {
		t.Errorf("%s is told (-want +got), dropped %v:\n%s", kind, dropped.Values, diff)
	}
}

func TestDefect01HashesThatNobodyElseMakes(t *testing.T) {
	// Published by the platforms; a hash of anything but the normal form is accepted and matches nobody.
	same(t, "google_data_manager", contactColumns, Contact{Email: "DanaM@example.com"},
		record{"email": {"1df6b43bc68dd38eca94e6a65b4f466ae537b796c81a526918b40ac4a7b906c7"}})
	same(t, "google_customer_match_csv", contactColumns, Contact{Email: "ALEXJ@example.com"},
		record{"email": {"2ef46c4214c3fc1b277a2d976d55194e12b899aa50d721f28da858c7689756e3"}})
	same(t, "meta_csv", []Column{Email, Phone, FirstName}, Contact{
		Email: "John_Smith@gmail.com", Phone: "(650)555-1212", FirstName: "Mary", Country: "US",
	}, record{
		"email":   {"62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"},
		"phone":   {"e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"},
		"address": {partly("meta_csv", FirstName, "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec")},
	})
}

func TestDefect02NormalFormsThatComeLateOrTwice(t *testing.T) {
	row := Contact{Email: " Aino.Virtanen+Pankki@Gmail.com", Phone: "040 123 4567"}
	google := record{"email": {sum("ainovirtanen@gmail.com")}, "phone": {sum("+358401234567")}}
	same(t, "google_data_manager", contactColumns, row, google)
	same(t, "google_customer_match_csv", contactColumns, row, google)
	same(t, "meta_csv", contactColumns, row, record{
		"email": {sum("aino.virtanen+pankki@gmail.com")}, "phone": {sum("358401234567")},
	})
	// Hashed twice: a hash in a plain column is refused, not hashed again.
	if got, dropped := told1(t, "google_data_manager", "", contactColumns, Contact{
		Email: sum("a@example.com"),
	}); len(got) > 0 || dropped.Values[Value{"email", "not_an_email"}] != 1 {
		t.Errorf("a hash in a plain column is told as %v, dropped %v", got, dropped.Values)
	}
}

func TestDefect03OneBadRowTakesTheBatchAlong(t *testing.T) {
	for name, s := range contacted() {
		people := []someone{
			{"c1", []Contact{goodRow(1)}}, {"c2", []Contact{{Email: "+0000000000"}}}, {"c3", []Contact{goodRow(3)}},
		}
		s.Contacts = plainTable(customers, "FI", people...)
		adds, records, dropped := told(t, audience(t, ids(people), customers), s)
		if adds.Len() != 2 || len(union(records)["email"]) != 2 || dropped.People != 1 ||
			dropped.Values[Value{"email", "not_an_email"}] != 1 {
			t.Errorf("%s: %d of 2 people are told as %v, dropped %+v", name, adds.Len(), records, dropped)
		}
	}
}

// slots are the cells of one customer's row in a CSV, without the header.
func slots(t *testing.T, kind string, send []Column, row Contact) []string {
	t.Helper()
	return slotsOf(t, source(kind, "", send, nil), row)
}

func slotsOf(t *testing.T, s Source, row Contact) []string {
	t.Helper()
	s.Contacts = plainTable(customers, "FI", someone{"c1", []Contact{row}})
	adds, _ := Members(audience(t, []string{"c1"}, customers), s)
	_, rows := cells(t,
		written(t, s.Part, List{Segment: "savers", Action: Adds, Send: s.Send, Consent: s.Consent, Entries: adds.Entries()}))
	return rows[0]
}

func TestDefect04RowsGetShorterWhereAnIdentifierIsMissing(t *testing.T) {
	row := Contact{Phone: "040 123 4567", MAID: droidID, MAIDOS: "android"}
	if diff := cmp.Diff([]string{"", sum("358401234567"), "", droidID},
		slots(t, "meta_csv", []Column{MAID, LastName, Phone, Email}, row)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"", sum("+358401234567"), sum(droidID)},
		slots(t, "tiktok", []Column{MAID, Phone, Email}, row)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"", "", "", "", "", "", droidID},
		slots(t, "linkedin_csv", []Column{MAID, Email}, row)); diff != "" {
		t.Error(diff)
	}
	// The order of what is sent is the project file's affair and never that of the slots.
	full := Contact{
		Email: "liv@example.com", Phone: "040 123 4567", FirstName: "Liv", LastName: "Berg", Country: "FI",
		PostalCode: "00100",
	}
	want := []string{sum("liv@example.com"), sum("+358401234567"), sum("liv"), sum("berg"), "FI", "00100"}
	for _, send := range [][]Column{
		{Email, Phone, FirstName, LastName, Country, PostalCode}, {PostalCode, Phone, Country, LastName, Email, FirstName},
	} {
		if diff := cmp.Diff(want, slots(t, "google_customer_match_csv", send, full)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDefect05ASlotIsSkippedWhereTheColumnIsThere(t *testing.T) {
	want := []string{"", sum("+358401234567"), "", "", "", ""}
	if diff := cmp.Diff(want,
		slots(t, "google_customer_match_csv", []Column{Email, Phone, FirstName, LastName, Country, PostalCode}, Contact{
			Phone: "040 123 4567",
		})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"", sum("358401234567"), ""},
		slots(t, "meta_csv", []Column{Email, Phone, MAID}, Contact{Phone: "040 123 4567"})); diff != "" {
		t.Error(diff)
	}
}

// TestDefect05InRequestsThatAProjectDescribes: it was seen in requests of this form.
func TestDefect05InRequestsThatAProjectDescribes(t *testing.T) {
	p := tested()["generic_file.reddit"]
	s := Source{Platform: p, Part: &p.Parts[0], Send: p.Send, Consent: "list:ads:customer"}
	s.Contacts = plainTable(customers, "FI", someone{"c1", []Contact{{MAID: droidID, MAIDOS: "android"}}})
	adds, _ := Members(audience(t, []string{"c1"}, customers), s)
	for action, word := range map[Action]string{Adds: "ADD", Removes: "REMOVE"} {
		want := `{"data": {"action_type": "` + word + `", "column_order": ["EMAIL_SHA256","MAID_SHA256"],   ` +
			`"user_data": [["","` + sum(droidID) + `"]]}}` + "\n"
		l := List{Segment: "savers", Action: action, Send: s.Send, Consent: s.Consent, Entries: adds.Entries()}
		if diff := cmp.Diff(want, string(written(t, s.Part, l))); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDefect06NordicLettersAreDropped(t *testing.T) {
	for city, folded := range map[string]string{
		"Jyväskylä": "jyvaskyla", "Malmö": "malmo", "Ærøskøbing": "aeroskobing", "Åbo": "abo",
	} {
		same(t, "meta_csv", []Column{City}, Contact{City: city}, record{"address": {partly("meta_csv", City, sum(folded))}})
	}
	same(t, "meta_csv", []Column{LastName}, Contact{LastName: "Mäkelä"}, record{
		"address": {partly("meta_csv", LastName, sum("mäkelä"))},
	})
}

func TestDefect07APostalCodeIsCutAtItsPrefix(t *testing.T) {
	same(t, "meta_csv", []Column{PostalCode}, Contact{PostalCode: "FI-00100"}, record{
		"address": {partly("meta_csv", PostalCode, sum("00100"))},
	})
	same(t, "google_data_manager", googleAddress, Contact{
		FirstName: "Liv", LastName: "Berg", PostalCode: "SE-111 22", Country: "SE",
	},
		record{"address": {sum("liv") + "," + sum("berg") + ",SE,11122"}})
}

func TestDefect08AnUnknownGenderIsMale(t *testing.T) {
	for _, unknown := range []string{"nainen", "x", "unknown", "0", "-"} {
		got, dropped := told1(t, "meta_csv", "", []Column{Email, Gender, BirthDate}, Contact{
			Email: "liv@example.com", Gender: unknown, BirthDate: "3 March 1984",
		})
		if diff := cmp.Diff([]record{{"email": {sum("liv@example.com")}}}, got); diff != "" ||
			dropped.Values[Value{"gender", "unknown_gender"}] != 1 ||
			dropped.Values[Value{"birth_date", "date_not_iso_8601"}] != 1 {
			t.Errorf("%q, dropped %v:\n%s", unknown, dropped.Values, diff)
		}
	}
	meta, _ := Of("meta_csv")
	if slices.Contains(meta.Usual, Gender) || slices.Contains(meta.Usual, BirthDate) {
		t.Error("gender or birth date goes to Meta without anybody asking for it")
	}
}

func TestDefect09TikTokAddressesAreCutAndItsDeviceIDsAreNot(t *testing.T) {
	same(t, "tiktok", []Column{Email, MAID}, Contact{Email: "Aino.Virtanen+bank@Example.com", MAID: iosID, MAIDOS: "ios"},
		record{"email": {sum("aino.virtanen+bank@example.com")}, "maid": {sum(strings.ToLower(iosID))}})
}

func TestDefect11ConsentIsAConstant(t *testing.T) {
	p := manager(t)
	entry := "email=" + sum("liv@example.com")
	asked := written(t, &p.Parts[0], List{Action: Adds, Consent: "list:ads:customer", Entries: []string{entry}})
	removal := written(t, &p.Parts[0], List{Action: Removes, Consent: "list:ads:customer", Entries: []string{entry}})
	if !bytes.Contains(asked, []byte("CONSENT_GRANTED")) || bytes.Contains(removal, []byte("CONSENT_GRANTED")) {
		t.Error("consent is said where nobody was asked, or not where somebody was")
	}
	if err := p.Parts[0].Write(&bytes.Buffer{}, List{Action: Adds, Entries: []string{entry}}); err == nil {
		t.Error("people are added whom nobody asked")
	}
	for name, s := range contacted() { // nobody but Google has a field for it: that somebody is in the list says it
		l := List{Segment: "savers", Action: Adds, Send: s.Send, Consent: s.Consent, Entries: []string{entry}}
		if says := bytes.Contains(bytes.ToLower(written(t, s.Part, l)), []byte("consent")); says != (s.Platform == p) {
			t.Errorf("%s speaks of consent: %v", name, says)
		}
	}
}

func TestDefect12WhatLooksHashedIsTakenAsAHash(t *testing.T) {
	hash := sum("liv@example.com")
	hashed := map[Column]Form{Email: {Hashed: true, Profile: "google.v1"}}
	for _, c := range []struct {
		name, value, reason string
		forms               map[Column]Form
	}{
		{"a hash in a plain column", hash, "not_an_email", nil},
		{"a hash inside a longer text", hash + "0", "not_a_hash", hashed},
		{"a hash before an address", hash + "@example.com", "not_a_hash", hashed},
		{"an address in a column of hashes", "liv@example.com", "not_a_hash", hashed},
	} {
		table := filed(NewContacts(c.forms, ""), customers, someone{"c1", []Contact{{Email: c.value}}})
		_, got, dropped := told(t, audience(t, []string{"c1"}, customers),
			source("google_data_manager", "", contactColumns, table))
		if len(got) != 0 || dropped.Values[Value{"email", c.reason}] != 1 {
			t.Errorf("%s is told as %v, dropped %v", c.name, got, dropped.Values)
		}
	}
	for name, s := range contacted() {
		s.Contacts = plainTable(customers, "", someone{"c1", []Contact{{Email: hash}}})
		if adds, dropped := Members(audience(t, []string{"c1"}, customers), s); adds.Len() != 0 ||
			dropped.Values[Value{"email", "not_an_email"}] != 1 {
			t.Errorf("%s is told a hash in a plain column as %q, dropped %v", name, adds.Entries(), dropped.Values)
		}
	}
}

// TestDefect14ASessionIsNeverFinished: all requests of a list are one session of one schema, they count from one, the
// last alone says that it is, and each says how many rows there are in all, a person with two addresses twice.
func TestDefect14ASessionIsNeverFinished(t *testing.T) {
	p, _ := Of("meta_custom_audience")
	entries := append(many(&p.Parts[0], 9), "email="+sum("a")+"\temail="+sum("b")+"\tphone="+sum("c"))
	sessions := map[int64]bool{}
	for _, l := range []List{
		{Segment: "savers", Action: Adds, Entries: entries},
		{Segment: "savers", Action: Removes, Entries: entries},
		{Segment: "loans", Action: Adds, Entries: entries},
		{Segment: "savers", Action: Adds, Entries: entries[1:]},
		{Segment: "savers", Action: Adds, Entries: entries, AsOf: 1},
	} {
		l.Consent, l.Send, l.Batch.Rows = "list:ads:customer", []Column{Email, MAID}, 3
		list := written(t, &p.Parts[0], l)
		lines := bytes.SplitAfter(bytes.TrimSuffix(list, []byte("\n")), []byte("\n"))
		var session int64
		for i, line := range lines {
			var got struct {
				Session struct {
					ID    int64 `json:"session_id"`
					Seq   int   `json:"batch_seq"`
					Last  bool  `json:"last_batch_flag"`
					Total int   `json:"estimated_num_total"`
				} `json:"session"`
				Payload struct {
					Schema []string   `json:"schema"`
					Data   [][]string `json:"data"`
				} `json:"payload"`
			}
			strictly(t, line, &got)
			if i == 0 {
				session = got.Session.ID
			}
			s := got.Session
			if s.ID != session || s.ID < 1 || s.ID >= 1<<53 || s.Seq != i+1 || s.Last != (i == len(lines)-1) ||
				s.Total != len(l.Entries)+1 || !slices.Equal(got.Payload.Schema, []string{"EMAIL", "PHONE", "MADID"}) {
				t.Errorf("request %d of %d: %+v of %v", i+1, len(lines), s, got.Payload.Schema)
			}
		}
		if len(lines) != 4 || sessions[session] {
			t.Errorf("%d requests, and session %d was %v before", len(lines), session, sessions[session])
		}
		sessions[session] = true
	}
}

func TestDefect15OnePersonIsSplitIntoSeveralMembers(t *testing.T) {
	rows := []Contact{
		{Email: "liv@example.com", Phone: "040 123 4567"}, {
			Email: "liv@example.net", FirstName: "Liv", LastName: "Berg", PostalCode: "00100",
		},
	}
	want := record{
		"email": sorted(sum("liv@example.com"), sum("liv@example.net")), "phone": {sum("+358401234567")},
		"address": {sum("liv") + "," + sum("berg") + ",FI,00100"},
	}
	for _, kind := range []string{"google_data_manager", "google_customer_match_csv"} {
		got, _ := told1(t, kind, "", allColumns, rows...)
		if diff := cmp.Diff([]record{want}, got); diff != "" {
			t.Errorf("%s:\n%s", kind, diff)
		}
	}
}

// TestDefect15RowsOfMetaMixAddresses: who has two addresses is two rows, and none has the town of one and the name of
// the other.
func TestDefect15RowsOfMetaMixAddresses(t *testing.T) {
	send := []Column{Email, FirstName, LastName, City, PostalCode, Country}
	var rows []Contact
	var want []string
	for _, a := range [][5]string{
		{"Liv", "Berg", "Espoo", "00100", "FI"},
		{"Liv", "Sund", "Malmö", "211 19", "SE"},
		{"Live", "Aas", "Oslo", "0150", "NO"},
		{"Lif", "Holm", "Tallinn", "10111", "EE"},
	} {
		rows = append(rows, Contact{
			Email: "liv@example.com", FirstName: a[0], LastName: a[1], City: a[2], PostalCode: a[3], Country: a[4],
		})
		one := slots(t, "meta_csv", send, rows[len(rows)-1])
		want = append(want, strings.Join(one, ","))
	}
	s := source("meta_csv", "", send, plainTable(customers, "", someone{"c1", rows}))
	adds, _ := Members(audience(t, []string{"c1"}, customers), s)
	_, all := cells(t,
		written(t, s.Part, List{Segment: "savers", Action: Adds, Send: send, Consent: s.Consent, Entries: adds.Entries()}))
	var got []string
	for _, r := range all {
		got = append(got, strings.Join(r, ","))
	}
	if diff := cmp.Diff(sorted(want...), sorted(got...)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestDefect16PersonalDataInLogs: what a run reports of what it dropped are fields, reasons and counts. Lists and
// errors are searched in TestNothingThatIsHashedLeavesPlain.
func TestDefect16PersonalDataInLogs(t *testing.T) {
	_, dropped := told1(t, "meta_csv", "", []Column{Email, Phone}, Contact{
		Email: "Liv.Berg at example.com", Phone: "call me",
	})
	if diff := cmp.Diff(map[Value]int{
		{"email", "not_an_email"}: 1, {"phone", "letters"}: 1, {"", noneKnown}: 1,
	}, dropped.Values); diff != "" {
		t.Error(diff)
	}
}

// TestDefect20ARemovalSaysWhatIsTrueNow: it says what was told, so a person who changed her address leaves under the
// old one.
func TestDefect20ARemovalSaysWhatIsTrueNow(t *testing.T) {
	for name, s := range contacted() {
		told := func(email string) (Additions, Source) {
			s.Contacts = plainTable(customers, "", someone{"c1", []Contact{{Email: email}}})
			adds, _ := Members(audience(t, []string{"c1"}, customers), s)
			return adds, s
		}
		before, s := told("liv@example.com")
		now, _ := told("liv@example.net")
		gone := Removals{before.Entries()}.Gone(now)
		list := written(t, s.Part, List{Segment: "savers", Action: Removes, Send: s.Send, Entries: gone.Entries()})
		profile, _ := identifier.ProfileOf(s.Platform.Profile)
		was, _ := profile.Append(nil, identifier.Email, "liv@example.com", "")
		got := receiverOf(t, s.Platform, s.Part).read(t, "", Removes, list)
		if !cmp.Equal([]record{{"email": {string(was)}}}, got) {
			t.Errorf("%s: a removal says %v", name, got)
		}
	}
}
