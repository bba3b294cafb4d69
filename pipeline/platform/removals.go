package platform

import "github.com/malgrupp/malgrupp/pipeline/state"

// Removals are entries that a destination holds. Only Held makes them.
type Removals struct{ entries []string }

// Held returns the entries a list of a destination holds.
func Held(h *state.Holdings, l state.List) Removals { return Removals{h.Of(l)} }

// Len is the number of entries.
func (r Removals) Len() int { return len(r.entries) }

// Entries are the entries in byte order, each once; the slice must not be changed.
func (r Removals) Entries() []string { return r.entries }

// Gone are the held entries that are no longer among the additions.
func (r Removals) Gone(a Additions) Removals {
	stay := a.entries
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
