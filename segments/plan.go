// Package segments decides who belongs to which audience.
//
// In come checked segments and, row by row, what consent.Gate admitted; out come Audiences. The package knows no files,
// no clock, no platform and, by the import table, no row that the gate has not admitted (docs/architecture.md). It is
// deterministic: the order in which rows, objects and workers come makes no difference.
package segments

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Request is a segment and the uses it is evaluated for, as numbers of the run's uses. Requests of one world make up
// one project: they refer to and exclude each other. Of other worlds they know nothing, though all share one scan; so a
// project can be decided beside the same project with another rule in it. A run has one world.
type Request struct {
	Segment *rules.Segment
	Uses    []int
	World   int
	Absent  bool // tell also what keeps out whoever is not in
	Hidden  bool // tell also how many members rest on time that consent hides
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
	Values   []rules.Reading
	segments []planned
	counts   [][2]int // by statistic: its leaf, and which it is of those counted there
	leaves   []leaf
	uses     int
	sessions bool // some condition asks for sessions
	owners   bool // some statistic asks whose rows are
	names    Names
}

// leaf is a distinct condition over rows; equal conditions of several segments are one leaf.
type leaf struct {
	condition *rules.Condition
	verb      *fold.Verb
	setting   fold.Setting
	parts     []part
	needs     fold.Need
	session   int         // value with the session's id, where sessions are needed
	tie       [4]int      // values that order rows of one time, where that is needed
	uses      uint32      // who asks
	rank      bool        // gives values instead of verdicts
	counting  []*counting // gives cells instead of verdicts, of each of these; nil: it does not
	dims      []int       // values that counted rows bring along
}

// part is one of the kinds of row that a leaf wants.
type part struct {
	pick, value  int // value is -1 where no column is read
	from, before int64
	record       bool // it wants records, whatever their time
	name         string
}

// goal is a leaf to which a row goes, and the parts it is one of.
type goal struct {
	leaf  int
	parts uint32
}

// planned is a segment with its conditions bound to leaves.
type planned struct {
	*rules.Segment
	world     int
	uses      []int
	match     *fold.Tree
	exclude   *fold.Tree
	topBy     int // leaf, -1: none
	capBy     int
	stay      []int // by use of the segment: leaf, nil: nobody stays
	absent    bool  // what keeps people out is asked for
	hidden    bool
	unsure    [][2]int // leaves, and the same as if their windows lacked data; only where hidden time is asked for
	dependent bool     // refers to another segment, or is referred to
}

// Times are the instants that a plan is made for, and what ends a session.
type Times struct {
	AsOf       int64 // where windows end, microseconds UTC
	SessionGap int64 // a longer pause ends a session, microseconds
}

// NewPlan binds requests to conditions, and statistics that are counted beside them. The segments of a world must be
// checked and in dependency order (rules.Order), every segment referred to among them; a referred segment is evaluated
// for the uses of those that refer to it as well. uses is the number of the run's uses, at most 32.
func NewPlan(requests []Request, uses int, times Times, verbs fold.Verbs, cov Coverage, counts ...Count) (*Plan,
	error,
) {
	if uses > 32 {
		return nil, fmt.Errorf("plan %d uses of consent: at most 32 are possible in one run; split the destinations over "+
			"two projects",
			uses)
	}
	b := builder{
		Plan: &Plan{
			AsOf: times.AsOf, uses: uses,
		}, gap: times.SessionGap, verbs: verbs, cov: cov, leafOf: map[string]int{}, pickOf: map[string]int{},
		at: map[inWorld]int{},
	}
	for i, r := range requests {
		b.at[inWorld{r.World, r.Segment.Name}] = i
	}
	b.segments = make([]planned, len(requests))
	for i, r := range requests {
		b.segments[i] = planned{
			Segment: r.Segment, world: r.World, hidden: r.Hidden, absent: r.Absent, uses: slices.Clone(r.Uses), topBy: -1,
			capBy: -1,
		}
	}
	b.spread()
	for i := range b.segments {
		if err := b.segment(&b.segments[i]); err != nil {
			return nil, fmt.Errorf("plan segment %s: %w", b.segments[i].Name, err)
		}
	}
	for _, c := range counts {
		if err := b.count(c); err != nil {
			return nil, fmt.Errorf("plan statistic %s: %w", c.Statistic.Name, err)
		}
	}
	for _, w := range b.Wants() {
		b.Edges = append(b.Edges, w.From, w.Before)
	}
	slices.Sort(b.Edges)
	b.Edges = slices.Compact(b.Edges)
	return b.Plan, nil
}

// Wants are the plan's conditions as the scan sees them.
func (p *Plan) Wants() (out []rules.Want) {
	for i := range p.leaves {
		l := &p.leaves[i]
		for part, k := range l.parts {
			if k.record {
				continue
			}
			out = append(out, rules.Want{Pick: k.pick, Value: k.value, From: k.from, Before: k.before})
			for _, v := range l.extra(part) {
				out = append(out, rules.Want{Pick: k.pick, Value: v, From: k.from, Before: k.before})
			}
		}
	}
	return out
}

// extra are the values that every row of a part of the leaf brings along.
func (l *leaf) extra(part int) (out []int) {
	if part == counted {
		out = slices.Clone(l.dims)
	}
	if l.needs&fold.NeedSession != 0 {
		out = append(out, l.session)
	}
	if l.needs&fold.NeedTie != 0 {
		out = append(out, l.tie[:]...)
	}
	return out
}

// wide reports whether the leaf needs more of a row than whose it is.
func (l *leaf) wide() bool { return l.needs != 0 }

// Asked returns the uses that ask for a row with these picks in this window slot.
func (p *Plan) Asked(picks []uint64, slot uint16) uint32 {
	uses := uint32(0)
	for _, g := range p.wanting(picks, slot) {
		uses |= p.leaves[g.leaf].uses
	}
	return uses
}

// wanting returns the leaves that want such a row.
func (p *Plan) wanting(picks []uint64, slot uint16) []goal {
	var out []goal
	if slot == 0 || int(slot) >= len(p.Edges) {
		return nil
	}
	from, before := p.Edges[slot-1], p.Edges[slot]
	for i := range p.leaves {
		parts := uint32(0)
		for k, w := range p.leaves[i].parts {
			if picks[w.pick/64]>>(w.pick%64)&1 != 0 && (w.record || from >= w.from && before <= w.before) {
				parts |= 1 << k
			}
		}
		if parts != 0 {
			out = append(out, goal{i, parts})
		}
	}
	return out
}

// builder fills a Plan.
type builder struct {
	*Plan
	gap    int64
	verbs  fold.Verbs
	cov    Coverage
	leafOf map[string]int
	pickOf map[string]int
	at     map[inWorld]int
}

// inWorld is a segment or group of a world by its name.
type inWorld struct {
	world int
	name  string
}

// spread gives every referred segment the uses of those that refer to it, last first.
func (b *builder) spread() {
	for i := len(b.segments) - 1; i >= 0; i-- {
		s := &b.segments[i]
		for _, name := range References(s.Segment) {
			r := &b.segments[b.at[inWorld{s.world, name}]]
			r.uses = append(r.uses, s.uses...)
			r.dependent, s.dependent = true, true
			r.hidden = r.hidden || s.hidden
		}
		slices.Sort(s.uses)
		s.uses = slices.Compact(s.uses)
	}
}

// References returns the names of the segments that a segment refers to.
func References(s *rules.Segment) (out []string) {
	for _, c := range s.Judged() {
		if c.Segment != "" {
			out = append(out, c.Segment)
		}
	}
	return out
}

func (b *builder) segment(s *planned) (err error) {
	mask := uint32(0)
	for _, u := range s.uses {
		mask |= 1 << u
	}
	if s.match, err = b.node(s.Match, s, mask); err != nil {
		return err
	}
	if s.Exclude != nil {
		if s.exclude, err = b.node(s.Exclude, s, mask); err != nil {
			return err
		}
	}
	if s.Top != nil {
		if s.topBy, err = b.leaf(s.Top.By, s.Zone, mask, true, b.cov); err != nil {
			return err
		}
	}
	if s.Cap != nil && s.Cap.By != nil {
		if s.capBy, err = b.leaf(s.Cap.By, s.Zone, mask, true, b.cov); err != nil {
			return err
		}
	}
	b.stay(s)
	return nil
}

func (b *builder) node(c *rules.Condition, s *planned, mask uint32) (*fold.Tree, error) {
	n := &fold.Tree{Path: c.Path, Verb: c.Verb, Count: c.Count, Leaf: -1, Segment: -1}
	if c.Segment != "" {
		n.Segment = b.at[inWorld{s.world, c.Segment}]
		return n, nil
	}
	verb, known := b.verbs(c.Verb)
	if known && verb.Logic == 0 {
		var err error
		if n.Leaf, err = b.leaf(c, s.Zone, mask, false, b.cov); err != nil {
			return nil, err
		}
		return n, b.unsureLeaf(s, n.Leaf, c, mask)
	}
	if known {
		n.Logic = verb.Logic
	}
	for _, child := range c.Children {
		k, err := b.node(child, s, mask)
		if err != nil {
			return nil, err
		}
		n.Children = append(n.Children, k)
	}
	if len(n.Children) == 0 {
		return nil, fmt.Errorf("%s: no such verb in this build", c.Verb)
	}
	return n, nil
}

// maxParts is how many kinds of row one condition may want: a row says in one word which of them it is.
const maxParts = 32

// leaf returns the leaf of a condition, a new one if no equal condition was met before.
func (b *builder) leaf(c *rules.Condition, z *value.Zone, mask uint32, rank bool, cov Coverage) (int, error) {
	verb, ok := b.verbs(c.Verb)
	if !ok {
		return 0, fmt.Errorf("%s: no such verb in this build", c.Verb)
	}
	from, before := b.AsOf, b.AsOf // of a condition on attributes, which has no window
	if c.Window != nil {
		from, before = c.Window.Bounds(b.AsOf, cov.From(c), z)
	}
	l := leaf{condition: c, verb: verb, needs: verb.Needs(c), rank: rank, session: -1}
	l.setting = fold.Setting{
		Covered: c.Window == nil || cov.Covers(c, from, before), Covers: func(from, before int64) bool {
			return cov.Covers(c, from, before)
		},
		Zone: z, AsOf: b.AsOf, From: from, Before: before, Gap: b.gap, Verbs: b.verbs,
	}
	parts := verb.Parts(c, b.verbs)
	if len(parts) > maxParts {
		return 0, fmt.Errorf("%s asks for %d kinds of event, at most %d are possible: split it", c.Path, len(parts), maxParts)
	}
	for _, k := range parts {
		l.parts = append(l.parts, b.part(k, &l.setting))
	}
	if l.needs&fold.NeedSession != 0 {
		l.session, b.sessions = b.value(rules.Reading{Role: rules.RoleSession}), true
	}
	if l.needs&fold.NeedTie != 0 {
		l.tie = b.ties()
	}
	key := l.key(z)
	i, ok := b.leafOf[key]
	if !ok {
		i = len(b.leaves)
		b.leafOf[key] = i
		b.leaves = append(b.leaves, l)
	}
	b.leaves[i].uses |= mask
	return i, nil
}

// ties are the values that order rows of one time.
func (b *builder) ties() (out [4]int) {
	for i, v := range []rules.Reading{
		{Role: rules.RoleSeq},
		{Role: rules.RoleReceivedAt},
		{Role: rules.RoleEventID, Prefix: 1},
		{Role: rules.RoleEventID, Prefix: 2},
	} {
		out[i] = b.value(v)
	}
	return out
}

// part binds one kind of row.
func (b *builder) part(k fold.Part, s *fold.Setting) part {
	out := part{
		pick: b.pick(k.Pick, s.Zone), value: -1, from: s.From, before: s.Before, record: k.Pick.Record != "", name: k.Name,
	}
	if k.Metric != nil {
		out.value = b.value(rules.Reading{Column: k.Metric.Column, Type: k.Metric.Type, Quantise: k.Metric.Quantise})
	}
	switch k.Reach {
	case fold.ToNow:
		out.before = max(s.Before, b.AsOf)
	case fold.Around:
		out.from, out.before = s.From-b.gap, max(s.Before, b.AsOf)
	}
	return out
}

// key is equal for equal conditions over equal windows.
func (l *leaf) key(z *value.Zone) string {
	return fmt.Sprintf("%s|%v|%d|%d|%t|%t|%s", l.condition.Normal(), l.parts, l.setting.From, l.setting.Before, l.rank,
		l.setting.Covered, z.Name())
}

// pick returns the pick, a new one if no equal one was met before. Where it reads local time the zone is part of it.
func (b *builder) pick(p rules.Pick, z *value.Zone) int {
	if p.Where != nil {
		for t := range rules.Tests(p.Where) {
			if strings.HasPrefix(t.Term.Function, "local.") {
				p.Zone = z
				break
			}
		}
	}
	key := p.Key()
	i, ok := b.pickOf[key]
	if !ok {
		i = len(b.Picks)
		b.pickOf[key] = i
		b.Picks = append(b.Picks, p)
	}
	return i
}

// value returns the number of a value, a new one if no equal one was met before.
func (b *builder) value(v rules.Reading) int {
	i := slices.IndexFunc(b.Values, func(o rules.Reading) bool {
		return o.Column == v.Column && o.Role == v.Role && o.Prefix == v.Prefix && equalStep(o.Quantise, v.Quantise) &&
			o.Function == v.Function && o.Key == v.Key
	})
	if i < 0 {
		i = len(b.Values)
		b.Values = append(b.Values, v)
	}
	return i
}

func equalStep(a, b *value.Number) bool {
	if a == nil || b == nil {
		return a == b
	}
	return cmp.Compare(a.Int, b.Int) == 0 && a.Scale == b.Scale
}
