package pipeline

import (
	"context"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/segments"
)

// Plan decides what Run would publish and writes nothing, not even the lock.
func Plan(ctx context.Context, j *Job) (*Report, error) {
	r, err := newRun(ctx, j)
	if err != nil {
		return nil, err
	}
	if err := r.remember(ctx, false); err != nil {
		return nil, err
	}
	if err := r.forward(); err != nil {
		return nil, err
	}
	report, err := r.decide(ctx)
	if err != nil || report.NothingToDo {
		return report, err
	}
	if err := r.identify(ctx); err != nil {
		return nil, err
	}
	_, err = r.differences(nil)
	return report, err
}

// Look is what Run would publish, looked at more closely: how audiences come to be, and what was told before.
type Look struct {
	*decide.Decision
	Manifest *Manifest
	run      *run
}

// LookAt decides requests on top of what earlier runs left, as closely as the options say, and writes nothing. What
// destinations would be told is in the manifest, but not of a sample: that is a matter of everybody.
func LookAt(ctx context.Context, j *Job, requests []decide.Request, o decide.Options) (*Look, error) {
	r, err := newRun(ctx, j)
	if err != nil {
		return nil, err
	}
	if err := r.remember(ctx, false); err != nil {
		return nil, err
	}
	if err := r.list(ctx); err != nil {
		return nil, err
	}
	if err := r.decideOn(ctx, requests, o); err != nil {
		return nil, err
	}
	if o.Sample == nil {
		if err := r.identify(ctx); err != nil {
			return nil, err
		}
		if _, err := r.differences(nil); err != nil {
			return nil, err
		}
	}
	return &Look{r.decision, r.manifest, r}, nil
}

// LastRun is the id of the run that holds, "" if none was published yet.
func (l *Look) LastRun() string {
	if l.run.history.marker == nil {
		return ""
	}
	return l.run.history.marker.RunID
}

// Held are the keys of the members that a destination holds of a list, as the last run told them.
func (l *Look) Held(list state.List) map[string]bool { return l.run.holdings.Keys(list) }

// Told is a part of a list as it would be told, before anything is held back.
type Told struct {
	state.List
	Use      string
	Audience *segments.Audience
	Members  platform.Additions
}

// Told are the parts of a segment's lists.
func (l *Look) Told(segment string) (out []Told) {
	for _, to := range l.Lists {
		if to.Segment.Name != segment {
			continue
		}
		kind, _ := platform.Of(to.Destination.Type) // differences has met it
		for i := range kind.Parts {
			c, members := l.run.difference(to, kind, &kind.Parts[i], nil)
			out = append(out, Told{c.list, c.count.Use, l.Audience(to), members})
		}
	}
	return out
}
