package rules

import "github.com/malgrupp/malgrupp/rules/value"

// Pick says which rows a condition wants: those of some events that pass a `where`.
type Pick struct {
	Events []string // sorted, distinct; unused when Any
	Any    bool
	Where  Expr        // nil: every row
	Zone   *value.Zone // of local.* in Where; nil where it reads no local time
	// Record names what is kept of somebody between runs; no event is of such a pick.
	Record string
}

// Reading is a column that some condition reads of the rows it wants: by its name for a metric, by its role for what every
// log calls otherwise. It travels as one int64 a row: text as a number of the scan's names, floats so that they keep their
// order (or rounded to steps of Quantise, in units of its last place), everything else as its value.Value.Int.
type Reading struct {
	Column   string
	Type     value.Type
	Quantise *value.Number
	Role     Role
	// Prefix makes a number of eight bytes of a text, ordered as the bytes are: 1 of the first eight, 2 of the next.
	Prefix int
}

// Want is one kind of row of one condition, in numbers of a plan: rows of a pick whose time lies in [From, Before), and
// what is read of them.
type Want struct {
	Pick         int
	From, Before int64
	Value        int // -1 where no column is read
}
