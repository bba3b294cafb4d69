package state

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/keys"
)

// erasureTerm is how long the identifiers of somebody who is forgotten are kept for a destination that does not
// acknowledge his removal: an answer is due within a month.
const erasureTerm = 25 * 24 * 3600 * 1_000_000

// Acknowledge notes that a destination has carried out what it was told up to a marker.
func (h *Holdings) Acknowledge(destination string, marker int64) {
	for l, held := range h.lists {
		if l.Destination != destination {
			continue
		}
		held = slices.Clone(held)
		for i := range held {
			held[i].heard = held[i].heard || held[i].marker <= marker
		}
		h.lists[l] = held
	}
	for l, owed := range h.owed {
		if l.Destination == destination {
			h.keepOwed(l, slices.DeleteFunc(slices.Clone(owed), func(p holding) bool { return p.marker <= marker }))
		}
	}
}

// Outlived notes that a destination that removes by time alone has forgotten whose removal it was told up to an
// instant, microseconds UTC.
func (h *Holdings) Outlived(destination string, until int64) {
	for l, owed := range h.owed {
		if l.Destination == destination {
			h.keepOwed(l, slices.DeleteFunc(slices.Clone(owed), func(p holding) bool { return p.at <= until }))
		}
	}
}

// Untold notes that the run writes nothing of a list: whoever acknowledges the run has heard of nothing that is owed
// there, so that takes the next.
func (h *Holdings) Untold(l List) {
	h.Unadded(l)
	h.postpone(h.owed, l)
}

// Unadded is Untold where the run writes removals and nobody is added.
func (h *Holdings) Unadded(l List) { h.postpone(h.lists, l) }

func (h *Holdings) postpone(of map[List][]holding, l List) {
	people := slices.Clone(of[l])
	for i := range people {
		if !people[i].heard {
			people[i].marker = h.Marker + 1
		}
	}
	if len(people) > 0 {
		of[l] = people
	}
}

func (h *Holdings) keepOwed(l List, owed []holding) {
	delete(h.owed, l)
	if len(owed) > 0 {
		h.owed[l] = owed
	}
}

// Owed are the entries whose removal a destination was told and has not acknowledged, in byte order.
func (h *Holdings) Owed(l List) (out []string) {
	for _, p := range h.owed[l] {
		out = append(out, p.entry)
	}
	return out
}

// Oldest is the marker and the time (microseconds UTC) of the oldest removal that a list owes; ok: there is one.
func (h *Holdings) Oldest(l List) (marker, at int64, ok bool) {
	for _, p := range h.owed[l] {
		if !ok || p.marker < marker {
			marker, at, ok = p.marker, p.at, true
		}
	}
	return marker, at, ok
}

// Unheard are the held entries whose addition is not acknowledged, in byte order.
func (h *Holdings) Unheard(l List) (out []string) {
	for _, p := range h.lists[l] {
		if !p.heard {
			out = append(out, p.entry)
		}
	}
	return out
}

// leave moves who is held no longer to those whose removal is owed; who is held again is owed no removal.
func (h *Holdings) leave(l List, before, after []holding) {
	entry := func(a holding, e string) int { return strings.Compare(a.entry, e) }
	held := func(p holding) bool { _, yes := slices.BinarySearchFunc(after, p.entry, entry); return yes }
	owed := slices.DeleteFunc(slices.Clone(h.owed[l]), held)
	if h.owes(l.Destination) {
		for _, p := range before {
			if held(p) {
				continue
			}
			p.runID, p.marker, p.at, p.heard = h.RunID, h.Marker, h.At, false
			p.erased = h.erases(l.Destination, p.key)
			owed = append(owed, p)
		}
		slices.SortFunc(owed, func(a, b holding) int { return strings.Compare(a.entry, b.entry) })
	}
	h.keepOwed(l, owed)
}

// Known is a list that knows somebody, and the member key under which it does.
type Known struct {
	List List
	Key  string
}

// Finder returns a function that says which lists hold somebody or owe her removal, in a fixed order. Every master key
// under which there are members is tried.
func (h *Holdings) Finder(ring *keys.Ring) (func(id string) []Known, error) {
	type at struct {
		destination string
		number      int
	}
	of, keyers := map[Known]bool{}, map[at]*keys.Keyer{}
	lists := h.Lists()
	for _, l := range lists {
		for _, p := range slices.Concat(h.lists[l], h.owed[l]) {
			of[Known{l, p.key}] = true
			number, ok := keys.NumberOf(p.key)
			k := at{l.Destination, number}
			if !ok || keyers[k] != nil {
				continue
			}
			var err error
			if keyers[k], err = ring.KeyerOf(number, keys.Dest(l.Destination)); err != nil {
				return nil, fmt.Errorf("know the members of %s again: %w", l.Destination, err)
			}
		}
	}
	return func(id string) (out []Known) {
		for _, l := range lists {
			from := len(out)
			for k, keyer := range keyers {
				if k.destination != l.Destination {
					continue
				}
				if known := (Known{l, keyer.Key(keys.NewID(id))}); of[known] {
					out = append(out, known)
				}
			}
			slices.SortFunc(out[from:], func(a, b Known) int { return strings.Compare(a.Key, b.Key) })
		}
		return out
	}, nil
}
