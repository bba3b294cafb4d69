package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/value"
)

const askedProject = `# A bank that thinks of changing its settings.
apiVersion: malgrupp/v1
kind: Project
metadata: {name: asked-bank}
timezone: Europe/Helsinki # where days begin
retention: 390d
contacts: {team: {email: team@bank.example}}
sources:
  - {name: web, url: "events/", schema: ga4-events, partition: "dt="}
consent:
  url: "consent/"
  max_consent_age: 300d
  protected: none
  min_notice_version: {profile: 2}
  gpc_denies: ["activate:ads"]
keys: {master: "file:master.key", state: "file:state.key", recipients: "file:r.txt", signing: "file:signing.key"}
output: {url: "out/"}
destinations:
  ads: {type: file_csv, processor: {agreement: "2026-01", expires: 2099-12-31}}
  more:
    type: file_csv
    # It shares the consent of ads, and asks for another one.
    activate: [ads, other]
    processor: {agreement: B, expires: 2099-12-31}
  site: {type: personalisation_feed}
profiles:
  prod:
    consent: {max_consent_age: 200d}
`

// What a flag asks is what somebody writes into the file by hand: under the profile in force, for it wins, and beside
// what is there.
func TestAFlagOfWhatIfIsAnEditOfTheFile(t *testing.T) {
	dir := t.TempDir()
	read := func(profile, text string) *load.Loaded {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, load.ProjectFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := load.Load(dir, profile, 0)
		if err != nil || l.Project == nil {
			t.Fatalf("%v %v", err, l)
		}
		return l
	}
	today, _ := value.ParseDate("2026-04-11")
	for _, c := range []struct {
		profile, flags string
		edits          []string // old, new, old, new
	}{
		{"", "--max-consent-age=180d", []string{"300d", "180d"}},
		{"prod", "--max-consent-age=180d", []string{"200d", "180d"}},
		{"prod", "--min-notice=activate=4", []string{"{profile: 2}", "{profile: 2, activate: 4}"}},
		{"", "--min-notice=profile=4", []string{"{profile: 2}", "{profile: 4}"}},
		{"", "--without=more --without=site", []string{
			"    type: file_csv", "    type: file_csv\n    enabled: false", "personalisation_feed",
			"personalisation_feed, enabled: false",
		}},
		{"", "--expired=ads", []string{`"2026-01", expires: 2099-12-31`, `"2026-01", expires: 2026-04-10`}},
		{"", "--split=ads=data,personal", []string{
			"ads: {type: file_csv", "ads: {type: file_csv, activate: [data, personal]", "[ads, other]",
			"[data, other, personal]", `"activate:ads"`, `"activate:data", "activate:personal"`,
		}},
		{"", "--split=other=ads", []string{"[ads, other]", "ads"}},
		{"", "--split=ads=data --gpc-denies=activate:data,link", []string{
			"ads: {type: file_csv", "ads: {type: file_csv, activate: data", "[ads, other]", "[data, other]", `"activate:ads"`,
			`"activate:data", link`,
		}},
		{"", "--retention=90d --identity=attach=linked --identity=attach_window=7d", []string{
			"retention: 390d", "retention: 90d\nidentity: {attach: linked, attach_window: 7d}",
		}},
		{"", "--gpc-denies=", []string{`["activate:ads"]`, "[]"}},
		{"", "--browser-denies=measure", []string{`gpc_denies:`, "browser_denies: [measure]\n  gpc_denies:"}},
	} {
		edited := strings.NewReplacer(c.edits...).Replace(askedProject)
		want := read(c.profile, edited)
		now := read(c.profile, askedProject)
		var o whatIf
		command := &cobra.Command{}
		o.flags(command)
		if err := command.ParseFlags(strings.Fields(c.flags)); err != nil {
			t.Fatal(err)
		}
		changes, err := o.changes(command, now, today)
		if err != nil {
			t.Fatalf("%s: %v", c.flags, err)
		}
		then, err := now.Changed(changes)
		if err != nil {
			t.Fatalf("%s: %v", c.flags, err)
		}
		if moved := preview.SettingsChanged(want.Project, then.Project); len(moved) > 0 {
			t.Errorf("%s: %v", c.flags, moved)
		}
		for _, p := range []*project.Project{want.Project, then.Project} {
			p.Settings, p.Text = nil, nil // they know lines
		}
		if !reflect.DeepEqual(want.Project, then.Project) {
			t.Errorf("%s:\n%+v\nby hand:\n%+v", c.flags, then.Project, want.Project)
		}
		if edited == askedProject {
			t.Errorf("%s: the edit changes nothing", c.flags)
		}
	}
}

func TestASentenceSaysWhatBecomesOfAList(t *testing.T) {
	state := func(held string, guard record.Guard) preview.ListState {
		return preview.ListState{Held: held, Guard: guard}
	}
	for _, c := range []struct {
		now, then         preview.ListState
		leave, enter      shown.Count
		destination, want string
	}{
		{state("", ""), state("", ""), 60, 0, "ads", "s at ads loses about 60 people"},
		{state("", ""), state("", ""), 10, 20, "", "s moves <50 people"},
		{
			state("", ""), state("GUARD_SWING", pipeline.GuardSwing), 60, 70, "ads",
			"s at ads brings about 70 people and loses about 60; the guard swing would hold it: nobody is added, and " +
				"only those whose removal is owed leave",
		},
		{
			state("", ""), state("SEGMENT_UNDER_K", ""), 60, 0, "ads",
			"s at ads loses about 60 people; too few would be left, and everybody leaves (SEGMENT_UNDER_K)",
		},
		{
			state("SEGMENT_UNDER_K", ""), state("", ""), 0, 60, "ads",
			"s at ads brings about 60 people; it is held back now (SEGMENT_UNDER_K) and would not be",
		},
		{
			state("SEGMENT_UNDER_K", ""), state("SEGMENT_UNDER_K", ""), 0, 0, "ads",
			"s at ads moves <50 people; it is held back now and then (SEGMENT_UNDER_K)",
		},
	} {
		got := whatIfSentence(&preview.ListWhatIf{
			Segment: "s", Destination: c.destination, Now: c.now, Then: c.then, Leaving: c.leave, Entering: c.enter,
		})
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
