package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// maxLine bounds a manifest line or marker.
const maxLine = 256 << 20

// history is what earlier runs left: the marker that holds and the newest manifest line.
type history struct {
	marker   *Marker   // nil: nothing was ever published
	data     []byte    // of the marker
	digest   string    // its SHA-256
	manifest *Manifest // of the marker
	lineHash string    // SHA-256 of the newest line, "" if there is none
	lines    []store.Object
}

// readHistory finds the highest marker and the newest manifest line. With repair, what a kill kept from being written
// after the marker is written now. A line that does not fit its marker breaks the chain (exit 19).
func readHistory(ctx context.Context, output, audit *store.Bucket, verify func([]byte, string) bool,
	repair bool,
) (*history, error) {
	h := &history{}
	markers, err := listed(ctx, output, "markers/")
	if err != nil {
		return nil, err
	}
	var last int64
	for _, o := range markers {
		if n, err := strconv.ParseInt(strings.TrimSuffix(path.Base(o.Key), ".json"), 10, 64); err == nil && n > last {
			last = n
		}
	}
	if last > 0 {
		if err := h.readMarker(ctx, output, last, verify); err != nil {
			return nil, err
		}
	}
	if h.marker != nil && repair {
		if err := h.repair(ctx, output, audit); err != nil {
			return nil, err
		}
	}
	if h.lines, err = listed(ctx, audit, ""); err != nil {
		return nil, err
	}
	if h.marker != nil {
		if err := h.matchLine(ctx, audit); err != nil {
			return nil, err
		}
	}
	if err := h.newestLine(ctx, audit, verify); err != nil {
		return nil, err
	}
	return h, nil
}

// newestLine finds the line that no other one follows. Run ids tell seconds; of one second the chain says which is
// newer.
func (h *history) newestLine(ctx context.Context, audit *store.Bucket, verify func([]byte, string) bool) error {
	followed, second := map[string]bool{}, ""
	var hashes []string
	for _, o := range slices.Backward(h.lines) {
		if at, _, _ := strings.Cut(o.Key, "-"); second == "" {
			second = at
		} else if at != second {
			break
		}
		line, err := audit.ReadAll(ctx, o.Key, maxLine)
		if err != nil {
			return err
		}
		if !VerifyLine(line, verify) {
			return broken("the newest manifest line " + o.Key + " does not carry a valid signature of this " +
				"project's signing key")
		}
		m, err := ReadLine(line)
		if err != nil {
			return err
		}
		followed[m.Previous] = true
		hashes = append(hashes, digest(line))
	}
	for _, hash := range hashes {
		if h.lineHash == "" || !followed[hash] {
			h.lineHash = hash
		}
	}
	return nil
}

// listed is a listing in which a place that is not there yet is empty.
func listed(ctx context.Context, b *store.Bucket, prefix string) ([]store.Object, error) {
	objects, err := b.List(ctx, prefix)
	if store.CodeOf(err) == store.NotFound {
		return nil, nil
	}
	return objects, err
}

func broken(what string) error {
	return fault.New(fault.Audit, "CHAIN_BROKEN", errors.New(what),
		"find out who changed the audit folder; restore it from its backup")
}

func (h *history) readMarker(ctx context.Context, output *store.Bucket, n int64,
	verify func([]byte, string) bool,
) error {
	data, err := output.ReadAll(ctx, markerKey(n), maxLine)
	if err != nil {
		return err
	}
	var m Marker
	if err := json.Unmarshal(data, &m); err != nil || m.N != n {
		return broken("marker " + markerKey(n) + " cannot be read")
	}
	if m.Schema != MarkerSchema {
		return fault.New(fault.Invalid, "STATE_NEWER",
			fmt.Errorf("read marker %s: its schema is %q, this version reads %s", markerKey(n), m.Schema, MarkerSchema),
			"use the version of malgrupp that wrote it, or a newer one")
	}
	if !VerifyLine(m.Line, verify) {
		return broken("marker " + markerKey(n) + " does not carry a valid signature of this project's signing key")
	}
	h.marker, h.data, h.digest = &m, data, digest(data)
	h.manifest, err = ReadLine(m.Line)
	return err
}

// matchLine compares the marker's line with its copy in the audit folder.
func (h *history) matchLine(ctx context.Context, audit *store.Bucket) error {
	key := h.marker.RunID + ".json"
	for _, o := range h.lines {
		if o.Key != key {
			continue
		}
		line, err := audit.ReadAll(ctx, key, maxLine)
		if err != nil {
			return err
		}
		if digest(line) != digest(h.marker.Line) {
			return broken("manifest line " + key + " differs from the one in its marker")
		}
		return nil
	}
	return nil
}

// repair writes what a kill kept from being written after the marker: its line, and its copy in the list folder.
func (h *history) repair(ctx context.Context, output, audit *store.Bucket) error {
	switch there, err := audit.Exists(ctx, h.marker.RunID+".json"); {
	case err != nil:
		return err
	case !there:
		if err := audit.CreateOnce(ctx, h.marker.RunID+".json", h.marker.Line); err != nil &&
			!errors.Is(err, store.ErrExists) {
			return err
		}
	}
	if there, err := output.Exists(ctx, successKey(h.marker.RunID)); err != nil || there {
		return err
	}
	return output.UploadBytes(ctx, successKey(h.marker.RunID), h.data, "application/json")
}

// ValidRunID reports whether a name is a run id: 20261123T043000Z-7f3a9c.
func ValidRunID(s string) bool {
	if len(s) != 23 || s[8] != 'T' || s[15] != 'Z' || s[16] != '-' {
		return false
	}
	for i, r := range s {
		switch {
		case i == 8 || i == 15 || i == 16:
		case i < 16 && (r < '0' || r > '9'), i > 16 && !strings.ContainsRune("0123456789abcdef", r):
			return false
		}
	}
	return true
}
