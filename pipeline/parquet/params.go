package parquet

import (
	"cmp"
	"io"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Param is a key that was met in a key-value list, with the slot that its values lie in, as param(list, key, slot)
// names them in a schema.
type Param struct {
	List, Key, Slot string
	Kind            value.Kind // of the slot's values
	Entries         int64      // that hold a value
}

// maxKeys is how many keys a list may have to be one of names: more of them are values themselves, such as ids.
const maxKeys = 200

// slotKinds are the slots of a value and the types they can have, in the order in which they are tried.
var slotKinds = []struct {
	slot string
	kind value.Kind
}{
	{"string", value.Text},
	{"int", value.Integer},
	{"double", value.Float},
	{"float", value.Float},
	{"int", value.Boolean},
}

// Params reads the key-value lists of the first row groups of an object, up to that many rows (but one group at least),
// and returns the keys it met by list, key and entries, the slot with most entries first. Lists with more than 200 keys
// are only named, in crowded. Errors are those of Open.
func Params(r io.ReaderAt, size int64, name string, rows int64,
	limits Limits,
) (found []Param, crowded []string, err error) {
	schema, err := listColumns(r, size, name)
	if err != nil || len(schema.Columns) == 0 {
		return nil, nil, err
	}
	f, err := Open(r, size, name, schema, limits)
	if err != nil {
		return nil, nil, err
	}
	counts := make([]map[string]int64, len(f.columns))
	var cursor Cursor
	for i, seen := 0, int64(0); i < f.RowGroups() && (i == 0 || seen+f.groups[i].NumRows <= rows); i++ {
		seen += f.groups[i].NumRows
		g := cursor.Move(f, i)
		for c := range f.columns {
			if counts[c] == nil {
				counts[c] = map[string]int64{}
			}
			if err := guard(func() error { return g.countKeys(c, counts[c]) }); err != nil {
				return nil, nil, f.failure(err, f.columns[c].column.From, i)
			}
		}
	}
	for c := range f.columns {
		b := &f.columns[c]
		if len(counts[c]) > maxKeys {
			crowded = append(crowded, b.column.From)
			continue
		}
		for key, n := range counts[c] {
			found = append(found, Param{b.column.From, key, b.column.Slot, b.column.Type.Kind, n})
		}
	}
	slices.SortFunc(found, func(a, b Param) int {
		return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Key, b.Key), cmp.Compare(b.Entries, a.Entries),
			cmp.Compare(a.Slot, b.Slot))
	})
	return found, slices.Compact(crowded), nil
}

// listColumns makes a schema with one column for each slot of each key-value list of the file.
func listColumns(r io.ReaderAt, size int64, name string) (*rules.Schema, error) {
	f := &File{name: name}
	schema := new(rules.Schema)
	err := guard(func() error {
		meta, _, err := readFooter(r, size)
		if err != nil {
			return err
		}
		root, _, err := buildTree(meta.Schema)
		if err == nil {
			schema.Columns = root.slots(root, nil)
		}
		return err
	})
	if err != nil {
		return nil, f.failure(err, "", -1)
	}
	return schema, nil
}

// slots appends a column for every slot of the key-value lists below a node.
func (n *node) slots(root *node, columns []rules.Column) []rules.Column {
	for _, child := range n.children {
		taken := map[*node]bool{}
		for _, s := range slotKinds {
			column := rules.Column{
				Name: child.path + " " + s.slot, From: child.written(root), Param: "any", Slot: s.slot,
				Type: value.Type{Kind: s.kind},
			}
			b, err := bindParam(binding{column: column}, child)
			if err == nil && b.convert.asIs() && !b.empty && !taken[b.leaf] {
				taken[b.leaf] = true
				columns = append(columns, column)
			}
		}
		if len(taken) == 0 {
			columns = child.slots(root, columns)
		}
	}
	return columns
}

// countKeys adds, for every key of the list, how many of its entries have a value in the column's slot.
func (g *RowGroup) countKeys(at int, counts map[string]int64) error {
	b, values := &g.file.columns[at], g.cursor.columns[at]
	values.reset(b)
	if err := values.decode(g, b.leaf); err != nil {
		return err
	}
	k, err := g.cursor.keysOf(g, b.key)
	if err != nil {
		return err
	}
	if !slices.Equal(k.column.first, values.first) {
		return fault("keys and values disagree about the entries of their lists")
	}
	for slot, code := range k.column.text {
		if code >= 0 && values.has(slot) && len(counts) <= maxKeys {
			counts[string(k.column.dict.at(int(code)))]++
		}
	}
	return nil
}

// has reports whether a slot of a decoded column holds a value.
func (c *column) has(slot int) bool {
	if c.isText() {
		return c.text[slot] >= 0
	}
	return c.nulls == 0 || bitSet(c.valid, slot)
}

// keys is the decoded key column of one key-value list, kept while several parameters are read from it.
type keys struct {
	list   *node // key leaf of the list that is decoded; nil: none
	column column
	picks  []int32
}

// picks returns, for each row, the slot of the entry that has the binding's key: the first one, or -1 if there is none.
// A row with too many entries has none and is marked as oversized.
func (c *Cursor) picks(g *RowGroup, b *binding, values *column) ([]int32, error) {
	k, err := c.keysOf(g, b.key)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(k.column.first, values.first) {
		return nil, fault("keys and values disagree about the entries of their lists")
	}
	wanted := k.wanted(b.column.Param)
	k.picks = k.picks[:0]
	var oversized []int32
	for slot, begins := 0, 0; slot < k.column.slots; slot++ {
		if k.column.first[slot] {
			k.picks = append(k.picks, -1)
			begins = slot
		}
		row := len(k.picks) - 1
		switch code := k.column.text[slot]; {
		case slot-begins == maxListLength:
			oversized = append(oversized, int32(row))
			k.picks[row] = -1
		case slot-begins > maxListLength:
		case code >= 0 && wanted[code] && k.picks[row] < 0:
			k.picks[row] = int32(slot)
		}
	}
	g.markOversized(oversized)
	return k.picks, nil
}

func (c *Cursor) keysOf(g *RowGroup, key *node) (*keys, error) {
	for _, k := range c.lists {
		if k.list == key {
			return k, nil
		}
	}
	k := c.freeKeys()
	k.column.reset(&binding{leaf: key, convert: conversion{kind: value.Text, physical: key.element.Type.V}})
	if err := k.column.decode(g, key); err != nil {
		return nil, err
	}
	k.list = key
	return k, nil
}

func (c *Cursor) freeKeys() *keys {
	for _, k := range c.lists {
		if k.list == nil {
			return k
		}
	}
	k := new(keys)
	c.lists = append(c.lists, k)
	return k
}

// wanted says for each dictionary entry whether it is the key.
func (k *keys) wanted(key string) []bool {
	w := make([]bool, k.column.dict.len())
	for i := range w {
		w[i] = string(k.column.dict.at(i)) == key
	}
	return w
}

// gather turns a column of list entries into one of rows: row i takes the entry at picks[i]. An entry never lies before
// its row, so this works in place.
func (c *column) gather(picks []int32) {
	if c.isText() {
		c.gatherText(picks)
		return
	}
	n := (len(picks) + 7) / 8
	c.picked = append(c.picked[:0], make([]byte, n)...)
	before := c.nulls > 0
	c.nulls = 0
	for row, at := range picks {
		if at < 0 || before && !bitSet(c.valid, int(at)) {
			c.words[row] = 0
			c.nulls++
			continue
		}
		setBit(c.picked, row)
		c.words[row] = c.words[at]
	}
	c.words = c.words[:len(picks)]
	c.valid, c.picked = c.picked, c.valid
	c.slots = len(picks)
}

func (c *column) gatherText(picks []int32) {
	c.nulls = 0
	for row, at := range picks {
		code := int32(-1)
		if at >= 0 {
			code = c.text[at]
		}
		if code < 0 {
			c.nulls++
		}
		c.text[row] = code
	}
	c.text = c.text[:len(picks)]
	c.slots = len(picks)
}
