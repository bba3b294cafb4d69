package platform

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzEntries hands every writer an entry of any text, as holdings of other versions might: nothing panics, rows keep
// the width of their header, and an entry of the alphabet of identifiers is JSON in every body.
func FuzzEntries(f *testing.F) {
	for _, entry := range []string{
		"", "=", "\t", "email=" + sum("a"), "email=" + sum("a") + "\tphone=" + sum("b") + "\taddress=g,f,FI,00100",
		"address=", "address=,,,,,,,,,,,", "idfa=" + iosID, "first_initial=x", "email=a\temail=b\tphone=c\tphone=d\tphone=e",
		"address=a,b,c,d,e,f,g\taddress=a", "word", "email=\"\n\r,", "c1\tsavers\tloans", "=1+1",
	} {
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		safe := strings.Trim(strings.ToLower(entry), "abcdefghijklmnopqrstuvwxyz0123456789_-,= \t") == ""
		for _, p := range tested() {
			for _, part := range p.Parts {
				for _, action := range []Action{Adds, Removes, Snapshot} {
					l := List{
						Segment: "savers", Action: action, Consent: "list:ads:customer", Send: p.Usual, Entries: []string{
							entry, entry + "\temail=x",
						},
					}
					if p.Described && part.Write(io.Discard, l) != nil {
						continue // it has no place for what this entry was told by
					}
					list := written(t, &part, l)
					switch {
					case p.Ext == "csv" && headerOf(p) != "":
						separated(t, list)
					case p.Ext == "jsonl" && (safe || !p.Identifies()):
						for line := range bytes.Lines(list) {
							if !json.Valid(line) {
								t.Fatalf("%s: %q is no JSON", p.Type, line)
							}
						}
					}
				}
			}
		}
	})
}

// FuzzRows hands the joiner a row of any text, in plain columns and in columns of hashes: what comes out is an entry
// that is read back, has no trace of an unhashed name, and never the hash of nothing.
func FuzzRows(f *testing.F) {
	full := goodRow(1)
	f.Add(full[0], full[1], full[2], full[3], full[4], full[5], full[6], full[7], full[8], full[9], full[10])
	f.Add(" ", "+", "\u200b", "()", "FI", "-", "--", "0", "", "{}", "ios")
	f.Add(sum(""), "00358 40 123 4567", "a,b", "a\tb", "GB", "SW1A 1AA", "東京", "2000-02-29", "Male", "{"+droidID+"}",
		"ANDROID")
	f.Add("a@example.com", "b", "Liv", "=1+1", "NL", "-1234 AB", "@x", "-1", "+", droidID, "android")
	f.Add(sum("a"), sum("b"), sum("c"), sum("d"), "nl", "1234 AB", "a\"b", "20000229", "f", iosID, "ios")
	f.Fuzz(func(t *testing.T, email, phone, first, last, country, postal, city, birth, gender, maid, os string) {
		row := Contact{email, phone, first, last, country, postal, city, birth, gender, maid, os}
		hashed := map[Column]Form{}
		for c := range MAID {
			hashed[c] = Form{Hashed: true}
		}
		for _, forms := range []map[Column]Form{nil, hashed} {
			c := NewContacts(forms, "SE")
			c.Add(true, "c1", row)
			c.Add(true, "c1", Contact{Email: "liv@example.com"})
			for _, p := range tested() {
				for i := range p.Parts {
					if p.Identifies() {
						joinOne(t, Source{Platform: p, Part: &p.Parts[i], Send: p.Send, Contacts: c, Consent: "list:ads:customer"})
					}
				}
			}
		}
	})
}

// joinOne makes the entry of c1, writes it and reads it back.
func joinOne(t *testing.T, s Source) {
	t.Helper()
	var d Dropped
	entry := string(newJoiner(s, true).entry(nil, "c1", &d))
	if entry == "" {
		return
	}
	for word, value := range identifiers(entry) {
		if word == "" || strings.Trim(value, ",") == "" ||
			strings.ContainsAny(strings.TrimSuffix(value, "="), "\t\n\r\"\\=") {
			t.Fatalf("the entry has the identifier %q=%q", word, value)
		}
		if word == addressWord && strings.Count(value, ",") != len(s.Part.Address)-1 {
			t.Fatalf("the address %q has not %d parts", value, len(s.Part.Address))
		}
	}
	list := written(t, s.Part, List{
		Segment: "savers", Action: Adds, Consent: s.Consent, Send: s.Send, Entries: []string{entry},
	})
	text(t, list)
	if s.Platform.Ext == "csv" {
		noFormulas(t, list)
	}
	if bytes.Contains(list, []byte(sum(""))) || bytes.Contains(list, nothing64) {
		t.Fatal("the hash of nothing leaves")
	}
	r := receiverOf(t, s.Platform, s.Part)
	want, got := recordOf(entry), union(r.read(t, s.Part.Name, Adds, list))
	if r.places {
		want = apart(s.Part, want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("the entry is not what is read back (-entry +read):\n%s", diff)
	}
}

// recordOf is an entry as a record.
func recordOf(entry string) record {
	r := record{}
	for word, value := range identifiers(entry) {
		if word == idfaWord || word == aaidWord {
			word = "maid"
		}
		r[word] = append(r[word], value)
	}
	return union([]record{r})
}

// noFormulas says that no cell begins like what a spreadsheet computes.
func noFormulas(t *testing.T, list []byte) {
	t.Helper()
	for _, row := range separated(t, list) {
		for _, cell := range row {
			if formula(cell) != "" {
				t.Fatalf("a spreadsheet would compute %q", cell)
			}
		}
	}
}
