package builtin

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

// CompileTest returns the row meaning of a bound test: one value of the column, or null, to a truth. The result is a
// pure function, safe for many goroutines. The zone may be nil unless the term is local.hour or its like.
func CompileTest(t *rules.Test, z *value.Zone) (func(v value.Value, null bool) value.Truth, error) {
	op, ok := operators[t.Op]
	if !ok {
		return nil, fmt.Errorf("compile %s: there is no operator with number %d", t, t.Op)
	}
	holds, err := op.Compile(t.Args)
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", t, err)
	}
	truths := [2]value.Truth{value.False, value.True}
	null := op.Null
	if t.Not {
		truths = [2]value.Truth{value.True, value.False}
		null = negated(null)
	}
	row := func(v value.Value, isNull bool) value.Truth {
		switch {
		case isNull || math.IsNaN(v.Float) || op.UTF8 && !utf8.ValidString(v.Text):
			return null
		case holds(v):
			return truths[1]
		}
		return truths[0]
	}
	if t.Term.Function == "" {
		return row, nil
	}
	f, ok := functions[t.Term.Function]
	if !ok {
		return nil, fmt.Errorf("compile %s: there is no function %s", t, t.Term.Function)
	}
	if f.Implicit && z == nil {
		return nil, fmt.Errorf("compile %s: it needs a time zone", t)
	}
	key := t.Term.Key
	return func(v value.Value, isNull bool) value.Truth {
		if isNull {
			return null
		}
		result, ok := f.Row(v, key, z)
		return row(result, !ok)
	}, nil
}

func negated(t value.Truth) value.Truth {
	switch t {
	case value.True:
		return value.False
	case value.False:
		return value.True
	}
	return value.Unknown
}

// CompileSQL is the row meaning of a bound test as an SQL expression over its column, whose values are written as
// rules.Value holds them.
func CompileSQL(t *rules.Test, d *sql.Dialect, column string, clock sql.Clock) (string, error) {
	op, ok := operators[t.Op]
	if !ok {
		return "", fmt.Errorf("write %s as SQL: there is no operator with number %d", t, t.Op)
	}
	term := column
	if t.Term.Function != "" {
		f, ok := functions[t.Term.Function]
		if !ok {
			return "", fmt.Errorf("write %s as SQL: there is no function %s", t, t.Term.Function)
		}
		term = f.SQL(d, column, t.Term.Key, clock)
		if strings.HasPrefix(term, "CASE") {
			term = "(" + term + ")"
		}
	}
	text, err := op.SQL(d, term, t.Args)
	if err != nil {
		return "", fmt.Errorf("write %s as SQL: %w", t, err)
	}
	if t.Not {
		return "NOT (" + text + ")", nil
	}
	return text, nil
}
