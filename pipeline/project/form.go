package project

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Form is a form of lists that a project describes itself (docs/how-to/generic-file.md).
type Form struct {
	File      string // csv or jsonl
	Profile   string // of its identifiers; "" where rows hold the subject's own id
	Columns   []FormColumn
	Actions   map[string]string // what the receiver calls adds, removes and snapshot, where it has words for them
	Replaces  bool              // nobody is removed but by the next snapshot
	Separator rune              // of CSV
	Headless  bool              // CSV without a header
	Rows      string            // of JSON: objects, lists or values
	Body      string            // JSON of a request, with $rows in it; "": each row is a line
	Minimum   int               // matched people that the receiver wants
	Names     int               // characters it takes of a list's name; 0: any number
	Refuses   bool              // names that speak of financial status and the like are errors
	Own       bool              // it is no ad platform: rules with content for no ads may go there
}

// FormColumn is a column: what a cell holds (an identifier or a word of FormWords), or a text that all have.
type FormColumn struct{ Name, Of, Text string }

// FormWords are what a column can hold beside identifiers.
var FormWords = []string{"id", "segment", "action", "as_of"}

// form reads the form of a destination's lists.
func (s section) form() *Form {
	if !s.written() {
		return nil
	}
	s.only()
	f := &Form{
		File: s.word("file", "csv"), Profile: s.word("profile", ""), Actions: map[string]string{},
		Replaces: s.word("removals", "file") == "snapshot", Headless: !s.flag("header", true),
		Rows: s.word("rows", "objects"), Body: s.text("body", ""), Minimum: s.whole("minimum", 0),
		Names: s.whole("name_length", 0), Refuses: s.flag("refuses_names", false), Own: !s.flag("ads", true),
	}
	f.Separator = []rune(s.word("separator", ","))[0]
	if f.Separator == 't' {
		f.Separator = '\t'
	}
	if _, _, ok := s.find("file"); !ok {
		s.need("file", "csv")
	}
	actions := s.sub("actions")
	actions.only()
	for _, key := range actions.keys.Built() {
		if _, _, ok := actions.find(key); ok {
			f.Actions[key] = actions.text(key, key)
		}
	}
	n, profile, ok := s.find("columns")
	if !ok {
		s.need("columns", "[{name: email, of: email}]")
		return f
	}
	list, _ := n.List()
	for i, item := range list {
		path := fmt.Sprintf("%scolumns[%d]", s.path, i)
		o, isObject := item.Object(path)
		if !isObject {
			continue
		}
		c := section{
			path: path + ".", layers: []layer{{object: o, origin: profile}}, file: s.file, keys: s.keys.Behind("columns").Each,
		}
		c.only()
		column := FormColumn{Name: c.required("name", "email"), Of: c.word("of", ""), Text: c.text("text", "")}
		if _, _, text := c.find("text"); text == (column.Of != "") {
			s.file.doc.Fail("E-TYPE", item.Span(), path+" has both of: and text:, or neither", expected("one of them"))
		}
		f.Columns = append(f.Columns, column)
	}
	return f
}

// sends are the identifiers that a form has columns for, in its order.
func (f *Form) sends() (out []string) {
	for _, c := range f.Columns {
		if c.Of != "" && !slices.Contains(FormWords, c.Of) && !slices.Contains(out, c.Of) {
			out = append(out, c.Of)
		}
	}
	return out
}

// Batch is how much one request of a list may hold; 0: what is usual with the platform.
type Batch struct{ Rows, Bytes int }

func (s section) batch() (b Batch) {
	if s.keys != nil && s.written() {
		s.only()
		b = Batch{s.whole("rows", 0), s.whole("bytes", 0)}
	}
	return b
}

// numbers reads the platform's own numbers of lists, by segment. A list of one segment is not that of another, or each
// would replace the other's people; platforms that malgrupp knows take digits, and get them as they are.
func (s section) numbers(kind Kind) map[string]string {
	var out map[string]string
	at := map[string]yaml.Node{}
	for _, l := range slices.Backward(s.layers) {
		for _, k := range l.object.Keys() {
			n, _ := l.object.Find(k.Name())
			text, ok := n.Text()
			if !ok {
				continue
			}
			if !kind.Described && (text == "" || strings.Trim(text, "0123456789") != "") {
				s.file.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%s%s is %q", s.path, k.Name(), text),
					expected("the number that "+kind.Type+" gave the list, in digits"))
			}
			if out == nil {
				out = map[string]string{}
			}
			out[k.Name()], at[k.Name()] = text, n
			s.note(k.Name(), text, n, l.origin)
		}
	}
	whose := map[string]string{}
	for _, segment := range slices.Sorted(maps.Keys(out)) {
		if other := whose[out[segment]]; other != "" {
			s.file.doc.Fail("E-TYPE", at[segment].Span(), fmt.Sprintf("%s%s is the list of segment %s", s.path, segment, other),
				expected("a list for each segment"))
		}
		whose[out[segment]] = segment
	}
	return out
}
