// Package builtin is the dictionary of the rule language: one file for each function, operator, verb and aggregate,
// with its meaning, its documentation and its examples in one declaration.
//
// Language hands the entries to the checker; CompileTest is the plain row meaning of a bound test, against which
// rules/kernel measures its fast forms. SQL and CompileSQL are the same meanings as expressions for another engine.
// The package knows no YAML, no files and no consent.
package builtin

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Function is a scalar function of one column.
type Function struct {
	rules.Function
	Examples []FunctionExample
	// Row is the plain meaning for a value that is not null; false makes the result null. The zone is nil for functions
	// that are not Implicit.
	Row func(v value.Value, key string, z *value.Zone) (value.Value, bool)
	// SQL is the same as an expression over x.
	SQL func(d *sql.Dialect, x, key string, clock sql.Clock) string
}

// FunctionExample shows a result. Of and Result are literals of the language, or null; Zone is the zone's name, if one
// matters.
type FunctionExample struct {
	Of, Key, Zone, Result string
}

// Operator is a comparison with literals.
type Operator struct {
	Name, Doc string
	Op        where.Op
	Null      value.Truth // the truth for a null
	UTF8      bool        // text that is not UTF-8 counts as null
	Examples  []OperatorExample
	// Compile returns the plain meaning for values that are not null, given the literals.
	Compile func(args []value.Value) (func(v value.Value) bool, error)
	// SQL is the same as an expression over x, with the truth for a null too.
	SQL func(d *sql.Dialect, x string, args []value.Value) (string, error)
}

// OperatorExample shows the truth of a test of the column x. Value is a literal of the language, or null.
type OperatorExample struct {
	Where, Value string
	Truth        value.Truth
}

// Verb is a condition about the rows of one subject.
type Verb struct {
	rules.Verb
	Fold *fold.Verb // nil for references, which segments evaluates; made for logic
	// SQL is the same as a form over admitted rows.
	SQL func(c *rules.Condition, s sql.Setting) (sql.Form, error)
	// Edits are small changes of a condition that belong to this verb alone; nil: there are none.
	Edits func(c *rules.Condition) []Edit
}

// Aggregate is a metric function.
type Aggregate struct {
	rules.Aggregate
	Needs fold.Need                                              // beside the value of its column
	Parts func(c *rules.Condition, verbs fold.Verbs) []fold.Part // nil: the matching events
	Fold  func(m *rules.Metric, c *rules.Compare, s fold.Setting) fold.Fold
	Rank  func(m *rules.Metric, s fold.Setting) fold.Ranker // nil: cannot rank
	// SQL is the same as a form over admitted rows; a metric without comparator has the value that ranks.
	SQL func(c *rules.Condition, s sql.Setting) (sql.Form, error)
}

// The tables are filled by the files of this package before main starts and never changed after.
var (
	functions  = map[string]*Function{}
	operators  = map[where.Op]*Operator{}
	verbs      = map[string]*Verb{}
	aggregates = map[string]*Aggregate{}
)

// defined is the value of a declaration: var _ = defineFunction(...).
type defined struct{}

func defineFunction(f Function) defined { return enter(functions, f.Name, &f) }

func defineOperator(o Operator) defined { return enter(operators, o.Op, &o) }

func defineVerb(v Verb) defined {
	if v.Logic != 0 {
		v.Fold = &fold.Verb{Logic: v.Logic}
	}
	return enter(verbs, v.Name, &v)
}

func defineAggregate(a Aggregate) defined { return enter(aggregates, a.Name, &a) }

// enter panics on a name that is taken: two files claim one word.
func enter[K comparable, E any](table map[K]*E, key K, entry *E) defined {
	if table[key] != nil {
		panic(fmt.Sprintf("builtin: %v is defined twice", key))
	}
	table[key] = entry
	return defined{}
}

// Language returns what the checker must know of all entries.
func Language() *rules.Language {
	l := &rules.Language{}
	for _, f := range Functions() {
		known := f.Function
		if !f.Implicit {
			known.Apply = func(v value.Value, key string) (value.Value, bool) { return f.Row(v, key, nil) }
		}
		l.Functions = append(l.Functions, known)
	}
	for _, v := range Verbs() {
		l.Verbs = append(l.Verbs, v.Verb)
	}
	for _, a := range Aggregates() {
		l.Aggregates = append(l.Aggregates, a.Aggregate)
	}
	return l
}

// Functions returns all functions, sorted by name.
func Functions() []*Function {
	return sorted(functions, func(f *Function) string { return f.Name })
}

// Operators returns all operators, sorted by name.
func Operators() []*Operator {
	return sorted(operators, func(o *Operator) string { return o.Name })
}

// Verbs returns all verbs, sorted by name.
func Verbs() []*Verb { return sorted(verbs, func(v *Verb) string { return v.Name }) }

// Aggregates returns all aggregates, sorted by name.
func Aggregates() []*Aggregate {
	return sorted(aggregates, func(a *Aggregate) string { return a.Name })
}

func sorted[K comparable, E any](table map[K]*E, name func(*E) string) []*E {
	list := make([]*E, 0, len(table))
	for _, e := range table {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *E) int { return cmp.Compare(name(a), name(b)) })
	return list
}

// Folds finds the engine's half of a verb; references have none.
func Folds(name string) (*fold.Verb, bool) {
	v := verbs[name]
	if v == nil || v.Fold == nil {
		return nil, false
	}
	return v.Fold, true
}

// SQL is the form of a condition over rows; logical verbs and references have none.
func SQL(c *rules.Condition, s sql.Setting) (sql.Form, error) {
	v := verbs[c.Verb]
	if v == nil || v.SQL == nil {
		return sql.Form{}, fmt.Errorf("write %s as SQL: %s has no form in SQL", c.Path, c.Verb)
	}
	return v.SQL(c, s)
}
