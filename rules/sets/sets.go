// Package sets decides which values pass several tests at once. What comes in are comparisons of one term with
// literals; what goes out is a value that passes all of them, or that there is none. Numbers, dates and times are
// ranges; texts are walked through by all their comparisons together, letter by letter, so that beginnings, ends,
// parts, order, lists and patterns, and the opposite of each, are judged by one procedure.
//
// It knows no columns, no missing values and no `or`: package rules asks for one alternative after the other.
package sets

import (
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Demand is a comparison that a value must pass, or with Not fail.
type Demand struct {
	Op   where.Op
	Not  bool
	Args []value.Value
}

// Answer is what can be said of some demands.
type Answer uint8

// A value may pass the demands for all that is known, or certainly does, or none does.
const (
	Perhaps Answer = iota
	Some
	None
)

// Domain is what values of a term there can be.
type Domain struct {
	Type value.Type
	// Low and High bound what is no text; both zero: every value of the type.
	Low, High int64
	// Pattern is of texts: all of them match it; "": every text.
	Pattern string
	// OneLine leaves out texts of several lines, of which a pattern's dot says nothing.
	OneLine bool
}

// Find looks for a value of the domain that passes all demands. With Some it returns one.
func Find(d Domain, demands []Demand) (value.Value, Answer) {
	if d.Type.Kind == value.Text {
		return findText(d, demands)
	}
	return findNumber(d, demands)
}
