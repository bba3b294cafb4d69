// Package fold holds the contract between conditions and the engine after the gate: a Verb says which rows it wants
// and makes a Fold; a Fold turns plain columns of admitted rows into verdicts, one bit per subject.
//
// It knows no YAML, no Arrow, no consent. Only rules/builtin and segments import it, so nothing can be folded before
// the gate (design.md D5).
package fold

import (
	"math"

	"github.com/malgrupp/malgrupp/rules"
)

// Null stands in a value column for a row without a value.
const Null = math.MinInt64

// Need says which columns a Fold reads beside Subject.
type Need uint8

// The columns that may be asked for.
const (
	NeedTime Need = 1 << iota
	NeedValue
)

// Rows are the rows of one condition in one partition, in no particular order. Subject holds numbers below Subjects;
// Time is microseconds UTC and Value the metric's column (encoded as Verb.Value says, Null without a value), each nil
// unless asked for. The slices belong to the caller and are valid during the call only.
type Rows struct {
	Subjects int
	Subject  []uint32
	Time     []int64
	Value    []int64
}

// Verdicts are one bit per subject; a subject with no bit set is false. NoValue marks an aggregate over nothing
// (rules/spec.md 4.4). The Fold sets bits, the caller hands them in cleared.
type Verdicts struct {
	True, Wait, Unknown, NoValue Bits
}

// Fold decides one condition for every subject of a partition. A Fold is used by one goroutine at a time and may keep
// its scratch between calls.
type Fold interface {
	Fold(rows Rows, v Verdicts)
}

// Ranks are the exact values by which top and cap order people; a subject without a value has no bit in Has.
type Ranks struct {
	Value []Int128
	Has   Bits
}

// Ranker gives every subject of a partition the value of a metric.
type Ranker interface {
	Rank(rows Rows, r Ranks)
}

// Setting is what a Fold must know beside its condition.
type Setting struct {
	Covered bool // the data covers the condition's whole window
	Zone    *rules.Zone
}

// Verb is the engine's half of a verb: everything that follows from a condition once it is checked. Logical verbs have
// no Verb; segments evaluates them.
type Verb struct {
	Picks func(c *rules.Condition) rules.Pick
	Needs func(c *rules.Condition) Need
	New   func(c *rules.Condition, s Setting) Fold
	Rank  func(c *rules.Condition, s Setting) Ranker // nil: cannot rank
}

// Verbs finds the engine's half of a verb by its name.
type Verbs func(name string) (*Verb, bool)
