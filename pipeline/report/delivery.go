package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
)

// Delivery is what destinations were told, and what they have acknowledged.
type Delivery struct {
	Lists []DeliveredList `json:"lists"`
	Files int             `json:"files"` // encrypted objects that the run published
}

// DeliveredList is one list.
type DeliveredList struct {
	List        string                 `json:"list"`
	Additions   shown.Count            `json:"additions"`
	Removals    shown.Count            `json:"removals"`
	Pending     shown.Count            `json:"pending_removals"`
	Since       string                 `json:"pending_since,omitempty"`
	Overdue     bool                   `json:"overdue"`
	Inherited   shown.Count            `json:"kept_for_another"`
	Identifiers map[string]shown.Count `json:"dropped_identifiers,omitempty"`
	Held        string                 `json:"held_back,omitempty"`
}

func deliveryOf(in *Input) Part {
	d := &Delivery{}
	m := in.Run.Manifest
	for i := range m.Segments {
		if s := &m.Segments[i]; s.Destination != "" {
			d.Lists = append(d.Lists, DeliveredList{
				listName(s), s.Additions, s.Removals, s.Pending.Or(), s.PendingSince, s.Overdue, s.Inherited.Or(), s.Identifiers,
				strings.TrimSpace(s.Held + " " + string(s.Guard)),
			})
		}
	}
	for _, o := range m.Outputs {
		if o.Root == record.RootOutput {
			d.Files++
		}
	}
	if len(d.Lists) == 0 || m.Status == record.StatusReplay {
		return nil
	}
	return d
}

func (d *Delivery) tell(w *words) []page.Block {
	t := &page.Table{
		Caption: w.say("Told in this run, and acknowledged"),
		Head: []string{
			w.say("List"), w.say("Added"), w.say("Removed"), w.say("Removals told before and open"), w.say("Acknowledged"),
			w.say("Held back"),
		},
	}
	dropped := &page.Table{
		Caption: w.say("Identifiers that were not sent"),
		Head:    []string{w.say("List"), w.say("Which, and why"), w.say("How many")},
	}
	for i := range d.Lists {
		l := &d.Lists[i]
		state := page.C(w.say("all that was told before"))
		switch {
		case l.Overdue:
			state = page.Cell{Text: w.say("overdue, since %s", w.day(l.Since)), Mood: "bad"}
		case !l.Pending.Few():
			state = page.Cell{Text: w.say("not yet"), Mood: "note"}
		}
		t.Rows = append(t.Rows, []page.Cell{
			page.C(l.List), page.N(w.people(l.Additions)), page.N(w.people(l.Removals)), page.N(w.people(l.Pending)), state,
			page.C(l.Held),
		})
		for _, why := range slices.Sorted(maps.Keys(l.Identifiers)) {
			dropped.Rows = append(dropped.Rows, []page.Cell{
				page.C(l.List), {Text: why, Code: true}, page.N(w.people(l.Identifiers[why])),
			})
		}
	}
	out := []page.Block{t, page.Text{Words: w.say("%s were published, encrypted to the recipients.",
		w.count(d.Files, "One file", "%s files"))}}
	if len(dropped.Rows) > 0 {
		out = append(out, dropped)
	}
	return out
}
