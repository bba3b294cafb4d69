// Package segments decides who belongs to which audience.
//
// In come checked segments and, row by row, what consent.Gate admitted; out come Audiences. The package knows no files,
// no clock, no platform and, by the import table, no row that the gate has not admitted (design.md D5). It is
// deterministic: the order in which rows, objects and workers come makes no difference.
package segments

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
)

// Request is a segment and the uses it is evaluated for, as numbers of the run's uses.
type Request struct {
	Segment *rules.Segment
	Uses    []int
}

// Coverage answers what the data cover, for the rows that a condition could want.
type Coverage interface {
	// From is the first instant from which the condition's sources are complete.
	From(c *rules.Condition) int64
	// Covers reports whether every instant of [from, before) is covered.
	Covers(c *rules.Condition, from, before int64) bool
}

// Plan is what a run computes: the distinct conditions of all segments and how each segment is built from them.
type Plan struct {
	AsOf     int64
	Edges    []int64 // ends of all windows, sorted and distinct
	Picks    []rules.Pick
	Values   []Value
	segments []planned
	leaves   []leaf
	uses     int
}

// Value is a column that some metric reads.
type Value struct {
	Column   string
	Type     rules.Type
	Quantise *rules.Number
}

// Want is one condition as the scan sees it.
type Want struct {
	Pick, Value  int // Value is -1 where no column is read
	From, Before int64
}

// leaf is a distinct condition over rows; equal conditions of several segments are one leaf.
type leaf struct {
	condition    *rules.Condition
	verb         *fold.Verb
	setting      fold.Setting
	pick, value  int
	from, before int64
	needs        fold.Need
	uses         uint32 // who asks
	rank         bool   // gives values instead of verdicts
}

// planned is a segment with its conditions bound to leaves.
type planned struct {
	*rules.Segment
	uses      []int
	match     *node
	exclude   *node
	topBy     int // leaf, -1: none
	capBy     int
	dependent bool // refers to another segment, or is referred to
}

// node is a condition tree over leaves.
type node struct {
	verb     string
	count    int
	children []*node
	leaf     int // -1: logical or reference
	segment  int // index of the segment referred to, -1: none
}

// NewPlan binds requests to conditions. The segments must be checked and in dependency order (rules.Order), every
// segment referred to among them; a referred segment is evaluated for the uses of those that refer to it as well.
// asOf is where windows end, in microseconds; uses is the number of the run's uses, at most 32.
func NewPlan(requests []Request, uses int, asOf int64, verbs fold.Verbs, cov Coverage) (*Plan, error) {
	if uses > 32 {
		return nil, fmt.Errorf("plan %d uses of consent: at most 32 are possible in one run; split the destinations over two projects", uses)
	}
	b := builder{Plan: &Plan{AsOf: asOf, uses: uses}, verbs: verbs, cov: cov, leafOf: map[string]int{}, pickOf: map[string]int{}, at: map[string]int{}}
	for i, r := range requests {
		b.at[r.Segment.Name] = i
	}
	b.segments = make([]planned, len(requests))
	for i, r := range requests {
		b.segments[i] = planned{Segment: r.Segment, uses: slices.Clone(r.Uses), topBy: -1, capBy: -1}
	}
	b.spread()
	for i := range b.segments {
		if err := b.segment(&b.segments[i]); err != nil {
			return nil, fmt.Errorf("plan segment %s: %w", b.segments[i].Name, err)
		}
	}
	for _, l := range b.leaves {
		b.Edges = append(b.Edges, l.from, l.before)
	}
	slices.Sort(b.Edges)
	b.Edges = slices.Compact(b.Edges)
	return b.Plan, nil
}

// Wants are the plan's conditions as the scan sees them.
func (p *Plan) Wants() []Want {
	out := make([]Want, len(p.leaves))
	for i, l := range p.leaves {
		out[i] = Want{Pick: l.pick, Value: l.value, From: l.from, Before: l.before}
	}
	return out
}

// Asked returns the uses that ask for a row with these picks in this window slot.
func (p *Plan) Asked(picks []uint64, slot uint16) uint32 {
	uses := uint32(0)
	for _, i := range p.wanting(picks, slot) {
		uses |= p.leaves[i].uses
	}
	return uses
}

// wanting returns the leaves that want such a row.
func (p *Plan) wanting(picks []uint64, slot uint16) []int {
	var out []int
	if slot == 0 || int(slot) >= len(p.Edges) {
		return nil
	}
	from, before := p.Edges[slot-1], p.Edges[slot]
	for i := range p.leaves {
		l := &p.leaves[i]
		if picks[l.pick/64]>>(l.pick%64)&1 != 0 && from >= l.from && before <= l.before {
			out = append(out, i)
		}
	}
	return out
}

// builder fills a Plan.
type builder struct {
	*Plan
	verbs  fold.Verbs
	cov    Coverage
	leafOf map[string]int
	pickOf map[string]int
	at     map[string]int
}

// spread gives every referred segment the uses of those that refer to it, last first.
func (b *builder) spread() {
	for i := len(b.segments) - 1; i >= 0; i-- {
		s := &b.segments[i]
		for _, name := range references(s.Match, s.Exclude) {
			r := &b.segments[b.at[name]]
			r.uses = append(r.uses, s.uses...)
			r.dependent, s.dependent = true, true
		}
		slices.Sort(s.uses)
		s.uses = slices.Compact(s.uses)
	}
}

// References returns the names of the segments that a segment refers to.
func References(s *rules.Segment) []string { return references(s.Match, s.Exclude) }

func references(conditions ...*rules.Condition) []string {
	var out []string
	for _, c := range conditions {
		if c == nil {
			continue
		}
		if c.Segment != "" {
			out = append(out, c.Segment)
		}
		out = append(out, references(c.Children...)...)
	}
	return out
}

func (b *builder) segment(s *planned) (err error) {
	mask := uint32(0)
	for _, u := range s.uses {
		mask |= 1 << u
	}
	if s.match, err = b.node(s.Match, s.Zone, mask); err != nil {
		return err
	}
	if s.Exclude != nil {
		if s.exclude, err = b.node(s.Exclude, s.Zone, mask); err != nil {
			return err
		}
	}
	if s.Top != nil {
		if s.topBy, err = b.leaf(s.Top.By, s.Zone, mask, true); err != nil {
			return err
		}
	}
	if s.Cap != nil && s.Cap.By != nil {
		if s.capBy, err = b.leaf(s.Cap.By, s.Zone, mask, true); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) node(c *rules.Condition, z *rules.Zone, mask uint32) (*node, error) {
	n := &node{verb: c.Verb, count: c.Count, leaf: -1, segment: -1}
	if c.Segment != "" {
		n.segment = b.at[c.Segment]
		return n, nil
	}
	if len(c.Children) == 0 {
		var err error
		n.leaf, err = b.leaf(c, z, mask, false)
		return n, err
	}
	for _, child := range c.Children {
		k, err := b.node(child, z, mask)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, k)
	}
	return n, nil
}

// leaf returns the leaf of a condition, a new one if no equal condition was met before.
func (b *builder) leaf(c *rules.Condition, z *rules.Zone, mask uint32, rank bool) (int, error) {
	verb, ok := b.verbs(c.Verb)
	if !ok {
		return 0, fmt.Errorf("%s: no such verb in this build", c.Verb)
	}
	from, before := c.Window.Bounds(b.AsOf, b.cov.From(c), z)
	l := leaf{condition: c, verb: verb, from: from, before: before, value: -1, needs: verb.Needs(c), rank: rank}
	l.setting = fold.Setting{Covered: b.cov.Covers(c, from, before), Zone: z}
	l.pick = b.pick(verb.Picks(c), z)
	if c.Metric != nil && c.Metric.Column != "" {
		l.value = b.value(c.Metric)
	}
	key := fmt.Sprintf("%s|%d|%d|%d|%d|%t|%t|%s|%s", c.Verb, l.pick, l.from, l.before, l.value, rank, l.setting.Covered, z.Name(), compared(c))
	i, ok := b.leafOf[key]
	if !ok {
		i = len(b.leaves)
		b.leafOf[key] = i
		b.leaves = append(b.leaves, l)
	}
	b.leaves[i].uses |= mask
	return i, nil
}

// compared is the part of a condition's key that says how its rows are judged.
func compared(c *rules.Condition) string {
	var s strings.Builder
	if c.Metric != nil {
		s.WriteString(c.Metric.Function)
	}
	if c.Compare != nil {
		fmt.Fprintf(&s, " %s %d/%d", c.Compare.Op, c.Compare.Bound.Int, c.Compare.Bound.Scale)
	}
	return s.String()
}

// pick returns the pick, a new one if no equal one was met before. Where it reads local time the zone is part of it.
func (b *builder) pick(p rules.Pick, z *rules.Zone) int {
	where := ""
	if p.Where != nil {
		where = rules.Key(p.Where)
		for t := range rules.Tests(p.Where) {
			if strings.HasPrefix(t.Term.Function, "local.") {
				p.Zone = z
				where = z.Name() + " " + rules.Key(p.Where)
				break
			}
		}
	}
	key := fmt.Sprintf("%t|%q|%s", p.Any, p.Events, where)
	i, ok := b.pickOf[key]
	if !ok {
		i = len(b.Picks)
		b.pickOf[key] = i
		b.Picks = append(b.Picks, p)
	}
	return i
}

func (b *builder) value(m *rules.Metric) int {
	v := Value{Column: m.Column, Type: m.Type, Quantise: m.Quantise}
	i := slices.IndexFunc(b.Values, func(o Value) bool { return o.Column == v.Column && equalStep(o.Quantise, v.Quantise) })
	if i < 0 {
		i = len(b.Values)
		b.Values = append(b.Values, v)
	}
	return i
}

func equalStep(a, b *rules.Number) bool {
	if a == nil || b == nil {
		return a == b
	}
	return cmp.Compare(a.Int, b.Int) == 0 && a.Scale == b.Scale
}
