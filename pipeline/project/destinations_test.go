package project

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// platforms are a neutral type, the bank's own pages, and an ad platform with all that one can ask.
var platforms = Platforms{
	Columns: []string{"email", "first_name", "last_name", "maid"}, Profiles: []string{"google.v1", "meta.v1"},
	Country: func(code string) bool { return code == "SE" },
	Kinds: []Kind{
		{Type: "file_csv"},
		{Type: "file_parquet"},
		{
			Type: "google_data_manager", Send: []string{"email", "first_name", "last_name", "maid"}, Usual: []string{
				"email", "maid",
			},
			Together: []string{"first_name", "last_name"}, Batched: true, Most: Batch{Rows: 100},
			Account: func(a string) string {
				if strings.Trim(a, "0123456789-") != "" {
					return "digits"
				}
				return ""
			},
		},
		{Type: "personalisation_feed", Own: true},
		{Type: "microsoft", Numbered: true},
		{Type: "meta_custom_audience", Account: func(string) string { return "" }},
		{
			Type: "generic_file", Send: []string{"email", "maid"}, Described: true, Batched: true, Numbered: true,
			Account: func(string) string { return "" },
		},
	},
	Accepts: func(_ Destination, _, profile string) bool { return profile == "google.v1" },
	Wrong: func(f *Form) string {
		if f.Body != "" && f.File == "csv" {
			return "a CSV has no body"
		}
		return ""
	},
}

const adsProject = `apiVersion: malgrupp/v1
kind: Project
metadata: {name: demo-bank}
timezone: Europe/Stockholm
contacts: {team: {email: team@bank.example}}
sources: [{name: web, url: events/, schema: web-events}]
consent: {url: consent/, protected: none}
keys: {master: "env:MASTER", state: "env:STATE", recipients: "file:r.txt", signing: "env:SIGN"}
output: {url: out/}
identifiers: {url: contact_keys, default_country: SE, columns: {email: plain}}
destinations:
  ads: {type: google_data_manager, account: "123-456", send: [maid, email],
    processor: {agreement: A-1, expires: 2027-01-31}}
  site: {type: personalisation_feed}
`

func TestDestinationsAreReadByTheirKind(t *testing.T) {
	p := read(t, adsProject, "")
	if diff := cmp.Diff(&Identifiers{
		URL: "contact_keys/", Country: "SE", Hashed: map[string]string{},
	}, p.Identifiers); diff != "" {
		t.Error(diff)
	}
	want := []Destination{
		{
			Name: "ads", Type: "google_data_manager", Activate: []string{"ads"}, Account: "123-456", Send: []string{
				"maid", "email",
			}, Enabled: true, Agreement: "A-1", Expires: value.CivilDate(p.Destinations[0].Expires),
		},
		{Name: "site", Type: "personalisation_feed", Own: true, Activate: []string{"site"}, Enabled: true},
	}
	if diff := cmp.Diff(want, p.Destinations); diff != "" {
		t.Error(diff)
	}
	p = read(t, strings.Replace(adsProject, " send: [maid, email],", "", 1), "")
	if diff := cmp.Diff([]string{"email", "maid"}, p.Destinations[0].Send); diff != "" {
		t.Errorf("what is sent unless it says otherwise:\n%s", diff)
	}
}

// described is a destination whose form the project says.
func described(keys string) string {
	return "{type: generic_file, processor: {agreement: A-1, expires: 2027-01-31}, " + keys + "}"
}

// numbered is a destination of a type that malgrupp knows, with the platform's numbers of its lists.
func numbered(lists string) string {
	return "{type: microsoft, processor: {agreement: A-1, expires: 2027-01-31}, lists: " + lists + "}"
}

func TestAFormIsRead(t *testing.T) {
	p := read(t, strings.Replace(adsProject, "{type: personalisation_feed}", described(
		`batch: {rows: 7, bytes: 30000}, lists: {savers: "17"}, form: {file: jsonl, profile: google.v1, rows: lists, `+
			`body: "[$rows]", actions: {adds: ADD}, removals: snapshot, separator: tab, minimum: 5, name_length: 9, `+
			`refuses_names: true, ads: false, columns: [{name: a, of: email}, {name: b, text: c}, `+
			`{name: d, of: segment}]}`), 1), "")
	d := p.Destinations[1]
	if diff := cmp.Diff(&Form{
		File: "jsonl", Profile: "google.v1", Rows: "lists", Body: "[$rows]", Actions: map[string]string{"adds": "ADD"},
		Replaces: true, Separator: '\t', Minimum: 5, Names: 9, Refuses: true, Own: true,
		Columns: []FormColumn{{Name: "a", Of: "email"}, {Name: "b", Text: "c"}, {Name: "d", Of: "segment"}},
	}, d.Form); diff != "" {
		t.Error(diff)
	}
	if d.Batch != (Batch{7, 30000}) || d.Lists["savers"] != "17" || !slices.Equal(d.Send, []string{"email"}) {
		t.Errorf("%+v", d)
	}
}

func TestMistakesOfDestinationsAreNamed(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"send: [maid, email]", "send: [maid, city]", `"city" cannot be sent to google_data_manager`},
		{"send: [maid, email]", "send: [maid, maid]", `"maid" cannot be sent to google_data_manager, or is named twice`},
		{"send: [maid, email]", "send: []", "would be sent nothing"},
		{"send: [maid, email]", "send: [email, first_name]", "an address whole or not at all"},
		{`account: "123-456"`, "account: act_1", `destinations.ads.account is "act_1"`},
		{"email: plain", "email: sha256", `column email is "sha256"`},
		{"email: plain", `email: "sha256_hex(nobody.v1)"`, `column email is "sha256_hex(nobody.v1)"`},
		{"email: plain", `email: "sha256_hex(meta.v1)"`, "hashes of email that were made with meta.v1"},
		{"default_country: SE", "default_country: Sweden", `"Sweden" is not a country code`},
		{"identifiers: {url: contact_keys, default_country: SE, columns: {email: plain}}", "", `needs the key "identifiers"`},
		{
			"{type: personalisation_feed}", "{type: personalisation_feed, account: x}",
			`"account" is not a key of destinations.site`,
		},
		{
			"{type: personalisation_feed}", "{type: personalisation_feed, send: [email]}",
			`"send" is not a key of destinations.site`,
		},
		{"type: personalisation_feed", "type: pigeon", `"pigeon"`},
		{"send: [maid, email]", "batch: {rows: 101}", "rows is 101"},
		{"send: [maid, email]", "lists: {a: b}", `"lists" is not a key of destinations.ads`},
		{
			"{type: personalisation_feed}", numbered(`{a: "-1"}`),
			`destinations.site.lists.a is "-1"`,
		},
		{"{type: personalisation_feed}", numbered(`{a: '17",9'}`), `destinations.site.lists.a is "17\",9"`},
		{"{type: personalisation_feed}", numbered(`{a: "7", b: "7"}`), "destinations.site.lists.b is the list of segment a"},
		{
			"{type: personalisation_feed}", described(`lists: {a: x, b: x}, form: {file: csv, columns: [{name: a, of: email}]}`),
			"destinations.site.lists.b is the list of segment a",
		},
		{"send: [maid, email]", "form: {file: csv}", `"form" is not a key of destinations.ads`},
		{"{type: personalisation_feed}", described(``), "destinations.site.form"},
		{"{type: personalisation_feed}", described(`form: {columns: [{name: a, of: email}]}`), "form.file"},
		{"{type: personalisation_feed}", described(`form: {file: csv}`), "form.columns"},
		{
			"{type: personalisation_feed}", described(`form: {file: csv, profile: gogle.v1, columns: [{name: a, of: email}]}`),
			`"gogle.v1" is not a value of profile`,
		},
		{"{type: personalisation_feed}", described(`send: [email]`), `"send" is not a key of destinations.site`},
		{
			"{type: personalisation_feed}", described(`form: {file: csv, columns: [{name: a, of: phone}]}`),
			"phone",
		},
		{
			"{type: personalisation_feed}", described(`form: {file: csv, columns: [{name: a, of: email, text: b}]}`),
			"both of: and text:",
		},
		{"{type: personalisation_feed}", described(`form: {file: csv, columns: [{name: a}]}`), "both of: and text:"},
		{
			"{type: personalisation_feed}", described(`form: {file: csv, body: x, columns: [{name: a, of: email}]}`),
			"a CSV has no body",
		},
	} {
		_, found := Read(&source.Source{
			Name: "malgrupp.yaml", Text: strings.Replace(adsProject, c.old, c.new, 1),
		}, "", platforms)
		if !slices.ContainsFunc(found, func(e *source.Finding) bool { return strings.Contains(e.Message, c.want) }) {
			t.Errorf("%s: want %q in\n%s", c.new, c.want, found.Text())
		}
	}
	if _, found := Read(&source.Source{
		Name: "malgrupp.yaml", Text: strings.Replace(adsProject, "email: plain", `email: "sha256_hex(google.v1)"`, 1),
	}, "", platforms); len(found) > 0 {
		t.Error(found.Text())
	}
}
