package record

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// History is what earlier runs left: the marker that holds and every line.
type History struct {
	Marker   *Marker   // nil: nothing was ever published
	Digest   string    // of the marker
	Manifest *Manifest // of the marker

	// Lines are the digests of all lines by run id: those that the marker knew, its own, and those written since.
	Lines map[string]string

	data []byte   // of the marker
	torn []string // markers above it that were torn while they were written
}

// N is the number of the marker that holds, 0 without any.
func (h *History) N() int64 {
	if h.Marker == nil {
		return 0
	}
	return h.Marker.N
}

// LineDigest is the SHA-256 of the marker's line, "" without any.
func (h *History) LineDigest() string {
	if h.Marker == nil {
		return ""
	}
	return Digest(h.Marker.Line)
}

// LinesName is the object of a run's state that knows all lines before it.
const LinesName = "lines.json"

// linesFile is that object.
type linesFile struct {
	Schema string            `json:"schema"`
	Lines  map[string]string `json:"lines"` // run id -> SHA-256
}

// SealLines returns the content of the object that makes the next marker know all lines there are.
func (h *History) SealLines() ([]byte, error) { return Encode(linesFile{LinesSchema, h.Lines}) }

// Read finds out what holds and checks it against all that is left: the marker and the one before, the head, and the
// lines that it knows or that were written since. With repair, what a kill kept from being written after the marker is
// written now; whoever asks for it has the lock. Without, others may write meanwhile: lines are listed before markers,
// so that a line is never seen before what it belongs to.
func Read(ctx context.Context, at Places, ring *keys.Ring, repair bool) (*History, error) {
	listed, err := listLines(ctx, at.Audit)
	if err != nil {
		return nil, err
	}
	markers, err := List(ctx, at.Output, MarkersBelow)
	if err != nil {
		return nil, err
	}
	h := &History{Lines: map[string]string{}}
	if err := h.last(ctx, at, numbers(markers), listed, ring); err != nil {
		return nil, err
	}
	if h.Marker != nil {
		if err := h.known(ctx, at.State); err != nil {
			return nil, cmp.Or(h.setBack(ctx, at.Audit, listed), err)
		}
	}
	if err := h.againstHead(ctx, at, ring); err != nil {
		return nil, err
	}
	if repair {
		if err := h.repair(ctx, at, ring); err != nil {
			return nil, err
		}
	}
	return h, h.readLines(ctx, at.Audit, listed, ring, repair)
}

// last reads the marker that holds. One that was torn while it was written never published anything, and has no line:
// it is passed over.
func (h *History) last(ctx context.Context, at Places, all []int64, listed map[string]store.Object,
	ring *keys.Ring,
) error {
	for _, n := range slices.Backward(all) {
		broken := h.readMarker(ctx, at, n, ring)
		if broken == nil {
			return nil
		}
		key := MarkerKey(n)
		data, err := at.Output.ReadAll(ctx, key, MaxSize)
		if err != nil || json.Valid(data) {
			return cmp.Or(err, broken)
		}
		*h = History{Lines: h.Lines, torn: append(h.torn, key)}
		if later, err := h.laterThan(ctx, at.Audit, listed, n-1); later != nil || err != nil {
			return cmp.Or(err, broken)
		}
	}
	return nil
}

// torn reports whether an object is the beginning of what was to be written.
func torn(data, whole []byte) bool { return len(data) < len(whole) && bytes.HasPrefix(whole, data) }

// readMarker reads the marker that holds and compares it with the one before.
func (h *History) readMarker(ctx context.Context, at Places, n int64, ring *keys.Ring) (err error) {
	if h.Marker, h.data, err = readMarker(ctx, at.Output, n, ring); err != nil {
		return err
	}
	if n > 1 {
		_, before, err := readMarker(ctx, at.Output, n-1, ring)
		if err != nil {
			return err
		}
		if Digest(before) != h.Marker.Previous {
			return Broken(fmt.Sprintf("marker %s is not the one that marker %d names", MarkerKey(n-1), n), restore)
		}
	}
	h.Digest = Digest(h.data)
	if h.Manifest, err = ReadLine(h.Marker.Line); err != nil {
		return Broken("the line in marker "+MarkerKey(n)+" cannot be read", restore)
	}
	if of := h.Manifest.Project; of != at.Whose {
		return Broken(fmt.Sprintf("marker %s is of another project: %s", MarkerKey(n), of), shared)
	}
	return nil
}

// known reads which lines the marker knew.
func (h *History) known(ctx context.Context, state *store.Bucket) error {
	name := h.Marker.RunID + "/" + LinesName
	i := slices.IndexFunc(h.Marker.Objects, func(o Output) bool { return o.Root == RootState && o.Name == name })
	if i < 0 {
		return Broken(fmt.Sprintf("marker %d names no %s", h.Marker.N, name), restore)
	}
	data, err := state.ReadAll(ctx, name, MaxSize)
	switch {
	case store.CodeOf(err) == store.NotFound:
		return Broken("state "+name+" is gone", restore)
	case err != nil:
		return err
	case Digest(data) != h.Marker.Objects[i].SHA256:
		return Broken("state "+name+" is not the one that the marker names", restore)
	}
	var lines linesFile
	if err := json.Unmarshal(data, &lines); err != nil || lines.Schema != LinesSchema {
		return Broken("state "+name+" cannot be read", restore)
	}
	maps.Copy(h.Lines, lines.Lines)
	return nil
}

// readLines checks the marker's own line and those written since, and that none is gone.
func (h *History) readLines(ctx context.Context, audit *store.Bucket, listed map[string]store.Object,
	ring *keys.Ring, repair bool,
) error {
	for _, id := range slices.Sorted(maps.Keys(h.Lines)) {
		if _, there := listed[id]; there {
			continue
		}
		// It may have been written since the listing.
		if there, err := audit.Exists(ctx, LineKey(id)); err != nil {
			return err
		} else if !there {
			return Broken("manifest line "+LineKey(id)+" is gone", restore)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(listed)) {
		if _, known := h.Lines[id]; known {
			continue
		}
		line, err := audit.ReadAll(ctx, LineKey(id), MaxSize)
		if err != nil {
			return err
		}
		if h.Marker != nil && id == h.Marker.RunID {
			if Digest(line) != h.LineDigest() && (repair || !torn(line, h.Marker.Line)) {
				return Broken("manifest line "+LineKey(id)+" differs from the one in its marker", restore)
			}
			continue
		}
		if !json.Valid(line) { // torn while it was written, so that whoever wrote it was told that it failed
			if repair {
				if err := audit.Delete(ctx, LineKey(id)); err != nil {
					return err
				}
			}
			continue
		}
		if err := h.fits(id, line, ring); err != nil {
			return err
		}
		h.Lines[id] = Digest(line)
	}
	if h.Marker != nil {
		h.Lines[h.Marker.RunID] = h.LineDigest()
	}
	return nil
}

// setBack looks for a line of a later marker: then that is what happened.
func (h *History) setBack(ctx context.Context, audit *store.Bucket, listed map[string]store.Object) error {
	m, err := h.laterThan(ctx, audit, listed, h.N())
	if m == nil || err != nil {
		return err
	}
	return h.later(m.RunID, m)
}

// laterThan finds a line that belongs to a marker after n, nil if there is none.
func (h *History) laterThan(ctx context.Context, audit *store.Bucket, listed map[string]store.Object,
	n int64,
) (*Manifest, error) {
	for _, id := range slices.Sorted(maps.Keys(listed)) {
		line, err := audit.ReadAll(ctx, LineKey(id), MaxSize)
		if err != nil {
			return nil, err
		}
		if m, err := ReadLine(line); err == nil && (m.After > n || m.After == n && m.Status.Published()) {
			return m, nil
		}
	}
	return nil, nil
}

// later is the error of a line that belongs to a marker that is not there.
func (h *History) later(id string, m *Manifest) error {
	n := m.After
	if m.Status.Published() {
		n++
	}
	return Broken(fmt.Sprintf("manifest line %s belongs to marker %d, the last marker is %d: the output was set back, or "+
		"markers were deleted", LineKey(id), n, h.N()), "restore "+MarkerKey(n)+" and the state that it names from the "+
		"bucket's versions; to go on from the older state instead, move this line and those after it away: people who were "+
		"told since are then told again, and removals that were owed since are owed anew")
}

// fits checks a line that no marker knows yet.
func (h *History) fits(id string, line []byte, ring *keys.Ring) error {
	m, err := ReadLine(line)
	switch {
	case err != nil:
		return Broken("manifest line "+LineKey(id)+" cannot be read", stray)
	case !VerifyLine(line, ring) || m.RunID != id:
		return Broken("manifest line "+LineKey(id)+" does not carry a valid signature of this project's signing key", stray)
	case m.Status.Published(), m.After > h.N():
		return h.later(id, m)
	case h.Marker != nil && m.After == h.N() && m.Previous != h.LineDigest():
		return Broken(fmt.Sprintf("manifest line %s was written after another line of marker %d", LineKey(id), h.N()),
			restore)
	}
	return nil
}

// repair deletes markers that were torn, now that no head knows them, and writes what a kill kept from being written
// after the one that holds: its line, its head, and its copy in the list folder.
func (h *History) repair(ctx context.Context, at Places, ring *keys.Ring) error {
	for _, key := range h.torn {
		if err := at.Output.Delete(ctx, key); err != nil {
			return err
		}
	}
	if h.Marker == nil {
		return nil
	}
	if err := h.WriteLine(ctx, at); err != nil {
		return err
	}
	if err := h.WriteHead(ctx, at, ring); err != nil {
		return err
	}
	return h.WriteSuccess(ctx, at)
}

// WriteLine writes the marker's line into the audit folder, unless it lies there whole.
func (h *History) WriteLine(ctx context.Context, at Places) error {
	return complete(ctx, at.Audit, LineKey(h.Marker.RunID), h.Marker.Line)
}

// complete creates an object, unless it lies there. One that was torn while it was written is written again.
func complete(ctx context.Context, at *store.Bucket, key string, whole []byte) error {
	o, err := at.Stat(ctx, key)
	if err == nil && o.Size < int64(len(whole)) {
		there, err := at.ReadAll(ctx, key, MaxSize)
		if err != nil || !torn(there, whole) {
			return err
		}
		return at.UploadBytes(ctx, key, whole, "application/json")
	}
	if store.CodeOf(err) != store.NotFound {
		return err
	}
	if err := at.CreateOnce(ctx, key, whole); err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}

// WriteSuccess writes the copy of the marker into its list folder, unless it lies there whole.
func (h *History) WriteSuccess(ctx context.Context, at Places) error {
	return complete(ctx, at.Output, SuccessKey(h.Marker.RunID), h.data)
}

// Follow is the history once a marker of these bytes was created.
func (h *History) Follow(m *Marker, data []byte) *History {
	return &History{Marker: m, data: data, Digest: Digest(data), Lines: h.Lines}
}
