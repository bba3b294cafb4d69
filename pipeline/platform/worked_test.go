package platform

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// paper reads a file of the vectors folder's platforms, or skips.
func paper(t testing.TB, name ...string) []byte {
	t.Helper()
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	file := filepath.Join(slices.Concat([]string{root, "platforms"}, name)...)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("%s is not there: set MALGRUPP_VECTORS to the vectors folder", file)
	}
	return data
}

// workedPeople are the three people of the worked files in the vectors folder, as the bank stores them.
var workedPeople = []someone{
	{"1", []Contact{{
		Email: " Aino.Virtanen@Example.com", Phone: "040 123 4567", FirstName: "Aino", LastName: "Virtanen",
		City: "Helsinki", PostalCode: "00100", Country: "FI", MAID: "38400000-8cf0-11bd-b23e-10b96e40000d", MAIDOS: "android",
	}}},
	{"2", []Contact{{
		Email: "erik.backstrom@example.com", Phone: "070-123 45 67", FirstName: "Erik", LastName: "Bäckström-Lind",
		City: "Malmö", PostalCode: "211 19", Country: "SE", MAID: "6D92078A-8246-4BA4-AE5B-76104861E7DC", MAIDOS: "ios",
	}}},
	{"3", []Contact{{
		Email: "kati.makela@example.com", FirstName: "Kati", LastName: "Mäkelä", City: "Jyväskylä", PostalCode: "40100",
		Country: "FI",
	}}},
}

// inOrder is the list of a part for people in the order they are given; real lists are in byte order.
func inOrder(t *testing.T, s Source, action Action, people []someone) List {
	t.Helper()
	level := levelOf(s.Platform)
	s.Contacts = plainTable(level, "", people...)
	adds, _ := Members(audience(t, ids(people), level), s)
	of := map[string]string{}
	for entry, id := range adds.Told() {
		of[id] = entry
	}
	l := List{Segment: "savers", Action: action, AsOf: savers.AsOf, Send: s.Send}
	if action != Removes {
		l.Consent = s.Consent
	}
	for _, p := range people {
		if of[p.id] != "" {
			l.Entries = append(l.Entries, of[p.id])
		}
	}
	return l
}

func TestTheWorkedCSVFilesAreWrittenByteForByte(t *testing.T) {
	for _, c := range []struct {
		file, kind, part string
		send             []Column
	}{
		{
			"google-customer-match.csv", "google_customer_match_csv", "",
			[]Column{Email, Phone, FirstName, LastName, Country, PostalCode},
		},
		{"google-customer-match-mobile.csv", "google_customer_match_csv", "mobile", []Column{Email, MAID}},
		{"tiktok-customer-file.csv", "tiktok", "", []Column{MAID, Phone, Email}},
		{"tiktok-api-email_sha256.csv", "tiktok_single", "", []Column{Email, Phone}},
		{"linkedin-contacts.csv", "linkedin_csv", "", []Column{Email, MAID}},
		{
			"meta-customer-list.csv", "meta_csv", "",
			[]Column{MAID, Email, Phone, FirstName, LastName, City, PostalCode, Country},
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			want := paper(t, "examples", c.file)
			s := source(c.kind, c.part, c.send, nil)
			got := written(t, s.Part, inOrder(t, s, Snapshot, workedPeople))
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheWorkedRequestBodiesAreWrittenByteForByte(t *testing.T) {
	contact := []Column{Email, Phone, FirstName, LastName, Country, PostalCode}
	for _, c := range []struct {
		file, part string
		send       []Column
		action     Action
		people     []someone
	}{
		{"google-datamanager-ingest.json", "", contact, Adds, workedPeople},
		{"google-datamanager-ingest-mobile.json", "android", []Column{Email, MAID}, Adds, workedPeople},
		{"google-datamanager-remove.json", "", contact, Removes, workedPeople[2:]},
	} {
		t.Run(c.file, func(t *testing.T) {
			want := paper(t, "examples", c.file)
			s := source("google_data_manager", c.part, c.send, nil)
			body := written(t, s.Part, inOrder(t, s, c.action, c.people))
			if diff := cmp.Diff(string(want), string(addressed(t, body, want))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// numbered are what a delivery calls itself, which worked files have made up.
var numbered = regexp.MustCompile(`"session_id":\d+|malgrupp-[0-9a-f]{12}`)

// alike is a list whose delivery is called as in an example, indented if it is JSON.
func alike(t *testing.T, list []byte, called string) string {
	t.Helper()
	list = numbered.ReplaceAll(list, []byte(called))
	if list[0] != '{' {
		return string(list)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, list, "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheOtherWorkedFilesAreWrittenByteForByte(t *testing.T) {
	for _, c := range []struct {
		file, kind, part string
		send             []Column
		action           Action
		called           string
	}{
		{
			"meta-users.json", "meta_custom_audience", "",
			[]Column{MAID, Email, Phone, FirstName, LastName, City, PostalCode, Country},
			Adds, `"session_id":9778993`,
		},
		{"snapchat-users-email.json", "snapchat", "", []Column{Email, Phone, MAID}, Adds, ""},
		{"snapchat-users-phone.json", "snapchat", "phone", []Column{Email, Phone, MAID}, Removes, ""},
		{"snapchat-users-madid.json", "snapchat", "maid", []Column{Email, Phone, MAID}, Adds, ""},
		{"microsoft-bulk-customer-list.csv", "microsoft", "", []Column{Email}, Snapshot, "malgrupp-1"},
		{"tiktok-segment-mapping.json", "tiktok_mapping", "", []Column{Phone, Email}, Adds, ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			want := paper(t, "examples", c.file)
			s := source(c.kind, c.part, c.send, nil)
			l := inOrder(t, s, c.action, workedPeople)
			l.Number, l.Account = "5001001", "7000000000000000001"
			if c.kind == "tiktok_mapping" {
				l.Number = "7390000000000000001"
			}
			if diff := cmp.Diff(string(want), alike(t, written(t, s.Part, l), c.called)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTheWorkedElementsOfLinkedInAreWritten: the example adds two people and removes one in one request, which are two
// files here, and says the names of those it adds in clear, which never leave.
func TestTheWorkedElementsOfLinkedInAreWritten(t *testing.T) {
	var want struct{ Elements []map[string]any }
	if err := json.Unmarshal(paper(t, "examples", "linkedin-users.json"), &want); err != nil {
		t.Fatal(err)
	}
	for _, e := range want.Elements {
		maps.DeleteFunc(e, func(key string, _ any) bool { return key != "action" && key != "userIds" })
	}
	s := source("linkedin", "", []Column{Email, MAID}, nil)
	var elements []map[string]any
	for _, l := range []List{inOrder(t, s, Adds, workedPeople[:2]), inOrder(t, s, Removes, workedPeople[2:])} {
		var got struct{ Elements []map[string]any }
		strictly(t, written(t, s.Part, l), &got)
		elements = append(elements, got.Elements...)
	}
	if diff := cmp.Diff(want.Elements, elements); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheWorkedFilesOfAdformAreWrittenByteForByte(t *testing.T) {
	const mortgage = "mortgage_page_visitors_30d"
	var ids []string
	s := source("adform", "", []Column{MAID}, nil)
	for _, entry := range inOrder(t, s, Adds, workedPeople).Entries {
		ids = append(ids, entry+"\t"+mortgage+"\tsavings_interest")
	}
	first, _ := Of("adform_first_party")
	for file, c := range map[string]struct {
		part    *Part
		entries []string
	}{
		"adform-maid.csv": {s.Part, ids},
		"adform-firstparty.csv": {
			&first.Parts[0], []string{"fp-5d1f0a\t" + mortgage, "fp-77b2c1\t" + mortgage, "fp-90aa3e\t" + mortgage},
		},
		"adform-taxonomy.csv": {first.Beside, []string{mortgage + "\tMortgage page visitors, 30 days"}},
	} {
		want := strings.Replace(string(paper(t, "examples", file)), ",30,1,0,", ",7,1,0,", 1) // seven days are the most
		l := List{Action: Snapshot, Consent: "list:adform:device", Entries: c.entries}
		if diff := cmp.Diff(want, string(written(t, c.part, l))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// addressed adds to a body what the delivery adds, the destinations of an example and that it is only to be validated,
// and indents it.
func addressed(t *testing.T, body, example []byte) []byte {
	t.Helper()
	var from struct{ Destinations json.RawMessage }
	if err := json.Unmarshal(example, &from); err != nil {
		t.Fatal(err)
	}
	whole := `{"destinations":` + string(from.Destinations) + "," + strings.TrimPrefix(string(body), "{")
	whole = strings.Replace(whole, `"audienceMembers":`, `"validateOnly":true,"audienceMembers":`, 1)
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(whole), "", "  "); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// specimenPeople have an identifier of every kind, two of some, none at all, and one that is bad.
var specimenPeople = []someone{
	{"c1", []Contact{
		{
			Email: "Liv.Hansen@example.com", Phone: "912 34 567", FirstName: "Liv", LastName: "Hansen-Berg", City: "Tromsø",
			PostalCode: "N-9008", Country: "NO", BirthDate: "1984-03-07", Gender: "female",
			MAID: "8B6A2C1D-0000-4000-8000-00000000ABCD", MAIDOS: "ios",
		},
		{Email: "liv@example.com"},
	}},
	{"c2", []Contact{{Phone: "+372 5123 4567", MAID: "0f0e0d0c-0000-4000-8000-00000000beef", MAIDOS: "android"}}},
	{"c3", []Contact{{Email: "nobody at example.com", Gender: "unknown"}}},
	{"c4", nil},
}

// TestASpecimenOfEveryTextForm compares with testdata; UPDATE=1 rewrites it. Removals have a specimen where they are
// written otherwise than additions. The bytes of a Parquet file are its codec's affair: TestASpecimenOfEachNeutralForm
// reads one.
func TestASpecimenOfEveryTextForm(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		if p.Ext == "parquet" {
			t.Skip("not a text form")
		}
		s := Source{Platform: p, Part: part, Send: p.Send, Consent: "list:ads:customer"}
		specimen := func(action Action) []byte {
			l := inOrder(t, s, action, specimenPeople)
			switch {
			case p.Merged && p.Identifies():
				for i := range l.Entries {
					l.Entries[i] += "\tloans\tsavers"
				}
			case p.Merged:
				l.Entries = []string{"c1\tsavers", "c2\tloans\tsavers", "c3"}
			}
			return written(t, part, l)
		}
		name, _ := strings.CutSuffix(path.Base(t.Name()), "."+part.Name)
		file := filepath.Join("testdata", name, part.Name)
		adds, removes := specimen(Adds), specimen(Removes)
		golden(t, filepath.Join(file, "adds."+p.Ext), adds)
		other := filepath.Join(file, "removes."+p.Ext)
		if _, err := os.Stat(other); err == nil || !bytes.Equal(adds, removes) {
			golden(t, other, removes)
		}
	})
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE") == "1" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
