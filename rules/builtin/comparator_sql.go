package builtin

import (
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/fold"
	"github.com/malgrupp/malgrupp/rules/sql"
)

// bounds is a comparator as SQL: whether a value satisfies it, lies above all that do, or below.
type bounds struct {
	fold.Range
	in, above, below string
}

// boundsOf compares a whole number in units of 10^-scale.
func boundsOf(c *rules.Compare, scale int, value string) bounds {
	b := bounds{Range: fold.RangeOf(c, scale)}
	lo, hi := value+" >= "+b.Lo.Big().String(), value+" <= "+b.Hi.Big().String()
	b.above, b.below = value+" > "+b.Hi.Big().String(), value+" < "+b.Lo.Big().String()
	switch {
	case b.Empty():
		b.in = "FALSE"
	case b.Lo == b.Hi:
		b.in = value + " = " + b.Lo.Big().String()
	case b.OpenAbove():
		b.in = lo
	case b.OpenBelow():
		b.in = hi
	default:
		b.in = lo + " AND " + hi
	}
	return b
}

var signs = map[rules.Comparator]string{
	rules.AtLeast: ">=", rules.AtMost: "<=", rules.Exactly: "=", rules.MoreThan: ">", rules.LessThan: "<",
}

// floatBounds compares a floating point number.
func floatBounds(c *rules.Compare, value string) bounds {
	b := bounds{Range: floatRange(c)}
	bound := sql.Float(floatOf(c.Bound))
	b.in = value + " " + signs[c.Op] + " " + bound
	b.above, b.below = "NOT ("+b.in+")", "NOT ("+b.in+")"
	if c.Op == rules.Exactly {
		b.above, b.below = value+" > "+bound, value+" < "+bound
	}
	return b
}
