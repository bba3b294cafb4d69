package where

// Op is the comparison a Test makes.
type Op uint8

// The operators. OpIsNull and OpIsTrue/OpIsFalse are never unknown; all others are unknown on null.
const (
	OpEqual Op = iota + 1
	OpLess
	OpLessEqual
	OpGreater
	OpGreaterEqual
	OpIn
	OpBetween
	OpStartsWith
	OpEndsWith
	OpContains
	OpMatches
	OpIsNull
	OpIsTrue
	OpIsFalse
)
