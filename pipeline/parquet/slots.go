package parquet

import (
	"math"
	"strconv"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// A slot is one of the places in which an entry of a key-value list may hold its value. Its values are decoded as what
// they are, once for all keys, and those of the key alone become the column's type. Whoever sends an event chooses slot
// and value: what the type does not hold is missing there, where in a column of its own it would stop the run.
type slot struct {
	leaf *node
	as   conversion // to text, integer or float, or to the column's type at once
	then conversion // from integer or float to the column's type
}

// anySlots are the slots of param(list, key, number) and param(list, key, text) in the order in which they are tried.
var anySlots = []string{"string_value", "int_value", "double_value", "float_value"}

// bindSlots finds every place that may hold the values of a key-value list.
func bindSlots(b binding, values *node) (binding, error) {
	leaves := []*node{values}
	if values.leaf < 0 {
		leaves = leaves[:0]
		for _, name := range anySlots {
			if n := values.child(name); n != nil {
				leaves = append(leaves, n)
			}
		}
	}
	for _, n := range leaves {
		if n.leaf < 0 || n.maxRep != 1 {
			return b, faultf("values of %q are lists or groups in the file", b.column.From)
		}
		if n.void {
			continue
		}
		s, err := newSlot(n, b.column)
		if err != nil {
			return b, err
		}
		b.slots = append(b.slots, s)
	}
	if len(b.slots) == 0 {
		return b, faultf("values of %q have no slot with values in the file", b.column.From)
	}
	b.leaf = b.slots[0].leaf
	return b, nil
}

// newSlot decides as what the values of a slot are decoded, and how those become the column's type.
func newSlot(n *node, column rules.Column) (slot, error) {
	is, kind := n.logical(), n.element.Type.V
	natural := rules.Column{Type: value.Type{Kind: value.Text}, Slot: column.Slot}
	s := slot{leaf: n, then: conversion{kind: column.Type.Kind, physical: format.Int64}}
	s.then.number(logical{}, column.Type)
	switch numbers := column.Type.Kind != value.Text; {
	case isFloat(kind, is):
		natural.Type.Kind, s.then.physical = value.Float, format.Double
	case isInteger(kind, is) && numbers:
		natural.Type.Kind = value.Integer
	case isDecimal(kind, is) && numbers:
		natural.Type = column.Type
	}
	var err error
	s.as, err = newConversion(n, natural)
	return s, err
}

// slotValues is a decoded slot, kept while several keys are read from it.
type slotValues struct {
	leaf *node // nil: none
	column
}

// slotOf returns the decoded values of a slot.
func (c *Cursor) slotOf(g *RowGroup, s *slot) (*slotValues, error) {
	free := (*slotValues)(nil)
	for _, v := range c.slots {
		switch {
		case v.leaf == s.leaf && v.convert == s.as:
			return v, nil
		case v.leaf == nil:
			free = v
		}
	}
	if free == nil {
		free = new(slotValues)
		c.slots = append(c.slots, free)
	}
	free.reset(&binding{leaf: s.leaf, convert: s.as})
	if err := free.decode(g, s.leaf); err != nil {
		return nil, err
	}
	free.leaf = s.leaf
	return free, free.settle()
}

// decodeSlots gives every row the value that the entry of its key has in the first slot that is filled.
func (c *Cursor) decodeSlots(g *RowGroup, b *binding, out *column) error {
	out.convert = conversion{kind: b.column.Type.Kind}
	out.allNull(g.Rows())
	for i := range b.slots {
		values, err := c.slotOf(g, &b.slots[i])
		if err != nil {
			return err
		}
		picks, err := c.picks(g, b, &values.column)
		if err != nil {
			return err
		}
		if out.isText() {
			out.fillText(values, picks)
		} else {
			out.fillNumbers(&b.slots[i], values, picks)
		}
	}
	return out.dict.fit(c.scratch.most)
}

// fillText takes the texts of a slot into rows that have none; numbers are written as they are in rules.
func (c *column) fillText(from *slotValues, picks []int32) {
	var codes []int32 // here, by code there; 0 for one that was not met
	if from.isText() {
		codes = make([]int32, from.dict.len())
	}
	var spelt []byte
	for row, at := range picks {
		if at < 0 || c.text[row] >= 0 || !from.has(int(at)) {
			continue
		}
		switch from.convert.kind {
		case value.Text:
			there := from.text[at]
			if codes[there] == 0 {
				codes[there] = c.dict.code(from.dict.at(int(there))) + 1
			}
			c.text[row] = codes[there] - 1
		case value.Float:
			spelt = from.convert.spellFloat(spelt[:0], math.Float64frombits(uint64(from.words[at])))
			c.text[row] = c.dict.code(spelt)
		}
		c.nulls--
	}
}

// fillNumbers takes the numbers of a slot into rows that have none.
func (c *column) fillNumbers(s *slot, from *slotValues, picks []int32) {
	for row, at := range picks {
		if at < 0 || bitSet(c.valid, row) || !from.has(int(at)) {
			continue
		}
		if word, ok := s.number(from, int(at)); ok {
			c.words[row] = word
			setBit(c.valid, row)
			c.nulls--
		}
	}
}

// number is one value of the slot as the column's type, if the type holds it. Texts and floats are the numbers that
// their digits say; a text is one only from its first sign to its last.
func (s *slot) number(from *slotValues, at int) (word int64, ok bool) {
	if from.isText() {
		return s.then.literal(string(from.dict.at(int(from.text[at]))))
	}
	word = from.words[at]
	switch f := math.Float64frombits(uint64(word)); {
	case s.as.kind == value.Float && s.then.kind != value.Float:
		if math.Abs(f) >= s.as.largestExact() {
			return 0, false
		}
		return s.then.literal(string(s.as.spellFloat(nil, f)))
	case s.as.kind == value.Integer && s.then.kind != value.Integer:
		one := [1]int64{word}
		err := s.then.words(one[:])
		return one[0], err == nil
	}
	return word, true
}

// spellFloat writes the fewest digits that mean this float and no other of its width.
func (c *conversion) spellFloat(dst []byte, f float64) []byte {
	if c.physical == format.Float {
		return strconv.AppendFloat(dst, f, 'f', -1, 32)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// literal reads a number as rules write it.
func (c *conversion) literal(text string) (int64, bool) {
	n, ok := value.ParseNumber(text)
	if !ok {
		return 0, false
	}
	if c.kind == value.Float {
		f, err := strconv.ParseFloat(text, 64)
		return int64(math.Float64bits(f)), err == nil
	}
	units, exact, fits := n.AtScale(max(c.scale, 0))
	return units, exact && fits && (c.most == 0 || -c.most < units && units < c.most)
}
