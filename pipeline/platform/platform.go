// Package platform writes lists in the form that a destination accepts.
//
// In come Additions (made only from an Audience, so everybody in them was admitted by the gate) and Removals (made only
// from what state says was told); out go bytes. The package knows why nobody is a member, sees no event and opens no
// place: it writes to an io.Writer. One file for each destination type, and one conformance suite over all of them.
package platform

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/segments"
)

// Platform is one destination type.
type Platform struct {
	Type string
	Doc  string
	Ext  string // of its files, without a dot
	// Unsafe says why an id cannot be written in this form, "" if it can. Ids with control characters and ids that are
	// not UTF-8 never can.
	Unsafe func(id string) string
	// Write writes one list; subjects are in byte order.
	Write func(w io.Writer, h Header, subjects []string) error
}

// Header is what a list says about itself. AsOf is microseconds UTC.
type Header struct {
	Segment string
	AsOf    int64
}

var platforms = map[string]*Platform{}

// defined is the value of a declaration: var _ = define(...).
type defined struct{}

// define enters a platform into the table, which is complete before main starts and never changes.
func define(p Platform) defined {
	if platforms[p.Type] != nil {
		panic(fmt.Sprintf("platform: %s is defined twice", p.Type))
	}
	platforms[p.Type] = &p
	return defined{}
}

// Of returns the platform of a destination type.
func Of(kind string) (*Platform, bool) {
	p, ok := platforms[kind]
	return p, ok
}

// Types are all destination types, sorted.
func Types() []*Platform {
	var out []*Platform
	for _, name := range slices.Sorted(maps.Keys(platforms)) {
		out = append(out, platforms[name])
	}
	return out
}

// Additions are people who may be told to a destination. Only Members makes them.
type Additions struct{ subjects []string }

// Removals are people whom a destination holds. Only Held makes them.
type Removals struct{ subjects []string }

// Members returns the people of an audience whom the platform can write, and how many it cannot.
func Members(a *segments.Audience, p *Platform) (adds Additions, unwritable int) {
	for id := range a.Members() {
		if unwritten(id) || p.Unsafe != nil && p.Unsafe(id) != "" {
			unwritable++
			continue
		}
		adds.subjects = append(adds.subjects, id)
	}
	return adds, unwritable
}

// unwritten reports an id that no form takes: it has a control character or is not UTF-8.
func unwritten(id string) bool {
	return !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl)
}

// Held returns the people a destination holds from a segment.
func Held(h *state.Holdings, destination, segment string) Removals {
	return Removals{h.Of(destination, segment)}
}

// Len is the number of people.
func (a Additions) Len() int { return len(a.subjects) }

// Len is the number of people.
func (r Removals) Len() int { return len(r.subjects) }

// Subjects are the ids in byte order; the slice must not be changed.
func (a Additions) Subjects() []string { return a.subjects }

// Subjects are the ids in byte order; the slice must not be changed.
func (r Removals) Subjects() []string { return r.subjects }

// New are the additions that the destination does not hold yet.
func (a Additions) New(held Removals) Additions { return Additions{minus(a.subjects, held.subjects)} }

// Kept are the additions that the destination holds already.
func (a Additions) Kept(held Removals) Additions {
	return Additions{minus(a.subjects, minus(a.subjects, held.subjects))}
}

// Gone are the held people who are no longer among the additions.
func (r Removals) Gone(a Additions) Removals { return Removals{minus(r.subjects, a.subjects)} }

// Without drops people from the additions; lost are ids in byte order.
func (a Additions) Without(lost []string) Additions { return Additions{minus(a.subjects, lost)} }

// minus returns the ids of a that are not in b, both in byte order.
func minus(a, b []string) []string {
	var out []string
	for _, id := range a {
		for len(b) > 0 && b[0] < id {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != id {
			out = append(out, id)
		}
	}
	return out
}
