package rules

import (
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Expr is a bound `where`: every column and function is resolved and typed, every `not` is pushed down into the tests
// (three-valued identities keep the meaning). The interface is sealed: And, Or and *Test are all there is.
type Expr interface{ bound() }

// And is true when all of its terms are.
type And []Expr

// Or is true when one of its terms is.
type Or []Expr

// Test compares one term with literals: a function of one column, which is what makes dictionary evaluation and
// pruning total. Args are of the term's type (decimals at the column's scale); In has them sorted and distinct.
// An In without Args is false for every value that is not null (a literal the column's type cannot hold).
type Test struct {
	Term Term
	Op   where.Op
	Not  bool
	Args []value.Value
	Span source.Span
}

// Term is what stands left of an operator: a column, or a function of one.
type Term struct {
	Column   string
	Function string     // "", or the name of a Language function: lower, length, host, path, query_param, local.hour ...
	Key      string     // the text argument of query_param
	Type     value.Type // of the result
	Of       value.Type // of the column
}

func (And) bound()   {}
func (Or) bound()    {}
func (*Test) bound() {}
