package platform

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/api/datamanager/v1"
	"pgregory.net/rapid"
)

// record is what a receiver reads of one row or member: values by word. A slot without a value is no word; name and
// address are one word where the platform takes them as one, and device ids are "maid" whatever their system.
type record map[string][]string

// receiver reads lists of one destination type back. It knows what the platform documents and nothing of the writer.
type receiver struct {
	read func(t rapid.TB, part string, action Action, list []byte) []record
	// rows says that somebody with several values of one kind has several rows; otherwise a person is one record.
	rows bool
	// places says that it knows the form only by the places where identifiers stood: each is a record.
	places bool
}

// receiverOf is a type's own receiver, or one that learns the places of identifiers.
func receiverOf(t testing.TB, p *Platform, part *Part) receiver {
	t.Helper()
	if r, own := receivers[p.Type]; own {
		return r
	}
	known := places(t, p, part)
	return receiver{places: true, read: func(t rapid.TB, _ string, _ Action, list []byte) []record {
		t.Helper()
		return readPlaces(t, p, known, list)
	}}
}

// receivers are those of types whose form says more than where an identifier stands.
var receivers = map[string]receiver{
	"file_csv":                  {read: readNeutral("file_csv")},
	"file_parquet":              {read: readNeutral("file_parquet")},
	"personalisation_feed":      {read: readFeed},
	"google_data_manager":       {read: readBodies},
	"google_customer_match_csv": {read: readCustomerMatch, rows: true},
	"meta_csv":                  {read: readMeta, rows: true},
}

// cells reads a CSV: its header, and rows as wide as it.
func cells(t rapid.TB, list []byte) (header []string, rows [][]string) {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(list)).ReadAll() // refuses rows of another width than the first
	if err != nil {
		t.Fatalf("no CSV: %v", err)
	}
	if len(all) == 0 {
		t.Fatalf("no header")
	}
	return all[0], all[1:]
}

// readNeutral reads a list of subjects' own ids.
func readNeutral(kind string) func(t rapid.TB, part string, action Action, list []byte) []record {
	return func(t rapid.TB, _ string, _ Action, list []byte) (out []record) {
		t.Helper()
		for _, l := range neutral[kind](t, list) {
			out = append(out, record{"subject": {l.Subject}})
		}
		return out
	}
}

func readFeed(t rapid.TB, _ string, _ Action, list []byte) (out []record) {
	t.Helper()
	for line := range bytes.Lines(list) {
		var l struct {
			Subject  string   `json:"subject"`
			Segments []string `json:"segments"`
			AsOf     string   `json:"as_of"`
		}
		strictly(t, line, &l)
		r := record{"subject": {l.Subject}}
		if len(l.Segments) > 0 {
			r["segment"] = l.Segments
		}
		out = append(out, r)
	}
	return out
}

// strictly decodes one JSON value and refuses what v does not know.
func strictly(t rapid.TB, data []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("decode into %T: %v", v, err)
	}
}

// readBodies reads request bodies with Google's own types.
func readBodies(t rapid.TB, _ string, action Action, list []byte) (out []record) {
	t.Helper()
	for line := range bytes.Lines(list) {
		for _, m := range googleMembersOf(t, action, line) {
			out = append(out, memberRecord(t, m))
		}
	}
	return out
}

// googleMembersOf are the members of one request body.
func googleMembersOf(t rapid.TB, action Action, body []byte) []*datamanager.AudienceMember {
	t.Helper()
	if action == Removes {
		var r datamanager.RemoveAudienceMembersRequest
		strictly(t, body, &r)
		return r.AudienceMembers
	}
	var r datamanager.IngestAudienceMembersRequest
	strictly(t, body, &r)
	return r.AudienceMembers
}

func memberRecord(t rapid.TB, m *datamanager.AudienceMember) record {
	t.Helper()
	r := record{}
	if m.MobileData != nil {
		r["maid"] = m.MobileData.MobileIds
		return r
	}
	for _, i := range m.CompositeData.UserData.UserIdentifiers {
		switch {
		case i.EmailAddress != "":
			r["email"] = append(r["email"], i.EmailAddress)
		case i.PhoneNumber != "":
			r["phone"] = append(r["phone"], i.PhoneNumber)
		case i.Address != nil:
			a := i.Address
			r["address"] = append(r["address"],
				strings.Join([]string{a.GivenName, a.FamilyName, a.RegionCode, a.PostalCode}, ","))
		default:
			t.Errorf("an identifier is none of the three kinds")
		}
	}
	return r
}

func readCustomerMatch(t rapid.TB, part string, _ Action, list []byte) (out []record) {
	t.Helper()
	header, rows := cells(t, list)
	if part == "mobile" {
		if !slices.Equal(header, []string{"Mobile Device ID"}) {
			t.Fatalf("the header is %q", header)
		}
		for _, r := range rows {
			out = append(out, record{"maid": {r[0]}})
		}
		return out
	}
	address := slices.Index(header, "First Name")
	if address >= 0 && !slices.Equal(header[address:], []string{"First Name", "Last Name", "Country", "Zip"}) {
		t.Fatalf("the header is %q", header)
	}
	for _, row := range rows {
		r := record{}
		for i, cell := range row {
			word, known := map[string]string{"Email": "email", "Phone": "phone"}[header[i]]
			if !known && (address < 0 || i < address) {
				t.Fatalf("the header is %q", header)
			}
			if known && cell != "" {
				r[word] = append(r[word], cell)
			}
		}
		if address >= 0 && strings.Join(row[address:], "") != "" {
			r["address"] = []string{strings.Join(row[address:], ",")}
		}
		out = append(out, r)
	}
	return out
}

// metaHeaders are Meta's headers in the order of its worked file; those of name and address lie between the others.
var metaHeaders = []string{"email", "phone", "fn", "ln", "ct", "zip", "country", "dob", "gen", "madid"}

func readMeta(t rapid.TB, _ string, _ Action, list []byte) (out []record) {
	t.Helper()
	header, rows := cells(t, list)
	for _, row := range rows {
		var all [10]string
		last := -1
		for i, h := range header {
			at := slices.Index(metaHeaders, h)
			if at <= last {
				t.Fatalf("the header is %q", header)
			}
			all[at], last = row[i], at
		}
		r := record{}
		for word, value := range map[string]string{
			"email": all[0], "phone": all[1], "address": strings.Join(all[2:9], ","), "maid": all[9],
		} {
			if strings.Trim(value, ",") != "" {
				r[word] = []string{value}
			}
		}
		out = append(out, r)
	}
	return out
}

// text checks what all text forms have in common: UTF-8 without byte order mark, one kind of end after every line.
func text(t rapid.TB, list []byte) {
	t.Helper()
	switch {
	case !utf8.Valid(list), bytes.HasPrefix(list, []byte("\ufeff")):
		t.Fatalf("the list is not UTF-8 without a byte order mark")
	case bytes.Count(list, []byte("\r")) > 0 && !bytes.Equal(crlf(list), list):
		t.Fatalf("the list has a CR without LF, or a line without")
	case len(list) > 0 && !bytes.HasSuffix(list, []byte("\n")):
		t.Fatalf("the last line has no end")
	}
}

// crlf is a list all of whose lines end in CR and LF.
func crlf(list []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(list, []byte("\r"), nil), []byte("\n"), []byte("\r\n"))
}
