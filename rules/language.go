// Package rules is the rule language: files of segments, schemas and value sets come in as text; checked segments with
// bound conditions, or findings with exact places, go out.
//
// The rooms below it know only the one before: value (what columns hold), source (text and findings), yaml (strict
// reading), where (the text of a condition). Here are the schemas and the scope of a project, the checker, bound
// conditions, their normal form and hash, and the order of segments. What verbs, functions and aggregates there are is
// handed in as a Language; rules/builtin makes it. What can be done with checked rules has rooms of its own: format,
// lint, prose, diff, editor.
//
// keys.go is the one table of what files may say: reader, formatter and JSON Schemas go by it.
//
// None of them knows Arrow, SQL, files, a clock or people; everything could run in an editor.
package rules

import (
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Language is the vocabulary the checker works with: verbs, functions and aggregates. rules/builtin makes it, one file
// per entry.
type Language struct {
	Verbs      []Verb
	Functions  []Function
	Aggregates []Aggregate
}

// Operand says what stands to the right of a verb.
type Operand uint8

// What a verb takes.
const (
	TakesConditions Operand = iota + 1 // a list: all, any
	TakesCondition                     // one: not
	TakesCountOf                       // {count, of: [...]}
	TakesEvents                        // a name, a list of names, or any
	TakesMetric                        // an aggregate call: sum(amount)
	TakesSegment                       // a segment's name
	TakesSteps                         // a list of steps: sequence
	TakesWhere                         // a condition on a customer's attributes: profile
)

// Logic says how a condition follows from those below it.
type Logic uint8

// Kinds of logic; verbs that look at rows, at attributes or at another segment have none.
const (
	LogicAll   Logic = iota + 1 // every one is true
	LogicAny                    // at least one is
	LogicNot                    // the one is false
	LogicCount                  // at least Count are
)

// Verb is what everybody must know of one verb who reads, writes, says or judges conditions.
type Verb struct {
	Name, Doc   string
	Takes       Operand
	Clauses     []Clause // what may stand beside it, in the order in which messages list it
	Comparators bool     // one of the five comparators may stand beside it
	Inner       bool     // may stand inside a session, where it looks at the session's events and has no window
	Logic       Logic
	Counts      bool // compares how many events match
	Absent      bool // is true where no event matches
	Sessions    bool // looks at whole sessions, and so at all events
	// Says is the sentence in English, for languages that have no phrase of the verb's name: its places are those of the
	// phrases of did, and what stands behind keys that only this verb has.
	Says string
	// Anchored reports whether only somebody who was seen can fulfil the condition; children have been asked already.
	Anchored func(c *Condition, children []bool) bool
}

// Clause is a key that may stand beside a verb.
type Clause struct {
	yaml.Key
	Outside bool // has no sense inside a session, whose own events are all there is
	chain   bool // is about a sequence
	// Read reads what stands behind a key that only one verb has; Condition.Own keeps it. What it returns prints itself as
	// rules write it. Near are the values that could have been meant, for mutants.
	Read func(n yaml.Node) (any, bool)
	Near func(v any) []any
	read func(c *checker, cond *Condition, at source.Span, n yaml.Node)
}

// Function is a scalar function of one column that may stand left of an operator.
type Function struct {
	Name, Doc string
	Of        []value.Kind // kinds of column it takes
	Result    value.Type
	HasKey    bool     // takes a second, text argument
	Implicit  bool     // written without parentheses, about the event time: local.hour
	Names     []string // text names of the integers 0, 1, ... of the result: mon, tue, ... for local.weekday
	Circle    Circle   // the last value is followed by the first
	Low, High int64    // of a result that is a number; both zero: any
	Shape     string   // pattern that every result matches which is a text; "": any text
	Outside   string   // what no result is, for messages: a host is written in small letters
	// OfDay is the function of a local day since 1970-01-01; nil where the time of the day matters, or none does.
	OfDay func(day int64) int64
	// Apply is the function itself; nil where it needs a time zone.
	Apply func(v value.Value, key string) (value.Value, bool)
}

// Circle says how a stretch of values is meant that goes round, such as an hour from 22 to 5.
type Circle uint8

// The ways.
const (
	NoCircle     Circle = iota
	CircleUpTo          // hours: from 22 to 5 ends when 5 begins
	CircleWithin        // months: from 11 to 2 has all of 2
)

// Aggregate is a metric function.
type Aggregate struct {
	Name, Doc string
	Of        []value.Kind // kinds of column; nil: takes none
	Ranks     bool         // may stand in `by:`
	Counts    bool         // the result is a whole number whatever the column; else it is of the column's type
	Sums      bool         // adds values up: a float column needs a declared quantise
	Sessions  bool         // counts sessions
}
