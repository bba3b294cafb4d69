package parquet

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules/value"
)

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
