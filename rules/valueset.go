package rules

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
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

// Topic is a named condition on one event, an entry of `topics:` in malgrupp.yaml: what visitors are interested in, by
// the pages and events that show it. `topic = 'name'` in a `where` is that condition, expanded when it is read.
type Topic struct {
	Name  string
	Where Expr
	text  string
}

// ReadTopics reads what stands behind `topics:`, sorted by name. Topics that are wrong are left out.
func (s *Scope) ReadTopics(n yaml.Node) (out []*Topic, found source.Findings) {
	n = n.Apart()
	c := s.checker(n.Document(), "topics")
	o, ok := n.Object("topics")
	if !ok {
		return nil, c.doc.Errors()
	}
	if _, taken := c.words.Columns[topicWord]; taken {
		c.doc.Fail("E-DUPLICATE-NAME", n.Span(), "a column of the schemas is called topic, too",
			source.Expected("another name for the column in its schema (from: topic)"))
	}
	for key, text := range o.Fields() {
		if _, ok := key.Identifier(); !ok {
			continue
		}
		if e := c.where(text, nil); e != nil {
			out = append(out, &Topic{Name: key.Name(), Where: e, text: text.Value()})
		}
	}
	if len(out) > maxTopics {
		c.doc.Fail("E-LIMIT", n.Span(), fmt.Sprintf("there are %d topics", len(out)),
			source.Expected(fmt.Sprintf("at most %d", maxTopics)))
	}
	slices.SortFunc(out, func(a, b *Topic) int { return cmp.Compare(a.Name, b.Name) })
	return out, c.doc.Errors()
}

// topicWord stands left of a topic in a where.
const topicWord = "topic"

// isTopic reports whether a comparison is about topics.
func (b *binder) isTopic(c *where.Comparison) bool {
	return c.Term.Column == topicWord && c.Term.Function == "" && b.scope.Topics != nil
}

// topic is the condition that a comparison with topics stands for; nil after an error. Whatever is said of it is said
// of the place where it is used: what is wrong with a topic itself is said where it stands.
func (b *binder) topic(c *where.Comparison) Expr {
	if c.Op != where.OpEqual && c.Op != where.OpIn || c.Set != nil {
		b.fault("E-TYPE", c.Span, "a topic is asked for by its name",
			source.Expected("topic = 'NAME', or topic in ('A', 'B')"))
		return nil
	}
	var any Or
	for _, l := range c.Literals {
		i := slices.IndexFunc(b.scope.Topics, func(t *Topic) bool {
			return t.Name == l.Text && l.Kind == where.LiteralText
		})
		if i < 0 {
			var names []string
			for _, t := range b.scope.Topics {
				names = append(names, t.Name)
			}
			b.unknownValue(l, topicWord, names)
			return nil
		}
		at := b.place(c.Span)
		inner := *b
		inner.Report = source.Report{Source: b.Source}
		inner.text, inner.place = b.scope.Topics[i].text, func(source.Span) source.Span { return at }
		e := inner.read()
		for _, f := range inner.Found {
			if f.Severity == source.SeverityError {
				b.Found = append(b.Found, f)
			}
		}
		if e == nil {
			return nil
		}
		any = append(any, e)
	}
	if c.Not {
		return Negate(normal(any))
	}
	return normal(any)
}
