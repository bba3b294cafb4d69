package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Verdict is what a walk through the whole record came to.
type Verdict struct {
	Markers  int       `json:"markers"`
	Lines    int       `json:"lines"`
	Heads    int       `json:"heads"`
	Objects  int       `json:"objects"` // lists and state, read and their digests recomputed
	Bytes    int64     `json:"bytes"`   // of them
	Pruned   int       `json:"pruned"`  // objects that a line says were deleted
	Opened   int       `json:"opened"`  // lists whose label was read and fits their name
	Findings []Finding `json:"findings"`
}

// Finding is one thing that does not fit.
type Finding struct {
	Object string `json:"object"`
	What   string `json:"what"`
}

// Check is what a record is compared with beyond itself.
type Check struct {
	Head  *Head                     // kept elsewhere; nil: none
	Opens *keys.Identity            // of lists, so that their labels can be read; nil: they are not
	Tell  func(done, markers int64) // hears how far the walk is
}

// Verify walks the whole record: every marker, line and head, and every list and object of the state that is named.
// What does not fit is a finding; an error is a place that cannot be read.
func Verify(ctx context.Context, at Places, ring *keys.Ring, with Check) (*Verdict, error) {
	w := &walk{
		Places: at, Check: with, ring: ring, out: &Verdict{Findings: []Finding{}},
		known: map[string]string{}, digests: map[string]string{}, pruned: map[string]bool{}, markers: map[int64]string{},
	}
	for _, step := range []func(context.Context) error{w.lines, w.chain, w.agree, w.compare} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(w.out.Findings, func(a, b Finding) int { return strings.Compare(a.Object, b.Object) })
	return w.out, nil
}

// walk is a record being verified.
type walk struct {
	Places
	Check
	ring    *keys.Ring
	out     *Verdict
	last    int64
	newest  string            // the run of the last marker
	read    []Line            // all that could be read
	digests map[string]string // of lines, by run id
	known   map[string]string // what markers say of lines
	pruned  map[string]bool   // runs
	markers map[int64]string  // number -> digest of those that could be read
}

func (w *walk) find(object, format string, args ...any) {
	w.out.Findings = append(w.out.Findings, Finding{object, fmt.Sprintf(format, args...)})
}

// found turns a broken record into a finding; other errors remain.
func (w *walk) found(object string, err error) error {
	if f, ok := fault.Classify(err); ok && f.Kind == fault.Audit {
		w.find(object, "%s", f.Err)
		return nil
	}
	return err
}

// lines reads all lines.
func (w *walk) lines(ctx context.Context) error {
	listed, err := listLines(ctx, w.Audit)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(listed)) {
		line, err := w.Audit.ReadAll(ctx, LineKey(id), MaxSize)
		if err != nil {
			return err
		}
		w.digests[id] = Digest(line)
		m, err := ReadLine(line)
		if err != nil || m.RunID != id || !VerifyLine(line, w.ring) {
			w.find(LineKey(id), "is no line of this run, signed by this project's signing key")
			continue
		}
		w.out.Lines++
		w.read = append(w.read, Line{id, true, m})
		for _, run := range m.Pruned {
			w.pruned[run] = true
		}
	}
	return nil
}

// chain walks the markers from the first to the last, with all that they name.
func (w *walk) chain(ctx context.Context) error {
	listed, err := List(ctx, w.Output, MarkersBelow)
	if err != nil {
		return err
	}
	all := numbers(listed)
	var before *Marker
	for i, n := range all {
		w.tell(i, len(all))
		m, data, err := readMarker(ctx, w.Output, n, w.ring)
		if err != nil {
			if err := w.found(MarkerKey(n), err); err != nil {
				return err
			}
			before = nil
			continue
		}
		if i == 0 && n > 1 || i > 0 && n > all[i-1]+1 {
			w.find(MarkerKey(n-1), "is gone, with all before it back to the last that is there")
			before = nil
		}
		w.last = n
		w.out.Markers++
		w.markers[n] = Digest(data)
		if err := w.marker(ctx, m, before, i == len(all)-1); err != nil {
			return err
		}
		before = m
	}
	w.tell(len(all), len(all))
	return nil
}

func (w *walk) tell(done, markers int) {
	if w.Tell != nil {
		w.Tell(int64(done), int64(markers))
	}
}

// marker checks one marker against the one before, which is nil if that could not be read, and all that it names.
func (w *walk) marker(ctx context.Context, m, before *Marker, holds bool) error {
	key := MarkerKey(m.N)
	line, err := ReadLine(m.Line)
	if err != nil || !VerifyLine(m.Line, w.ring) || line.RunID != m.RunID || line.After != m.N-1 ||
		!line.Status.Published() {
		w.find(key, "its line cannot be read, is not signed, or belongs to another marker")
		return nil
	}
	if line.Project != w.Whose {
		w.find(key, "is of another project: %s", line.Project)
	}
	if before != nil {
		previous, err := ReadLine(before.Line)
		switch {
		case m.Previous != w.markers[before.N]:
			w.find(key, "names another marker %d than there is", before.N)
		case line.Previous != Digest(before.Line):
			w.find(key, "its line names another line of marker %d than there is", before.N)
		case m.Fence < before.Fence:
			w.find(key, "was published under an older lock than marker %d", before.N)
		case err == nil && len(previous.Keys.Replaced(line.Keys)) > 0 && len(line.Overrides) == 0:
			w.find(key, "replaced without a reason on record: %s", strings.Join(previous.Keys.Replaced(line.Keys), ", "))
		}
	}
	w.known[m.RunID], w.newest = Digest(m.Line), m.RunID
	return w.objects(ctx, key, m.RunID, m.Objects, holds, line)
}

// objects reads what a line or marker names and recomputes its digests. What lines say was pruned may be gone, but not
// what holds.
func (w *walk) objects(ctx context.Context, by, run string, named []Output, holds bool, line *Manifest) error {
	for _, o := range named {
		bucket := w.Output
		if o.Root == RootState {
			bucket = w.State
		}
		there, err := bucket.Stat(ctx, o.Name)
		if store.CodeOf(err) == store.NotFound {
			if w.pruned[run] && !holds {
				w.out.Pruned++
			} else {
				w.find(o.Name, "is gone; %s names it", by)
			}
			continue
		}
		if err != nil {
			return err
		}
		sum, err := digestOf(ctx, bucket, there)
		if err != nil {
			return err
		}
		w.out.Objects++
		w.out.Bytes += there.Size
		if there.Size != o.Size || sum != o.SHA256 {
			w.find(o.Name, "is not what %s names: its digest or size differs", by)
			continue
		}
		switch {
		case o.Root == RootState && path.Base(o.Name) == LinesName:
			err = w.knows(ctx, o.Name)
		case o.Root == RootOutput && w.Opens != nil:
			err = w.label(ctx, o, line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// knows adds what a marker says of lines.
func (w *walk) knows(ctx context.Context, name string) error {
	data, err := w.State.ReadAll(ctx, name, MaxSize)
	if err != nil {
		return err
	}
	var lines linesFile
	if err := json.Unmarshal(data, &lines); err != nil {
		w.find(name, "cannot be read")
	}
	for id, digest := range lines.Lines {
		if was, ok := w.known[id]; ok && was != digest {
			w.find(name, "knows another line of run %s than a marker before", id)
		}
		w.known[id] = digest
	}
	return nil
}

// label opens a list as far as its label and compares that with the list's name.
func (w *walk) label(ctx context.Context, o Output, line *Manifest) error {
	sealed, err := w.Output.ReadAll(ctx, o.Name, o.Size)
	if err != nil {
		return err
	}
	label, err := w.Opens.Label(sealed)
	if err != nil {
		w.find(o.Name, "its label cannot be read: %s", err)
		return nil
	}
	var l Label
	if err := json.Unmarshal(label, &l); err != nil || l.Name != o.Name || l.RunID != line.RunID || l.AsOf != line.AsOf ||
		l.Key != line.Key {
		w.find(o.Name, "its label says that it is another list")
		return nil
	}
	w.out.Opened++
	return nil
}

// agree compares lines with what markers say of them, and looks at what those without a marker name.
func (w *walk) agree(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(w.known)) {
		switch digest, there := w.digests[id]; {
		case !there && id == w.newest:
			w.find(LineKey(id), "is not there; the newest marker holds it, and the next run writes it")
		case !there:
			w.find(LineKey(id), "is gone; a marker knows it")
		case digest != w.known[id]:
			w.find(LineKey(id), "is not the line that a marker knows")
		}
	}
	for _, l := range w.read {
		m := l.Manifest
		_, known := w.known[l.RunID]
		switch {
		case m.After > w.last, m.Status.Published() && !known:
			w.find(LineKey(l.RunID), "belongs to a marker after %d, the last one", w.last)
		case m.Status == StatusReplay:
			if err := w.objects(ctx, LineKey(l.RunID), l.RunID, m.Outputs, false, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare compares all heads with the markers.
func (w *walk) compare(ctx context.Context) error {
	if w.Heads != nil {
		listed, err := List(ctx, w.Heads, path.Dir(HeadKey(0))+"/")
		if err != nil {
			return err
		}
		for _, o := range listed {
			data, err := w.Heads.ReadAll(ctx, o.Key, MaxSize)
			if err != nil {
				return err
			}
			head, err := ReadHead(data, o.Key, w.Whose, w.ring)
			if err == nil && HeadKey(head.N) != o.Key {
				err = Broken("is that of another number", stray)
			}
			if err != nil {
				if err := w.found(o.Key, err); err != nil {
					return err
				}
				continue
			}
			w.out.Heads++
			w.against(o.Key, head)
		}
	}
	if w.Head != nil {
		w.out.Heads++
		w.against("--head", w.Head)
	}
	return nil
}

func (w *walk) against(name string, head *Head) {
	switch digest, there := w.markers[head.N]; {
	case head.N > w.last:
		w.find(name, "knows marker %d of run %s, the last marker is %d: output, state and audit folder were set back", head.N,
			head.RunID, w.last)
	case there && digest != head.Marker:
		w.find(name, "knows another marker %d than there is", head.N)
	}
}

// digestOf reads an object through and returns its SHA-256.
func digestOf(ctx context.Context, bucket *store.Bucket, o store.Object) (string, error) {
	data, err := bucket.Open(ctx, o)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, io.NewSectionReader(data, 0, o.Size))
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, data.Close())
}
