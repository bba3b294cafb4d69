package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// mark creates the next marker: the one step that publishes. Who lost the lock, or finds the number taken, publishes
// nothing. The lock is asked last of all; should the run fall asleep even after that, the number decides.
func (r *run) mark(ctx context.Context) error {
	line, err := r.manifest.Line(r.Keys)
	if err != nil {
		return err
	}
	m := &record.Marker{
		Schema: record.MarkerSchema, N: r.history.N() + 1, RunID: r.RunID, Previous: r.history.Digest,
		Objects: r.manifest.Outputs, Line: line,
	}
	var fence int64
	if last := r.history.Marker; last != nil {
		fence = last.Fence
	}
	if err := r.lease.Renew(ctx, fence); err != nil {
		return err
	}
	m.Fence = r.lease.Fence()
	data, err := m.Seal(r.Keys)
	if err != nil {
		return err
	}
	r.marked = true
	if err := r.created(ctx, m.N, data); err != nil {
		return err
	}
	h := r.history.Follow(m, data)
	through := context.WithoutCancel(ctx) // who is told to stop now completes what he published
	for _, next := range []struct {
		what  string
		write func() error
	}{
		{"its record", func() error { return h.WriteLine(through, r.Places) }},
		{"its head", func() error { return h.WriteHead(through, r.Places, r.Keys) }},
		{"_SUCCESS.json", func() error { return h.WriteSuccess(through, r.Places) }},
	} {
		if err := next.write(); err != nil {
			r.Log.Warn("the run is published; "+next.what+" could not be written, and the next run writes it", "error", err)
		}
	}
	r.sweep(through)
	return nil
}

// created creates the marker, whoever says meanwhile that the run should stop. Where there is no clear answer, what
// lies there says whether it was this run's; if nothing does, it may still be under way.
func (r *run) created(ctx context.Context, n int64, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	err := r.Output.CreateOwn(ctx, record.MarkerKey(n), data)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrExists):
		return fault.New(fault.Locked, "LOST", errors.New("another run published first"), "run again")
	}
	there, unread := r.Output.ReadAll(ctx, record.MarkerKey(n), record.MaxSize)
	switch {
	case bytes.Equal(there, data) && unread == nil:
		return nil
	case store.CodeOf(unread) == store.NotFound && store.CodeOf(err) != store.Unavailable &&
		store.CodeOf(err) != store.Canceled:
		return err
	}
	return fmt.Errorf("it is not known whether the run is published; the next run finds out: %w", err)
}

// writeLine writes the line of a run that has no marker.
func (r *run) writeLine(ctx context.Context, m *record.Manifest) error {
	line, err := m.Line(r.Keys)
	if err != nil {
		return err
	}
	return r.Audit.CreateOnce(ctx, record.LineKey(m.RunID), line)
}
