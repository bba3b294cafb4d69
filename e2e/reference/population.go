package reference

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math/big"
	"slices"
)

// Outcomes decides every segment for everybody whom the log knows at the segment's level, by segment and person: in,
// out, wait, unknown, capped, control or withheld.
func (w *World) Outcomes(rules map[string]*Rule) map[string]map[string]string {
	c := &court{
		World: w, rules: rules, decided: map[string]map[string]Truth{}, beyond: map[string]map[string]bool{},
		timeline: map[string]map[string][]*Row{},
	}
	out := map[string]map[string]string{}
	for name := range rules {
		out[name] = c.outcomes(name)
	}
	return out
}

// court remembers what was decided, since segments refer to each other.
type court struct {
	*World
	rules    map[string]*Rule
	timeline map[string]map[string][]*Row // by level and person
	decided  map[string]map[string]Truth  // by segment and person: qualified
	beyond   map[string]map[string]bool   // trimmed by top
}

// people are those whom the log or a stay record knows, with their rows.
func (c *court) people(name string) map[string][]*Row {
	rule := c.rules[name]
	if c.timeline[rule.Identity] == nil {
		c.timeline[rule.Identity] = c.timelines(rule.Identity)
	}
	out := maps.Clone(c.timeline[rule.Identity])
	for other, stays := range c.Stays {
		for person := range stays {
			if _, known := out[person]; !known && c.rules[other] != nil && c.rules[other].Identity == rule.Identity {
				out[person] = nil
			}
		}
	}
	return out
}

func (c *court) scene(rule *Rule, person string) *scene {
	return &scene{
		World: c.World, rows: c.timeline[rule.Identity][person],
		refers: func(segment string) Truth { return c.qualified(segment)[person] },
	}
}

// qualified are the verdicts after top and stay, which is what in_segment reads.
func (c *court) qualified(name string) map[string]Truth {
	if got, ok := c.decided[name]; ok {
		return got
	}
	rule, verdicts, kept := c.rules[name], map[string]Truth{}, map[string]bool{}
	for person := range c.people(name) {
		s := c.scene(rule, person)
		excluded := False
		if rule.Exclude != nil {
			excluded = s.verdict(rule.Exclude)
		}
		verdicts[person] = both(s.verdict(rule.Match), not(excluded))
		last, ok := c.Stays[name][person]
		kept[person] = ok && rule.Stay != nil && excluded == False && c.AsOf < c.Clock.Step(last, *rule.Stay, 1)
	}
	c.beyond[name] = map[string]bool{}
	if rule.Top != nil {
		for _, person := range c.ranked(name, rule.Top.By, members(verdicts))[rule.Top.keep(len(members(verdicts))):] {
			verdicts[person] = False
			c.beyond[name][person] = true
		}
	}
	for person, stays := range kept {
		if stays {
			verdicts[person] = True
			delete(c.beyond[name], person)
		}
	}
	c.decided[name] = verdicts
	return verdicts
}

func members(verdicts map[string]Truth) (out []string) {
	for person, t := range verdicts {
		if t == True {
			out = append(out, person)
		}
	}
	return out
}

// keep is how many of n stay.
func (r *Ranking) keep(n int) int {
	if r.Percent == nil {
		return min(n, r.Count)
	}
	share := new(big.Rat).Mul(r.Percent.Rat, big.NewRat(int64(n), 100))
	whole := new(big.Int).Quo(share.Num(), share.Denom())
	if !share.IsInt() {
		whole.Add(whole, big.NewInt(1))
	}
	return int(whole.Int64())
}

// ranked puts the highest value first and whoever has none last; ties go by a hash.
func (c *court) ranked(name string, by *Condition, people []string) []string {
	values := map[string]*big.Rat{}
	for _, person := range people {
		if by != nil {
			values[person] = c.scene(c.rules[name], person).value(by)
		}
	}
	slices.SortFunc(people, func(a, b string) int {
		x, y := values[a], values[b]
		switch {
		case x == nil && y != nil:
			return 1
		case x != nil && y == nil:
			return -1
		case x != nil && x.Cmp(y) != 0:
			return y.Cmp(x)
		}
		return cmp.Or(cmp.Compare(draw(name, a), draw(name, b)), cmp.Compare(a, b))
	})
	return people
}

// draw is the first eight bytes of SHA-256(salt 0x00 id).
func draw(salt, id string) uint64 {
	sum := sha256.Sum256([]byte(salt + "\x00" + id))
	return binary.BigEndian.Uint64(sum[:])
}

// taken are those whom a segment of the same group with a smaller priority has.
func (c *court) taken(name string) map[string]bool {
	out, own := map[string]bool{}, c.rules[name].Exclusive
	for other, rule := range c.rules {
		if x := rule.Exclusive; own != nil && x != nil && x.Group == own.Group && x.Priority < own.Priority {
			for _, person := range members(c.qualified(other)) {
				out[person] = true
			}
		}
	}
	return out
}

// outcomes takes the steps that no other segment sees: exclusive group, holdout, cap and least size.
func (c *court) outcomes(name string) map[string]string {
	out, rule := map[string]string{}, c.rules[name]
	taken := c.taken(name)
	var in []string
	for person, t := range c.qualified(name) {
		out[person] = map[Truth]string{False: "out", NoValue: "out", Wait: "wait", Unknown: "unknown"}[t]
		switch {
		case c.beyond[name][person]:
			out[person] = "capped"
		case t == True && taken[person]:
			out[person] = "out"
		case t == True && rule.Holdout.draws(person):
			out[person] = "control"
		case t == True:
			in = append(in, person)
		}
	}
	if rule.Cap != nil {
		in = c.ranked(name, rule.Cap.By, in)
		keep := rule.Cap.keep(len(in))
		for _, person := range in[keep:] {
			out[person] = "capped"
		}
		in = in[:keep]
	}
	for _, person := range in {
		out[person] = "in"
		if len(in) < rule.MinSize {
			out[person] = "withheld"
		}
	}
	return out
}

// draws reports whether somebody belongs to the control group.
func (h *Holdout) draws(person string) bool {
	if h == nil {
		return false
	}
	bucket := new(big.Rat).SetUint64(draw(h.Salt, person) % 10000)
	return bucket.Cmp(new(big.Rat).Mul(h.Percent.Rat, big.NewRat(100, 1))) < 0
}
