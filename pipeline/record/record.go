// Package record is what runs leave behind about themselves: signed lines, the markers that publish, and the heads that
// are kept elsewhere.
//
// Markers are numbered and chained: each names the digest of the one before, the objects that it publishes and the
// line of its run, and is signed as a whole. Every other line says after which marker it was written; the next marker
// names its digest. So the order of things is that of the numbers, whatever clocks say, and what is edited, swapped or
// gone shows against what is left (docs/security.md). In come places and keys; out comes what holds, or what is wrong
// with it. The package decides nothing and publishes nothing by itself.
package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// The schemas of the documents a run writes. Within a version fields are only added.
const (
	ManifestSchema = "malgrupp.manifest/v1"
	MarkerSchema   = "malgrupp.marker/v1"
	LinesSchema    = "malgrupp.lines/v1"
	HeadSchema     = "malgrupp.head/v1"
	LabelSchema    = "malgrupp.list/v1"
)

// MaxSize bounds a line, a marker and a head.
const MaxSize = 256 << 20

// Places are the buckets that the record of a project lies in. Heads is nil where it keeps none.
type Places struct {
	Whose                       string // the name of the project
	Output, State, Audit, Heads *store.Bucket
}

// List is a listing in which a place that is not there yet is empty.
func List(ctx context.Context, b *store.Bucket, prefix string) ([]store.Object, error) {
	objects, err := b.List(ctx, prefix)
	if store.CodeOf(err) == store.NotFound {
		return nil, nil
	}
	return objects, err
}

// Encode writes JSON as it is: json.Marshal would write the "<" of "<50" as an escape.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Digest is the hex SHA-256 of b.
func Digest(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Broken is a fault of the record, exit 19. Do says how to get out of it.
func Broken(what, do string) error {
	return fault.New(fault.Audit, "CHAIN_BROKEN", errors.New(what), do)
}

// What to do about a broken record.
const (
	restore = "find out who changed it, and restore it from its backup or the bucket's versions"
	anew    = "; if it is lost for good, empty the place of the heads and run again: nobody is removed by that run, so " +
		"let platforms replace what they hold by its snapshots"
	shared = "give every project places of its own; if this one was renamed, put metadata.name back"
	older  = "if it is of such a version, move output, state and audit folder away and run again: nobody is removed by " +
		"that run, so let platforms replace what they hold by its snapshots; else restore it from its backup or the " +
		"bucket's versions"
	stray = "if malgrupp did not write it, move it away; else restore it from its backup or the bucket's versions"
)

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

// signature is the last member of a signed document.
const signature = `,"signature":"`

// seal signs a document as it is written: the signature becomes its last member, over the bytes of the rest.
func seal(v any, sign func([]byte) string) ([]byte, error) {
	body, err := Encode(v)
	if err != nil {
		return nil, err
	}
	signed := sign(body)
	return append(body[:len(body)-1], signature+signed+`"}`...), nil
}

// open decodes a document that seal wrote and reports whether its signature fits.
func open(data []byte, v any, verify func([]byte, string) bool) (signed bool, err error) {
	if err := json.Unmarshal(data, v); err != nil {
		return false, err
	}
	at := bytes.LastIndex(data, []byte(signature))
	if at < 0 || !bytes.HasSuffix(data, []byte(`"}`)) {
		return false, nil
	}
	by := string(data[at+len(signature) : len(data)-len(`"}`)])
	return verify(append(bytes.Clone(data[:at]), '}'), by), nil
}
