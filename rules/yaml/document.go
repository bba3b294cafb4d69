// Package yaml reads files strictly: what a reviewer sees is what is read. Out come nodes that know their place to the
// byte (Document, Node, Object, Passage), the traps of YAML in our words, and the comments with what they stand above
// (Layout).
//
// It knows how files look, not what rules, schemas or projects mean.
package yaml

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
)

// maxDepth is how many levels a file may have (docs/language.md, Limits).
const maxDepth = 32

// limit is how large a file may be (docs/language.md, Limits): a small file must not become a large document, and only
// lists of cases are long by nature.
type limit struct {
	bytes, nodes int
	words        string // of the bytes
}

var (
	ofFiles = limit{256 << 10, 10_000, "256 KiB"}
	ofTests = limit{LargestFile, 200_000, "8 MiB"}
)

// LargestFile is how many bytes a file of any kind may have.
const LargestFile = 8 << 20

var testKind = regexp.MustCompile(`(?m)^kind: *["']?(?:` + KindSegmentTest + `|` + KindConformanceSuite + `)\b`)

// limitOf is that of the kind which the file says it is, before it is read.
func limitOf(text string) limit {
	if len(text) <= ofTests.bytes && testKind.MatchString(text) {
		return ofTests
	}
	return ofFiles
}

// Document is a YAML file read strictly: no anchors, aliases, merge keys, tags, tabs or duplicate keys, bounded in
// size, depth and nodes. It collects what is wrong with the file while it is walked.
type Document struct {
	source.Report
	hides bool // Source is a copy, in which no secret stands
	limit limit
	lines []int // offsets of the lines' beginnings
	root  *yaml.Node
	last  struct{ line, column, at int } // the place asked for last; walks go forward
}

// Read reads a file. It always returns a Document; one that could not be read has an empty Root and says why in Errors.
// A secret that stands in the file is reported, and neither the document nor what it finds knows it.
func Read(src *source.Source) *Document {
	d := &Document{
		Report: source.Report{Source: src}, limit: limitOf(src.Text), lines: source.LineStarts(src.Text),
	}
	d.hideSecrets()
	if d.checkText() {
		d.root = d.parse()
	}
	d.hideValues()
	if d.root != nil {
		d.rejoin(d.root)
		if nodes := 0; !d.checkNode(d.root, 1, &nodes) {
			d.root = nil
		}
	}
	return d
}

// Root returns the file's outermost node.
func (d *Document) Root() Node { return Node{doc: d, raw: d.root, name: "the file"} }

// Errors returns what has been found so far, in the order of the places.
func (d *Document) Errors() source.Findings { return d.Found.Sorted() }

// parse returns the file's one document, nil if it is not readable or empty.
func (d *Document) parse() *yaml.Node {
	loader, err := yaml.NewLoader(strings.NewReader(d.Source.Text))
	if err != nil {
		d.Fail("E-YAML", source.Span{}, "the YAML reader does not start: "+err.Error())
		return nil
	}
	var root yaml.Node
	switch err := loader.Load(&root); {
	case errors.Is(err, io.EOF) || err == nil && len(root.Content) == 0:
		d.Fail("E-YAML", source.Span{}, "the file is empty", source.Expected("apiVersion, kind, metadata, spec"))
		return nil
	case err != nil:
		d.explainSyntax(err)
		return nil
	}
	var second yaml.Node
	switch err := loader.Load(&second); {
	case err == nil:
		at := d.offset(second.Line, second.Column)
		d.Fail("E-YAML", source.Span{
			Start: at, End: at + 1,
		}, "a second document begins", source.Expected("one object per file"))
		return nil
	case !errors.Is(err, io.EOF):
		d.explainSyntax(err)
		return nil
	}
	return root.Content[0]
}

// checkNode refuses what YAML allows and we do not; it returns false when the walk must end.
func (d *Document) checkNode(n *yaml.Node, depth int, nodes *int) bool {
	*nodes++
	span := Node{doc: d, raw: n}.Span
	switch {
	case *nodes > d.limit.nodes:
		d.Fail("E-LIMIT", span(), "the file has too many parts",
			source.Expected("at most "+strconv.Itoa(d.limit.nodes)+" keys and values"))
		return false
	case depth > maxDepth:
		d.Fail("E-LIMIT", span(), "the file is nested too deeply", source.Expected("at most 32 levels"))
		return false
	case (Node{doc: d, raw: n}).tagged():
		d.explainTag(span())
		return true
	case n.Kind == yaml.AliasNode, n.Anchor != "":
		d.Fail("E-ALIAS", span(), "anchors (&) and aliases (*) are not used here", source.Fix("write the value out"))
		return n.Kind != yaml.AliasNode
	}
	if n.Kind == yaml.MappingNode {
		d.checkKeys(n)
	}
	for _, child := range n.Content {
		if !d.checkNode(child, depth+1, nodes) {
			return false
		}
	}
	return true
}

// checkKeys refuses keys that are not plain names or stand twice.
func (d *Document) checkKeys(n *yaml.Node) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		span := Node{doc: d, raw: key}.Span
		switch {
		case key.Kind != yaml.ScalarNode:
			d.Fail("E-YAML", span(), "a key must be a name", source.Expected("key: value"))
			continue
		case key.Value == "<<" && key.Style == 0:
			d.Fail("E-ALIAS", span(), "merge keys (<<) are not used here", source.Fix("write the keys out"))
			continue
		}
		if line, twice := first[key.Value]; twice {
			d.Fail("E-DUPLICATE-KEY", span(), fmt.Sprintf("%q stands twice in one object", key.Value),
				source.Expected(fmt.Sprintf("one of the two (the first is in line %d)", line)))
			continue
		}
		first[key.Value] = key.Line
	}
}

// offset turns a line and a column in code points into a byte offset.
func (d *Document) offset(line, column int) int {
	if line < 1 {
		return 0
	}
	line = min(line, len(d.lines))
	at, current := d.lines[line-1], 1
	if d.last.line == line && d.last.column <= column {
		at, current = d.last.at, d.last.column
	}
	for ; current < column && at < len(d.Source.Text); current++ {
		_, size := utf8.DecodeRuneInString(d.Source.Text[at:])
		at += size
	}
	d.last.line, d.last.column, d.last.at = line, current, at
	return at
}

// lineOf returns the number of the line that holds the offset, from 1.
func (d *Document) lineOf(offset int) int {
	i, found := slices.BinarySearch(d.lines, offset)
	if found {
		return i + 1
	}
	return max(i, 1)
}

// restOfLine returns the text from an offset to the end of its line.
func (d *Document) restOfLine(offset int) string {
	rest := d.Source.Text[offset:]
	if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
		return rest[:i]
	}
	return rest
}
