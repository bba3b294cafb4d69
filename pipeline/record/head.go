package record

import (
	"bytes"
	"context"
	"fmt"
	"path"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Head says which marker was the newest. It is kept where whoever can change the output cannot: in a second place with
// a writer of its own (audit: {head: URL}), or as a file. Markers, lines and state that were all set back together
// show against it alone.
type Head struct {
	Schema  string `json:"schema"`
	Project string `json:"project"`
	N       int64  `json:"n"`
	RunID   string `json:"run_id"`
	Marker  string `json:"marker"` // its SHA-256
}

// HeadKey is the name of a head. Each is created once and never changed, so that the place may forbid both changing and
// deleting.
func HeadKey(n int64) string { return fmt.Sprintf("heads/%012d.json", n) }

// Head is the head of the marker that holds.
func (h *History) Head(ring *keys.Ring, project string) ([]byte, error) {
	return seal(Head{HeadSchema, project, h.N(), h.Marker.RunID, h.Digest}, ring.Sign)
}

// ReadHead decodes a head, checks its signature and whose it is.
func ReadHead(data []byte, name, project string, ring *keys.Ring) (*Head, error) {
	var head Head
	signed, err := open(bytes.TrimSpace(data), &head, ring.Verify)
	if err != nil || head.Schema != HeadSchema || !signed {
		return nil, Broken("head "+name+" does not carry a valid signature of this project's signing key", stray)
	}
	if head.Project != project {
		return nil, Broken("head "+name+" is of another project: "+head.Project, shared)
	}
	return &head, nil
}

// WriteHead keeps the head of the marker that holds, unless it is there.
func (h *History) WriteHead(ctx context.Context, at Places, ring *keys.Ring) error {
	if at.Heads == nil {
		return nil
	}
	data, err := h.Head(ring, at.Whose)
	if err != nil {
		return err
	}
	return complete(ctx, at.Heads, HeadKey(h.N()), data)
}

// againstHead compares the marker that holds with the newest head.
func (h *History) againstHead(ctx context.Context, at Places, ring *keys.Ring) error {
	if at.Heads == nil {
		return nil
	}
	heads, err := List(ctx, at.Heads, path.Dir(HeadKey(0))+"/")
	if err != nil {
		return err
	}
	n := newest(heads)
	if n == 0 {
		return nil
	}
	data, err := at.Heads.ReadAll(ctx, HeadKey(n), MaxSize)
	if err != nil {
		return err
	}
	if n == h.N() {
		whole, err := h.Head(ring, at.Whose)
		if err != nil || torn(data, whole) {
			return err
		}
	}
	head, err := ReadHead(data, HeadKey(n), at.Whose, ring)
	if err != nil {
		return err
	}
	if head.N != n {
		return Broken("head "+HeadKey(n)+" is that of another number", stray)
	}
	return h.Fits(ctx, at, head)
}

// Fits checks that the markers have come at least as far as a head, by the same way.
func (h *History) Fits(ctx context.Context, at Places, head *Head) error {
	if h.N() < head.N {
		return Broken(fmt.Sprintf("the last marker is %d, a head knows marker %d of run %s: output, state and audit folder "+
			"were set back, or emptied", h.N(), head.N, head.RunID), restore+anew)
	}
	digest := h.Digest
	if head.N < h.N() {
		data, err := at.Output.ReadAll(ctx, MarkerKey(head.N), MaxSize)
		if err != nil && store.CodeOf(err) != store.NotFound {
			return err
		}
		digest = Digest(data)
	}
	if digest != head.Marker {
		return Broken(fmt.Sprintf("marker %d is not the one that its head knows, of run %s", head.N, head.RunID), restore)
	}
	return nil
}
