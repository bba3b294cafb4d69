package consent

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/segments/evidence"
	"go.yaml.in/yaml/v4"
)

// vectors opens a file of the vectors folder, which is not part of the repository.
func vectors(t *testing.T, name string) []byte {
	t.Helper()
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Skipf("vectors are not there (set MALGRUPP_VECTORS): %v", err)
	}
	return b
}

func instant(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

// testPolicy has the settings under which the vectors were computed.
func testPolicy(t *testing.T, now int64) *Policy {
	t.Helper()
	p, err := NewPurposes([]string{"google", "dsp91", "social"})
	if err != nil {
		t.Fatal(err)
	}
	day := int64(24 * 3600 * 1e6)
	policy := &Policy{Now: now, Retention: 395 * day, MaxConsentAge: 390 * day, Purposes: p}
	for i := range p.Len() {
		notice := int32(3)
		if i == Measure {
			notice = 1
		}
		policy.MinNotice = append(policy.MinNotice, notice)
		policy.GPCDenies = append(policy.GPCDenies, i >= PartnerData)
		policy.BrowserDenies = append(policy.BrowserDenies, i != Measure)
	}
	bit := func(purposes ...int) (out uint32) {
		for _, p := range purposes {
			out |= 1 << (p - 1)
		}
		return out
	}
	policy.TCF = []Carrier{
		Measure: {Own: bit(1, 8, 9)}, Profile: {Own: bit(1, 3)}, Link: {Custom: 1}, PartnerData: {Custom: 2},
		fixed:     {Vendor: 755, Purposes: bit(1, 2, 3, 4, 7, 9, 10)},
		fixed + 1: {Vendor: 91, Purposes: bit(1, 3, 4)}, fixed + 2: {},
	}
	return policy
}

// parseEvents reads "time action purpose source [nNOTICE] [tc=STRING]".
func parseEvents(t *testing.T, p *Policy, strs *Strings, list []string) (out []Event) {
	t.Helper()
	for _, text := range list {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		f := strings.Fields(text)
		action, err := ParseAction(f[1])
		if err != nil {
			t.Fatal(err)
		}
		pattern, err := p.Purposes.Pattern(f[2])
		if err != nil {
			t.Fatal(err)
		}
		e := Event{
			At: instant(t, f[0]), Action: action, Pattern: pattern,
			Trusted: slices.Contains([]string{"cmp", "bank_ui", "call_centre"}, f[3]),
		}
		for _, more := range f[4:] {
			if text, ok := strings.CutPrefix(more, "tc="); ok {
				e.String = strs.Number(text)
			} else if _, err := fmt.Sscanf(more, "n%d", &e.Notice); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, e)
	}
	return out
}

func user(word string) User {
	return map[string]User{"anon": Anonymous, "login": LoggedIn, "attached": Attached}[word]
}

func timeline(p *Policy, events []Event, purpose int) Timeline {
	return NewMachine(p, testStrings).Fold(events, purpose)
}

func TestEpochsCountTheRowsThatThePaperCounts(t *testing.T) {
	var file struct {
		Timelines []struct {
			ID, Note, Purpose string
			AsOf              string   `yaml:"as_of"`
			RowUser           string   `yaml:"row_user"`
			DeviceEvents      []string `yaml:"device_events"`
			CustomerEvents    []string `yaml:"customer_events"`
			Rows              []struct{ At, Expect string }
		}
	}
	if err := yaml.Unmarshal(vectors(t, "consent/epochs.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Timelines {
		p := testPolicy(t, instant(t, c.AsOf))
		purpose, _ := p.Purposes.Number(c.Purpose)
		strs := NewStrings(p)
		device, customer := parseEvents(t, p, strs, c.DeviceEvents), parseEvents(t, p, strs, c.CustomerEvents)
		for _, r := range c.Rows {
			s := Stand{Device: NewMachine(p, strs).Fold(device, purpose), Customer: NewMachine(p, strs).Fold(customer, purpose)}
			got, _ := p.Decide(purpose, Judged{At: instant(t, r.At), User: user(c.RowUser)}, s)
			if counts := got <= GrantedTC; counts != (r.Expect == "count") || !counts && got.String() != r.Expect {
				t.Errorf("%s (%s), row %s: %s, want %s", c.ID, c.Note, r.At, got, r.Expect)
			}
		}
	}
	t.Logf("%d timelines", len(file.Timelines))
}

func TestDecisionsAreThoseOfThePaper(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(string(vectors(t, "consent/decisions.csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	skipped := map[string]int{}
	ran := 0
	for _, row := range rows[1:] {
		c := map[string]string{}
		for i, name := range rows[0] {
			c[name] = row[i]
		}
		if reason := decide(t, c); reason != "" {
			skipped[reason]++
		} else {
			ran++
		}
	}
	t.Logf("%d decisions judged; skipped by reason: %v", ran, skipped)
}

// decide judges one decision of the vectors and returns why it was skipped, if it was.
func decide(t *testing.T, c map[string]string) (skipped string) {
	kind, what, _ := strings.Cut(c["ask"], ":")
	if kind != "purpose" && kind != "use" {
		return "asks " + kind + ", which is judged elsewhere"
	}
	p := testPolicy(t, instant(t, c["now"]))
	strs := NewStrings(p)
	device := parseEvents(t, p, strs, strings.Split(c["device_events"], ";"))
	customer := parseEvents(t, p, strs, strings.Split(c["customer_events"], ";"))
	r := Judged{
		At: instant(t, c["row_at"]), User: user(c["row_user"]), Partner: c["row_origin"] == "partner",
	}
	if c["row_gpc"] == "1" {
		r.Marked |= evidence.GPC
	}
	if c["row_browser"] == "1" {
		r.Marked |= evidence.BrowserDeny
	}
	stand := func(purpose int) Stand {
		return Stand{
			Device: NewMachine(p, strs).Fold(device, purpose), Customer: NewMachine(p, strs).Fold(customer, purpose),
			DeviceOff:   suppressed(t, p, c["suppression"], "device=", purpose),
			CustomerOff: suppressed(t, p, c["suppression"], "customer=", purpose),
		}
	}
	var reason Reason
	var at string
	if kind == "purpose" {
		purpose, _ := p.Purposes.Number(what)
		var level Level
		reason, level = p.Decide(purpose, r, stand(purpose))
		at = string(level)
	} else {
		u := useNamed(t, p, what)
		var others []Stand
		if list, ok := strings.CutPrefix(c["setting"], "other_devices="); ok {
			for _, other := range strings.Split(list, "|") {
				events := parseEvents(t, p, strs, strings.Split(other, ";"))
				others = append(others, Stand{Device: NewMachine(p, strs).Fold(events, u.Purposes[len(u.Purposes)-1])})
			}
		}
		v := p.DecideUse(&u, r, stand, others)
		reason, at = v.Reason, p.Purposes.Name(v.Purpose)
		if v.Level == AtOtherDevice {
			at = string(v.Level)
		}
	}
	expect := "deny"
	if reason <= GrantedTC {
		expect = "allow"
	}
	if reason.String() != c["reason"] || at != c["at"] || expect != c["expect"] {
		t.Errorf("%s: %s %s at %s, want %s %s at %s (%s)", c["id"], expect, reason, at, c["expect"], c["reason"], c["at"],
			c["comment"])
	}
	return ""
}

func suppressed(t *testing.T, p *Policy, list, level string, purpose int) bool {
	t.Helper()
	text, ok := strings.CutPrefix(list, level)
	if !ok {
		return false
	}
	pattern, err := p.Purposes.Pattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return pattern.covers(purpose)
}

func useNamed(t *testing.T, p *Policy, name string) Use {
	t.Helper()
	f := strings.Split(name, ":")
	switch f[0] {
	case "report":
		return p.Purposes.ReportUse()
	case "segment":
		return p.Purposes.SegmentUse(f[1] == "customer")
	}
	u, err := p.Purposes.ListUse(f[2] == "customer", f[1])
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestFeedsStopAsThePaperSays(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(string(vectors(t, "consent/decisions.csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, row := range rows[1:] {
		id, ask, now, setting, reason := row[0], row[1], row[10], row[11], row[13]
		s := map[string]string{}
		for _, kv := range strings.Split(setting, ";") {
			k, v, _ := strings.Cut(kv, "=")
			s[k] = v
		}
		if ask != "feed" || s["schema"] != "" { // a log without a column is read, and refused, by its reader
			continue
		}
		ran++
		if got := feedOutcome(t, instant(t, now), s); got != reason {
			t.Errorf("%s: %s, want %s (%s)", id, got, reason, setting)
		}
	}
	t.Logf("%d feed cases judged", ran)
}

func feedOutcome(t *testing.T, now int64, s map[string]string) string {
	t.Helper()
	number := func(key string) (f float64) {
		if s[key] != "" {
			if _, err := fmt.Sscanf(s[key], "%g", &f); err != nil {
				t.Fatal(err)
			}
		}
		return f
	}
	f := Feed{Objects: int(number("present")), Rows: int64(number("rows")), Clock: true, Days: map[int64]bool{}}
	f.Watermark = now - int64(number("watermark_age_h")*hourLength)
	if s["rows"] == "" {
		f.Rows = 1
	}
	for d := now/dayLength - 10; d <= now/dayLength; d++ {
		f.Days[d] = d != now/dayLength-int64(5*number("missing_days")) || s["missing_days"] == ""
	}
	err := f.Check(FeedLimits{
		Now: now, MaxAge: 26 * hourLength, MaxConsentAge: 390 * dayLength, PreviousRows: int64(number("prev_rows")),
	})
	if err == nil && s["suppression"] == "configured" {
		err = CheckListAge("suppression", s["suppression_present"] == "1", int64(number("suppression_age_h")*hourLength),
			26*hourLength)
	}
	if err == nil {
		err = CheckStrings(int(number("tc_strings")), int(number("tc_unreadable")))
	}
	if err == nil {
		return "OK"
	}
	return err.(*FeedError).Code
}
