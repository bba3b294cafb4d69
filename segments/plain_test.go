package segments_test

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the oracle's clock must not depend on the machine

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/evidence"
)

// verdict is one person's verdict on one condition.
type verdict string

const (
	yes     verdict = "true"
	no      verdict = "false"
	unknown verdict = "unknown"
	none    verdict = "no value"
)

// plain decides segments for one person after the other, by the words of docs/language.md.
type plain struct {
	*world
	uses [][]int // by request: the uses it is evaluated for, with those of the segments that refer to it
	done map[[2]int]map[string]verdict
	dim  bool // time that consent hides from somebody is time without data
}

func newPlain(w *world) *plain {
	p := &plain{world: w, done: map[[2]int]map[string]verdict{}}
	for _, r := range w.requests {
		p.uses = append(p.uses, slices.Clone(r.Uses))
	}
	for i := len(w.requests) - 1; i >= 0; i-- {
		for _, name := range segments.References(w.requests[i].Segment) {
			at := p.at(name)
			p.uses[at] = append(p.uses[at], p.uses[i]...)
		}
		slices.Sort(p.uses[i])
		p.uses[i] = slices.Compact(p.uses[i])
	}
	return p
}

func (p *plain) at(name string) int {
	return slices.IndexFunc(p.requests, func(r segments.Request) bool { return r.Segment.Name == name })
}

// leaves are the conditions of a segment that read rows.
func leaves(s *rules.Segment) (out []*rules.Condition) {
	var walk func(c *rules.Condition)
	walk = func(c *rules.Condition) {
		switch {
		case c == nil:
		case c.Window != nil:
			out = append(out, c)
		default:
			for _, child := range c.Children {
				walk(child)
			}
		}
	}
	walk(s.Match)
	walk(s.Exclude)
	if s.Top != nil {
		walk(s.Top.By)
	}
	if s.Cap != nil {
		walk(s.Cap.By)
	}
	return out
}

// window is where a condition looks, on the clock of Helsinki.
func (p *plain) window(c *rules.Condition) (from, before int64) {
	if c.Window.All {
		return min(p.covered, asOf), asOf
	}
	from = time.UnixMicro(asOf).In(finland).AddDate(0, 0, -c.Window.From.N).UnixMicro()
	before = asOf - int64(c.Window.To.N)*hour
	return min(from, before), before
}

var finland = func() *time.Location {
	l, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		panic(err)
	}
	return l
}()

func (p *plain) wants(c *rules.Condition, r worldRow) bool {
	from, before := p.window(c)
	return r.at >= from && r.at < before && (c.AnyEvent || slices.Contains(c.Events, r.event))
}

// people are those of whom a use sees any row that some segment of it wants.
func (p *plain) people(use int) (out []string) {
	for _, r := range p.rows {
		if !p.open(&p.world.uses[use], r) {
			continue
		}
		for i, q := range p.requests {
			wanted := slices.ContainsFunc(leaves(q.Segment), func(c *rules.Condition) bool { return p.wants(c, r) })
			if wanted && slices.Contains(p.uses[i], use) {
				out = append(out, r.subject(&p.world.uses[use]))
				break
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// value is a metric of one person for one use, nil without one.
func (p *plain) value(c *rules.Condition, use int, who string) *big.Rat {
	var amounts []int64
	count, days := int64(0), map[string]bool{}
	for _, r := range p.rows {
		u := &p.world.uses[use]
		if r.subject(u) != who || !p.open(u, r) || !p.wants(c, r) {
			continue
		}
		count++
		days[time.UnixMicro(r.at).In(finland).Format(time.DateOnly)] = true
		if r.amount != evidence.Null {
			amounts = append(amounts, r.amount)
		}
	}
	function := "count"
	if c.Metric != nil {
		function = c.Metric.Function
	}
	sum := int64(0)
	for _, a := range amounts {
		sum += a
	}
	slices.Sort(amounts)
	switch n := int64(len(amounts)); {
	case function == "count":
		return big.NewRat(count, 1)
	case function == "days":
		return big.NewRat(int64(len(days)), 1)
	case function == "sum":
		return big.NewRat(sum, 1)
	case function == "distinct":
		return big.NewRat(int64(len(slices.Compact(amounts))), 1)
	case n == 0:
		return nil
	case function == "min":
		return big.NewRat(amounts[0], 1)
	case function == "max":
		return big.NewRat(amounts[n-1], 1)
	default:
		return big.NewRat(sum, n)
	}
}

// compared is the verdict of a condition over rows; over uncovered time only what more rows cannot change stands.
func (p *plain) compared(c *rules.Condition, use int, who string) verdict {
	v, compare := p.value(c, use, who), c.Compare
	if c.Verb == "did_not" {
		compare = &rules.Compare{Op: rules.Exactly}
	}
	from, _ := p.window(c)
	covered := from >= p.covered && (!p.dim || from >= p.since(use, who))
	switch {
	case v == nil && covered:
		return none
	case v == nil:
		return unknown
	}
	d := v.Cmp(big.NewRat(compare.Bound.Int, 1))
	holds := map[rules.Comparator]bool{
		rules.AtLeast: d >= 0, rules.AtMost: d <= 0, rules.MoreThan: d > 0, rules.LessThan: d < 0, rules.Exactly: d == 0,
	}[compare.Op]
	if !covered {
		return uncovered(c, compare.Op, d, holds)
	}
	if holds {
		return yes
	}
	return no
}

func uncovered(c *rules.Condition, op rules.Comparator, d int, holds bool) verdict {
	lower := op == rules.AtLeast || op == rules.MoreThan
	if c.Metric != nil {
		switch c.Metric.Function {
		case "sum", "avg":
			return unknown
		case "min":
			lower, d = op == rules.AtMost || op == rules.LessThan, -d
		}
	}
	switch {
	case lower && holds:
		return yes
	case !lower && !holds && d >= 0:
		return no
	}
	return unknown
}

var (
	byAnd = []verdict{yes, none, unknown, no}
	byOr  = []verdict{no, none, unknown, yes}
)

func joined(order, of []verdict) verdict {
	return slices.MaxFunc(of, func(a, b verdict) int { return slices.Index(order, a) - slices.Index(order, b) })
}

func opposite(v verdict) verdict {
	switch v {
	case yes:
		return no
	case no:
		return yes
	}
	return v
}

func (p *plain) verdict(c *rules.Condition, use int, who string) verdict {
	if c.Segment != "" {
		told := p.settled(p.at(c.Segment), use).verdicts[who]
		if p.dim && (told == yes || told == no) && p.dimmed(p.requests[p.at(c.Segment)].Segment, use, who) != told {
			return unknown
		}
		return told
	}
	if c.Window != nil {
		return p.compared(c, use, who)
	}
	var of []verdict
	count := map[verdict]int{}
	for _, child := range c.Children {
		v := p.verdict(child, use, who)
		of = append(of, v)
		count[v]++
	}
	switch c.Verb {
	case "all":
		return joined(byAnd, of)
	case "any":
		return joined(byOr, of)
	case "not":
		return opposite(of[0])
	}
	switch {
	case count[yes] >= c.Count:
		return yes
	case count[yes]+count[unknown] >= c.Count:
		return unknown
	case count[yes]+count[unknown]+count[none] >= c.Count:
		return none
	}
	return no
}

// settled is one segment for one use: everybody's verdict after top, and the outcome after the population steps.
type settled struct {
	verdicts  map[string]verdict
	outcomes  map[string]segments.Outcome
	qualified int
}

func (p *plain) settled(i, use int) settled {
	if p.dim { // what a run tells is told in the light
		light := *p
		light.dim = false
		return light.settled(i, use)
	}
	seg, s := p.requests[i].Segment, settled{map[string]verdict{}, map[string]segments.Outcome{}, 0}
	var in []string
	for _, who := range p.people(use) {
		v := p.verdict(seg.Match, use, who)
		if seg.Exclude != nil {
			v = joined(byAnd, []verdict{v, opposite(p.verdict(seg.Exclude, use, who))})
		}
		s.verdicts[who] = v
		switch v {
		case yes:
			in = append(in, who)
		case unknown:
			s.outcomes[who] = segments.Undecided
		}
	}
	if seg.Top != nil {
		n := seg.Top.Count
		if n == 0 { // rounded up
			share := new(big.Rat).SetFrac(big.NewInt(int64(len(in))*seg.Top.Percent.Int), power(seg.Top.Percent.Scale+2))
			n = int(new(big.Int).Div(new(big.Int).Add(share.Num(), new(big.Int).Sub(share.Denom(), big.NewInt(1))),
				share.Denom()).Int64())
		}
		p.best(seg, seg.Top.By, use, in)
		for len(in) > n {
			last := in[len(in)-1]
			s.verdicts[last], s.outcomes[last], in = no, segments.Capped, in[:len(in)-1]
		}
	}
	s.qualified = len(in)
	p.population(seg, use, in, s.outcomes)
	return s
}

func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// population runs holdout and cap over those who qualified.
func (p *plain) population(seg *rules.Segment, use int, in []string, outcomes map[string]segments.Outcome) {
	if h := seg.Holdout; h != nil {
		in = slices.DeleteFunc(slices.Clone(in), func(who string) bool {
			bucket := new(big.Rat).SetFrac(big.NewInt(int64(hashed(h.Salt, who)%10_000)), big.NewInt(100))
			held := bucket.Cmp(new(big.Rat).SetFrac(big.NewInt(h.Percent.Int), power(h.Percent.Scale))) < 0
			if held {
				outcomes[who] = segments.Control
			}
			return held
		})
	}
	if c := seg.Cap; c != nil && len(in) > c.Count {
		p.best(seg, c.By, use, in)
		for _, who := range in[c.Count:] {
			outcomes[who] = segments.Capped
		}
		in = in[:c.Count]
	}
	for _, who := range in {
		outcomes[who] = segments.In
	}
}

// best puts the largest value first, people without a value last; ties go by hash, then id.
func (p *plain) best(seg *rules.Segment, by *rules.Condition, use int, of []string) {
	slices.SortFunc(of, func(a, b string) int {
		if by != nil {
			va, vb := p.value(by, use, a), p.value(by, use, b)
			switch {
			case va == nil && vb == nil:
			case va == nil:
				return 1
			case vb == nil:
				return -1
			case va.Cmp(vb) != 0:
				return vb.Cmp(va)
			}
		}
		if ha, hb := hashed(seg.Name, a), hashed(seg.Name, b); ha != hb {
			if ha < hb {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
}

func hashed(salt, id string) uint64 {
	sum := sha256.Sum256([]byte(salt + "\x00" + id))
	return binary.BigEndian.Uint64(sum[:8])
}
