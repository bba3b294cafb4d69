package e2e_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/segments/consent"
)

const dayMicros = 24 * 3600 * 1_000_000

// Where the same answers stand: plainly, and as TC strings that were updated at the instant of the answer, on its day,
// and on rows.
const (
	plainAnswers = "data/plain/"
	exactStrings = "data/exact/"
	dailyStrings = "data/daily/"
	rowStrings   = "data/on-rows/"
)

// officialStrings are the strings of answers as the official library writes them.
func officialStrings(t *testing.T, answers []feed.Answer, daily bool) []string {
	t.Helper()
	node, npm := installed(t, "node"), installed(t, "npm")
	var in bytes.Buffer
	for _, a := range answers {
		at := a.At
		if daily {
			at -= at % dayMicros
		}
		check(t, json.NewEncoder(&in).Encode(map[string]any{
			"created": at / 1000, "updated": at / 1000, "measure": a.Analytics, "profile": a.Personalisation || a.Ads,
			"ads": a.Ads,
		}))
	}
	script := exec.Command(node, filepath.Join("tcf", "answers.mjs"), modules(t, npm, "tcf"))
	script.Stdin, script.Stderr = &in, os.Stderr
	texts := strings.Fields(string(must(script.Output())(t)))
	if len(texts) != len(answers) {
		t.Fatalf("the official library wrote %d strings for %d answers", len(texts), len(answers))
	}
	return texts
}

// tcfShop is the shop whose answers stand in its consent log plainly and as TC strings.
type tcfShop struct {
	*example
	answers []feed.Answer
}

func newTCFShop(t *testing.T) *tcfShop {
	t.Helper()
	x := &tcfShop{example: shop().open(t, false)}
	x.answers = must(feed.ReadAnswers(filepath.Join(enriched(t), "consent.csv.gz")))(t)
	return x
}

// writeLog writes a consent log that ends at an instant.
func (x *tcfShop) writeLog(t *testing.T, url string, acts []feed.Event, until int64) {
	t.Helper()
	acts = slices.DeleteFunc(acts, func(e feed.Event) bool { return e.Recorded >= until })
	acts = append(acts, feed.Heartbeats(x.Begin, until)...)
	check(t, feed.WriteConsent(filepath.Join(x.dir, filepath.FromSlash(url)), "part-00000.parquet", acts))
}

// loaded is the shop with one of its consent logs; strings are asked, whether there are any or not.
func (x *tcfShop) loaded(t *testing.T, c setting) *load.Loaded {
	t.Helper()
	l := x.load(t, c)
	askStrings(l.Project)
	return l
}

// said is a decision apart from how a refusal is worded: members by list, and rows by use and reason.
func said(d *decide.Decision) (members map[[2]string][]string, rows map[string]map[string]int64) {
	members, rows = map[[2]string][]string{}, map[string]map[string]int64{}
	for i := range d.Audiences {
		a := &d.Audiences[i]
		members[[2]string{a.Segment().Name, d.Uses[a.Use()].Name}] = slices.Collect(a.Members())
	}
	for u := range d.Uses {
		of := map[string]int64{"admitted": d.Roll.Tallies.Admitted[u]}
		for reason, n := range d.Roll.Tallies.Refused[u] {
			word := consent.Reason(reason).String()
			switch word {
			case "WITHDRAWN", "DENIED", "TC_NO_PURPOSE": // a string says what is agreed to, not what was before
				word = "said no"
			}
			if n > 0 {
				of[word] += n
			}
		}
		rows[d.Uses[u].Name] = of
	}
	return members, rows
}

func TestALogOfStringsDecidesWhatThePlainLogDecides(t *testing.T) {
	t.Parallel()
	x := newTCFShop(t)
	for url, daily := range map[string]bool{exactStrings: false, dailyStrings: true} {
		x.writeLog(t, url, feed.States(x.answers, officialStrings(t, x.answers, daily)), x.End)
	}
	for _, c := range settings[1:3] {
		for _, m := range x.moments[1:] {
			asOf, knownBy := instant(t, m[0]), instant(t, m[1])
			members, rows := said(evaluate(t, x.loaded(t, c), asOf, knownBy))
			for _, url := range []string{exactStrings, dailyStrings} {
				in := setting{url, c.profile, c.strict}
				t.Run(in.String()+" "+m[0], func(t *testing.T) {
					other, otherRows := said(evaluate(t, x.loaded(t, in), asOf, knownBy))
					if url == dailyStrings && c.strict {
						x.olderByUpToADay(t, members, other, knownBy)
						return
					}
					if diff := cmp.Diff(members, other); diff != "" {
						t.Errorf("members (-plain +strings):\n%.1000s", diff)
					}
					if diff := cmp.Diff(rows, otherRows); diff != "" {
						t.Errorf("rows (-plain +strings):\n%.1000s", diff)
					}
				})
			}
		}
	}
}

// olderByUpToADay checks the one difference that a string dated by its day makes: the age of a grant counts from when
// the string was last updated, so it runs out up to a day before that of the same answer in the plain log. TC_REPLAY
// makes none: nobody withdrew and agreed again on one day.
func (x *tcfShop) olderByUpToADay(t *testing.T, plain, daily map[[2]string][]string, knownBy int64) {
	t.Helper()
	lasts := int64(x.strict[1]) * dayMicros
	ran := map[string]bool{}
	for _, a := range x.answers {
		if a.At-a.At%dayMicros+lasts <= knownBy && knownBy < a.At+lasts {
			ran[a.Subject] = true
		}
	}
	company := (&nights{Loaded: &load.Loaded{Dir: x.dir}}).company(t)
	moved := 0
	for list, members := range plain {
		if slices.Contains(crowdedLists, list[0]) {
			continue
		}
		for _, id := range slices.Concat(minus(members, daily[list]), minus(daily[list], members)) {
			moved++
			if !ran[id] && !slices.ContainsFunc(company[id], func(with string) bool { return ran[with] }) {
				t.Errorf("%s of %v moves, whose grants do not run out on this day", id, list)
			}
		}
	}
	if moved == 0 {
		t.Error("nobody's grant runs out earlier: nothing shows that the age of a string counts from its day")
	}
}

// oneNight is when most of what the shop has seen lies behind.
const oneNight = "2008-08-01T03:00:00Z"

// plainLists are the decrypted bytes of everything that one night hands to somebody.
func (x *tcfShop) plainLists(t *testing.T, l *load.Loaded, place string) map[string]string {
	t.Helper()
	l.Project.Output, l.Project.State, l.Project.Audit = place+"/lists/", place+"/state/", place+"/audit/"
	n := &nights{Loaded: l}
	must(n.run(t, oneNight, "20080801T030000Z-000001", nil))(t)
	r, out := newReader(t, l), map[string]string{}
	for _, kind := range []string{"lists", "control"} {
		root := filepath.Join(l.Dir, place, "lists", kind)
		for name := range tree(t, root) {
			if strings.HasSuffix(name, ".age") {
				sealed := must(os.ReadFile(name))(t)
				out[kind+strings.TrimPrefix(name, root)] = string(must(decrypt(r.list.Decrypt(bytes.NewReader(sealed))))(t))
			}
		}
	}
	return out
}

func TestStringsGiveTheSameListsByteForByteInTheLogAndOnRows(t *testing.T) {
	t.Parallel()
	x, now := newTCFShop(t), instant(t, oneNight)
	texts := officialStrings(t, x.answers, false)
	x.writeLog(t, plainAnswers, feed.Said(x.answers), now)
	x.writeLog(t, exactStrings, feed.States(x.answers, texts), now)
	plain := x.plainLists(t, x.loaded(t, setting{plainAnswers, "linked", false}), "plain")
	full := 0
	for _, text := range plain {
		if len(text) > 5000 {
			full++
		}
	}
	if full < 30 {
		t.Errorf("of %d files that a night hands over %d hold many people: nothing to see", len(plain), full)
	}
	strung := x.plainLists(t, x.loaded(t, setting{exactStrings, "linked", false}), "strings")
	if !maps.Equal(plain, strung) {
		t.Error("the lists of the plain log and of the log of strings are not the same, byte for byte")
	}

	check(t, os.RemoveAll(filepath.Join(x.dir, "schemas")))
	speakingSchema(t, x.Name, x.dir)
	x.onRows(t, texts, now)
	l := x.loaded(t, setting{rowStrings, "linked", false})
	l.Project.Sources[0].URL = "data/speaking/"
	if !maps.Equal(plain, x.plainLists(t, l, "on-rows")) {
		t.Error("the lists of the plain log and of rows with strings are not the same, byte for byte")
	}
}

// onRows puts the strings of devices on their rows, and those of the others into the log. A row shows what its device
// had said last. That is the same as the log where each further answer is seen on a row before the next one: a
// withdrawal after the last page view is known to the log alone.
func (x *tcfShop) onRows(t *testing.T, texts []string, knownBy int64) {
	t.Helper()
	rows := must(feed.Rows(filepath.Join(x.dir, "data", "events")))(t)
	of := map[string][]int{} // the answers of a device
	for i, a := range x.answers {
		if a.Kind == "device" {
			of[a.Subject] = append(of[a.Subject], i)
		}
	}
	last := func(device string, at int64) int { // the number of its answer by then, -1: none
		return slices.IndexFunc(append(slices.Clone(of[device]), len(x.answers)), func(i int) bool {
			return i == len(x.answers) || x.answers[i].At > at
		}) - 1
	}
	shows := map[string]map[int]bool{} // by device: the answers that a row shows which has arrived
	for i := range rows {
		if r := &rows[i]; r.Received < knownBy && of[r.Device] != nil {
			if shows[r.Device] == nil {
				shows[r.Device] = map[int]bool{}
			}
			shows[r.Device][last(r.Device, r.Time)] = true
		}
	}
	again := 0
	for device, answers := range of {
		for k := 1; k < len(answers); k++ {
			if !shows[device][k] {
				delete(of, device)
			}
		}
		if len(answers) > 1 && of[device] != nil {
			again++
		}
	}
	if len(of) < 10_000 || again < 50 {
		t.Errorf("rows tell all of %d devices, of %d that they changed their mind: too few to show anything", len(of), again)
	}
	for i := range rows {
		if r := &rows[i]; of[r.Device] != nil {
			if k := last(r.Device, r.Time); k >= 0 {
				r.TC = &texts[of[r.Device][k]]
			}
		}
	}
	check(t, feed.WriteDisturbed(filepath.Join(x.dir, "data", "speaking"), "part-00000.parquet", rows, true))
	acts := slices.DeleteFunc(feed.States(x.answers, texts),
		func(e feed.Event) bool { return e.Kind == "device" && of[e.Subject] != nil })
	x.writeLog(t, rowStrings, acts, knownBy)
}
