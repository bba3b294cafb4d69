package builtin

import (
	"fmt"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "sequence", Takes: rules.TakesSteps, Inner: true,
		Clauses: []rules.Clause{rules.ClauseWithin, rules.ClauseSpan, rules.ClauseSameSession, rules.ClauseTies},
		Doc: "Different events in the window fill the steps in their order, each at most `within_previous` after the one " +
			"before, with nothing of `without` in between (events of the same time count as in between), first and last at " +
			"most `span` apart. After a final `then_not` nothing of it may follow for that long, both ends included; while " +
			"that time is not over nobody is a member. Equal times are in order, unless `ties: strict`.",
		Anchored: func(*rules.Condition, []bool) bool { return true },
	},
	Fold: &fold.Verb{
		Parts: func(c *rules.Condition, _ fold.Verbs) []fold.Part { return layOut(c.Sequence).parts },
		Needs: func(c *rules.Condition) fold.Need {
			needs := fold.NeedTime | fold.NeedParts | fold.NeedOrder
			if c.Sequence.SameSession {
				needs |= fold.NeedSession
			}
			return needs
		},
		New: newChain,
	},
	SQL:   sequenceSQL,
	Edits: sequenceEdits,
})

// layout says which part of a sequence is which bit of a row.
type layout struct {
	parts   []fold.Part
	without []uint32 // by step: the bit of what must not lie before it, 0: nothing
	then    uint32
	steps   uint32 // the bits of the steps
}

func layOut(s *rules.Sequence) layout {
	l := layout{without: make([]uint32, len(s.Steps)), steps: 1<<len(s.Steps) - 1}
	add := func(step *rules.Step, reach fold.Reach, name string) uint32 {
		l.parts = append(l.parts, fold.Part{
			Pick: rules.Pick{Events: step.Events, Any: step.AnyEvent, Where: step.Where}, Reach: reach, Name: name,
		})
		return 1 << (len(l.parts) - 1)
	}
	for i := range s.Steps {
		add(&s.Steps[i], fold.InWindow, fmt.Sprintf("step %d", i+1))
	}
	for i := range s.Steps {
		if s.Steps[i].Without != nil {
			l.without[i] = add(s.Steps[i].Without, fold.InWindow, fmt.Sprintf("without of step %d", i+1))
		}
	}
	if s.Then != nil {
		l.then = add(s.Then, fold.ToNow, "then_not")
	}
	if s.SameSession {
		l.parts = append(l.parts, fold.Part{Pick: rules.Pick{Any: true}, Reach: fold.Around})
	}
	return l
}

// prefix is the best beginning of a chain: the latest last step and the latest first one. It dominates all others: what
// any of them can go on to, it can (docs/language.md, Sequences).
type prefix struct {
	last, first int64
	fits        bool
}

// chain looks for a sequence in the rows of one subject after another.
type chain struct {
	layout
	seq     *rules.Sequence
	set     fold.Setting
	covered bool // the data cover all that steps and then_not look at
	doubt   bool // a chain of this subject holds unless something is missing
	best    []prefix
	next    []prefix
	barred  []int64 // by step: the latest event that must not lie before it
	met     []bool  // by step: there was such an event
	ends    []int64 // when chains ended that nothing has broken yet; with whole coverage only the first
	masks   []uint32
	found   bool
}

func newChain(c *rules.Condition, s fold.Setting) fold.Fold {
	t := &chain{layout: layOut(c.Sequence), seq: c.Sequence, set: s, covered: s.Covered}
	n := len(c.Sequence.Steps)
	t.best, t.next, t.barred, t.met = make([]prefix, n), make([]prefix, n), make([]int64, n), make([]bool, n)
	if then := c.Sequence.Then; then != nil && s.Covered && s.Before < s.AsOf {
		t.covered = s.Covers(s.Before, min(s.AsOf, t.after(s.Before, then.Limit)+1))
	}
	return t
}

// after is an instant so much later.
func (t *chain) after(at int64, d value.Duration) int64 { return t.set.Zone.Step(at, d, 1) }

func (t *chain) Fold(rows fold.Rows, v fold.Verdicts) {
	for lo := 0; lo < len(rows.Subject); {
		subject, hi := rows.Subject[lo], lo+1
		for hi < len(rows.Subject) && rows.Subject[hi] == subject {
			hi++
		}
		t.doubt = false
		switch yes, wait := t.subject(rows, lo, hi); {
		case yes:
			v.True.Set(subject)
		case !t.set.Covered: // below
		case t.doubt:
			v.Unknown.Set(subject)
		case wait:
			v.Wait.Set(subject)
		}
		lo = hi
	}
	if t.set.Covered {
		return
	}
	for s := range uint32(rows.Subjects) {
		if !v.True.Has(s) {
			v.Unknown.Set(s)
		}
	}
}

// subject judges the rows lo to hi of one subject.
func (t *chain) subject(rows fold.Rows, lo, hi int) (yes, wait bool) {
	if !t.seq.SameSession {
		return t.walk(rows, lo, hi, func(int) bool { return true })
	}
	tried := map[uint32]bool{}
	for i := lo; i < hi && !yes; i++ {
		session := rows.Session[i]
		if rows.Parts[i]&1 == 0 || tried[session] { // a chain begins with its first step
			continue
		}
		tried[session] = true
		y, w := t.walk(rows, lo, hi, func(row int) bool { return rows.Session[row] == session })
		yes, wait = yes || y, wait || w
	}
	return yes, wait
}

// walk follows the rows of one subject in time; steps are filled by rows that inside admits.
func (t *chain) walk(rows fold.Rows, lo, hi int, inside func(row int) bool) (yes, wait bool) {
	clear(t.best)
	clear(t.met)
	t.ends, t.found = t.ends[:0], false
	for lo < hi && !t.found {
		at, end := rows.Time[lo], lo+1
		for end < hi && rows.Time[end] == at {
			end++
		}
		t.masks = t.masks[:0]
		all := uint32(0)
		for i := lo; i < end; i++ {
			all |= rows.Parts[i] &^ t.steps
			if steps := rows.Parts[i] & t.steps; steps != 0 && inside(i) {
				t.masks = append(t.masks, steps)
			}
		}
		t.moment(at, all)
		lo = end
	}
	if t.found {
		return true, false
	}
	return t.close(t.set.AsOf, false)
}

// moment takes all events of one time: others are the bits that are no steps, of all of them.
func (t *chain) moment(at int64, others uint32) {
	if t.then != 0 && others&t.then != 0 {
		if yes, _ := t.close(at, true); yes {
			t.found = true
			return
		}
		t.ends = t.ends[:0]
	}
	for i, bit := range t.without {
		if bit != 0 && others&bit != 0 {
			t.barred[i], t.met[i] = at, true
		}
	}
	if len(t.masks) == 0 {
		return
	}
	t.extend(at)
	last := &t.best[len(t.best)-1]
	if !last.fits || last.last != at {
		return
	}
	switch {
	case t.then == 0:
		t.found = true
	case others&t.then != 0: // broken in the moment it ended
	case len(t.ends) == 0 || !t.covered:
		t.ends = append(t.ends, at)
	}
}

// close judges the chains that ended: at the next event that then_not forbids, or as of now. A chain holds if its time
// was over before that.
func (t *chain) close(at int64, broken bool) (yes, wait bool) {
	for _, end := range t.ends {
		over := t.after(end, t.seq.Then.Limit)
		switch {
		case broken && over >= at:
		case !t.covered && !t.set.Covers(end, min(over+1, t.set.AsOf)):
			t.doubt = true
		case over >= at:
			wait = true
		default:
			return true, false
		}
	}
	return false, wait
}

// extend fills steps with the events of one time: a run of steps i to j takes different events, entered from the best
// prefix of earlier times.
func (t *chain) extend(at int64) {
	copy(t.next, t.best)
	for i := range t.best {
		first, ok := t.enter(i, at)
		if !ok {
			continue
		}
		for j := i; j < len(t.best); j++ {
			if j > i && (t.seq.Strict || !t.free(j, at)) || !t.fill(i, j) {
				break
			}
			if n := &t.next[j]; !n.fits || n.last < at || n.first < first {
				*n = prefix{last: at, first: first, fits: true}
			}
		}
	}
	t.best, t.next = t.next, t.best
}

// enter reports whether step i may be taken at a time, coming from the best prefix of earlier times, and when that
// began.
func (t *chain) enter(i int, at int64) (first int64, ok bool) {
	if i == 0 {
		return at, true
	}
	p, step := t.best[i-1], &t.seq.Steps[i]
	switch {
	case !p.fits,
		step.Limit != (value.Duration{}) && at > t.after(p.last, step.Limit),
		t.seq.MaxSpan != (value.Duration{}) && at > t.after(p.first, t.seq.MaxSpan),
		t.met[i] && t.barred[i] >= p.last,
		!t.seen(i, p.last, at):
		return 0, false
	}
	return p.first, true
}

// free reports whether nothing of this time stands between step j and the one before it, of the same time.
func (t *chain) free(j int, at int64) bool {
	return (!t.met[j] || t.barred[j] < at) && t.seen(j, at, at)
}

// seen reports whether the data would show what must not lie before step i, from one time to another, both included.
func (t *chain) seen(i int, from, to int64) bool {
	return t.without[i] == 0 || t.covered || t.set.Covers(from, to+1)
}

// fill reports whether different events of the moment can take the steps i to j.
func (t *chain) fill(i, j int) bool {
	if i == j {
		for _, m := range t.masks {
			if m>>i&1 != 0 {
				return true
			}
		}
		return false
	}
	if j-i >= len(t.masks) {
		return false
	}
	taken := make([]int, len(t.masks)) // step+1 that an event takes
	for step := i; step <= j; step++ {
		if !t.assign(step, taken, make([]bool, len(t.masks))) {
			return false
		}
	}
	return true
}

// assign finds an event for a step, moving others if need be (an augmenting path).
func (t *chain) assign(step int, taken []int, seen []bool) bool {
	for e, m := range t.masks {
		if m>>step&1 == 0 || seen[e] {
			continue
		}
		seen[e] = true
		if taken[e] == 0 || t.assign(taken[e]-1, taken, seen) {
			taken[e] = step + 1
			return true
		}
	}
	return false
}
