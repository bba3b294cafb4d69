package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// The roots of a marker's objects.
const (
	rootOutput = "output"
	rootState  = "state"
)

const contentType = "application/octet-stream"

// Reasons for holding a list back.
const (
	heldUnderFloor = "SEGMENT_UNDER_K"
	heldAgreement  = "AGREEMENT_EXPIRED"
	heldExpired    = "SEGMENT_EXPIRED"
	heldDisabled   = "DESTINATION_DISABLED"
	heldGone       = "SEGMENT_GONE"
)

// change is what one list becomes: everybody the destination shall hold, and the difference to what it holds.
type change struct {
	destination, kind, segment string
	level                      rules.Level
	full, adds                 platform.Additions
	removes                    platform.Removals
	control                    []string
	count                      SegmentCount
}

// differences compares the audiences with what was last told. lost are people, by use, who must leave because of denials
// that came in late.
func (r *run) differences(lost [][]string) ([]change, error) {
	var out []change
	current := map[[2]string]bool{}
	for _, l := range r.eval.Lists {
		c, err := r.difference(l, lost)
		if err != nil {
			return nil, err
		}
		current[[2]string{l.Destination.Name, l.Segment.Name}] = true
		out = append(out, c)
	}
	// Whoever is held from a segment that is gone, or is not delivered there any more, is removed.
	for _, held := range r.holdings.Lists() {
		if current[[2]string{held.Destination, held.Segment}] || len(r.Select) > 0 && r.known(held.Segment) {
			continue
		}
		c := change{destination: held.Destination, kind: held.Kind, segment: held.Segment, removes: platform.Held(r.holdings, held.Destination, held.Segment)}
		c.count = SegmentCount{Segment: c.segment, Destination: c.destination, Held: heldGone, Removals: Shown(c.removes.Len())}
		out = append(out, c)
	}
	r.manifest.Segments = r.manifest.Segments[:0]
	for i := range out {
		r.manifest.Segments = append(r.manifest.Segments, out[i].count)
	}
	r.manifest.Segments = append(r.manifest.Segments, r.eval.counts()...)
	return out, nil
}

// counts are the sizes of segments that are delivered nowhere.
func (e *Evaluation) counts() (out []SegmentCount) {
	for i := range e.Audiences {
		a := &e.Audiences[i]
		if len(a.Segment().Deliver) > 0 {
			continue
		}
		waiting, unknown := a.Count()
		out = append(out, SegmentCount{
			Segment: a.Segment().Name, Use: e.Uses[a.Use()].Name, Members: Shown(a.Len()), Unknown: Shown(unknown), Wait: Shown(waiting),
		})
	}
	return out
}

// known reports whether a segment exists in the project, though this run does not select it.
func (r *run) known(segment string) bool {
	return slices.ContainsFunc(r.Segments, func(s *rules.Segment) bool { return s.Name == segment }) &&
		!slices.ContainsFunc(r.eval.Segments, func(s *rules.Segment) bool { return s.Name == segment })
}

func (r *run) difference(l List, lost [][]string) (change, error) {
	kind, ok := platform.Of(l.Destination.Type)
	if !ok {
		return change{}, fail(KindInvalid, "DESTINATION", fmt.Errorf("destination %s: no such type %q", l.Destination.Name, l.Destination.Type), "see malgrupp validate")
	}
	a := r.eval.audience(l)
	members, unwritable := platform.Members(a, kind)
	if lost != nil {
		members = members.Without(lost[l.Use])
	}
	held := platform.Held(r.holdings, l.Destination.Name, l.Segment.Name)
	waiting, unknown := a.Count()
	c := change{destination: l.Destination.Name, kind: l.Destination.Type, segment: l.Segment.Name, level: l.Segment.Level}
	c.control = slices.Collect(a.Control())
	if lost != nil {
		c.control = slices.DeleteFunc(c.control, func(id string) bool { _, gone := slices.BinarySearch(lost[l.Use], id); return gone })
	}
	c.count = SegmentCount{
		Segment: c.segment, Destination: c.destination, Use: r.eval.Uses[l.Use].Name, Members: Shown(members.Len()), Control: Shown(len(c.control)),
		Unknown: Shown(unknown), Wait: Shown(waiting), Dropped: Shown(unwritable),
	}
	floor := max(r.Project.Guards.MinAudience, l.Destination.MinSize, l.Segment.MinSize)
	today := rules.DateOfDays(floorDays(r.Project.Zone.Local(r.KnownBy)))
	switch {
	case !l.Destination.Enabled:
		c.count.Held = heldDisabled
	case l.Segment.Expires != 0 && rules.DateOfDays(floorDays(l.Segment.Zone.Local(r.AsOf))) > l.Segment.Expires:
		c.count.Held = heldExpired
	case members.Len() < floor:
		c.count.Held = heldUnderFloor
	case today > l.Destination.Expires:
		// Nobody is added any more; whoever is held and still qualifies stays.
		c.count.Held = heldAgreement
		c.full = members.Kept(held)
	default:
		c.full, c.adds = members, members.New(held)
	}
	c.removes = held.Gone(c.full)
	c.count.Additions, c.count.Removals = Shown(c.adds.Len()), Shown(c.removes.Len())
	return c, nil
}

func floorDays(wall int64) int64 {
	if wall < 0 {
		return (wall+1)/dayMicros - 1
	}
	return wall / dayMicros
}

// publish writes everything under names of this run, asks consent once more and creates the marker.
func (r *run) publish(ctx context.Context) error {
	changes, err := r.differences(nil)
	if err != nil {
		return err
	}
	for {
		objects, err := r.writeLists(ctx, changes)
		if err != nil {
			return err
		}
		lost, watermark, err := r.recheck(ctx)
		if err != nil {
			return err
		}
		if lost == nil {
			r.manifest.Consent.RecheckWatermark = instantText(watermark)
			return r.seal(ctx, changes, objects)
		}
		if changes, err = r.differences(lost); err != nil {
			return err
		}
	}
}

// writeLists uploads the lists, then the control groups, encrypted to the recipients.
func (r *run) writeLists(ctx context.Context, changes []change) ([]Output, error) {
	var out []Output
	for i := range changes {
		c := &changes[i]
		kind, ok := platform.Of(c.kind)
		if !ok {
			kind, _ = platform.Of("file_csv") // of a type this version no longer writes, removals still go out
		}
		header := platform.Header{Segment: c.segment, AsOf: r.AsOf}
		for _, list := range []struct {
			name     string
			subjects []string
		}{{"adds", c.adds.Subjects()}, {"removes", c.removes.Subjects()}, {"snapshot", c.full.Subjects()}} {
			if r.replay && list.name != "snapshot" {
				continue
			}
			name := fmt.Sprintf("%s%s/%s.%s.%s.age", r.listFolder(), c.destination, c.segment, list.name, kind.Ext)
			o, err := r.upload(ctx, name, func(w io.Writer) error { return kind.Write(w, header, list.subjects) })
			if err != nil {
				return nil, err
			}
			out = append(out, o)
		}
		r.watch(Progress{Phase: "write", Done: int64(i + 1), Total: int64(len(changes))})
	}
	controls, err := r.writeControls(ctx, changes)
	return append(out, controls...), err
}

// writeControls uploads one control group for each segment: whoever the holdout keeps from any of its lists. Lists under
// different consents have different people, and so have their control groups.
func (r *run) writeControls(ctx context.Context, changes []change) ([]Output, error) {
	if r.replay {
		return nil, nil
	}
	groups := map[string][]string{}
	for i := range changes {
		groups[changes[i].segment] = append(groups[changes[i].segment], changes[i].control...)
	}
	csv, _ := platform.Of("file_csv")
	var out []Output
	for _, segment := range slices.Sorted(maps.Keys(groups)) {
		if len(groups[segment]) == 0 {
			continue
		}
		group := slices.Compact(slices.Sorted(slices.Values(groups[segment])))
		header := platform.Header{Segment: segment, AsOf: r.AsOf}
		o, err := r.upload(ctx, "control/"+r.RunID+"/"+segment+".csv.age", func(w io.Writer) error { return csv.Write(w, header, group) })
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (r *run) listFolder() string {
	if r.replay {
		return "replays/" + r.RunID + "/lists/"
	}
	return "lists/" + r.RunID + "/"
}

// upload encrypts what write writes and stores it.
func (r *run) upload(ctx context.Context, name string, write func(io.Writer) error) (Output, error) {
	var sealed bytes.Buffer
	w, err := r.Keys.EncryptList(&sealed)
	if err != nil {
		return Output{}, err
	}
	if err := errors.Join(write(w), w.Close()); err != nil {
		return Output{}, fmt.Errorf("write %s: %w", name, err)
	}
	o := Output{Root: rootOutput, Name: name, Size: int64(sealed.Len()), SHA256: digest(sealed.Bytes())}
	return o, r.output.UploadBytes(ctx, name, sealed.Bytes(), contentType)
}

// seal writes the new state, then the marker that makes lists and state exist, then the manifest line.
func (r *run) seal(ctx context.Context, changes []change, objects []Output) error {
	r.manifest.Outputs = objects
	// A list under the floor is no failure, an agreement that ran out is one: somebody must renew it.
	if !r.replay && slices.ContainsFunc(changes, func(c change) bool { return c.count.Held == heldAgreement }) {
		r.manifest.Status = StatusPartial
	}
	if r.replay {
		return r.writeLine(ctx)
	}
	next := r.holdings.Next(r.RunID)
	for i := range changes {
		c := &changes[i]
		if err := next.Set(state.List{Destination: c.destination, Segment: c.segment, Kind: c.kind}, c.full.Subjects(), r.Keys); err != nil {
			return err
		}
	}
	sealed, err := next.Write(r.Keys)
	if err != nil {
		return err
	}
	holdings := Output{Root: rootState, Name: r.RunID + "/holdings.parquet.age", Size: int64(len(sealed)), SHA256: digest(sealed)}
	if err := r.state.UploadBytes(ctx, holdings.Name, sealed, contentType); err != nil {
		return err
	}
	r.manifest.Outputs = append(r.manifest.Outputs, holdings)
	return r.mark(ctx)
}

// mark creates the next marker: the one step that publishes. Who finds the number taken has lost.
func (r *run) mark(ctx context.Context) error {
	line, err := r.manifest.line(r.Keys.Sign)
	if err != nil {
		return err
	}
	m := Marker{Schema: MarkerSchema, N: 1, RunID: r.RunID, Objects: r.manifest.Outputs, Line: line}
	if r.history.marker != nil {
		m.N, m.Previous = r.history.marker.N+1, r.history.digest
	}
	data, err := encode(m)
	if err != nil {
		return err
	}
	switch err := r.output.CreateOnce(ctx, markerKey(m.N), data); {
	case errors.Is(err, store.ErrExists):
		return fail(KindLocked, "LOST", errors.New("another run published first"), "run again")
	case err != nil:
		return err
	}
	if err := r.writeLine(ctx); err != nil {
		return err
	}
	return r.output.UploadBytes(ctx, successKey(r.RunID), data, "application/json")
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

// audience returns the audience of a list.
func (e *Evaluation) audience(l List) *segments.Audience {
	for i := range e.Audiences {
		if a := &e.Audiences[i]; a.Segment() == l.Segment && a.Use() == l.Use {
			return a
		}
	}
	return &segments.Audience{}
}
