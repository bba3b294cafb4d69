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
			Together: []string{"first_name", "last_name"}, Accepts: func(_, profile string) bool {
				return profile == "google.v1"
			},
			Account: func(a string) string {
				if strings.Trim(a, "0123456789-") != "" {
					return "digits"
				}
				return ""
			},
		},
		{Type: "personalisation_feed", Own: true},
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
		{"type: personalisation_feed", "type: snapchat", "snapchat are not built"},
		{"type: personalisation_feed", "type: pigeon", `"pigeon"`},
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
