package pipeline

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/pipeline/state"
)

// acknowledgedBelow is where, in a folder of its own, each destination that acknowledges by files puts one that is
// called like the run whose lists it has carried out, with or without an extension; what is in it is no matter.
const acknowledgedBelow = "acknowledged/"

// hear reads which runs destinations have carried out. The newest file of each counts: it speaks for all runs before.
func (r *run) hear(ctx context.Context) error {
	for _, d := range r.Project.Destinations {
		if days := lasts(d); days > 0 {
			r.holdings.Outlived(d.Name, r.KnownBy-time.Duration(days*24*int(time.Hour)).Microseconds())
		}
		if !d.Waits {
			continue
		}
		files, err := record.List(ctx, r.Output, acknowledgedBelow+d.Name+"/")
		if err != nil {
			return err
		}
		var runs []string
		for _, o := range files {
			run, _, _ := strings.Cut(path.Base(o.Key), ".")
			if _, known := r.history.Lines[run]; known {
				runs = append(runs, run)
				continue
			}
			r.Log.Warn("an acknowledgement names no run of this project", "destination", d.Name)
		}
		slices.Sort(runs)
		for _, run := range slices.Backward(runs) {
			m, err := r.history.Line(ctx, r.Audit, run)
			if err != nil {
				return err
			}
			if m.Status.Published() {
				r.holdings.Acknowledge(d.Name, m.After+1)
				break
			}
		}
	}
	return nil
}

// lasts is how many days a destination keeps whoever left its lists, 0: no day.
func lasts(d project.Destination) int {
	p, ok := platform.For(d)
	if !ok {
		return 0
	}
	return p.Days
}

// told says how this run tells destinations.
func (r *run) told() state.Told {
	return state.Told{
		RunID: r.RunID, Marker: r.history.N() + 1, At: r.KnownBy,
		Waits: func(destination string) bool {
			d, there := r.Project.Destination(destination)
			return there && d.Waits
		},
		Lingers: func(destination string) bool {
			d, there := r.Project.Destination(destination)
			return there && lasts(d) > 0
		},
		Erased: func(destination, key string) bool { return r.forgotten[forgottenKey{destination, key}] },
	}
}

// toAdd are the entries that a list of additions names: who is new, and who is held and was not acknowledged yet. Where
// the list is held back nobody is added.
func (r *run) toAdd(c *change) []string {
	if c.count.Held != "" {
		return c.adds.Entries()
	}
	after := c.after()
	unheard := slices.DeleteFunc(r.holdings.Unheard(c.list), func(entry string) bool {
		_, stays := slices.BinarySearch(after, entry)
		return !stays
	})
	return joined(c.adds.Entries(), unheard)
}

// toRemove are the entries that a list of removals names: who leaves, and whose removal was not acknowledged yet.
func (r *run) toRemove(c *change) []string {
	after := c.after()
	owed := slices.DeleteFunc(r.holdings.Owed(c.list), func(entry string) bool {
		_, back := slices.BinarySearch(after, entry)
		return back
	})
	return joined(c.removes.Entries(), owed)
}

// joined are entries in byte order of two such, each once.
func joined(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// Removals that are not acknowledged are spoken of after so many runs, and are overdue after so many days.
const (
	patience = 3
	overdue  = 14 * 24 * time.Hour
)

// owes notes in the count of a list whose removal was told earlier and not acknowledged.
func (r *run) owes(c *change) {
	marker, at, any := r.holdings.Oldest(c.list)
	if !any {
		return
	}
	c.count.Pending = shown.Any(len(r.holdings.Owed(c.list)))
	since := time.UnixMicro(at).UTC()
	if c.count.Overdue = time.UnixMicro(r.KnownBy).Sub(since) > overdue; c.count.Overdue {
		c.count.PendingSince = since.Format(time.RFC3339)
	}
	d, _ := r.Project.Destination(c.list.Destination)
	if runs := r.history.N() - marker + 1; runs >= patience && lasts(d) == 0 {
		r.Log.Warn("a destination has not acknowledged removals; they are written again until a file named like a run whose "+
			"lists it has carried out lies in acknowledged/DESTINATION of the output", "destination", c.list.Destination,
			"segment", c.list.Segment, "runs", runs)
	}
}
