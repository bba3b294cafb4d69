package project

import (
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules/source"
)

// mapped is the smallest project with a consent map.
func mapped(text string) *source.Source {
	return &source.Source{
		Name: "malgrupp.yaml",
		Text: strings.Replace(smallest, "protected: none", "protected: none, partition: none, map: "+text, 1),
	}
}

func TestReadyMapsNeedPurposesAtMost(t *testing.T) {
	for _, name := range ReadyMaps() {
		p, found := Read(mapped("{like: "+name+", purposes: {marketing: [profile]}}"), "", platforms)
		if name == "cookiebot" || name == "google-consent-mode" {
			p, found = Read(mapped(name), "", platforms)
		}
		if found.Failed() {
			t.Errorf("%s: %s", name, found.Text())
			continue
		}
		if m := p.Consent.Map; m.Subject == "" || m.Source != "cmp" || m.At.Column == "" || m.Like != name || m.State {
			t.Errorf("%s: %+v", name, m)
		}
		if text, _ := ReadyMap(name); !strings.Contains(text, "https://") {
			t.Errorf("%s names no page of its layout", name)
		}
	}
}

func TestTheProjectsKeysReplaceThoseOfAReadyMap(t *testing.T) {
	p, found := Read(mapped(`{like: cookiebot, subject: {type: {column: kind, words: {a: device, b: customer}}, id: who},
  purposes: {marketing: [profile, "activate:mail"]}, answers: {maybe: none}, at: {column: ts, zone: Europe/Helsinki},
  notice_version: 4, quiet: 3d, delimiter: tab, export: state}`), "", platforms)
	if found.Failed() {
		t.Fatal(found.Text())
	}
	m := p.Consent.Map
	if m.Kind != "" || m.KindColumn != "kind" || m.Kinds["b"] != "customer" || m.Subject != "who" ||
		m.Answer != "method" ||
		!slices.Equal(m.Purposes["marketing"], []string{"profile", "activate:mail"}) ||
		m.Purposes["statistics"][0] != "measure" || m.Answers["maybe"] != "none" || m.Answers["implied"] != "deny" ||
		m.At.Unit != "" || m.At.Zone.Name() != "Europe/Helsinki" || m.Notice != 4 || m.Quiet != days(3) ||
		m.Delimiter != '\t' || !m.State {
		t.Errorf("%+v", m)
	}
	if got := settingsOf(p, "consent.map.answers.implied"); !slices.Equal(got,
		[]string{"consent.map.answers.implied = deny (map cookiebot:10)"}) {
		t.Errorf("%q", got)
	}
}

// Each block is a map and the beginnings of what is wrong with it.
const wrongMaps = `
onetrst
E-UNKNOWN-MAP there is no ready-made map "onetrst"

onetrust
E-MISSING-KEY the project needs the key "consent.map.purposes"

{}
E-MISSING-KEY the project needs the key "consent.map.subject"
E-MISSING-KEY the project needs the key "consent.map.at"
E-MISSING-KEY the project needs the key "consent.map.source"
E-MISSING-KEY the project needs the key "consent.map.purposes"
E-MISSING-KEY consent.map.answers has no word that grants, or none that denies

{like: cookiebot, purposes: {marketing: ["activate:*"]}}
E-TYPE consent.map.purposes.marketing names "activate:*"

{like: cookiebot, purposes: {marketing: [measure]}}
E-DUPLICATE-NAME consent.map.purposes has measure under two words

{like: cookiebot, purpose: a, granted: b}
E-TYPE consent.map names a column of one purpose

{like: cookiebot, answers: {"true": perhaps}}
E-UNKNOWN-VALUE

{like: cookiebot, source: website}
E-TYPE consent.map.source is "website"

{like: cookiebot, quiet: 8d}
E-RANGE consent.map.quiet is longer

{like: cookiebot, export: state, answers: {gone: erase}}
E-TYPE consent.map.answers has object, lift, erase or heartbeat

{like: cookiebot, export: state, recorded_at: object}
E-TYPE consent.map.recorded_at is not same

{like: cookiebot, subject: {type: robot, id: a}}
E-UNKNOWN-VALUE

{like: cookiebot, subject: {type: {column: a}, id: a}}
E-MISSING-KEY the project needs the key "consent.map.subject.type.words"

{like: cookiebot, at: {column: a, unit: days}, colour: red, recorded_at: a}
E-UNKNOWN-KEY
E-UNKNOWN-VALUE
E-UNKNOWN-VALUE
`

func TestAMapSaysWhatIsWrongWithIt(t *testing.T) {
	for _, block := range strings.Split(strings.TrimSpace(wrongMaps), "\n\n") {
		text, rest, _ := strings.Cut(block, "\n")
		want := strings.Split(rest, "\n")
		_, found := Read(mapped(text), "", platforms)
		var got []string
		for _, f := range found {
			got = append(got, f.Code+" "+f.Message)
		}
		for _, w := range want {
			if !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) }) {
				t.Errorf("%s: %q lacks %s", text, got, w)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %s", text, strings.Join(got, "\n"))
		}
	}
}
