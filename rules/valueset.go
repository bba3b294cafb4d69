package rules

import (
	"fmt"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// ParseValueSet reads a file of kind ValueSet. The set is nil if there are errors.
func ParseValueSet(src *source.Source) (*ValueSet, source.Findings) {
	d := yaml.Read(src)
	e, ok := d.Envelope(yaml.KindValueSet)
	if !ok {
		return nil, d.Errors()
	}
	e.Top.Only(setKeys)
	e.Metadata.Only(setKeys.Behind("metadata"))
	set := &ValueSet{Name: e.Name, Source: src}
	set.Owner = owner(d, e.Metadata, nil)
	set.ReviewBy = reviewBy(d, e.Metadata, 0)
	e.Metadata.Text("title")
	e.Metadata.Text("reason")
	if n, ok := e.Top.Need("spec"); ok {
		set.spec(d, n)
	}
	if found := d.Errors(); found.Failed() {
		return nil, found
	}
	return set, d.Errors()
}

func (s *ValueSet) spec(d *yaml.Document, n yaml.Node) {
	o, ok := n.Object("spec")
	if !ok {
		return
	}
	o.Only(setKeys.Behind("spec"))
	kind, hasType := o.Need("type")
	values, hasValues := o.Need("values")
	if !hasType || !hasValues {
		return
	}
	r := &schemaReader{doc: d}
	if s.Type, ok = r.columnType(kind); !ok {
		return
	}
	members, ok := values.List()
	if ok && len(members) == 0 {
		values.Wrong("a list of at least one value")
	}
	for _, member := range members {
		if v, ok := setValue(member, s.Type); ok {
			s.Values = append(s.Values, v)
		}
	}
	slices.SortFunc(s.Values, value.Compare)
	s.Values = slices.CompactFunc(s.Values, func(a, b value.Value) bool { return value.Compare(a, b) == 0 })
}

// setValue reads one member of a value set.
func setValue(n yaml.Node, t value.Type) (value.Value, bool) {
	switch t.Kind {
	case value.Text:
		text, ok := n.Text()
		if ok && !norm.NFC.IsNormalString(text) {
			e := n.Document().Warn("W-NFC", n.Span(), "this text is not in Unicode normal form C, and data is compared as it is",
				source.Fix(value.Quote(norm.NFC.String(text))))
			written := n.Document().Source.Text[e.Span.Start:e.Span.End]
			if composed := norm.NFC.String(written); composed != written {
				e.Edits = []source.Edit{e.Span.Edit(composed)}
			}
		}
		return value.Value{Kind: value.Text, Text: text}, ok
	case value.Integer, value.Decimal:
		number, ok := n.Number()
		if !ok {
			return value.Value{}, false
		}
		units, exact, fits := number.AtScale(t.Scale)
		if !exact || !fits {
			n.Document().Fail("E-RANGE", n.Span(), fmt.Sprintf("%v is not a value of %v", number, t),
				source.Expected("a number with at most "+fmt.Sprint(t.Scale)+" decimals"))
			return value.Value{}, false
		}
		return value.Value{Kind: t.Kind, Int: units}, true
	case value.Date:
		days, ok := value.ParseDays(n.Value())
		if !ok || !n.IsText() {
			n.Wrong("a date such as 2026-04-01")
			return value.Value{}, false
		}
		return value.Value{Kind: value.Date, Int: days}, true
	}
	n.Document().Fail("E-TYPE", n.Span(), "there are no value sets of "+t.String(),
		source.Expected("text, integer, decimal(p,s) or date"))
	return value.Value{}, false
}
