package parquet

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules/where"
)

// node is one element of a file's schema. maxDef and maxRep are the highest definition and repetition level below it.
type node struct {
	element        *format.SchemaElement
	children       []*node
	leaf           int // position among the leaves, -1 for a group
	path           string
	quoted         string // the path with every name in backquotes
	maxDef, maxRep uint8
	void           bool // a leaf without a single value, as far as the footer tells
}

const (
	maxTreeDepth = 32
	maxLeaves    = 16384
)

// buildTree turns the flat, depth-first list of schema elements into a tree and returns its root and leaves.
func buildTree(elements []format.SchemaElement) (*node, []*node, error) {
	b := treeBuilder{rest: elements}
	root, err := b.build(nil, 0)
	switch {
	case err != nil:
		return nil, nil, err
	case len(b.rest) > 0:
		return nil, nil, fault("its schema holds elements that belong to no column")
	case root.leaf >= 0:
		return nil, nil, fault("its schema has no columns")
	}
	return root, b.leaves, nil
}

type treeBuilder struct {
	rest   []format.SchemaElement
	leaves []*node
}

func (b *treeBuilder) build(parent *node, depth int) (*node, error) {
	if len(b.rest) == 0 || depth > maxTreeDepth || len(b.leaves) > maxLeaves {
		return nil, fault("its schema is damaged, too deep or too wide")
	}
	n := &node{element: &b.rest[0], leaf: -1}
	if !utf8.ValidString(n.element.Name) {
		return nil, fault("its schema has a name that is no UTF-8")
	}
	b.rest = b.rest[1:]
	if parent != nil {
		n.inherit(parent)
	}
	if n.element.Type.Valid {
		n.leaf = len(b.leaves)
		b.leaves = append(b.leaves, n)
		return n, nil
	}
	for range n.element.NumChildren.V {
		child, err := b.build(n, depth+1)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, child)
	}
	return n, nil
}

func (n *node) inherit(parent *node) {
	n.maxDef, n.maxRep = parent.maxDef, parent.maxRep
	n.path, n.quoted = n.element.Name, "`"+strings.ReplaceAll(n.element.Name, "`", "``")+"`"
	if parent.path != "" {
		n.path, n.quoted = parent.path+"."+n.path, parent.quoted+"."+n.quoted
	}
	switch n.repetition() {
	case format.Optional:
		n.maxDef++
	case format.Repeated:
		n.maxDef++
		n.maxRep++
	}
}

func (n *node) repetition() format.FieldRepetitionType {
	if n.element.RepetitionType.Valid {
		return n.element.RepetitionType.V
	}
	return format.Required
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.element.Name == name {
			return c
		}
	}
	return nil
}

// find follows a path. At every level the rest of a step without quotes is tried whole before it is cut at a dot, since
// names may hold dots.
func (n *node) find(path []where.Step) *node {
	if len(path) == 0 {
		return n
	}
	if path[0].Quoted {
		if c := n.child(path[0].Name); c != nil {
			return c.find(path[1:])
		}
		return nil
	}
	return n.findDotted(path[0].Name, path[1:])
}

// written is how a schema says where the node is: its path, in quotes where that could be something else.
func (n *node) written(root *node) string {
	path, ok := where.ParsePath(n.path)
	if ok && !strings.HasPrefix(n.path, "param(") && root.find(path) == n {
		return n.path
	}
	return n.quoted
}

func (n *node) findDotted(name string, rest []where.Step) *node {
	if c := n.child(name); c != nil {
		if found := c.find(rest); found != nil {
			return found
		}
	}
	for i := range len(name) {
		if name[i] != '.' {
			continue
		}
		if c := n.child(name[:i]); c != nil {
			if found := c.find(append([]where.Step{{Name: name[i+1:]}}, rest...)); found != nil {
				return found
			}
		}
	}
	return nil
}

// emptiness returns a leaf without values if there are no others below the node, which may be one itself; nil if there
// are.
func (n *node) emptiness() *node {
	if n.leaf >= 0 {
		if n.void {
			return n
		}
		return nil
	}
	var first *node
	for _, c := range n.children {
		at := c.emptiness()
		if at == nil {
			return nil
		}
		if first == nil {
			first = at
		}
	}
	return first
}

// markVoid finds the leaves without values: by their type, or by what the statistics say of all row groups. Whoever
// reads one makes sure.
func markVoid(leaves []*node, groups []groupMeta) {
	for i, n := range leaves {
		n.void = true
		for g := range groups {
			if m := &groups[g].Columns[i].MetaData; m.NumValues != 0 && m.NumValues != m.Statistics.NullCount.V {
				n.void = n.logical().meaning == nothing
				break
			}
		}
	}
}

// meaning is the logical type of a leaf.
type meaning uint8

const (
	plain meaning = iota // none: the physical type says all
	textual
	signed
	unsigned
	decimal
	date
	instant // timestamp
	uuid
	half    // a float of 16 bits
	nothing // logical type NULL: no value at all
	other   // time of day, interval, ...: nothing that rules can name
)

// logical is what a leaf's values mean.
type logical struct {
	meaning   meaning
	scale     int // of a decimal
	precision int
	unit      string // of a timestamp: ms, us or ns
	utc       bool   // a timestamp counts from the epoch in UTC, not on some wall clock
}

func (n *node) logical() logical {
	switch t := n.element.LogicalType.Value.(type) {
	case nil:
		return n.converted()
	case *format.StringType, *format.EnumType, *format.JsonType:
		return logical{meaning: textual}
	case *format.DecimalType:
		return logical{meaning: decimal, scale: int(t.Scale), precision: int(t.Precision)}
	case *format.DateType:
		return logical{meaning: date}
	case *format.IntType:
		if t.IsSigned {
			return logical{meaning: signed}
		}
		return logical{meaning: unsigned}
	case *format.TimestampType:
		return logical{meaning: instant, unit: timeUnit(t.Unit), utc: t.IsAdjustedToUTC}
	case *format.UUIDType:
		return logical{meaning: uuid}
	case *format.Float16Type:
		return logical{meaning: half}
	case *format.NullType:
		return logical{meaning: nothing}
	}
	return logical{meaning: other}
}

// converted reads the older annotation that preceded logical types.
func (n *node) converted() logical {
	if !n.element.ConvertedType.Valid {
		return logical{meaning: plain}
	}
	switch n.element.ConvertedType.V {
	case deprecated.UTF8, deprecated.Enum, deprecated.Json:
		return logical{meaning: textual}
	case deprecated.Decimal:
		return logical{meaning: decimal, scale: int(n.element.Scale.V), precision: int(n.element.Precision.V)}
	case deprecated.Date:
		return logical{meaning: date}
	case deprecated.TimestampMillis:
		return logical{meaning: instant, unit: "ms", utc: true}
	case deprecated.TimestampMicros:
		return logical{meaning: instant, unit: "us", utc: true}
	case deprecated.Int8, deprecated.Int16, deprecated.Int32, deprecated.Int64:
		return logical{meaning: signed}
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return logical{meaning: unsigned}
	}
	return logical{meaning: other}
}

func timeUnit(u format.TimeUnit) string {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return "ms"
	case *format.MicroSeconds:
		return "us"
	}
	return "ns"
}

// String describes a leaf for messages: physical type, then what it means.
func (n *node) String() string {
	s := n.element.Type.V.String()
	switch is := n.logical(); is.meaning {
	case textual:
		s += " (text)"
	case signed:
		s += " (signed integer)"
	case unsigned:
		s += " (unsigned integer)"
	case decimal:
		s += fmt.Sprintf(" (decimal, scale %d)", is.scale)
	case date:
		s += " (date)"
	case instant:
		s += " (timestamp, " + is.unit + ")"
	case uuid:
		s += " (UUID)"
	case half:
		s += " (float of 16 bits)"
	case nothing:
		s += " (nothing but nulls)"
	case other:
		s += " (a type that rules do not have)"
	}
	return s
}
