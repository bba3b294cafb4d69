package pipeline

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
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Job is the order for one run. Everything that could differ between two runs of the same inputs is in it: nothing below
// looks at a clock or the environment.
type Job struct {
	*load.Loaded
	Select  []string // names of segments to run; empty: all
	AsOf    int64    // where windows end, microseconds UTC; zero: start of known_by's local day
	KnownBy int64    // what had arrived; zero: the clock when the inputs are listed
	Clock   func() time.Time
	RunID   string
	Labels  map[string]string
	Version map[string]string // of the program and its toolchain, for the manifest
	Workers int
	Keys    *keys.Ring
	Stores  *folder.Stores
	Log     *slog.Logger
	Watch   func(Progress) // may be nil; called from many goroutines
	LockFor time.Duration  // how long to wait for the lock
	DryRun  bool           // decide everything, write nothing
	Study   bool           // count what each condition is for how many people
	Examine []string       // names of segments: count also their members who rest on time that consent hides
	// Stay is who qualified at earlier runs; Run takes it from the state.
	Stay state.StayRecord

	place         string           // name of a segment of which it is told what keeps people out
	sample        *segments.Sample // of the people; nil: all. Only a preview takes one
	focus         *focus           // the person the job asks about; nil: nobody
	settled       bool             // instants has been called
	given         bool             // known_by was given, not taken from the clock
	replay        bool             // of days gone by
	sampled       identity.Kind    // what it is drawn from
	previousRows  int64            // rows of the consent log in the last accepted run not later than this one
	previousFirst int64            // its first partition, as a day
}

// Progress is how far a long phase has come. Reading counts bytes, everything else pieces; Total is 0 where it is not
// known.
type Progress struct {
	Phase       string // copies, logins, read, write
	Done, Total int64
	Rows        int64 // rows read so far
}

// leftOut reports whether a subject's consent need not be known: somebody who is not drawn. Of the other kind all are, for
// they share rows with those who are drawn.
func (j *Job) leftOut(kind identity.Kind, id string) bool {
	return j.sample != nil && kind == j.sampled && !j.sample.Draws(id)
}

func (j *Job) watch(p Progress) {
	if j.Watch != nil {
		j.Watch(p)
	}
}

// bucket opens a place of the project; a relative URL lies below the project folder.
func (j *Job) bucket(ctx context.Context, place string) (*store.Bucket, error) {
	return j.Stores.Open(ctx, j.Absolute(place))
}

// list opens a place and lists all of it.
func (j *Job) list(ctx context.Context, place string) (*store.Bucket, []store.Object, error) {
	return j.Stores.List(ctx, j.Absolute(place))
}

// instants settles as_of and known_by (docs/language.md, Time): known_by is the clock unless given, as_of the start of
// its local day unless given. A known_by that lies too far before the clock makes the run a replay of days gone by.
func (j *Job) instants() error {
	if j.settled {
		return nil
	}
	j.settled = true
	now := j.Clock().UnixMicro()
	j.given = j.KnownBy != 0
	if !j.given {
		j.KnownBy = now
	}
	if j.AsOf == 0 {
		j.AsOf = j.Project.Zone.StartOfDay(j.KnownBy)
	}
	if j.AsOf > j.KnownBy {
		return fault.New(fault.Usage, "AS_OF", errAsOf, "give an --as-of that is not later than --known-by")
	}
	j.replay = j.given && now-j.KnownBy > project.Micros(j.Project.Consent.MaxFeedAge)
	return nil
}

// selected returns the segments of the run with those they refer to.
func (j *Job) selected() ([]*rules.Segment, error) {
	if len(j.Select) == 0 {
		return j.Segments, nil
	}
	want := map[string]bool{}
	for _, pattern := range j.Select {
		found := false
		for _, s := range j.Segments {
			if ok, _ := filepath.Match(pattern, s.Name); ok {
				want[s.Name], found = true, true
			}
		}
		if !found {
			return nil, fault.New(fault.Usage, "SELECT", errNoSegment(pattern), "see malgrupp validate for the names")
		}
	}
	return closure(j.Segments, want), nil
}

// closure are the wanted of all segments with those that are needed to decide them, in their order.
func closure(all []*rules.Segment, want map[string]bool) (out []*rules.Segment) {
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

// errAsOf and errNoSegment are mistakes of whoever ordered the run.
var errAsOf = errors.New("as_of lies after known_by: a run cannot look back from a moment that has not come")

func errNoSegment(pattern string) error {
	return fmt.Errorf("no segment matches %q", pattern)
}
