package pipeline

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// leftover is an object that a run wrote under its own name.
type leftover struct {
	bucket *store.Bucket
	store.Object
	run string
}

// written lists what runs wrote under their own names.
func (r *run) written(ctx context.Context, below ...string) (out []leftover, err error) {
	for _, folder := range below {
		bucket := r.Output
		if folder == "" {
			bucket = r.State
		}
		objects, err := record.List(ctx, bucket, folder)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if run, ok := runOf(o.Key, folder); ok {
				out = append(out, leftover{bucket, o, run})
			}
		}
	}
	return out, nil
}

// leftovers lists what other runs had left when this one began. Some published nothing: they were killed or refused, or
// lost their lock. A run whose list folder has the copy of its marker is known to have published; about others the
// markers are asked. Of those that published, and of replays, some are old.
func (r *run) leftovers(ctx context.Context) error {
	all, err := r.written(ctx, runFolders...)
	if err != nil {
		return err
	}
	if r.left, err = r.unpublished(ctx, slices.Clone(all)); err != nil {
		return err
	}
	r.old = slices.DeleteFunc(all, func(o leftover) bool { return !r.expires(o) || slices.Contains(r.left, o) })
	// What the marker that holds calls deleted goes at once, whatever becomes of this run: it may have nothing to do.
	r.old = slices.DeleteFunc(r.old, func(o leftover) bool {
		if !r.promised(o.run) {
			return false
		}
		err := o.bucket.Delete(ctx, o.Key)
		if err != nil {
			r.Log.Warn("what an earlier run said to be deleted could not be; this run tries again", "error", err)
		}
		return err == nil
	})
	return nil
}

// promised reports whether the record of the run that holds says that lists and state of another are deleted.
func (r *run) promised(run string) bool {
	m := r.history.Manifest
	return m != nil && run != m.RunID && slices.Contains(m.Pruned, run)
}

// expires reports whether an object of another run is deleted once this run has published: it is too old, by the run's
// name and by the storage's clock, somebody is forgotten, or an earlier run said so and was killed.
func (r *run) expires(o leftover) bool {
	until := time.UnixMicro(r.Clock().UnixMicro() - project.Micros(r.Project.MaxListAge)).UTC()
	old := o.run < until.Format(runTime) && o.ModTime.Before(until)
	return o.run != r.RunID && (old || len(r.forget) > 0 || r.promised(o.run))
}

// runTime is the form of the time at the beginning of a run id, runFolders are where runs write under their own names.
const runTime = "20060102T150405Z"

var runFolders = []string{"lists/", "control/", "replays/", ""}

// unpublished are the objects of runs that published nothing; replays never do.
func (r *run) unpublished(ctx context.Context, left []leftover) ([]leftover, error) {
	done := map[string]bool{r.RunID: true}
	for _, o := range left {
		done[o.run] = done[o.run] || o.Key == record.SuccessKey(o.run)
	}
	needed := func(o leftover) bool { return done[o.run] || strings.HasPrefix(o.Key, "replays/") }
	if left = slices.DeleteFunc(left, needed); len(left) == 0 {
		return nil, nil
	}
	if err := r.history.Published(ctx, r.Output, done); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(left, needed), nil
}

// sweep deletes the leftovers once this run has published. Not before is it certain that nobody needs them: whoever
// wrote them may only sleep, but he began when the number of this run's marker was free, and can publish under no
// other.
func (r *run) sweep(ctx context.Context) {
	for _, b := range []*store.Bucket{r.Output, r.State, r.Audit, r.Heads} {
		if b == nil {
			continue
		}
		if err := b.Sweep(ctx); err != nil {
			r.Log.Warn("temporary files could not be deleted; the next run tries again", "error", err)
		}
	}
	for _, o := range slices.Concat(r.left, r.old) {
		if err := o.bucket.Delete(ctx, o.Key); err != nil {
			r.Log.Warn("what an earlier run left could not be deleted; the next run tries again", "error", err)
			return
		}
	}
}

// runOf is the run whose folder an object lies in.
func runOf(key, below string) (string, bool) {
	run, _, ok := strings.Cut(strings.TrimPrefix(key, below), "/")
	return run, ok && record.ValidRunID(run)
}

// runsOf are the runs that wrote objects, in order.
func runsOf(all []leftover) []string {
	runs := map[string]bool{}
	for _, o := range all {
		runs[o.run] = true
	}
	return append([]string{}, slices.Sorted(maps.Keys(runs))...)
}

// Pruned is what Prune deleted, or would delete.
type Pruned struct {
	Runs    []string
	Objects int
	Bytes   int64
}

// Prune deletes lists, control groups, replays and state of runs that began before a moment, and keeps a line that says
// of which. What the last marker names stays, and so do all markers and lines.
func Prune(ctx context.Context, j *Job, before time.Time, dry bool) (p Pruned, err error) {
	r, err := newRun(ctx, j)
	if err != nil {
		return p, err
	}
	if r.lease, err = r.lock(ctx); err != nil {
		return p, err
	}
	defer func() { _ = r.lease.Release(context.WithoutCancel(ctx)) }()
	if r.history, err = record.Read(ctx, r.Places, r.Keys, !dry); err != nil {
		return p, err
	}
	holds, until := "", before.UTC().Format(runTime)
	if r.history.Marker != nil {
		holds = r.history.Marker.RunID
	}
	all, err := r.written(ctx, runFolders...)
	if err != nil {
		return p, err
	}
	all = slices.DeleteFunc(all, func(o leftover) bool { return o.run == holds || o.run >= until })
	for _, o := range all {
		p.Objects, p.Bytes = p.Objects+1, p.Bytes+o.Size
	}
	p.Runs = runsOf(all)
	if dry || len(all) == 0 {
		return p, nil
	}
	m := r.blank(record.StatusPruned)
	m.Pruned = p.Runs
	if err := r.writeLine(ctx, m); err != nil {
		return p, err
	}
	for _, o := range all {
		if err := o.bucket.Delete(ctx, o.Key); err != nil {
			return p, err
		}
	}
	return p, nil
}
