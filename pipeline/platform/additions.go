package platform

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// person is one member and the entry that stands for her in a list: her identifiers as sent, or her own id.
type person struct{ subject, entry string }

// Additions are people who may be told to a destination. Only Members makes them.
type Additions struct {
	people  []person // by entry, then subject, in byte order
	entries []string // theirs, each once: two members who are one to the platform count once
	consent string
}

func additions(people []person, consent string) Additions {
	entries := make([]string, len(people))
	for i, p := range people {
		entries[i] = p.entry
	}
	return Additions{people, slices.Compact(entries), consent}
}

// Source says how members become entries of one part of a platform.
type Source struct {
	Platform *Platform
	Part     *Part
	Send     []Column
	Contacts *Contacts // nil where the platform takes the subject's own id
	Consent  string    // the use the audience was made for
	Workers  int       // how many members are joined at once; the entries do not depend on it
}

// Members returns the people of an audience whom the platform can be told, and what could not be.
func Members(a *segments.Audience, s Source) (Additions, Dropped) {
	ids := slices.Collect(a.Members())
	share, customers := s.own, a.Segment().Level == rules.CustomerLevel
	if s.Platform.Devices && customers {
		return Additions{}, Dropped{People: len(ids)}
	}
	if s.Platform.Identifies() {
		share = func(ids []string) ([]person, Dropped) { return newJoiner(s, customers).people(ids) }
	}
	people, dropped := inShares(ids, s.Workers, share)
	return additions(people, s.Consent), dropped
}

// inShares deals ids out to workers and puts their people, each share in order, into one order.
func inShares(ids []string, workers int,
	share func(ids []string) ([]person, Dropped),
) (people []person, dropped Dropped) {
	size := max(1, (len(ids)+max(1, workers)-1)/max(1, workers))
	var shares [][]string
	for part := range slices.Chunk(ids, size) {
		shares = append(shares, part)
	}
	found, left := make([][]person, len(shares)), make([]Dropped, len(shares))
	var all sync.WaitGroup
	for i := range shares {
		all.Go(func() {
			found[i], left[i] = share(shares[i])
			sortByEntry(found[i])
		})
	}
	all.Wait()
	for i := range shares {
		people = merge(people, found[i])
		dropped.add(left[i])
	}
	return people, dropped
}

// byEntry orders people by entry, then by subject, which is hardly ever asked.
func byEntry(a, b person) int {
	if c := strings.Compare(a.entry, b.entry); c != 0 {
		return c
	}
	return strings.Compare(a.subject, b.subject)
}

// sortByEntry sorts people. Entries begin alike and soon differ, so eight bytes from there on, side by side, decide
// nearly always; the entries themselves lie all over the memory.
func sortByEntry(people []person) {
	if slices.IsSortedFunc(people, byEntry) {
		return
	}
	alike := len(people[0].entry)
	for _, p := range people {
		alike = min(alike, common(people[0].entry, p.entry))
	}
	type place struct {
		key uint64
		at  int32
	}
	order := make([]place, len(people))
	for i, p := range people {
		var key [8]byte
		copy(key[:], p.entry[alike:])
		order[i] = place{binary.BigEndian.Uint64(key[:]), int32(i)}
	}
	slices.SortFunc(order, func(a, b place) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return byEntry(people[a.at], people[b.at])
	})
	was := slices.Clone(people)
	for i, o := range order {
		people[i] = was[o.at]
	}
}

// common is how many bytes two texts begin with alike.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// merge joins people in order.
func merge(a, b []person) []person {
	if len(a) == 0 || len(b) == 0 || byEntry(a[len(a)-1], b[0]) <= 0 {
		return append(a, b...)
	}
	out := make([]person, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if byEntry(a[0], b[0]) <= 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// own makes the subjects' ids the entries.
func (s Source) own(ids []string) (people []person, dropped Dropped) {
	people = make([]person, 0, len(ids))
	for _, id := range ids {
		if unwritten(id) || s.Part.Unsafe != nil && s.Part.Unsafe(id) != "" {
			dropped.People++
			continue
		}
		people = append(people, person{id, id})
	}
	return people, dropped
}

// unwritten reports an id that no form takes: it has a control character or is not UTF-8.
func unwritten(id string) bool {
	return !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl)
}

// Len is the number of entries.
func (a Additions) Len() int { return len(a.entries) }

// Consent is the use under which the gate admitted these people.
func (a Additions) Consent() string { return a.consent }

// Entries are the entries in byte order, each once; the slice must not be changed.
func (a Additions) Entries() []string { return a.entries }

// Told yields every entry with its subject, in byte order; of several subjects the first.
func (a Additions) Told() iter.Seq2[string, string] {
	return func(yield func(entry, subject string) bool) {
		for i, p := range a.people {
			if (i == 0 || a.people[i-1].entry != p.entry) && !yield(p.entry, p.subject) {
				return
			}
		}
	}
}

// New are the additions that the destination does not hold yet.
func (a Additions) New(held Removals) Additions { return a.where(held, false) }

// Kept are the additions that the destination holds already.
func (a Additions) Kept(held Removals) Additions { return a.where(held, true) }

// where keeps the additions that the destination holds, or those that it does not.
func (a Additions) where(held Removals, holds bool) Additions {
	left := held.entries
	var out []person
	for _, p := range a.people {
		for len(left) > 0 && left[0] < p.entry {
			left = left[1:]
		}
		if (len(left) > 0 && left[0] == p.entry) == holds {
			out = append(out, p)
		}
	}
	return additions(out, a.consent)
}

// Without drops people from the additions; lost are subjects in byte order.
func (a Additions) Without(lost []string) Additions {
	var out []person
	for _, p := range a.people {
		if _, gone := slices.BinarySearch(lost, p.subject); !gone {
			out = append(out, p)
		}
	}
	return additions(out, a.consent)
}
