package rules

import (
	"github.com/malgrupp/malgrupp/rules/value"
)

// Pick says which rows a condition wants: those of some events that pass a `where`.
type Pick struct {
	Events []string // sorted, distinct; unused when Any
	Any    bool
	Where  Expr        // nil: every row
	Zone   *value.Zone // of local.* in Where; nil where it reads no local time
	// Record names what is kept of somebody between runs; no event is of such a pick.
	Record string
}
