package record

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// signedLine is a manifest as it is kept: the exact bytes that were signed, and the signature over them.
type signedLine struct {
	Body      json.RawMessage `json:"body"`
	Signature string          `json:"signature"`
}

// Line encodes and signs a manifest.
func (m *Manifest) Line(ring *keys.Ring) ([]byte, error) {
	body, err := Encode(m)
	if err != nil {
		return nil, fmt.Errorf("encode the manifest line of run %s: %w", m.RunID, err)
	}
	return Encode(signedLine{Body: body, Signature: ring.Sign(body)})
}

// ReadLine decodes a manifest line without judging its signature.
func ReadLine(line []byte) (*Manifest, error) {
	var s signedLine
	if err := json.Unmarshal(line, &s); err != nil {
		return nil, fmt.Errorf("decode a manifest line: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(s.Body, &m); err != nil {
		return nil, fmt.Errorf("decode a manifest line: %w", err)
	}
	if m.Schema != ManifestSchema {
		return nil, fmt.Errorf("decode a manifest line: schema is %q, this version reads %s", m.Schema, ManifestSchema)
	}
	return &m, nil
}

// Line reads the line of a run that this history knows.
func (h *History) Line(ctx context.Context, audit *store.Bucket, runID string) (*Manifest, error) {
	line, err := audit.ReadAll(ctx, LineKey(runID), MaxSize)
	if err != nil {
		return nil, err
	}
	if Digest(line) != h.Lines[runID] {
		return nil, Broken("manifest line "+LineKey(runID)+" is not the one that was known", restore)
	}
	return ReadLine(line)
}

// VerifyLine reports whether the line's signature fits its bytes.
func VerifyLine(line []byte, ring *keys.Ring) bool {
	var s signedLine
	return json.Unmarshal(line, &s) == nil && ring.Verify(s.Body, s.Signature)
}

// LineKey is the name of a line in the audit folder.
func LineKey(runID string) string { return runID + ".json" }

// listLines lists the lines of an audit folder, whatever else lies there left out, by run id.
func listLines(ctx context.Context, audit *store.Bucket) (map[string]store.Object, error) {
	objects, err := List(ctx, audit, "")
	if err != nil {
		return nil, err
	}
	out := map[string]store.Object{}
	for _, o := range objects {
		if id, ok := strings.CutSuffix(o.Key, ".json"); ok && ValidRunID(id) {
			out[id] = o
		}
	}
	return out, nil
}

// Line is a manifest line as the audit folder has it.
type Line struct {
	RunID    string    `json:"run_id"`
	Valid    bool      `json:"signature_valid"`
	Manifest *Manifest `json:"manifest"`
}

// Lines returns the manifest lines of a project, newest first: by the number of their marker, or of the marker after
// which they were written, then by their id.
func Lines(ctx context.Context, audit *store.Bucket, ring *keys.Ring) ([]Line, error) {
	listed, err := listLines(ctx, audit)
	if err != nil {
		return nil, err
	}
	out := make([]Line, 0, len(listed))
	for id, o := range listed {
		data, err := audit.ReadAll(ctx, o.Key, MaxSize)
		if err != nil {
			return nil, err
		}
		if !json.Valid(data) { // torn while it was written: the next run deletes it, or writes it again
			continue
		}
		m, err := ReadLine(data)
		if err != nil {
			return nil, fault.New(fault.Audit, "CHAIN_BROKEN", fmt.Errorf("read %q in %s: %w", o.Key, audit.URL(), err), stray)
		}
		out = append(out, Line{id, VerifyLine(data, ring), m})
	}
	slices.SortFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.place(), a.place()), strings.Compare(b.RunID, a.RunID))
	})
	return out, nil
}

// place orders lines: that of marker n comes before the others that were written after it.
func (l Line) place() int64 {
	if l.Manifest.Status.Published() {
		return 2 * (l.Manifest.After + 1)
	}
	return 2*l.Manifest.After + 1
}

// Runs are the lines that are no previews.
func Runs(lines []Line) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return l.Manifest.Status == StatusPreviewed })
}

// FindLine finds a run by its id, the beginning of it, or latest and latest~1, latest~2, ...
func FindLine(lines []Line, name string) (Line, error) {
	if back, ok := strings.CutPrefix(name, "latest"); ok {
		n, err := 0, error(nil)
		if back != "" {
			n, err = strconv.Atoi(strings.TrimPrefix(back, "~"))
		}
		if runs := Runs(lines); err == nil && n >= 0 && n < len(runs) {
			return runs[n], nil
		}
	}
	var found []Line
	for _, l := range lines {
		if strings.HasPrefix(l.RunID, name) {
			found = append(found, l)
		}
	}
	if len(found) != 1 {
		return Line{},
			fault.New(fault.Usage, "RUN", fmt.Errorf("%d runs are called %q", len(found), name), "malgrupp runs list shows them")
	}
	return found[0], nil
}
