package platform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/datamanager/v1"
	"pgregory.net/rapid"
)

// These tests read the request bodies of google_data_manager with the types that Google generates from its own
// description.

// body is a request as Google's types hold it: one of the two.
type body interface {
	datamanager.IngestAudienceMembersRequest | datamanager.RemoveAudienceMembersRequest
}

// decoded decodes a line strictly and says that it encodes to the same JSON again.
func decoded[B body](t rapid.TB, line []byte) (b B) {
	t.Helper()
	strictly(t, line, &b)
	again, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if err := json.Unmarshal(line, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("Google's types hold something else (-written +held):\n%s", diff)
	}
	return b
}

// manager is the declaration under test.
func manager(t testing.TB) *Platform {
	t.Helper()
	p, ok := Of("google_data_manager")
	if !ok {
		t.Fatal("there is no type google_data_manager")
	}
	return p
}

func TestEveryBodyIsARequestOfGoogle(t *testing.T) {
	p := manager(t)
	for i := range p.Parts {
		part := &p.Parts[i]
		rapid.Check(t, func(rt *rapid.T) {
			l, _ := entriesOf(t, rt, p, part)
			for line := range bytes.Lines(written(rt, part, l)) {
				if l.Action == Removes {
					checkRemoval(rt, decoded[datamanager.RemoveAudienceMembersRequest](rt, line))
				} else {
					checkIngest(rt, decoded[datamanager.IngestAudienceMembersRequest](rt, line))
				}
			}
		})
	}
}

func checkRemoval(t rapid.TB, r datamanager.RemoveAudienceMembersRequest) {
	t.Helper()
	if len(r.Destinations) != 0 || r.ValidateOnly || r.EncryptionInfo != nil {
		t.Fatal("the body has what the delivery adds")
	}
	checkMembers(t, r.AudienceMembers, r.Encoding)
}

func checkIngest(t rapid.TB, r datamanager.IngestAudienceMembersRequest) {
	t.Helper()
	if len(r.Destinations) != 0 || r.ValidateOnly || r.EncryptionInfo != nil {
		t.Fatal("the body has what the delivery adds")
	}
	const granted = "CONSENT_GRANTED"
	switch {
	case r.Consent == nil || r.Consent.AdUserData != granted || r.Consent.AdPersonalization != granted:
		t.Fatal("the body does not say that both uses are granted")
	case r.TermsOfService == nil || r.TermsOfService.CustomerMatchTermsOfServiceStatus != "ACCEPTED":
		t.Fatal("the body does not accept the terms")
	}
	checkMembers(t, r.AudienceMembers, r.Encoding)
}

// checkMembers checks Google's rules for members: exactly one kind of data, identifiers of exactly one kind, whole
// addresses, hashes declared as HEX and nothing else declared.
func checkMembers(t rapid.TB, members []*datamanager.AudienceMember, encoding string) {
	t.Helper()
	if len(members) == 0 || len(members) > 10_000 {
		t.Fatalf("a body of %d members", len(members))
	}
	hashes := false
	for _, m := range members {
		if m.Consent != nil || len(m.DestinationReferences) != 0 || m.UserData != nil || m.UserIdData != nil ||
			(m.CompositeData == nil) == (m.MobileData == nil) {
			t.Fatal("a member has other data than contact data or mobile ids")
		}
		if m.MobileData != nil {
			if n := len(m.MobileData.MobileIds); n == 0 || n > 10 {
				t.Fatalf("a member of %d mobile ids", n)
			}
			continue
		}
		hashes = true
		checkIdentifiers(t, m.CompositeData.UserData.UserIdentifiers)
	}
	if (encoding == "HEX") != hashes || (encoding != "") != hashes {
		t.Fatalf("the encoding is %q", encoding)
	}
}

func checkIdentifiers(t rapid.TB, all []*datamanager.UserIdentifier) {
	t.Helper()
	if len(all) == 0 || len(all) > 10 {
		t.Fatalf("a member of %d identifiers", len(all))
	}
	for _, i := range all {
		kinds := 0
		for _, hash := range []string{i.EmailAddress, i.PhoneNumber} {
			if hash != "" {
				kinds++
				checkHash(t, hash)
			}
		}
		if a := i.Address; a != nil {
			kinds++
			checkHash(t, a.GivenName)
			checkHash(t, a.FamilyName)
			if len(a.RegionCode) != 2 || a.RegionCode != strings.ToUpper(a.RegionCode) || a.PostalCode == "" {
				t.Fatal("an address without a region or a postal code")
			}
		}
		if kinds != 1 {
			t.Fatalf("an identifier of %d kinds", kinds)
		}
	}
}

func checkHash(t rapid.TB, hash string) {
	t.Helper()
	if len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" || hash == sum("") {
		t.Fatalf("%q is no hash in lower-case hex", hash)
	}
}

func TestABodyHasAtMostTenThousandMembers(t *testing.T) {
	part := &manager(t).Parts[0]
	var entries []string
	for i := range 20_001 {
		entries = append(entries, "email="+sum(fmt.Sprint(i)))
	}
	slices.Sort(entries)
	for _, c := range []struct {
		entries int
		bodies  []int
	}{{0, nil}, {1, []int{1}}, {10_000, []int{10_000}}, {10_001, []int{10_000, 1}}, {20_001, []int{10_000, 10_000, 1}}} {
		for _, action := range []Action{Adds, Removes} {
			l := List{Segment: "savers", Action: action, Consent: "list:ads:customer", Entries: entries[:c.entries]}
			var bodies []int
			var told []string
			for line := range bytes.Lines(written(t, part, l)) {
				members := googleMembersOf(t, action, line)
				bodies = append(bodies, len(members))
				for _, m := range members {
					told = append(told, "email="+m.CompositeData.UserData.UserIdentifiers[0].EmailAddress)
				}
			}
			if !slices.Equal(bodies, c.bodies) || !slices.Equal(told, l.Entries) {
				t.Errorf("%d entries are bodies of %v, want %v, with everybody once and in order", c.entries, bodies, c.bodies)
			}
		}
	}
}

// TestATenthIdentifierIsTheLast: of somebody with more, e-mail addresses stay before phone numbers and both before
// addresses.
func TestATenthIdentifierIsTheLast(t *testing.T) {
	var rows []Contact
	for i := range 8 {
		row := goodRow(i)
		row[MAID], row[MAIDOS] = fmt.Sprintf("38400000-8cf0-11bd-b23e-%012d", 1+i), "ios"
		rows = append(rows, row, Contact{MAID: fmt.Sprintf("38400000-8cf0-11bd-b23e-%012d", 100+i), MAIDOS: "ios"})
	}
	for part, want := range map[string]struct {
		told    map[string]int
		dropped map[Value]int
	}{
		"":    {map[string]int{"email": 8, "phone": 2}, map[Value]int{{"phone", overLimit}: 6, {"address", overLimit}: 8}},
		"ios": {map[string]int{"maid": 10}, map[Value]int{{"idfa", overLimit}: 6}},
	} {
		s := source("google_data_manager", part, allColumns, plainTable(customers, "FI", someone{"c1", rows}))
		_, records, dropped := told(t, audience(t, []string{"c1"}, customers), s)
		got := map[string]int{}
		for word, values := range records[0] {
			got[word] = len(values)
		}
		if diff := cmp.Diff(want.told, got) + cmp.Diff(want.dropped, dropped.Values); diff != "" {
			t.Errorf("part %q (-want +got):\n%s", part, diff)
		}
	}
}

func TestNobodyIsIngestedWithoutAQuestionForConsent(t *testing.T) {
	p := manager(t)
	for i := range p.Parts {
		for _, action := range []Action{Adds, Snapshot} {
			var out bytes.Buffer
			err := p.Parts[i].Write(&out, List{
				Segment: "savers", Action: action, Entries: []string{"email=" + sum("liv@example.com")},
			})
			if err == nil || out.Len() > 0 {
				t.Errorf("%s of part %q are written: %v", action, p.Parts[i].Name, err)
			}
		}
		removal := written(t, &p.Parts[i], List{
			Segment: "savers", Action: Removes, Entries: []string{"email=" + sum("liv@example.com")},
		})
		if bytes.Contains(removal, []byte("onsent")) || bytes.Contains(removal, []byte("terms")) {
			t.Error("a removal speaks of consent or terms, and needs neither")
		}
	}
}
