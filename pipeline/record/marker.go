package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

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

// Output is one object a run wrote; the digest is of the bytes as stored (ciphertext where encrypted).
type Output struct {
	Root   string `json:"root"` // output or state
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Label is what stands in a list, beside its contents and under the same encryption: which list it is. So a list that
// was put in the place of another shows to whoever can open it (docs/security.md).
type Label struct {
	Schema      string `json:"schema"`
	RunID       string `json:"run_id"`
	Name        string `json:"name"` // below the output folder
	Destination string `json:"destination,omitempty"`
	Segment     string `json:"segment,omitempty"`
	Action      string `json:"action"`
	AsOf        string `json:"as_of"`
	Key         string `json:"idempotence_key"` // of the run
}

// The roots of a marker's objects.
const (
	RootOutput = "output"
	RootState  = "state"
)

// Seal returns the bytes of a signed marker.
func (m *Marker) Seal(ring *keys.Ring) ([]byte, error) { return seal(m, ring.Sign) }

// MarkersBelow is where markers lie in the output folder.
const MarkersBelow = "markers/"

// MarkerKey is the name of a marker in the output folder.
func MarkerKey(n int64) string { return fmt.Sprintf("%s%012d.json", MarkersBelow, n) }

// SuccessKey is the copy of a marker in its list folder, for schedulers that wait for such a name; never the truth.
func SuccessKey(runID string) string { return "lists/" + runID + "/_SUCCESS.json" }

// numbers are those that a listing of numbered objects has, rising. Other names are not ours.
func numbers(objects []store.Object) (out []int64) {
	for _, o := range objects {
		name, isJSON := strings.CutSuffix(path.Base(o.Key), ".json")
		if n, err := strconv.ParseInt(name, 10, 64); err == nil && isJSON && len(name) == 12 && n > 0 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// newest is the highest of them, 0 without any.
func newest(objects []store.Object) int64 {
	if all := numbers(objects); len(all) > 0 {
		return all[len(all)-1]
	}
	return 0
}

// readMarker reads and checks a marker.
func readMarker(ctx context.Context, output *store.Bucket, n int64, ring *keys.Ring) (*Marker, []byte, error) {
	key := MarkerKey(n)
	data, err := output.ReadAll(ctx, key, MaxSize)
	if store.CodeOf(err) == store.NotFound {
		return nil, nil, Broken("marker "+key+" is gone", restore)
	}
	if err != nil {
		return nil, nil, err
	}
	var m Marker
	signed, err := open(data, &m, ring.Verify)
	switch {
	case err != nil || m.N != n:
		return nil, nil, Broken("marker "+key+" cannot be read, or is that of another number", stray)
	case m.Schema != MarkerSchema:
		return nil, nil, fault.New(fault.Invalid, "STATE_NEWER",
			fmt.Errorf("read marker %s: its schema is %q, this version reads %s", key, m.Schema, MarkerSchema),
			"use the version of malgrupp that wrote it, or a newer one")
	case unsigned(data):
		return nil, nil, Broken("marker "+key+" is not signed: a version wrote it that did not sign markers yet, or "+
			"somebody changed it", older)
	case !signed:
		return nil, nil, Broken("marker "+key+" does not carry a valid signature of this project's signing key", stray)
	}
	return &m, data, nil
}

// unsigned reports whether a marker has no signature of its own; its line always has one.
func unsigned(marker []byte) bool {
	var m struct {
		Signature string `json:"signature"`
	}
	return json.Unmarshal(marker, &m) == nil && m.Signature == ""
}

// Published adds the runs that markers name to done. Markers are long; of each only the beginning is fetched.
func (h *History) Published(ctx context.Context, output *store.Bucket, done map[string]bool) error {
	markers, err := List(ctx, output, MarkersBelow)
	if err != nil {
		return err
	}
	listed := map[string]store.Object{}
	for _, o := range markers {
		listed[o.Key] = o
	}
	for n := range h.N() {
		key := MarkerKey(n + 1)
		o, there := listed[key]
		if !there {
			return Broken("marker "+key+" is gone", restore)
		}
		data, err := output.Open(ctx, o)
		if err != nil {
			return err
		}
		run, err := runNamed(io.NewSectionReader(data, 0, o.Size))
		err = errors.Join(err, data.Close())
		if unread, ok := errors.AsType[*store.Error](err); ok {
			return unread
		}
		if err != nil {
			return Broken("marker "+key+" cannot be read", restore)
		}
		done[run] = true
	}
	return nil
}

// runNamed reads a marker as far as the run that it publishes.
func runNamed(r io.Reader) (run string, err error) {
	marker := json.NewDecoder(r)
	for token := json.Token(nil); token != "run_id"; {
		if token, err = marker.Token(); err != nil {
			return "", err
		}
	}
	return run, marker.Decode(&run)
}
