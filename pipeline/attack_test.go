package pipeline_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
)

// The attacker wants to know of each of the planted people whether they have a secret: whether they saw a page of their
// own. He may preview whatever he likes, with crowds of unknown size in his rules: each crowd has a page, too.
const crowds = 10 // of 60 to 69 people, one for each last digit

// With -planted 476 these are 10,000 previews.
var planting = flag.Int("planted", 24, "how many people the attacker asks about")

// viewed writes the page views of the crowds and of so many planted people, of whom every second one has the secret, in
// so many rows.
func (b *bank) viewed(planted, secrets int) {
	var v [6]parquet.Values
	at := instant(b.t, "2026-04-10T10:00:00Z")
	rows := 0
	view := func(device int, page string) {
		for c, text := range map[int]string{
			0: fmt.Sprintf("v%d", rows), 3: "page_view", 4: fmt.Sprintf("d%d", device), 5: page,
		} {
			v[c].Text = append(v[c].Text, text)
		}
		v[1].Ints, v[2].Ints = append(v[1].Ints, at), append(v[2].Ints, at+1e6)
		rows++
	}
	for k := range crowds {
		for i := range 60 + k {
			view(i, fmt.Sprintf("/crowd/%d", k))
		}
	}
	for p := range planted {
		view(100+p, "/start")
		for range p % 2 * secrets {
			view(100+p, fmt.Sprintf("/secret/%d/", p))
		}
	}
	b.put("events/dt=2026-04-10/part.parquet", table(b.t, eventColumns(), rows, v[:]))
}

// asking is a job of a project with one rule, called asked, and nothing else.
func (b *bank) asking(match string) (j *pipeline.Job, done func() error) {
	schema := b.loaded.Schemas["web"]
	scope := &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{schema}, Zone: b.loaded.Project.Zone, AnyEvent: true,
		Destinations: map[string]rules.Destination{"files": {Purposes: []rules.Purpose{rules.Advertising}}},
	}
	s, found := scope.Segment(&source.Source{Name: "asked.yaml", Text: "apiVersion: malgrupp/v1\nkind: Segment\n" +
		"metadata: {name: asked, owner: team, review_by: 2026-12-31}\nspec:\n  purpose: advertising\n  identity: device\n" +
		"  deliver: [files]\n" + match})
	check(b.t, found.Err())
	stores := folder.NewStores(store.Options{Memory: b.memory})
	return &pipeline.Job{
		Inputs: decide.Inputs{
			Loaded: &load.Loaded{
				Project: b.loaded.Project, Schemas: b.loaded.Schemas, Segments: []*rules.Segment{s},
			}, Clock: func() time.Time { return time.UnixMicro(instant(b.t, night)) }, Workers: 1, Stores: stores,
			Log: slog.New(slog.DiscardHandler),
		}, RunID: "20260410T220000Z-a77ac0", Keys: b.ring,
	}, stores.Close
}

// previewed is the document that one preview of a rule prints, without the name of the rule.
func (b *bank) previewed(match string) string {
	j, done := b.asking(match)
	defer done()
	p, err := preview.Of(b.t.Context(), j, "asked", preview.Options{})
	check(b.t, err)
	p.Definition = ""
	text, err := json.Marshal(p)
	check(b.t, err)
	return string(text)
}

// planned is what a plan of a rule, and so the record of a run, counts.
func (b *bank) planned(match string) string {
	j, done := b.asking(match)
	defer done()
	r, err := pipeline.Plan(b.t.Context(), j)
	check(b.t, err)
	text, err := json.Marshal([]any{r.Manifest.Sources, r.Manifest.Uses, r.Manifest.Segments})
	check(b.t, err)
	return string(text)
}

// What is learned of somebody's secret, and with what chance, is what docs/consent.md says (What is counted): one
// preview tells nothing; two rules that differ in one person tell it with a chance of one in ten, when the crowd beside
// that person is one short of the next ten.
func TestPreviewsTellNobodysSecretBeyondTheChanceThatIsDocumented(t *testing.T) {
	b := newBank(t)
	b.consent("consent/part.parquet", "2026-04-10T20:59:00Z", 0, 100+*planting)
	b.viewed(*planting, 1)
	a := b.attack(*planting, b.previewed)
	t.Logf("%d previews about %d people: %d of %d pairs told a secret", a.asked, *planting, a.told, a.pairs)
	if a.told == 0 {
		t.Error("nothing is told: the attack is none")
	}
}

// How busy somebody is tells no more of her: of a secret of ten rows, and of fifty. Of people who did not consent
// previews tell nothing, and plans and records, which count devices that are refused, no more than of others.
func TestNobodysRowsAreTold(t *testing.T) {
	const planted = 4
	for _, secrets := range []int{10, 50} {
		for _, consented := range []bool{true, false} {
			b := newBank(t)
			b.consent("consent/part.parquet", "2026-04-10T20:59:00Z", 0, 100+map[bool]int{true: planted}[consented])
			b.viewed(planted, secrets)
			for name, tells := range map[string]func(match string) string{"previews": b.previewed, "plans": b.planned} {
				a := b.attack(planted, tells)
				t.Logf("%d rows, consent %t: %d of %d pairs of %s told a secret", secrets, consented, a.told, a.pairs, name)
				if !consented && name == "previews" && a.told > 0 {
					t.Errorf("%d previews told something of people who did not consent", a.told)
				}
			}
		}
	}
}

// A crowd that did not consent is counted by devices, and one more is told only where it makes the next ten.
func TestOfStrangersRecordsCountDevices(t *testing.T) {
	b := newBank(t)
	b.consent("consent/part.parquet", "2026-04-10T20:59:00Z", 200, 260)
	b.viewed(2, 50)
	page := func(pages string) string {
		return b.planned("  match: {did: page_view, where: \"page in (" + pages + ")\", within: 7d}\n")
	}
	crowd := page("'/crowd/0'")
	if !strings.Contains(crowd, `"NO_RECORD":60`) {
		t.Fatalf("a crowd of 60 strangers is not counted: %s", crowd)
	}
	if got := page("'/crowd/0', '/secret/1/'"); got != crowd {
		t.Errorf("one more stranger with 50 rows is told:\n%s\n%s", crowd, got)
	}
	if got := page("'/secret/1/'"); got != page("'/nowhere'") {
		t.Errorf("a stranger with 50 rows is told: %s", got)
	}
}

// attacked is what an attack came to.
type attacked struct{ asked, pairs, told int64 }

// attack asks what is told about each of the planted people, and fails the test where that is more than documented.
func (b *bank) attack(planted int, tells func(match string) string) attacked {
	t := b.t
	var crowd [crowds]string
	for k := range crowd {
		crowd[k] = tells(fmt.Sprintf("  match: {did: page_view, where: page = '/crowd/%d', within: 7d}\n", k))
	}
	nobody := tells("  match: {did: page_view, where: page = '/nowhere', within: 7d}\n")
	var asked, alone, pairs, told, wrong atomic.Int64
	ask := func(p int) {
		secret := p%2 == 1
		page := fmt.Sprintf("/secret/%d/", p)
		asked.Add(1)
		if got := tells("  match: {did: page_view, where: page = '" + page + "', within: 7d}\n"); got != nobody {
			alone.Add(1)
		}
		for k := range crowds {
			in := fmt.Sprintf("page in ('/crowd/%d', '%s')", k, page)
			got := tells("  match: {did: page_view, where: \"" + in + "\", within: 7d}\n")
			asked.Add(1)
			pairs.Add(1)
			if got != crowd[k] {
				told.Add(1)
				if !secret || k != crowds-1 {
					wrong.Add(1)
				}
			}
			// In one document all numbers are the same, whoever leaves by the exclusion or would come without it.
			got = tells(fmt.Sprintf("  match:\n    any:\n"+
				"      - {did: page_view, where: page = '/crowd/%d', within: 7d}\n"+
				"      - {did: page_view, where: page = '%s', within: 7d}\n", k, page))
			asked.Add(1)
			if shownIn(t, got) > 2 { // all who were seen, and the crowd
				alone.Add(1)
			}
		}
	}
	var all sync.WaitGroup
	for w := range 2 {
		all.Go(func() {
			for p := w; p < planted; p += 2 {
				ask(p)
			}
		})
	}
	all.Wait()
	if alone.Load() > 0 {
		t.Errorf("%d single questions told a secret", alone.Load())
	}
	if wrong.Load() > 0 || told.Load()*10 > pairs.Load() {
		t.Errorf("%d of %d pairs told a secret, want at most one in ten", told.Load(), pairs.Load())
	}
	return attacked{asked.Load(), pairs.Load(), told.Load()}
}

// shownIn counts the different numbers of people in the part of a preview that is about one use.
func shownIn(t *testing.T, document string) int {
	t.Helper()
	var p struct {
		Uses []map[string]any `json:"uses"`
	}
	if json.Unmarshal([]byte(document), &p) != nil {
		return 0 // no preview
	}
	numbers := map[float64]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case float64:
			numbers[v] = true
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for k, x := range v {
				if !strings.HasSuffix(k, "depth") {
					walk(x)
				}
			}
		}
	}
	for _, u := range p.Uses {
		walk(u["seen"])
		walk(u["members"])
		walk(u["qualified"])
		walk(u["matched"])
		for _, n := range u["conditions"].([]any) {
			walk(n)
		}
	}
	return len(numbers)
}
