package rules

// The tree of a `where` text as it was written, before columns and functions are looked up. Spans are offsets into the
// text.

// tree is logic, negation or test.
type tree interface{ written() }

// logic joins terms by `and` or `or`.
type logic struct {
	or    bool
	terms []tree
}

// negation is `not` before a term.
type negation struct{ of tree }

// comparison is one test as written. A boolean column that stands alone has no operator.
type comparison struct {
	term     operand
	op       Op // 0: none
	word     string
	not      bool
	literals []literal
	set      *token // the value set of `in @name`
	span     Span
}

// operand is what stands left of the operator.
type operand struct {
	function string // "" for a column alone
	column   string // "" for local.hour and its like
	key      *token // second argument
	name     Span   // of the function, or of the column that stands alone
	columnAt Span
	span     Span
}

// literalKind is the form in which a literal is written.
type literalKind uint8

const (
	literalText literalKind = iota + 1
	literalNumber
	literalBool
	literalNull
	literalDate
	literalTime
	literalTimestamp
)

// literal is a value as written; text is without quotes and without the word date, time or timestamp.
type literal struct {
	kind literalKind
	text string
	span Span
}

func (*logic) written()      {}
func (*negation) written()   {}
func (*comparison) written() {}
