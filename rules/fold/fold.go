// Package fold holds the contract between conditions and the engine after the gate: a Verb says which rows it wants
// and makes a Fold; a Fold turns plain columns of admitted rows into verdicts, one bit per subject.
//
// It knows no YAML, no Arrow, no consent. Only rules/builtin and segments import it, so nothing can be folded before
// the gate (docs/adr/0002-consent-is-a-type.md).
package fold

import (
	"math"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Null stands in a value column for a row without a value.
const Null = math.MinInt64

// Need says which columns a Fold reads beside Subject.
type Need uint8

// The columns that may be asked for.
const (
	NeedTime Need = 1 << iota
	NeedValue
	NeedParts   // which of the verb's parts a row is
	NeedOrder   // rows by subject, then time
	NeedSession // the session of each row; rows by session, then time, unless NeedOrder is asked as well
	NeedTie     // what orders rows of one time; with NeedOrder they come in that order
)

// Rows are the rows of one condition in one partition, in no particular order unless asked for. Subject holds numbers
// below Subjects; Time is microseconds UTC and Value the metric's column (encoded as the scan says, Null without a
// value), each nil unless asked for. The slices belong to the caller and are valid during the call only.
type Rows struct {
	Subjects int
	Subject  []uint32
	Time     []int64
	Value    []int64   // of the first part
	Values   [][]int64 // by part; nil where a part reads no value
	Parts    []uint32  // bit i: the row is one of part i
	Session  []uint32  // numbers from 0, each of one subject and device
	Tied     []bool    // the row cannot be told from the one before: same subject, time and all that orders rows
}

// Verdicts are one bit per subject; a subject with no bit set is false. NoValue marks an aggregate over nothing
// (docs/language.md, Verdicts). The Fold sets bits, the caller hands them in cleared.
type Verdicts struct {
	True, Wait, Unknown, NoValue Bits
}

// NewVerdicts returns verdicts on n subjects, all false.
func NewVerdicts(n int) Verdicts { return Verdicts{NewBits(n), NewBits(n), NewBits(n), NewBits(n)} }

// Word is the verdicts on subjects 64i to 64i+63.
func (v Verdicts) Word(i int) Word { return Word{v.True[i], v.Wait[i], v.Unknown[i], v.NoValue[i]} }

// Reset makes all verdicts false.
func (v Verdicts) Reset() {
	v.True.Reset()
	v.Wait.Reset()
	v.Unknown.Reset()
	v.NoValue.Reset()
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

// Setting is what a Fold must know beside its condition. Instants are microseconds UTC.
type Setting struct {
	Covered      bool // the data cover the condition's whole window
	Covers       func(from, before int64) bool
	Zone         *value.Zone
	AsOf         int64
	From, Before int64 // the window
	Gap          int64 // a longer pause ends a session
	Verbs        Verbs
}

// Reach says over which time a part of a condition wants rows.
type Reach uint8

// The reaches.
const (
	InWindow Reach = iota
	ToNow          // from the window's start up to as_of
	Around         // from as long before the window's start as a session may pause, up to as_of
)

// Part is one of the kinds of row that a condition wants.
type Part struct {
	Pick   rules.Pick
	Metric *rules.Metric // whose column the rows bring along; nil: none
	Reach  Reach
	// what a row of this part is to the condition; "" where it has one part only, or the rows say nothing by themselves
	Name string
}

// Verb is the engine's half of a verb: everything that follows from a condition once it is checked. Logical verbs have
// no Verb; segments evaluates them.
type Verb struct {
	Logic rules.Logic                                  // of one that has no rows: it follows from the verdicts below it
	Parts func(c *rules.Condition, verbs Verbs) []Part // at most 32
	Needs func(c *rules.Condition) Need
	New   func(c *rules.Condition, s Setting) Fold
	Rank  func(c *rules.Condition, s Setting) Ranker // nil: cannot rank
}

// Verbs finds the engine's half of a verb by its name.
type Verbs func(name string) (*Verb, bool)
