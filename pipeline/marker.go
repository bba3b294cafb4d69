package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// mark creates the next marker: the one step that publishes. Who lost the lock, or finds the number taken, publishes
// nothing. The lock is asked last of all; should the run fall asleep even after that, the number decides.
func (r *run) mark(ctx context.Context) error {
	line, err := r.manifest.line(r.Keys.Sign)
	if err != nil {
		return err
	}
	m := Marker{Schema: MarkerSchema, N: 1, RunID: r.RunID, Objects: r.manifest.Outputs, Line: line}
	var fence int64
	if last := r.history.marker; last != nil {
		m.N, m.Previous, fence = last.N+1, r.history.digest, last.Fence
	}
	if err := r.lease.Renew(ctx, fence); err != nil {
		return err
	}
	m.Fence = r.lease.Fence()
	data, err := encode(m)
	if err != nil {
		return err
	}
	r.marked = true
	if err := r.created(ctx, m.N, data); err != nil {
		return err
	}
	through := context.WithoutCancel(ctx) // who is told to stop now completes what he published
	if err := r.writeLine(through); err != nil {
		r.Log.Warn("the run is published; its record could not be written, and the next run writes it", "error", err)
	}
	if err := r.output.UploadBytes(through, successKey(r.RunID), data, "application/json"); err != nil {
		r.Log.Warn("the run is published; _SUCCESS.json could not be written, and the next run writes it", "error", err)
	}
	r.sweep(through)
	return nil
}

// created creates the marker. Where there is no clear answer, what lies there says whether it was this run's.
func (r *run) created(ctx context.Context, n int64, data []byte) error {
	err := r.output.CreateOwn(ctx, markerKey(n), data)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrExists):
		return fault.New(fault.Locked, "LOST", errors.New("another run published first"), "run again")
	}
	there, unread := r.output.ReadAll(context.WithoutCancel(ctx), markerKey(n), maxLine)
	switch {
	case bytes.Equal(there, data) && unread == nil:
		return nil
	case store.CodeOf(unread) == store.NotFound:
		return err
	}
	return fmt.Errorf("it is not known whether the run is published; the next run finds out: %w", err)
}

// successKey is the copy of a marker in its list folder, for schedulers that wait for such a name; never the truth.
func successKey(runID string) string { return "lists/" + runID + "/_SUCCESS.json" }

// writeLine writes the manifest line into the audit folder.
func (r *run) writeLine(ctx context.Context) error {
	line, err := r.manifest.line(r.Keys.Sign)
	if err != nil {
		return err
	}
	if err := r.audit.CreateOnce(ctx, r.RunID+".json", line); err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}

// Marker publishes a run: what no marker names does not exist, and the highest number is what holds, because no storage
// can change several objects at once (docs/adr/0007-one-marker-publishes.md).
type Marker struct {
	Schema   string          `json:"schema"`
	N        int64           `json:"n"`
	RunID    string          `json:"run_id"`
	Fence    int64           `json:"fence,omitempty"` // of the lease it was published under; rises with n
	Previous string          `json:"previous"`        // SHA-256 of marker n-1
	Objects  []Output        `json:"objects"`
	Line     json.RawMessage `json:"manifest"`
}

func markerKey(n int64) string { return fmt.Sprintf("markers/%012d.json", n) }
