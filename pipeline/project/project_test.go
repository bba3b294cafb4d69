package project

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

const smallest = `apiVersion: malgrupp/v1
kind: Project
metadata: {name: shop}
timezone: Europe/Stockholm
contacts: {team: {email: team@shop.example}}
sources:
  - {name: web, url: "log/", schema: web-events}
consent: {url: "yes-and-no/", protected: none}
keys: {master: "env:MASTER", state: "file:state", recipients: "file:recipients", signing: "file:signing"}
output: {url: "lists"}
destinations:
  mail: {type: file_csv, processor: {agreement: A-1, expires: 2027-01-31}}
`

func read(t *testing.T, text, profile string) *Project {
	t.Helper()
	p, found := Read(&source.Source{Name: "malgrupp.yaml", Text: text}, profile, platforms)
	if len(found) > 0 {
		t.Fatal(found.Text())
	}
	return p
}

func TestWhatNobodyWritesHasItsDefault(t *testing.T) {
	p := read(t, smallest, "")
	utc, err := value.LoadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	hour, minute := value.Duration{N: 26, Unit: value.Hour}, value.Duration{N: 5, Unit: value.Minute}
	want := Project{
		Name: "shop", Retention: days(395), MaxClockSkew: minute, SessionGap: value.Duration{
			N: 30, Unit: value.Minute,
		}, Contacts: []string{"team"},
		Sources: []Source{
			{Name: "web", URL: "log/", Schema: "web-events", Dedupe: days(7), Complete: Listed, OnBadObject: Stop},
		},
		Consent: Consent{
			URL: "yes-and-no/", Partition: Partition{Key: "dt=", Zone: utc}, MaxFeedAge: hour, MaxConsentAge: days(390),
			TrustedSources: []string{"cmp", "bank_ui", "call_centre"}, TCF: map[string]Publisher{}, RowTCSource: "cmp",
			GPCDenies:     []string{"partner_data", "activate:*"},
			BrowserDenies: []string{"profile", "link", "partner_data", "activate:*"},
			MinNotice:     map[string]int{"measure": 0, "profile": 0, "link": 0, "partner_data": 0, "activate": 0},
		},
		Identity: Identity{AttachWindow: days(30), SharedWindow: days(90), KioskCustomers: 5, MaxDevices: 20},
		Keys: Keys{
			Master: map[int]string{1: "env:MASTER"}, State: "file:state", Recipients: "file:recipients", Signing: "file:signing",
		},
		Output: "lists/", State: "lists/state/", Audit: "lists/audit/", MaxListAge: days(7),
		Guards: Guards{MinAudience: 50, ReportK: 50, MaxChange: 50},
		Limits: Limits{Chunk: 256 << 20, Page: 64 << 20}, Security: Security{
			Endpoints: map[string]string{},
		},
		Destinations: []Destination{
			{
				Name: "mail", Type: "file_csv", Activate: []string{"mail"},
				Enabled: true, Agreement: "A-1", Expires: date(t, "2027-01-31"),
			},
		},
	}
	if p.Zone.Name() != "Europe/Stockholm" {
		t.Errorf("the zone is %s", p.Zone.Name())
	}
	got := *p
	got.Zone, got.Settings, got.Text = nil, nil, nil
	if got.Topics.Present() || got.Statistics.Present() {
		t.Error("there are topics or statistics, and nobody wrote any")
	}
	nodes := cmp.Comparer(func(a, b yaml.Node) bool { return a == b })
	if diff := cmp.Diff(want, got, nodes, cmp.Comparer(func(a, b *value.Zone) bool {
		return a == nil && b == nil || a != nil && b != nil && a.Name() == b.Name()
	})); diff != "" {
		t.Error(diff)
	}
	if d, ok := p.Destination("mail"); !ok || d.Name != "mail" {
		t.Error("the destination mail is not found")
	}
	if _, ok := p.Destination("post"); ok {
		t.Error("a destination post is found")
	}
}

func date(t *testing.T, text string) value.CivilDate {
	t.Helper()
	d, ok := value.ParseDate(text)
	if !ok {
		t.Fatalf("%s is no date", text)
	}
	return d
}

// settingsOf are some settings as config show prints them.
func settingsOf(p *Project, keys ...string) (out []string) {
	for _, s := range p.Settings {
		if slices.Contains(keys, s.Key) {
			out = append(out, s.Key+" = "+s.Value+" ("+s.Origin+")")
		}
	}
	return out
}

const profiled = smallest + `retention: 100d
identity: {max_devices: 9, kiosk_customers: 3}
profiles:
  test:
    retention: 50d
    identity: {max_devices: 4}
    output: {url: "mem://out"}
    destinations:
      mail: {enabled: false}
      file: {type: file_parquet, processor: {agreement: A-2, expires: 2027-02-28}}
  bare: {}
`

func TestAProfileLiesOverTheFileKeyByKey(t *testing.T) {
	p := read(t, profiled, "test")
	want := []string{
		"retention = 50d (malgrupp.yaml:17 (profile test))",
		"max_clock_skew = 5min (default)",
		"consent.partition = dt= (default)",
		"identity.kiosk_customers = 3 (malgrupp.yaml:14)",
		"identity.max_devices = 4 (malgrupp.yaml:18 (profile test))",
		"output.url = mem://out (malgrupp.yaml:19 (profile test))",
		"output.state = mem://out/state/ (default)",
		"destinations.file.type = file_parquet (malgrupp.yaml:22 (profile test))",
		"destinations.mail.type = file_csv (malgrupp.yaml:12)",
		"destinations.mail.enabled = false (malgrupp.yaml:21 (profile test))",
	}
	got := settingsOf(p, "retention", "max_clock_skew", "consent.partition", "identity.kiosk_customers",
		"identity.max_devices", "output.url",
		"output.state", "destinations.file.type", "destinations.mail.enabled", "destinations.mail.type")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p.Destinations[0].Name != "file" || p.Destinations[1].Enabled || p.Destinations[1].Agreement != "A-1" {
		t.Errorf("%+v", p.Destinations)
	}
	for _, profile := range []string{"", "bare"} {
		if p := read(t, profiled, profile); p.Retention != days(100) || p.Output != "lists/" || len(p.Destinations) != 1 {
			t.Errorf("profile %q: %+v", profile, p)
		}
	}
}

func TestAProfileThatIsNotThereIsNamed(t *testing.T) {
	for _, text := range []string{smallest, profiled} {
		_, found := Read(&source.Source{Name: "malgrupp.yaml", Text: text}, "prod", platforms)
		if len(found) != 1 || found[0].Code != "E-UNKNOWN-PROFILE" {
			t.Errorf("%s", found.Text())
		}
	}
}

func TestLongFormsAreRead(t *testing.T) {
	long := strings.NewReplacer(
		`{name: web, url: "log/", schema: web-events}`,
		`{name: web, url: "log/", schema: web-events, partition: {key: "day=", of: event, zone: Europe/Helsinki},
     origin: "partner:homes.example", dedupe: {within: 2d}, covers_from: 2026-01-02, gaps: empty, complete: success,
     on_bad_object: skip}
  - {name: app, url: "app/", schema: app-events, partition: "dt=", dedupe: none}`,
		"protected: none",
		`protected: {url: "p.parquet", max_age: 400d, may_shrink: 5%}, `+
			`suppression: "s.parquet", max_feed_age: {limit: 100h, reason: agreed}, partition: none`,
		`master: "env:MASTER"`, `master: {1: "env:OLD", 2: "env:NEW"}, mounted: true`,
	).Replace(smallest) + "limits: {chunk_mib: 1, page_mib: 2}\nsecurity: {file_roots: [\"/data\"], endpoints: {s3: " +
		"\"http://127.0.0.1:9\"}}\n"
	p := read(t, long, "")
	web, app := p.Sources[0], p.Sources[1]
	if web.Partition.Key != "day=" || !web.Partition.Event || web.Partition.Zone.Name() != "Europe/Helsinki" ||
		web.Partner != "homes.example" ||
		web.Dedupe != days(2) || web.CoversFrom != p.Zone.Midnight(date(t, "2026-01-02")) || !web.GapsEmpty ||
		web.Complete != Success || web.OnBadObject != Skip {
		t.Errorf("%+v", web)
	}
	if app.Partition.Key != "dt=" || app.Partition.Event || app.Dedupe != (value.Duration{}) || app.Partner != "" {
		t.Errorf("%+v", app)
	}
	want := Consent{
		Protected:   &List{"p.parquet", days(400), 5},
		Suppression: &List{"s.parquet", value.Duration{N: 100, Unit: value.Hour}, 0},
	}
	if diff := cmp.Diff(want, Consent{
		Protected: p.Consent.Protected, Suppression: p.Consent.Suppression, Partition: p.Consent.Partition,
	}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[int]string{1: "env:OLD", 2: "env:NEW"}, p.Keys.Master); diff != "" || !p.Keys.Mounted {
		t.Error(diff)
	}
	if p.Limits != (Limits{1 << 20, 2 << 20}) || p.Security.Endpoints["s3"] != "http://127.0.0.1:9" ||
		p.Security.FileRoots[0] != "/data" {
		t.Errorf("%+v %+v", p.Limits, p.Security)
	}
	if got := settingsOf(p, "sources[0].partition.zone"); !slices.Equal(got,
		[]string{"sources[0].partition.zone = Europe/Helsinki (malgrupp.yaml:7)"}) {
		t.Errorf("%q", got)
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	text := strings.NewReplacer(
		"timezone: Europe/Stockholm", "timezone: Europe/Atlantis",
		"schema: web-events}",
		"schema: web-events, partition: dt, origin: elsewhere, complete: manifest}\n  - {name: web, url: x, schema: y}",
		"protected: none", "max_consent_age: 400d, max_feed_age: 73h",
		`master: "env:MASTER"`, `master: {0: "env:OLD"}`,
		"processor: {agreement: A-1, expires: 2027-01-31}", "membership: 7",
	).Replace(smallest) + `retention: 800d
sesion_gap: 30min
guards: {min_audience: 10}
identity: {attach_window: 31d, shared_window: 89d, max_devices: 21}
`
	_, found := Read(&source.Source{Name: "malgrupp.yaml", Text: text}, "", platforms)
	var got []string
	for _, e := range found {
		got = append(got, e.Code+" "+e.Message)
	}
	want := []string{
		`E-UNKNOWN-ZONE there is no time zone "Europe/Atlantis"`,
		`E-TYPE partition is "dt"`, `E-TYPE origin is "elsewhere"`,
		`E-NOT-BUILT complete: manifest is not built in this version`,
		`E-DUPLICATE-NAME two sources are called "web"`,
		`E-MISSING-KEY the project needs the key "consent.protected"`,
		`W-FEED-AGE consent.max_feed_age is more than 72 hours, and nobody says why`,
		`E-RANGE CONSENT_AGE_TOO_LONG: a grant is used for longer than 13 months`,
		`E-TYPE "0" is not a key number`,
		`E-NOT-BUILT destinations.mail.membership is not built in this version`,
		`E-MISSING-KEY the project needs the key "destinations.mail.processor"`,
		`E-RANGE RETENTION_TOO_LONG: rows are kept longer than 25 months`,
		`E-UNKNOWN-KEY`, `E-RANGE K_TOO_SMALL: guards.min_audience is 10`,
		`E-RANGE identity.attach_window is laxer than identity allows`,
		`E-RANGE identity.shared_window is laxer than identity allows`, `E-RANGE`,
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) }) {
			t.Errorf("%s is not reported", w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d findings, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
}

func TestEveryTypeIsWritten(t *testing.T) {
	for _, kind := range platforms.Kinds {
		text := strings.Replace(smallest, "file_csv", kind.Type, 1)
		if kind.Described {
			text = strings.Replace(text, kind.Type+",", kind.Type+", form: {file: csv, columns: [{name: a, of: email}]},", 1)
		}
		if len(kind.Send) > 0 {
			text += "identifiers: {url: keys/}\n"
		}
		read(t, text, "")
	}
}

func TestAKeyThatIsNotBuiltIsRefusedByName(t *testing.T) {
	keys := rules.SettingKeys(platforms.destination(), platforms.columns())
	for _, in := range []string{"", "security", "consent"} {
		of, text := keys, "%s: true\n"
		if in != "" {
			of, text = keys.Behind(in), in+": {url: a, protected: none, %s: true}\n"
		}
		if len(of.Refused()) == 0 {
			t.Errorf("nothing of %q is refused: leave it out here", in)
		}
		for _, key := range of.Refused() {
			_, found := Read(&source.Source{
				Name: "malgrupp.yaml",
				Text: strings.Replace(smallest, "consent: {", "replaced: {", 1) + fmt.Sprintf(text, key),
			}, "", platforms)
			want := strings.TrimPrefix(in+"."+key, ".")
			if !slices.ContainsFunc(found, func(e *source.Finding) bool {
				return e.Code == "E-NOT-BUILT" && e.Missing == want
			}) {
				t.Errorf("%s is not refused by name: %s", want, found.Text())
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(smallest, "")
	f.Add(profiled, "test")
	f.Add("apiVersion: malgrupp/v1\nkind: Project\nmetadata: 1\nsources: {}\nkeys: []\nprofiles: [1]\n", "x")
	f.Add("apiVersion: malgrupp/v1\nkind: Project\nmetadata: {name: a}\nsources: [1, {dedupe: 1, partition: "+
		"[2]}]\nconsent: {protected: {}, suppression: 4}\nkeys: {master: [1]}\ndestinations: {a: 1, b: {type: [], "+
		"processor: 3}}\n", "")
	f.Add("apiVersion: malgrupp/v1\nkind: Project\nmetadata: {name: a}\ndestinations: {a: {type: generic_file, "+
		"batch: [], lists: {a: 1}, form: {file: 1, columns: [1, {of: [], text: {}}], actions: []}}}\n", "")
	f.Add("apiVersion: malgrupp/v1\nkind: Project\nmetadata: {name: a}\nconsent: {map: {like: onetrust, subject: {type: "+
		"{column: a, words: [1]}, id: 2}, purposes: {a: 1, b: [c]}, answers: {x: {}}, at: {zone: 1}, source: {}, "+
		"notice_version: {column: {}}, recorded_at: [], quiet: 9d, export: state}}\n", "")
	f.Fuzz(func(t *testing.T, text, profile string) {
		p, found := Read(&source.Source{Name: "malgrupp.yaml", Text: text}, profile, platforms)
		if p == nil && !found.Failed() {
			t.Error("nothing was read and nothing is wrong")
		}
	})
}
