package rules

import (
	"github.com/malgrupp/malgrupp/rules/value"
)

// Language is the vocabulary the checker works with: verbs, functions and aggregates. rules/builtin makes it, one file per
// entry.
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

// Verb is what the checker must know of one verb.
type Verb struct {
	Name, Doc   string
	Takes       Operand
	Keys        []string // keys beside the verb itself, in the order messages list them
	Required    []string
	Comparators bool // one of the five comparators may stand beside it
	Inner       bool // may stand inside a session, where it looks at the session's events and has no window
	// Anchored reports whether only somebody who was seen can fulfil the condition; children have been asked already.
	Anchored func(c *Condition, children []bool) bool
}

// Function is a scalar function of one column that may stand left of an operator.
type Function struct {
	Name, Doc string
	Of        []value.Kind // kinds of column it takes
	Result    value.Type
	HasKey    bool     // takes a second, text argument
	Implicit  bool     // written without parentheses, about the event time: local.hour
	Names     []string // text names of the integers 0, 1, ... of the result: mon, tue, ... for local.weekday
}

// Aggregate is a metric function.
type Aggregate struct {
	Name, Doc string
	Of        []value.Kind // kinds of column; nil: takes none
	Ranks     bool         // may stand in `by:`
	Counts    bool         // the result is a whole number whatever the column; else it is of the column's type
	Sums      bool         // adds values up: a float column needs a declared quantise
	Sessions  bool         // counts sessions
}
