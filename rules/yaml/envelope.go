package yaml

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/malgrupp/malgrupp/rules/source"
)

// apiVersion is the one version of the file formats.
const apiVersion = "malgrupp/v1"

// Kinds of files.
const (
	KindSegment          = "Segment"
	KindSegmentTest      = "SegmentTest"
	KindEventSchema      = "EventSchema"
	KindValueSet         = "ValueSet"
	KindProject          = "Project"
	KindConformanceSuite = "ConformanceSuite"
)

var kinds = []string{KindSegment, KindSegmentTest, KindEventSchema, KindValueSet, KindProject, KindConformanceSuite}

// File is the shape of a file of some kind: the envelope with what stands beside it.
func File(kind string, metadata *Shape, beside ...Key) *Shape {
	return Keys(append([]Key{Need("apiVersion", Word(apiVersion)), Need("kind", Word(kind)), Need("metadata",
		metadata)}, beside...)...)
}

// ownKey is a key that files of ours have at their outermost level.
var ownKey = regexp.MustCompile(`(?m)^\x{feff}?["']?(?:apiVersion|kind|metadata|spec)["']? *:|` +
	`\A\x{feff}?\s*\{[^{}]*?["']?(?:apiVersion|kind)["']?\s*:`)

// Ours reports whether a text looks like a file of ours, also one that YAML cannot read. What does not may be a key, a
// list of people or the state of a run that lies among the rules, and must not be quoted.
func Ours(text string) bool { return ownKey.MatchString(text) }

// Envelope is what the files of every kind have in common: apiVersion, kind and metadata with a name.
type Envelope struct {
	Kind     string
	Name     string
	NameSpan source.Span
	Top      *Object // all keys of the file; the caller says with Only which there may be
	Metadata *Object // likewise
}

// Envelope reads the common part of a file, which must be of the kind given. It returns false if the file is of another
// kind or no object at all; a wrong or missing name is reported and leaves Name empty.
func (d *Document) Envelope(kind string) (Envelope, bool) {
	var e Envelope
	if d.root == nil {
		return e, false
	}
	top, ok := d.Root().Object("the file")
	if !ok {
		return e, false
	}
	e.Top = top
	if n, ok := top.Need("apiVersion"); ok {
		if v, ok := n.Text(); ok && v != apiVersion {
			d.Fail("E-VERSION", n.Span(), fmt.Sprintf("this program reads %s, not %q", apiVersion, v),
				source.Expected(apiVersion))
		}
	}
	n, ok := top.Need("kind")
	if !ok {
		return e, false
	}
	if e.Kind, ok = n.Word(kinds...); !ok {
		return e, false
	}
	if e.Kind != kind {
		d.Fail("E-KIND", n.Span(), fmt.Sprintf("a file of kind %s cannot stand here", e.Kind), source.Expected("kind: "+kind))
		return e, false
	}
	e.Metadata = &Object{node: top.node, what: "metadata"}
	if n, ok := top.Need("metadata"); ok {
		e.Metadata, _ = n.Object("metadata")
		if n, ok := e.Metadata.Need("name"); ok {
			e.Name, _ = n.Identifier()
			e.NameSpan = n.Span()
		}
	}
	return e, true
}

// KindOf returns the kind that a file says it is, "" if it says none; it reports nothing.
func (d *Document) KindOf() string {
	if d.root == nil {
		return ""
	}
	for i := 0; i+1 < len(d.root.Content); i += 2 {
		if d.root.Content[i].Value == "kind" && slices.Contains(kinds, d.root.Content[i+1].Value) {
			return d.root.Content[i+1].Value
		}
	}
	return ""
}
