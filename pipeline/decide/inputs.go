package decide

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/kept"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/segments"
)

// Inputs are everything that a decision depends on beside what is asked: nothing below looks at a clock or the
// environment.
type Inputs struct {
	*load.Loaded
	Stores  *folder.Stores
	Listing *Listing // of the places; nil: they are listed
	AsOf    int64    // where windows end, microseconds UTC; zero: start of known_by's local day
	KnownBy int64    // what had arrived; zero: the clock
	Again   bool     // days gone by are computed again, whatever the instants
	Clock   func() time.Time
	Stay    state.StayRecord // who qualified at earlier runs
	Seen    Seen
	Buried  func(kind, id string) (state.Tombstone, bool) // who is forgotten, for any goroutine; nil: nobody
	// Evidence is what earlier runs kept; nil: every row is read.
	Evidence *kept.Store
	Workers  int
	Log      *slog.Logger
	Watch    func(Progress) // may be nil; called from many goroutines

	resolved bool
	given    bool // known_by was given, not taken from the clock
	replay   bool // of days gone by
}

// Seen is what the last accepted run, not later than this one, saw of the consent log.
type Seen struct {
	Rows     int64
	FirstDay int64 // of its partitions, in days since 1970-01-01
	Heard    state.Heard
	Acts     state.Acts
	Shrunk   []string // the lists of people that may have become shorter
}

// Resolve returns the inputs with their instants (docs/language.md, Time): known_by is the clock unless given, as_of
// the start of its local day unless given. A known_by that lies too far before the clock makes a replay of days gone
// by, as asking for one does.
func (in Inputs) Resolve() (Inputs, error) {
	if in.resolved {
		return in, nil
	}
	in.resolved, in.given = true, in.KnownBy != 0
	now := in.Clock().UnixMicro()
	if !in.given {
		in.KnownBy = now
	}
	if in.AsOf == 0 {
		in.AsOf = in.Project.Zone.StartOfDay(in.KnownBy)
	}
	if in.AsOf > in.KnownBy {
		return in, fault.New(fault.Usage, "AS_OF", errAsOf, "give an --as-of that is not later than --known-by")
	}
	in.replay = in.Again || in.given && now-in.KnownBy > project.Micros(in.Project.Consent.MaxFeedAge)
	return in, nil
}

var errAsOf = errors.New("as_of lies after known_by: a run cannot look back from a moment that has not come")

// Replay reports whether settled inputs are of days gone by.
func (in *Inputs) Replay() bool { return in.replay }

// Given reports whether known_by of settled inputs was given: then nothing later may count.
func (in *Inputs) Given() bool { return in.given }

// Bucket opens a place of the project; a relative URL lies below the project folder.
func (in *Inputs) Bucket(ctx context.Context, place string) (*store.Bucket, error) {
	return in.Stores.Open(ctx, in.Absolute(place))
}

// List opens a place of the project and lists all of it.
func (in *Inputs) List(ctx context.Context, place string) (*store.Bucket, []store.Object, error) {
	return in.Stores.List(ctx, in.Absolute(place))
}

// Limits are the reader's limits of the project.
func (in *Inputs) Limits() parquet.Limits {
	return parquet.Limits{PageBytes: in.Project.Limits.Page, ChunkBytes: in.Project.Limits.Chunk}
}

// Segment returns the project's segment of that name.
func (in *Inputs) Segment(name string) (*rules.Segment, error) {
	i := slices.IndexFunc(in.Segments, func(s *rules.Segment) bool { return s.Name == name })
	if i < 0 {
		return nil, in.noSegment(name)
	}
	return in.Segments[i], nil
}

// Has reports whether the project has a segment of that name.
func (in *Inputs) Has(segment string) bool {
	return slices.ContainsFunc(in.Segments, func(s *rules.Segment) bool { return s.Name == segment })
}

func (in *Inputs) noSegment(pattern string) error {
	var names []string
	for _, s := range in.Segments {
		names = append(names, s.Name)
	}
	hint := "malgrupp segment list shows the names"
	for _, near := range source.DidYouMean(pattern, names) {
		hint = near.Label + ": " + near.Text
	}
	return fault.New(fault.Usage, "SELECT", fmt.Errorf("choose segments: none is called %q", pattern), hint)
}

// Select returns the segments that patterns name, with those they refer to; without patterns, all.
func (in *Inputs) Select(patterns []string) ([]*rules.Segment, error) {
	if len(patterns) == 0 {
		return in.Segments, nil
	}
	want := map[string]bool{}
	for _, pattern := range patterns {
		found := false
		for _, s := range in.Segments {
			if ok, _ := filepath.Match(pattern, s.Name); ok {
				want[s.Name], found = true, true
			}
		}
		if !found {
			return nil, in.noSegment(pattern)
		}
	}
	return Closure(in.Segments, want), nil
}

// Closure are the wanted of all segments with those that are needed to decide them, in their order.
func Closure(all []*rules.Segment, want map[string]bool) (out []*rules.Segment) {
	// A rival may stand behind whom it came in for, and brings its own references: until nobody new is wanted.
	for known := 0; known < len(want); {
		known = len(want)
		for _, s := range all {
			if want[s.Name] {
				for _, name := range slices.Concat(segments.References(s), rivals(all, s)) {
					want[name] = true
				}
			}
		}
	}
	for _, s := range all {
		if want[s.Name] {
			out = append(out, s)
		}
	}
	return out
}

// rivals are the segments of the same exclusive group: whose a person is can only be said with all of them.
func rivals(all []*rules.Segment, s *rules.Segment) (out []string) {
	for _, o := range all {
		if s.Exclusive != nil && o.Exclusive != nil && o.Exclusive.Group == s.Exclusive.Group {
			out = append(out, o.Name)
		}
	}
	return out
}
