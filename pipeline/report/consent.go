package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
)

// Consent is the way from people who were seen to those who are in lists, use by use.
type Consent struct {
	Log  record.ConsentSeen `json:"log"`
	Uses []Use              `json:"uses"`
}

// Use is one use. Of how many devices rows were refused is told by reason; whom consent let pass, and who is in some
// list, in people of the use's kind.
type Use struct {
	Use     string       `json:"use"`
	Refused []Refused    `json:"refused_devices"` // most first; reasons of fewer than 50 are not named
	People  shown.Count  `json:"people"`
	InAny   *shown.Count `json:"in_any,omitempty"` // of several lists; null where the record does not say
	Lists   []Delivered  `json:"lists"`
}

// Refused is a reason and the devices it was one for.
type Refused struct {
	Reason  string      `json:"reason"`
	Devices shown.Count `json:"devices"`
}

// Delivered is one list, and who of those qualified is not in it.
type Delivered struct {
	List    string      `json:"list"`
	Members shown.Count `json:"members"`
	Control shown.Count `json:"control"`
	Unnamed shown.Count `json:"unwritable"`
	Unknown shown.Count `json:"unknown"`
	Wait    shown.Count `json:"wait"`
	Held    string      `json:"held_back,omitempty"`
	Guard   string      `json:"guard,omitempty"`
}

func consentOf(in *Input) Part {
	m := in.Run.Manifest
	if len(m.Uses) == 0 {
		return nil
	}
	c := &Consent{Log: m.Consent}
	for _, u := range m.Uses {
		use := Use{Use: u.Use, People: u.People}
		for _, reason := range slices.Sorted(maps.Keys(u.Refused)) {
			use.Refused = append(use.Refused, Refused{reason, u.Refused[reason]})
		}
		slices.SortStableFunc(use.Refused, func(a, b Refused) int { return cmp.Compare(b.Devices, a.Devices) })
		for i := range m.Overlaps {
			if m.Overlaps[i].Use == u.Use {
				use.InAny = &m.Overlaps[i].Anywhere
			}
		}
		for i := range m.Segments {
			if s := &m.Segments[i]; s.Use == u.Use {
				use.Lists = append(use.Lists, Delivered{
					listName(s), s.Members, s.Control, s.Dropped, s.Unknown, s.Wait, s.Held, string(s.Guard),
				})
			}
		}
		c.Uses = append(c.Uses, use)
	}
	return c
}

func (c *Consent) tell(w *words) []page.Block {
	out := []page.Block{page.Text{Words: w.say("Nobody is in a list whose rows did not come through the gate. The "+
		"consent log reaches until %s; it was looked at once more before anything was published.", w.at(c.Log.Watermark))}}
	for i := range c.Uses {
		u := &c.Uses[i]
		out = append(out, u.chart(w))
		if len(u.Lists) == 0 {
			continue
		}
		t := &page.Table{
			Caption: w.say("What becomes of those who qualify, for %s", u.Use),
			Head: []string{
				w.say("List"), w.say("Members"), w.say("Control group"), w.say("Cannot be named"), w.say("Data missing"),
				w.say("Waiting"), w.say("Held back"),
			},
		}
		for _, l := range u.Lists {
			t.Rows = append(t.Rows, []page.Cell{
				page.C(l.List), page.N(w.people(l.Members)), page.N(w.people(l.Control)), page.N(w.people(l.Unnamed)),
				page.N(w.people(l.Unknown)), page.N(w.people(l.Wait)), page.C(strings.TrimSpace(l.Held + " " + l.Guard)),
			})
		}
		out = append(out, t)
	}
	return out
}

func (u *Use) chart(w *words) *page.Chart {
	c := &page.Chart{
		Title: w.say("For %s", u.Use),
		Data: &page.Table{
			Caption: w.say("From consent to lists, for %s", u.Use),
			Head:    []string{w.say("Step"), w.say("How many"), w.say("What it means")},
		},
		Key: []page.Sign{{Class: "bar bad", Meaning: w.say("devices of which rows were refused")}, {
			Class: "bar good", Meaning: w.say("people whom consent let pass"),
		}},
	}
	var bars page.Bars
	add := func(label string, n shown.Count, class, meaning string) {
		bars = append(bars, page.Bar{Label: label, Text: w.people(n), Value: int64(n.Told()), Class: class})
		c.Data.Rows = append(c.Data.Rows, []page.Cell{page.C(label), page.N(w.people(n)), page.C(meaning)})
	}
	for _, r := range u.Refused {
		add(w.say("refused: %s", r.Reason), r.Devices, "bad", w.reason(r.Reason))
	}
	add(w.say("let pass"), u.People, "good", w.say("people of whom this use was given rows"))
	if u.InAny != nil {
		add(w.say("in at least one list"), *u.InAny, "", w.say("people who are a member of some segment of this use"))
	}
	c.Picture = bars
	c.Sentence = w.say("Consent let %s people pass; no reason for refusing was shared by 50 devices.", w.people(u.People))
	if len(u.Refused) > 0 {
		c.Sentence = w.say("Consent let %s people pass; most devices were refused rows for %s (%s). A device may have rows "+
			"of several kinds.", w.people(u.People), u.Refused[0].Reason, w.people(u.Refused[0].Devices))
	}
	return c
}
