// Package sql writes rules down as SQL expressions: dialects as values, literals, three-valued logic, local time as
// arithmetic, URL parts from basic string functions, patterns from their syntax tree, and the forms of conditions.
//
// In come bound conditions, out go texts of expressions. The package knows no tables, joins or statements: a SELECT
// exists only in segments, beside the conditions of consent. Values are written as rules.Value holds them: decimals as
// units of their last place, dates as days, times as microseconds, so that every comparison and sum is one of integers.
package sql
