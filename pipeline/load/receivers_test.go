package load

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/rules/value"
)

// delivered loads a project with one destination, and a segment of that name that is delivered there.
func delivered(t *testing.T, destination, purpose, name, platformName string) *Loaded {
	t.Helper()
	dir := t.TempDir()
	for file, text := range map[string]string{
		ProjectFile: `apiVersion: malgrupp/v1
kind: Project
metadata: {name: demo-bank}
timezone: Europe/Helsinki
contacts: {team: {email: team@bank.example}}
sources: [{name: web, url: "events/", schema: malgrupp-web-app}]
consent: {url: "consent/", partition: none, protected: none}
identifiers: {url: "contact_keys/"}
keys: {master: "env:MASTER", state: "env:STATE", recipients: "file:r.txt", signing: "env:SIGN"}
output: {url: "out/"}
destinations: {there: ` + destination + "}\n",
		"segments/one.yaml": `apiVersion: malgrupp/v1
kind: Segment
metadata: {name: ` + name + `, owner: team, review_by: 2026-12-31, platform_name: "` + platformName + `"}
spec:
  purpose: ` + purpose + `
  identity: customer
  match: {did: page_view, within: 14d}
  deliver: [there]
`,
	} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	today, _ := value.ParseDate("2026-04-15")
	l, err := Load(dir, "", today)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// settings is a destination of a type, as a project writes it.
func settings(p *platform.Platform, more string) string {
	s := "type: " + p.Type
	if !p.Own {
		s += ", processor: {agreement: A-1, expires: 2030-01-01}"
	}
	if p.Described {
		s += ", form: {file: csv, profile: meta.v1, columns: [{name: a, of: email}]" + more + "}"
	}
	return "{" + s + "}"
}

// TestDelicateNamesAreFoundForEveryPlatform: an error where the platform would switch the audience off, a warning where
// anybody else would see the name, and nothing on the bank's own pages.
func TestDelicateNamesAreFoundForEveryPlatform(t *testing.T) {
	refuses := []string{"google_customer_match_csv", "google_data_manager", "meta_csv", "meta_custom_audience"}
	for _, p := range platform.Types() {
		if p.Own {
			continue
		}
		want := "W-PLATFORM-NAME"
		if slices.Contains(refuses, p.Type) {
			want = "E-PLATFORM-NAME"
		}
		for _, names := range [][2]string{{"overdraft-customers", "Overdraft"}, {"some-customers", "Luottotiedot 30 pv"}} {
			found := delivered(t, settings(p, ""), "advertising", names[0], names[1]).Findings.Text()
			if !strings.Contains(found, want) {
				t.Errorf("%s sees %q, and %s is not found:\n%s", p.Type, names[1], want, found)
			}
		}
		if found := delivered(t, settings(p, ""), "advertising", "some-customers", "Visitors").Findings; found.Failed() ||
			strings.Contains(found.Text(), "PLATFORM-NAME") {
			t.Errorf("%s: %s", p.Type, found.Text())
		}
	}
	p, _ := platform.Of("generic_file")
	if found := delivered(t, settings(p, ", refuses_names: true"), "advertising", "some-customers", "Overdraft").
		Findings.Text(); !strings.Contains(found, "E-PLATFORM-NAME") {
		t.Errorf("a described receiver that refuses names: %s", found)
	}
}

func TestANameThatIsTooLongIsFound(t *testing.T) {
	for kind, most := range map[string]int{
		"snapchat": 375, "tiktok": 128, "tiktok_single": 128, "microsoft": 128, "generic_file": 9,
	} {
		p, _ := platform.Of(kind)
		for more, long := range map[int]bool{0: false, 1: true} {
			l := delivered(t, settings(p, ", name_length: 9"), "advertising", "some-customers", strings.Repeat("ä", most+more))
			if l.Findings.Failed() {
				t.Fatal(l.Findings.Text())
			}
			found := fmt.Sprint(Receivers(l, 0)[0].Findings)
			if strings.Contains(found, "1 characters longer than "+kind+" takes") != long {
				t.Errorf("%s with %d characters: %s", kind, most+more, found)
			}
		}
	}
}

func TestHowPeopleLeaveIsSaidWhereNoFileRemovesThem(t *testing.T) {
	for _, p := range platform.Types() {
		more := ""
		if p.Described {
			more = ", removals: snapshot"
		}
		purpose := "advertising"
		if p.Own {
			purpose = "personalisation"
		}
		l := delivered(t, settings(p, more), purpose, "some-customers", "Visitors")
		if l.Findings.Failed() {
			t.Fatal(l.Findings.Text())
		}
		found := fmt.Sprint(Receivers(l, 0)[0].Findings)
		if strings.Contains(found, "no file removes anybody here: ") != (p.Lasting != "" || p.Described) {
			t.Errorf("%s: %s", p.Type, found)
		}
	}
}
