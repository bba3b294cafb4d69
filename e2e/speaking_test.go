package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/e2e/oracle"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/value"
)

// signalColumns are what a project's schema says of rows that speak about consent themselves.
const signalColumns = `    gpc:            {type: boolean, role: gpc, optional: true}
    browser_deny:   {type: boolean, role: browser_deny, optional: true}
    tc_string:      {type: text, role: tc_string, optional: true}
`

// speakingSchema copies a project's schema into a folder and adds the columns.
func speakingSchema(t *testing.T, name, dir string) {
	t.Helper()
	file := filepath.Join("schemas", name+".yaml")
	text := string(must(os.ReadFile(filepath.Join(name, file)))(t))
	before, after, found := strings.Cut(text, "  events:\n")
	if !found {
		t.Fatalf("%s does not list its events behind its columns", file)
	}
	check(t, os.MkdirAll(filepath.Join(dir, "schemas"), 0o755))
	check(t, os.WriteFile(filepath.Join(dir, file), []byte(before+signalColumns+"  events:\n"+after), 0o644))
}

// speaking are the settings under which strings are asked and lists are read.
func speaking(p *project.Project) {
	askStrings(p)
	age := value.Duration{N: 1, Unit: value.Day}
	p.Consent.Suppression = &project.List{URL: "data/suppressed.csv", MaxAge: age}
	p.Consent.Protected = &project.List{URL: "data/protected.csv", MaxAge: age}
}

// askStrings are the settings under which strings are asked about everything.
func askStrings(p *project.Project) {
	p.Consent.TCF = map[string]project.Publisher{}
	for purpose, c := range carriers {
		if c.Vendor == 0 {
			p.Consent.TCF[purpose] = project.Publisher{Purposes: c.Own, Custom: c.Custom}
		}
	}
	for i := range p.Destinations {
		c := carriers["activate:"+p.Destinations[i].Activate[0]]
		p.Destinations[i].Vendor = project.Vendor{ID: c.Vendor, Purposes: c.Needs}
	}
}

// carriers say where strings carry the purposes of the shop.
var carriers = map[string]oracle.Carrier{
	"measure": {Own: []int{8}}, "profile": {Own: []int{1, 3}}, "link": {Custom: []int{1}},
	"activate:display": {Vendor: feed.DisplayVendor, Needs: []int{1, 3, 4}},
	"activate:mail":    {Vendor: feed.MailVendor, Needs: []int{1, 2, 3, 4, 7, 9, 10}},
}

func (x *example) carriers() map[string]oracle.Carrier {
	if !x.speaks {
		return nil
	}
	return carriers
}

// writeLists writes who must not be used, with purposes, and who must never be targeted, without.
func writeLists(t *testing.T, dir string, suppressed, protected []feed.Listed) {
	t.Helper()
	var text [2]strings.Builder
	text[0].WriteString("subject_type,subject_id,purpose\n")
	for _, l := range suppressed {
		text[0].WriteString(l.Kind + "," + l.Subject + "," + l.Purpose + "\n")
	}
	text[1].WriteString("subject_type,subject_id\n")
	for _, l := range protected {
		text[1].WriteString(l.Kind + "," + l.Subject + "\n")
	}
	check(t, os.MkdirAll(dir, 0o755))
	for i, name := range []string{"suppressed.csv", "protected.csv"} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text[i].String()), 0o644))
	}
}

func TestTheEngineAndTheOracleAgreeOnStringsSignalsAndLists(t *testing.T) {
	t.Parallel()
	x, s := shop(), newSeen()
	x.speaks, x.moments = true, x.moments[1:]
	x.open(t, true).matrix(t, settings[:3], s.note)
	s.met(t, refusals...)
	s.met(t, "SUPPRESSED", "GPC", "BROWSER_SETTING", "ERASED", "OBJECTED", "CUSTOMER_GRANT_ONLY", "GRANT_WILDCARD",
		"UNTRUSTED_GRANT", "FUTURE_GRANT", "TC_INVALID", "TC_FUTURE", "TC_TIME_ORDER", "TC_LI_3_6", "TC_RESTRICTED",
		"TC_LI_ONLY", "TC_NO_PURPOSE", "TC_NO_VENDOR", "TC_NOT_DISCLOSED", "TC_REPLAY")
}
