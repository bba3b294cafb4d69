package platform

import (
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/state"
)

// Removals are entries that a destination holds. Only Held makes them.
type Removals struct{ entries []string }

// Held returns the entries a list of a destination holds.
func Held(h *state.Holdings, l state.List) Removals { return Removals{h.Of(l)} }

// Len is the number of entries.
func (r Removals) Len() int { return len(r.entries) }

// Entries are the entries in byte order, each once; the slice must not be changed.
func (r Removals) Entries() []string { return r.entries }

// Staying are the entries that a list of a destination holds of people with these member keys.
func Staying(h *state.Holdings, l state.List, keys map[string]bool) Removals {
	return Removals{h.Whose(l, func(key string) bool { return keys[key] })}
}

// Gone are the held entries that are no longer among the additions.
func (r Removals) Gone(a Additions) Removals { return r.Except(Removals{a.entries}) }

// Except are the entries that are not among others.
func (r Removals) Except(others Removals) Removals {
	stay := others.entries
	var out []string
	for _, e := range r.entries {
		for len(stay) > 0 && stay[0] < e {
			stay = stay[1:]
		}
		if len(stay) == 0 || stay[0] != e {
			out = append(out, e)
		}
	}
	return Removals{out}
}

// With are the entries and those of others, which the same list holds.
func (r Removals) With(others Removals) Removals {
	all := slices.Concat(r.entries, others.entries)
	slices.Sort(all)
	return Removals{slices.Compact(all)}
}
