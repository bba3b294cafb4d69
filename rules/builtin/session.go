package builtin

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

var _ = defineVerb(Verb{
	Verb: rules.Verb{
		Name: "session", Takes: rules.TakesCondition, Comparators: true, Sessions: true,
		Clauses: []rules.Clause{rules.ClauseWithin, rules.ClauseLasting},
		Doc: "The number of sessions in which a condition holds compares as said; without a comparator there is at least " +
			"one. A session belongs to the window in which it starts, whole. Sessions are per device, also at customer " +
			"level: by the log's session id, or ended by a pause longer than the project's `session_gap`.",
		Anchored: func(c *rules.Condition, _ []bool) bool { return positive(c.Compare) },
	},
	Fold: &fold.Verb{
		Parts: func(c *rules.Condition, verbs fold.Verbs) []fold.Part {
			parts := []fold.Part{everyRow}
			for _, leaf := range innerLeaves(c.Children[0]) {
				parts = append(parts, innerParts(leaf, verbs)...)
			}
			return parts
		},
		Needs: func(c *rules.Condition) fold.Need {
			needs := fold.NeedTime | fold.NeedParts | fold.NeedSession
			for _, leaf := range innerLeaves(c.Children[0]) {
				needs |= verbs[leaf.Verb].Fold.Needs(leaf) & (fold.NeedValue | fold.NeedTie)
			}
			return needs
		},
		New: newSessionFold,
	},
	SQL: sessionSQL,
	Edits: func(c *rules.Condition) (out []Edit) {
		for _, d := range Near(c.Lasting, 0) {
			change := fmt.Sprintf("lasting_at_least %v -> %v", c.Lasting, shown(d))
			out = append(out, Edit{c.Path, change, func(c *rules.Condition) { c.Lasting = d }})
		}
		return out
	},
})

// innerLeaves are the conditions inside a session that look at rows.
func innerLeaves(c *rules.Condition) (out []*rules.Condition) {
	if len(c.Children) == 0 {
		return []*rules.Condition{c}
	}
	for _, child := range c.Children {
		out = append(out, innerLeaves(child)...)
	}
	return out
}

// innerParts are the rows such a condition wants: those of the session, whenever they are.
func innerParts(c *rules.Condition, verbs fold.Verbs) []fold.Part {
	verb, _ := verbs(c.Verb)
	parts := verb.Parts(c, verbs)
	for i := range parts {
		parts[i].Reach, parts[i].Name = fold.Around, strings.TrimSpace(c.Path+" "+parts[i].Name)
	}
	return parts
}

// inner is a condition inside a session: its fold has sessions for subjects.
type inner struct {
	fold  fold.Fold
	needs fold.Need
	from  int // its parts are those from here on
	count int
	rows  fold.Rows
}

// sessionFold judges a condition in every session and counts those in which it holds.
type sessionFold struct {
	in       fold.Range
	lasting  value.Duration
	set      fold.Setting
	tree     *fold.Tree
	inner    []inner
	verdicts []fold.Verdicts
	of       []sitting
	yes      []uint32 // by subject
	wait     []uint32
	unknown  []uint32
}

func newSessionFold(c *rules.Condition, s fold.Setting) fold.Fold {
	t := &sessionFold{in: fold.RangeOf(c.Compare, 0), lasting: c.Lasting, set: s}
	within := s
	// whether data are missing is asked of the window as a whole
	within.Covered, within.From, within.Before = true, -1<<63, s.AsOf
	at := 1
	for _, leaf := range innerLeaves(c.Children[0]) {
		verb, _ := s.Verbs(leaf.Verb)
		n := len(verb.Parts(leaf, s.Verbs))
		t.inner = append(t.inner, inner{fold: verb.New(leaf, within), needs: verb.Needs(leaf), from: at, count: n})
		at += n
	}
	next := 0
	t.tree = treeOf(c.Children[0], &next)
	t.verdicts = make([]fold.Verdicts, len(t.inner))
	return t
}

// treeOf is the logic of a condition over its leaves, which are numbered from next on.
func treeOf(c *rules.Condition, next *int) *fold.Tree {
	t := &fold.Tree{Path: c.Path, Verb: c.Verb, Logic: verbs[c.Verb].Logic, Count: c.Count, Leaf: -1, Segment: -1}
	if len(c.Children) == 0 {
		t.Leaf = *next
		*next++
	}
	for _, child := range c.Children {
		t.Children = append(t.Children, treeOf(child, next))
	}
	return t
}

func (t *sessionFold) Fold(rows fold.Rows, v fold.Verdicts) {
	t.of = sittings(t.of, rows, t.set)
	if t.lasting != (value.Duration{}) {
		long := t.of[:0]
		for _, s := range t.of {
			if s.end >= t.set.Zone.Step(s.start, t.lasting, 1) {
				long = append(long, s)
			}
		}
		t.of = long
	}
	for k := range t.inner {
		t.judgeInner(k, rows)
	}
	t.count(rows.Subjects)
	for s := range uint32(rows.Subjects) {
		t.judge(v, s)
	}
}

// judgeInner decides one inner condition for every session.
func (t *sessionFold) judgeInner(k int, rows fold.Rows) {
	in := &t.inner[k]
	r := &in.rows
	*r = fold.Rows{
		Subjects: len(t.of), Subject: r.Subject[:0], Time: r.Time[:0], Value: r.Value[:0], Parts: r.Parts[:0],
		Tied: r.Tied[:0], Values: r.Values,
	}
	mask := uint32(1)<<in.count - 1
	for n, s := range t.of {
		for i := s.lo; i < s.hi; i++ {
			parts := rows.Parts[i] >> in.from & mask
			if parts == 0 {
				continue
			}
			r.Subject, r.Time, r.Parts = append(r.Subject, uint32(n)), append(r.Time, rows.Time[i]), append(r.Parts, parts)
			if in.needs&fold.NeedValue != 0 {
				r.Value = append(r.Value, rows.Values[in.from][i])
			}
			if in.needs&fold.NeedTie != 0 {
				r.Tied = append(r.Tied,
					i > s.lo && rows.Tied[i] && len(r.Subject) > 1 && r.Subject[len(r.Subject)-2] == uint32(n) &&
						r.Time[len(r.Time)-2] == rows.Time[i])
			}
		}
	}
	if len(t.verdicts[k].True) != (len(t.of)+63)/64 {
		t.verdicts[k] = fold.NewVerdicts(len(t.of))
	}
	t.verdicts[k].Reset()
	in.fold.Fold(*r, t.verdicts[k])
}

// count counts each subject's sessions by what the condition is in them.
func (t *sessionFold) count(subjects int) {
	t.yes, t.wait, t.unknown = zeroed(t.yes, subjects), zeroed(t.wait, subjects), zeroed(t.unknown, subjects)
	for i := range (len(t.of) + 63) / 64 {
		w := t.tree.Verdict(i, t.verdicts, nil)
		for _, plane := range []struct {
			bits uint64
			into []uint32
		}{{w.True, t.yes}, {w.Wait, t.wait}, {w.Unknown, t.unknown}} {
			for b := plane.bits; b != 0; b &= b - 1 {
				if n := i*64 + bits.TrailingZeros64(b); n < len(t.of) {
					plane.into[t.of[n].subject]++
				}
			}
		}
	}
}

// judge compares the number of sessions with the bound; sessions that are undecided may still count.
func (t *sessionFold) judge(v fold.Verdicts, s uint32) {
	least := fold.Wide(int64(t.yes[s]))
	most := least.Add(int64(t.wait[s]) + int64(t.unknown[s]))
	switch in, still := t.in.Holds(least), t.in.Holds(most); {
	case !t.set.Covered:
		judge(v, s, least, t.in, mergeable, false)
	case in && still:
		v.True.Set(s)
	case t.in.Empty() || t.in.Under(most) || t.in.Passed(least):
	case t.unknown[s] > 0:
		v.Unknown.Set(s)
	default:
		v.Wait.Set(s)
	}
}

// sessionSQL is the form: the conditions inside have sessions for keys.
func sessionSQL(c *rules.Condition, s sql.Setting) (sql.Form, error) {
	every, err := everyRowSQL(s)
	if err != nil {
		return sql.Form{}, err
	}
	stages, key := s.Sittings(every)
	in := s
	in.Key, in.From, in.Before, in.Covered, in.Missing = key, s.From-s.Gap, max(s.Before, s.AsOf), true, nil
	begins, ends, holds := s.Name("begins"), s.Name("ends"), s.Name("holds")
	each := sql.Stage{
		By: key, Columns: []sql.Column{
			{Name: begins, Expr: "min(" + sql.At + ")"}, {Name: ends, Expr: "max(" + sql.At + ")"},
		},
	}
	verdict, err := sql.Tree(c.Children[0], func(leaf *rules.Condition) (string, error) {
		in.Prefix = s.Name(fmt.Sprint(len(each.Of) + 1))
		f, err := s.Form(leaf, in)
		each.Of = append(each.Of, f)
		return f.Verdict, err
	})
	if err != nil {
		return sql.Form{}, err
	}
	where := beginsIn(begins, s)
	if c.Lasting != (value.Duration{}) {
		where += " AND " + ends + " >= " + s.Clock.Later(begins, c.Lasting)
	}
	yes, wait, unknown := s.Name("yes"), s.Name("wait"), s.Name("unknown")
	number := func(verdict int) string { return "count(" + when(fmt.Sprintf("%s = %d", holds, verdict), "1") + ")" }
	f := sql.Form{Stages: append(stages, each, sql.Stage{
		Columns: []sql.Column{{Name: holds, Expr: verdict}},
	}, sql.Stage{Where: where, By: s.Key, Columns: []sql.Column{
		{Name: yes, Expr: number(sql.True)}, {Name: wait, Expr: number(sql.Wait)}, {Name: unknown, Expr: number(sql.Unknown)},
	}})}
	return judgedSessions(f, c, s, yes, wait, unknown), nil
}

// judgedSessions adds the verdict: sessions that are undecided may still count.
func judgedSessions(f sql.Form, c *rules.Condition, s sql.Setting, yes, wait, unknown string) sql.Form {
	least := "coalesce(" + yes + ", 0)"
	most := fmt.Sprintf("coalesce(%s + %s + %s, 0)", yes, wait, unknown)
	lower, upper := boundsOf(c.Compare, 0, least), boundsOf(c.Compare, 0, most)
	switch {
	case !s.Covered:
		f.Verdict = judgeSQL(lower, mergeable, false)
	case lower.Empty():
		f.Verdict = fmt.Sprint(sql.False)
	default:
		f.Verdict = fmt.Sprintf("CASE WHEN %s AND %s THEN %d WHEN %s OR %s THEN %d WHEN coalesce(%s, 0) > 0 THEN %d "+
			"ELSE %d END",
			lower.in, upper.in, sql.True, upper.below, lower.above, sql.False, unknown, sql.Unknown, sql.Wait)
	}
	return f
}
