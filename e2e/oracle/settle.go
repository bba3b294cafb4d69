package oracle

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
)

// hash is the first eight bytes of SHA-256 over a name, a zero byte and an id.
func hash(name, id string) uint64 {
	sum := sha256.Sum256(bytes.Join([][]byte{[]byte(name), []byte(id)}, []byte{0}))
	return binary.BigEndian.Uint64(sum[:8])
}

// settle decides the segments of one use.
func (r *run) settle(u int) {
	people := slices.Sorted(maps.Keys(r.persons[u]))
	sets := map[string]map[string]Truth{}
	for _, s := range r.segments {
		if !r.under[u][s.Name] {
			continue
		}
		set := map[string]Truth{}
		var in []string
		for _, id := range people {
			p := &person{run: r, id: id, rows: r.persons[u][id], sets: sets}
			t := p.judge(s.Match)
			if s.Exclude != nil {
				t = min(t, negated(p.judge(s.Exclude)))
			}
			set[id] = t
			switch t {
			case True:
				in = append(in, id)
			case Unknown:
				r.result.Unknown[[2]string{s.Name, r.uses[u]}]++
			}
		}
		in = r.top(u, s, in, set)
		sets[s.Name] = set
		if slices.Contains(s.Uses, r.uses[u]) {
			r.population(u, s, in)
		}
	}
}

// top keeps the best of those who match; the others are not in the set.
func (r *run) top(u int, s *Segment, in []string, set map[string]Truth) []string {
	if s.TopBy == nil {
		return in
	}
	n := s.TopCount
	if s.TopShare > 0 {
		n = (len(in)*s.TopShare + 99) / 100
	}
	best := r.best(u, s, s.TopBy, in, n)
	for _, id := range in {
		if !slices.Contains(best, id) {
			set[id] = False
		}
	}
	return best
}

// population takes the control group out, cuts at the cap and files who is left.
func (r *run) population(u int, s *Segment, in []string) {
	key := [2]string{s.Name, r.uses[u]}
	var left []string
	for _, id := range in {
		if s.Salt != "" && hash(s.Salt, id)%10000 < uint64(s.Holdout) {
			r.result.Control[key] = append(r.result.Control[key], id)
			continue
		}
		left = append(left, id)
	}
	if s.CapBy != nil {
		left = r.best(u, s, s.CapBy, left, s.Cap)
	}
	slices.Sort(left)
	slices.Sort(r.result.Control[key])
	r.result.Members[key] = left
}

// best are the n people with the largest values; who has none comes last, ties go by hash.
func (r *run) best(u int, s *Segment, by *Leaf, in []string, n int) []string {
	type ranked struct {
		id    string
		value int64
		none  bool
	}
	var list []ranked
	for _, id := range in {
		p := &person{run: r, id: id, rows: r.persons[u][id]}
		v, ok := p.value(by)
		list = append(list, ranked{id, v, !ok})
	}
	slices.SortFunc(list, func(a, b ranked) int {
		if a.none != b.none {
			if a.none {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(hash(s.Name, a.id), hash(s.Name, b.id)),
			cmp.Compare(a.id, b.id))
	})
	var out []string
	for _, x := range list[:min(n, len(list))] {
		out = append(out, x.id)
	}
	return out
}

// person is somebody and his admitted rows.
type person struct {
	*run
	id   string
	rows []int
	sets map[string]map[string]Truth
}

// judge is the verdict of a condition.
func (p *person) judge(n *Node) Truth {
	switch n.Op {
	case "leaf":
		return p.leaf(n.Leaf)
	case "in_segment":
		return p.sets[n.Ref][p.id]
	case "not":
		return negated(p.judge(n.Kids[0]))
	}
	var count [True + 1]int
	for _, k := range n.Kids {
		count[p.judge(k)]++
	}
	switch n.Op {
	case "all":
		return firstOf(count, False, Unknown, NoValue, True)
	case "any":
		return firstOf(count, True, Unknown, NoValue, False)
	}
	switch { // at_least_of
	case count[True] >= n.K:
		return True
	case count[True]+count[Unknown] >= n.K:
		return Unknown
	}
	return False
}

// firstOf is the first truth of an order of preference that occurred.
func firstOf(count [True + 1]int, order ...Truth) Truth {
	for _, t := range order {
		if count[t] > 0 {
			return t
		}
	}
	return order[len(order)-1]
}

// matching are the person's rows that a leaf takes.
func (p *person) matching(l *Leaf) (out []int) {
	k := slices.Index(p.leaves, l)
	for _, i := range p.rows {
		if p.passes[i].has(k) && p.spans[k].has(p.Rows[i].Time) {
			out = append(out, i)
		}
	}
	return out
}

// value is what a metric comes to; ok is false where it has none.
func (p *person) value(l *Leaf) (v int64, ok bool) {
	rows := p.matching(l)
	seen := map[any]bool{}
	for _, i := range rows {
		if l.Metric == "days" {
			seen[p.clock.date(p.Rows[i].Time)] = true
		}
		if l.Of == nil {
			continue
		}
		c := l.Of(&p.Rows[i])
		if c.Null {
			continue
		}
		switch {
		case l.Metric == "sum" || l.Metric == "avg":
			v += c.Number
		case len(seen) == 0 || l.Metric == "min" && c.Number < v || l.Metric == "max" && c.Number > v:
			v = c.Number
		}
		seen[c] = true
	}
	switch l.Metric {
	case "did", "did_not", "count":
		return int64(len(rows)), true
	case "distinct", "days":
		return int64(len(seen)), true
	}
	return v, len(seen) > 0 || l.Metric == "sum"
}

// valued is how many rows have a value.
func (p *person) valued(l *Leaf) (n int64) {
	for _, i := range p.matching(l) {
		if !l.Of(&p.Rows[i]).Null {
			n++
		}
	}
	return n
}

// leaf is the verdict of one condition on rows.
func (p *person) leaf(l *Leaf) Truth {
	v, ok := p.value(l)
	bound := l.Bound
	if l.Metric == "avg" {
		bound *= p.valued(l)
	}
	op := l.Op
	if l.Metric == "did_not" {
		op, bound = "=", 0
	}
	switch {
	case ok && settled(l.Metric, op, v, bound, p.cover.covers(p.spans[slices.Index(p.leaves, l)])):
		return truth(compares(op, v, bound))
	case p.cover.covers(p.spans[slices.Index(p.leaves, l)]):
		return NoValue
	}
	return Unknown
}

func compares(op string, v, bound int64) bool {
	switch op {
	case ">=":
		return v >= bound
	case ">":
		return v > bound
	case "<=":
		return v <= bound
	case "<":
		return v < bound
	}
	return v == bound
}

// settled reports whether rows that are missing could not change the verdict: counts and maxima only grow, minima only
// fall, sums and averages may do both.
func settled(metric, op string, v, bound int64, covered bool) bool {
	if covered {
		return true
	}
	holds := compares(op, v, bound)
	switch metric {
	case "sum", "avg":
		return false
	case "min":
		return holds == (op == "<=" || op == "<") && op != "=" || op == "=" && v < bound
	}
	return holds == (op == ">=" || op == ">") && op != "=" || op == "=" && v > bound
}
