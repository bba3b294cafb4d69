package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/editor"
	"github.com/malgrupp/malgrupp/rules/value"
)

// whatIf are the flags of consent what-if: settings as somebody thinks of writing them.
type whatIf struct {
	consentAge, retention    string
	notice, split, identity  []string // NAME=VALUE
	without, expired         []string // destinations
	gpcDenies, browserDenies []string // purposes
}

func (a *app) consentWhatIfCommand() *cobra.Command {
	var o whatIf
	c := &cobra.Command{
		Use: "what-if", Args: cobra.NoArgs,
		Short: "What a change of the consent settings would do to every list",
		Long: "Decides tonight's run twice, with malgrupp.yaml as it is and as it would be, on the same logs and the same " +
			"state: list by list how many\nmembers there are and would be, how many leave and enter, what the guards would " +
			"say, and for which reasons rows are refused at the gate.\nIt is what the run after such a change does. Nothing " +
			"is written but a line on record that it was asked. People are counted in tens, 0 to 49\nas <50, and two " +
			"numbers are the same or 50 apart.\n\n" +
			"A destination that is lost (--without) is switched off: everybody whom it was told leaves. One whose agreement " +
			"has run out (--expired) is\ntold nobody new, and whoever it was told and still qualifies stays. A consent that " +
			"is split asks for all of the new ones, and who granted\nthe old one has granted none of them: they begin with " +
			"those who have granted them in the log.",
		Example: "  malgrupp consent what-if --max-consent-age 180d\n" +
			"  malgrupp consent what-if --min-notice profile=4 --min-notice activate=4\n" +
			"  malgrupp consent what-if --split google=google-data,google-personal",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runConsentWhatIf(cmd, &o) },
	}
	o.flags(c)
	return c
}

func (o *whatIf) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.consentAge, "max-consent-age", "", "grants end after this time, such as 180d")
	f.StringArrayVar(&o.notice, "min-notice", nil,
		"grants of this purpose take this version of the notice: profile=4; activate is for all destinations")
	f.StringSliceVar(&o.without, "without", nil, "this destination is lost")
	f.StringSliceVar(&o.expired, "expired", nil, "the agreement with this destination has run out")
	f.StringArrayVar(&o.split, "split", nil,
		"this consent of destinations becomes others, all of which are asked: OLD=NEW1,NEW2")
	f.StringVar(&o.retention, "retention", "", "rows are used for this time, such as 180d")
	f.StringArrayVar(&o.identity, "identity", nil, "a setting of identity: attach=off, attach_window=7d, max_devices=5")
	f.StringSliceVar(&o.gpcDenies, "gpc-denies", nil, "purposes that the signal gpc denies; empty: none")
	f.StringSliceVar(&o.browserDenies, "browser-denies", nil, "purposes that a refusal of browser or system denies")
}

// changes are the settings that the flags of a command ask for; today is the local date.
func (o *whatIf) changes(c *cobra.Command, l *load.Loaded, today value.CivilDate) (out []load.Change, err error) {
	set := func(v string, key ...string) { out = append(out, load.Change{Key: key, Value: v}) }
	if o.consentAge != "" {
		set(o.consentAge, "consent", "max_consent_age")
	}
	if o.retention != "" {
		set(o.retention, "retention")
	}
	for _, of := range []struct {
		flag  string
		pairs []string
		key   []string
	}{
		{"min-notice", o.notice, []string{"consent", "min_notice_version"}}, {"identity", o.identity, []string{"identity"}},
	} {
		for _, pair := range of.pairs {
			name, v, ok := strings.Cut(pair, "=")
			if !ok || name == "" || v == "" {
				return nil, usagef("--%s is %q: want NAME=VALUE", of.flag, pair)
			}
			set(v, append(slices.Clone(of.key), name)...)
		}
	}
	for _, name := range o.without {
		if _, err := receiverOf(l, "without", name); err != nil {
			return nil, err
		}
		set("false", "destinations", name, "enabled")
	}
	for _, name := range o.expired {
		own, err := receiverOf(l, "expired", name)
		if err == nil && own {
			err = usagef("--expired names %q: the bank's own pages have no agreement", name)
		}
		if err != nil {
			return nil, err
		}
		set((today - 1).String(), "destinations", name, "processor", "expires")
	}
	signals := map[string][]string{}
	if c.Flags().Changed("gpc-denies") {
		signals["gpc_denies"] = append([]string{}, o.gpcDenies...)
	}
	if c.Flags().Changed("browser-denies") {
		signals["browser_denies"] = append([]string{}, o.browserDenies...)
	}
	split, err := o.splits(l, signals)
	for _, key := range slices.Sorted(maps.Keys(signals)) {
		out = append(out, load.Change{Key: []string{"consent", key}, List: signals[key]})
	}
	return append(out, split...), err
}

// receiverOf checks that there is a destination of that name, and says whether it is the bank's own.
func receiverOf(l *load.Loaded, flag, name string) (own bool, err error) {
	d, ok := l.Project.Destination(name)
	if !ok {
		return false, usagef("--%s names %q: there is no such destination; malgrupp destination list shows them", flag, name)
	}
	return d.Own, nil
}

// splits are the consents that destinations would ask for. A signal that denies the old one denies each of the new.
func (o *whatIf) splits(l *load.Loaded, signals map[string][]string) (out []load.Change, err error) {
	of := map[string][]string{}
	for _, s := range o.split {
		old, fresh, ok := strings.Cut(s, "=")
		if !ok || of[old] != nil {
			return nil, usagef("--split is %q: want OLD=NEW1,NEW2, and each OLD once", s)
		}
		of[old] = strings.Split(fresh, ",")
	}
	asked := map[string]bool{}
	split := func(consents []string, prefix string) (list []string, changed bool) {
		for _, c := range consents {
			fresh := of[strings.TrimPrefix(c, prefix)]
			if fresh == nil || !strings.HasPrefix(c, prefix) {
				list = append(list, c)
				continue
			}
			asked[strings.TrimPrefix(c, prefix)], changed = true, true
			for _, name := range fresh {
				list = append(list, prefix+name)
			}
		}
		return slices.Compact(slices.Sorted(slices.Values(list))), changed
	}
	for _, d := range l.Project.Destinations {
		if list, changed := split(d.Activate, ""); changed && !d.Own {
			out = append(out, load.Change{Key: []string{"destinations", d.Name, "activate"}, List: list})
		}
	}
	for old := range of {
		if !asked[old] {
			return nil, usagef("--split names %q: no destination asks for it; malgrupp destination list shows what they ask",
				old)
		}
	}
	for key, now := range map[string][]string{
		"gpc_denies": l.Project.Consent.GPCDenies, "browser_denies": l.Project.Consent.BrowserDenies,
	} {
		if _, said := signals[key]; said {
			continue
		}
		if list, changed := split(now, "activate:"); changed {
			signals[key] = list
		}
	}
	return out, nil
}

func (a *app) runConsentWhatIf(cmd *cobra.Command, o *whatIf) error {
	ctx := cmd.Context()
	job, err := a.job(nil, runOptions{})
	if err != nil {
		return err
	}
	defer job.Stores.Close()
	changes, err := o.changes(cmd, job.Loaded, job.Project.Zone.Day(a.now().UnixMicro()))
	if err != nil {
		return err
	}
	then, err := job.Changed(changes)
	if err != nil {
		return err
	}
	if then.Findings.Failed() {
		if !a.asJSON() {
			fmt.Fprintln(a.err, "malgrupp: the project would have errors (in malgrupp.yaml as it would be):")
		}
		return then.Findings
	}
	var settings []string
	for _, s := range preview.SettingsChanged(job.Project, then.Project) {
		settings = append(settings, s.Key+": "+s.Then)
	}
	if len(settings) == 0 {
		return usagef("no setting would change: give a flag with another value than malgrupp config show says")
	}
	show := a.newProgress()
	job.Watch = show.update
	told, err := preview.If(ctx, job, then)
	show.stop()
	if err != nil {
		return err
	}
	if err := pipeline.PreviewedUnder(ctx, job, settings, job.Segments...); err != nil {
		return err
	}
	doc := struct {
		Schema string `json:"schema"`
		*preview.WhatIf
	}{whatIfSchemaName, told}
	return a.print(doc, func(w io.Writer) { writeWhatIf(w, told, job.Project.Zone) })
}

const whatIfSchemaName = "malgrupp.consent-what-if/v1"

// whatIfSchema is the schema of what consent what-if prints with -o json.
func whatIfSchema() editor.Schema {
	shown := editor.Refer("shown")
	state := growing("use", editor.Text, "members", shown, "held_back?", editor.Text, "guard?", editor.Text)
	gate := growing("people", shown, "refused_devices", editor.MapOf(shown))
	return editor.Document("malgrupp consent what-if", growing(
		"schema", editor.Exactly(whatIfSchemaName), "as_of", editor.Text, "known_by", editor.Text,
		"settings", editor.ListOf(growing("key", editor.Text, "now", editor.Text, "then", editor.Text)),
		"lists", editor.ListOf(growing("segment", editor.Text, "destination", editor.Text, "part?", editor.Text, "now", state,
			"then", state, "leaving", shown, "entering", shown)),
		"uses", editor.ListOf(growing("use", editor.Text, "now?", gate, "then?", gate)),
	), editor.Schema{"shown": shownSchema()})
}

// writeWhatIf prints the document for people.
func writeWhatIf(w io.Writer, d *preview.WhatIf, zone *value.Zone) {
	fmt.Fprintf(w, "a run as of %s, known by %s, if\n", localTime(d.AsOf, zone), localTime(d.KnownBy, zone))
	for _, s := range d.Settings {
		fmt.Fprintf(w, "  %s: %s -> %s\n", s.Key, cmp.Or(s.Now, "-"), cmp.Or(s.Then, "-"))
	}
	fmt.Fprintln(w)
	t := newTable(w, "segment", "destination", "members now", "then", "leave", "enter", "held back now", "then")
	for _, l := range d.Lists {
		t.AppendRow(table.Row{
			l.Segment, receiver(record.SegmentCount{Destination: l.Destination, Part: l.Part}), l.Now.Members, l.Then.Members,
			l.Leaving, l.Entering, l.Now.Held, l.Then.Held,
		})
	}
	t.Render()
	fmt.Fprintln(w)
	for i := range d.Lists {
		fmt.Fprintln(w, whatIfSentence(&d.Lists[i]))
	}
	fmt.Fprintln(w)
	t = newTable(w, "use", "people", "now", "then")
	for _, u := range d.Uses {
		t.AppendRow(table.Row{u.Use, "admitted", admitted(u.Now), admitted(u.Then)})
		now, then := refused(u.Now), refused(u.Then)
		reasons := maps.Clone(now)
		maps.Copy(reasons, then)
		for _, reason := range slices.Sorted(maps.Keys(reasons)) {
			t.AppendRow(table.Row{"", reason, now[reason], then[reason]})
		}
	}
	t.Render()
}

// admitted is a cell; it is empty where nothing asks for the use.
func admitted(g *preview.Gate) any {
	if g == nil {
		return ""
	}
	return g.People
}

func refused(g *preview.Gate) map[string]shown.Count {
	if g == nil {
		return map[string]shown.Count{}
	}
	return g.Refused
}

// heldMeans says what becomes of a list that is held back.
var heldMeans = map[string]string{
	"SEGMENT_UNDER_K":      "too few would be left, and everybody leaves",
	"AGREEMENT_EXPIRED":    "nobody is added, and whoever is held and still qualifies stays",
	"DESTINATION_DISABLED": "it is switched off, and everybody leaves",
}

// whatIfSentence says what a list becomes.
func whatIfSentence(l *preview.ListWhatIf) string {
	name := l.Segment
	if l.Destination != "" {
		name += " at " + receiver(record.SegmentCount{Destination: l.Destination, Part: l.Part})
	}
	text := name + " " + flowText(l.Entering, l.Leaving)
	switch {
	case l.Then.Held == l.Now.Held && l.Now.Held != "":
		text += fmt.Sprintf("; it is held back now and then (%s)", l.Now.Held)
	case l.Then.Held == l.Now.Held:
	case l.Then.Guard != "":
		text += fmt.Sprintf("; the guard %s would hold it: nobody is added, and only those whose removal is owed leave",
			l.Then.Guard)
	case l.Then.Held != "":
		text += fmt.Sprintf("; %s (%s)", cmp.Or(heldMeans[l.Then.Held], "it would be held back"), l.Then.Held)
	default:
		text += fmt.Sprintf("; it is held back now (%s) and would not be", l.Now.Held)
	}
	return text
}
