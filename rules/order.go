package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
)

// maxReferences is how long a chain of references may be.
const maxReferences = 8

// Order resolves the references between segments and returns them in dependency order: what is referred to comes
// first, otherwise by name. With errors (unknown names, cycles, chains over 8, another identity level or an
// incompatible purpose) it returns no segments.
func Order(segs []*Segment) ([]*Segment, source.Findings) {
	o := &ordering{byName: map[string]*Segment{}, state: map[string]visit{}, depth: map[string]int{}}
	for _, s := range segs {
		if first, twice := o.byName[s.Name]; twice {
			o.fail(s, s.NameSpan, "E-DUPLICATE-NAME", fmt.Sprintf("the name %s is taken", s.Name),
				source.Expected("another name; this one belongs to "+first.Source.Name))
			continue
		}
		o.byName[s.Name] = s
	}
	for _, name := range slices.Sorted(maps.Keys(o.byName)) {
		o.visit(o.byName[name])
	}
	o.exclusive()
	if o.found.Failed() {
		return nil, o.found.Sorted()
	}
	return o.sorted, o.found.Sorted()
}

// exclusive refuses groups in which nobody could say whose a person is: two segments of one priority, or of two levels.
func (o *ordering) exclusive() {
	groups := map[string][]*Segment{}
	for _, name := range slices.Sorted(maps.Keys(o.byName)) {
		s := o.byName[name]
		if s.Exclusive == nil {
			continue
		}
		for _, other := range groups[s.Exclusive.Group] {
			switch {
			case other.Level != s.Level:
				o.fail(s, s.Exclusive.Span, "E-EXCLUSIVE",
					fmt.Sprintf("group %s also holds %s, which is of %ss", s.Exclusive.Group, other.Name, other.Level),
					source.Expected("one identity level in a group"))
			case other.Exclusive.Priority == s.Exclusive.Priority:
				o.fail(s, s.Exclusive.Span, "E-EXCLUSIVE",
					fmt.Sprintf("%s has priority %d in group %s as well", other.Name, s.Exclusive.Priority, s.Exclusive.Group),
					source.Expected("another priority; the smallest one wins"))
			}
		}
		groups[s.Exclusive.Group] = append(groups[s.Exclusive.Group], s)
	}
}

// visit is how far the walk has come with a segment.
type visit uint8

const (
	unseen visit = iota
	open
	done
)

type ordering struct {
	byName map[string]*Segment
	state  map[string]visit
	depth  map[string]int // longest chain of references below a segment
	path   []step         // from the first segment of the walk to the current one
	sorted []*Segment
	found  source.Findings
}

// step is a reference on the way: which segment refers, and by which condition.
type step struct {
	from *Segment
	by   *Condition
}

func (o *ordering) fail(s *Segment, at source.Span, code, message string, hints ...source.Hint) {
	r := source.Report{Source: s.Source}
	r.Fail(code, at, message, hints...)
	o.found = append(o.found, r.Found...)
}

func (o *ordering) visit(s *Segment) {
	if o.state[s.Name] != unseen {
		return
	}
	o.state[s.Name] = open
	for cond := range s.Conditions() {
		if cond.Segment != "" {
			o.follow(s, cond)
		}
	}
	o.state[s.Name] = done
	o.sorted = append(o.sorted, s)
}

func (o *ordering) follow(s *Segment, cond *Condition) {
	target, ok := o.byName[cond.Segment]
	if !ok {
		hints := append(source.DidYouMean(cond.Segment, slices.Sorted(maps.Keys(o.byName))),
			source.Expected("the name of a segment of this project"))
		o.fail(s, cond.NameSpan, "E-UNKNOWN-SEGMENT", fmt.Sprintf("there is no segment %q", cond.Segment), hints...)
		return
	}
	o.path = append(o.path, step{s, cond})
	defer func() { o.path = o.path[:len(o.path)-1] }()
	if o.state[target.Name] == open {
		o.cycle(target)
		return
	}
	o.visit(target)
	o.depth[s.Name] = max(o.depth[s.Name], o.depth[target.Name]+1)
	if o.depth[s.Name] > maxReferences {
		o.fail(s, cond.NameSpan, "E-LIMIT", "the chain of references is too long",
			source.Expected("at most 8 segments below one another"))
	}
	o.compatible(s, cond, target)
}

func (o *ordering) compatible(s *Segment, cond *Condition, target *Segment) {
	if target.sensitive != "" {
		s.sensitive = target.sensitive
		if len(s.ads) > 0 {
			o.fail(s, cond.NameSpan, "E-SENSITIVE",
				fmt.Sprintf("%s selects by %s, and this segment is delivered to %s", target.Name, target.sensitive,
					strings.Join(s.ads, ", ")),
				source.Expected("no ad destination for a rule that includes or excludes on such content (policy: no_ads)"))
		}
	}
	if s.Level != target.Level {
		o.fail(s, cond.NameSpan, "E-IDENTITY",
			fmt.Sprintf("%s is about %ss, this segment is about %ss", target.Name, target.Level, s.Level),
			source.Expected("a segment with identity: "+string(s.Level)))
	}
	if s.Purpose != target.Purpose && s.Purpose != Analysis {
		o.fail(s, cond.NameSpan, "E-PURPOSE",
			fmt.Sprintf("%s is for %s, this segment is for %s", target.Name, target.Purpose, s.Purpose),
			source.Expected("a segment with purpose: "+string(s.Purpose)))
	}
}

// cycle reports the cycle that the last reference closes, as seen from its first segment by name.
func (o *ordering) cycle(target *Segment) {
	start := slices.IndexFunc(o.path, func(s step) bool { return s.from == target })
	cycle := slices.Clone(o.path[start:])
	first := 0
	for i, s := range cycle {
		if s.from.Name < cycle[first].from.Name {
			first = i
		}
	}
	cycle = slices.Concat(cycle[first:], cycle[:first])
	names := make([]string, len(cycle), len(cycle)+1)
	for i, s := range cycle {
		line := s.from.Source.Position(s.by.NameSpan.Start).Line
		names[i] = fmt.Sprintf("%s (%s:%d)", s.from.Name, s.from.Source.Name, line)
	}
	names = append(names, cycle[0].from.Name)
	o.fail(cycle[0].from, cycle[0].by.NameSpan, "E-CYCLE", "a segment cannot depend on itself",
		source.Hint{
			Label: source.LabelPath, Text: strings.Join(names, " -> "),
		}, source.Expected("break one of these references"))
}
