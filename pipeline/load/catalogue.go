package load

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// Entry is a segment of the project with what depends on it.
type Entry struct {
	*rules.Segment
	RefersTo   []string
	ReferredBy []string
	Expired    bool // its day has passed: nobody is delivered any more
	ReviewDue  bool
}

// Unused reports whether nobody would miss the segment: it is neither delivered nor referred to.
func (e *Entry) Unused() bool { return len(e.Deliver) == 0 && len(e.ReferredBy) == 0 }

// Catalogue lists the segments of a checked project by name. now is microseconds UTC.
func Catalogue(l *Loaded, now int64) []Entry {
	by := map[string][]string{}
	for _, s := range l.Segments {
		for _, name := range segments.References(s) {
			by[name] = append(by[name], s.Name)
		}
	}
	var out []Entry
	for _, s := range l.Segments {
		today := s.Zone.Day(now)
		refers := segments.References(s)
		slices.Sort(refers)
		slices.Sort(by[s.Name])
		out = append(out, Entry{
			Segment: s, RefersTo: slices.Compact(refers), ReferredBy: slices.Compact(by[s.Name]),
			Expired: s.Expires != 0 && today > s.Expires, ReviewDue: s.ReviewBy != 0 && today > s.ReviewBy,
		})
	}
	slices.SortFunc(out, func(a, b Entry) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}
