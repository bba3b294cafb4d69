package sql

import (
	"fmt"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
)

// The verdicts on a person are numbers, in the order in which one beats another in `all` (docs/language.md, Verdicts):
// false beats unknown beats wait beats "no value" beats true.
const (
	False = iota
	Unknown
	Wait
	NoValue
	True
)

// All is the verdict of `all`.
func All(verdicts ...string) string {
	if len(verdicts) == 1 {
		return verdicts[0]
	}
	return "least(" + strings.Join(verdicts, ", ") + ")"
}

// Any is the verdict of `any`: what beats what is the same with true and false exchanged.
func Any(verdicts ...string) string {
	if len(verdicts) == 1 {
		return verdicts[0]
	}
	not := make([]string, len(verdicts))
	for i, v := range verdicts {
		not[i] = Not(v)
	}
	return Not(All(not...))
}

// Not is the verdict of `not`: true and false change places, what is undecided stays so. The verdict is written once,
// for it may be long.
func Not(verdict string) string {
	return fmt.Sprintf("CAST(substr('41230', %s + 1, 1) AS INTEGER)", verdict)
}

// Tree is the verdict of a condition over those of its leaves.
func Tree(c *rules.Condition, leaf func(c *rules.Condition) (string, error)) (string, error) {
	if c.Is().Logic == 0 {
		return leaf(c)
	}
	of := make([]string, len(c.Children))
	for i, child := range c.Children {
		var err error
		if of[i], err = Tree(child, leaf); err != nil {
			return "", err
		}
	}
	switch c.Is().Logic {
	case rules.LogicNot:
		return Not(of[0]), nil
	case rules.LogicAny:
		return Any(of...), nil
	case rules.LogicCount:
		return AtLeastOf(c.Count, of), nil
	}
	return All(of...), nil
}

// AtLeastOf is the verdict of `at_least_of`.
func AtLeastOf(count int, of []string) string {
	number := func(from int) string { // of verdicts that are so
		terms := make([]string, len(of))
		for i, v := range of {
			terms[i] = fmt.Sprintf("CASE WHEN %s THEN 1 ELSE 0 END", among(v, from))
		}
		return "(" + strings.Join(terms, " + ") + ")"
	}
	yes, maybe, ever := number(1), number(3), number(4)
	unsure := number(2)
	return fmt.Sprintf("CASE WHEN %s >= %d THEN %d WHEN %s >= %d AND %s > %s THEN %d WHEN %s >= %d THEN %d WHEN %s >= "+
		"%d THEN %d ELSE %d END",
		yes, count, True, maybe, count, unsure, yes, Unknown, maybe, count, Wait, ever, count, NoValue, False)
}

// among is true for the first n of: true, unknown, wait, no value.
func among(verdict string, n int) string {
	return verdict + " IN (" +
		strings.Join([]string{fmt.Sprint(True), fmt.Sprint(Unknown), fmt.Sprint(Wait), fmt.Sprint(NoValue)}[:n], ", ") + ")"
}

// Where writes a bound condition on one row; test writes one of its tests. SQL's own logic is that of the language.
func Where(e rules.Expr, test func(*rules.Test) (string, error)) (string, error) {
	switch e := e.(type) {
	case rules.And:
		return joined(e, " AND ", test)
	case rules.Or:
		return joined(e, " OR ", test)
	case *rules.Test:
		return test(e)
	}
	return "TRUE", nil
}

func joined(terms []rules.Expr, word string, test func(*rules.Test) (string, error)) (string, error) {
	parts := make([]string, len(terms))
	for i, t := range terms {
		part, err := Where(t, test)
		if err != nil {
			return "", err
		}
		parts[i] = part
		if _, leaf := t.(*rules.Test); !leaf {
			parts[i] = "(" + part + ")"
		}
	}
	return strings.Join(parts, word), nil
}
