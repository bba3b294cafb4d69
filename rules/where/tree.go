// Package where reads the text of a condition on one row: lexer, parser and the tree as it was written. What columns
// and functions there are, and what the literals mean, is looked up in package rules.
package where

import (
	"github.com/malgrupp/malgrupp/rules/source"
)

// The tree of a `where` text as it was written, before columns and functions are looked up. Spans are offsets into the
// text.

// Tree is logic, negation or test.
type Tree interface{ written() }

// Logic joins terms by `and` or `or`.
type Logic struct {
	Or        bool
	Terms     []Tree
	Bracketed bool        // it stands in parentheses
	Span      source.Span // from its first term to its last, with their parentheses
}

// Negation is `not` before a term.
type Negation struct{ Of Tree }

// Comparison is one test as written. A boolean column that stands alone has no operator.
type Comparison struct {
	Term     Operand
	Op       Op // 0: none
	Word     string
	Not      bool
	Literals []Literal
	Set      *Token // the value set of `in @name`
	Span     source.Span
}

// Operand is what stands left of the operator.
type Operand struct {
	Function string      // "" for a column alone
	Column   string      // "" for local.hour and its like
	Key      *Token      // second argument
	After    *Comparison // of a word that stands alone: the test before it
	Name     source.Span // of the function, or of the column that stands alone
	ColumnAt source.Span
	Span     source.Span
}

// literalKind is the form in which a literal is written.
type literalKind uint8

const (
	LiteralText literalKind = iota + 1
	LiteralNumber
	LiteralBool
	LiteralNull
	LiteralDate
	LiteralTime
	LiteralTimestamp
	LiteralBare // a word, path, date or time that lacks what makes it a value
)

// Literal is a value as written; text is without quotes and without the word date, time or timestamp.
type Literal struct {
	Kind literalKind
	Text string
	Span source.Span
}

func (*Logic) written()      {}
func (*Negation) written()   {}
func (*Comparison) written() {}

// Operator is the operator as written.
func (c *Comparison) Operator() string {
	switch c.Op {
	case OpIsTrue:
		return "is true"
	case OpIsFalse:
		return "is false"
	}
	return c.Word
}
