package builtin_test

import (
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
)

// columnFor returns a type of column that can hold a literal of the language.
func columnFor(t *testing.T, literal string) rules.Type {
	t.Helper()
	kinds := []struct {
		prefix string
		t      rules.Type
	}{
		{"'", rules.Type{Kind: rules.Text}},
		{"date ", rules.Type{Kind: rules.Date}},
		{"timestamp ", rules.Type{Kind: rules.Timestamp}},
		{"time ", rules.Type{Kind: rules.TimeOfDay}},
		{"true", rules.Type{Kind: rules.Boolean}},
		{"false", rules.Type{Kind: rules.Boolean}},
		{"null", rules.Type{Kind: rules.Text}},
	}
	for _, k := range kinds {
		if strings.HasPrefix(literal, k.prefix) {
			return k.t
		}
	}
	return rules.Type{Kind: rules.Decimal, Precision: 18, Scale: 2}
}

// literal reads a literal as a value of a type by binding it.
func literal(t *testing.T, typ rules.Type, text string) (v rules.Value, null bool) {
	t.Helper()
	if text == "null" {
		return rules.Value{Kind: typ.Kind}, true
	}
	return bind(t, typ, "x = "+text).Args[0], false
}

func bind(t *testing.T, typ rules.Type, where string) *rules.Test {
	t.Helper()
	scope := &rules.Scope{Language: builtin.Language(), Schemas: []*rules.Schema{{
		Name: "example", Columns: []rules.Column{{Name: "x", Type: typ}, {Name: "at", Type: rules.Type{Kind: rules.Timestamp}, Role: rules.RoleEventTime}},
	}}}
	e, errs := scope.Where(&rules.Source{Name: "example", Text: where})
	if errs.Failed() {
		t.Fatalf("%s:\n%s", where, errs.Text())
	}
	return e.(*rules.Test)
}

func TestEveryOperatorDoesWhatItsExamplesSay(t *testing.T) {
	for _, o := range builtin.Operators() {
		if o.Doc == "" || len(o.Examples) == 0 {
			t.Errorf("%s has no documentation or no examples", o.Name)
		}
		for _, x := range o.Examples {
			typ := columnFor(t, x.Value)
			if x.Value == "null" {
				typ = nullColumn(t, x.Where)
			}
			row, err := builtin.CompileTest(bind(t, typ, x.Where), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := row(literal(t, typ, x.Value)); got != x.Truth {
				t.Errorf("%s with x = %s is %d, want %d", x.Where, x.Value, got, x.Truth)
			}
		}
	}
}

// nullColumn returns the type of column that a test of x compares with its literal.
func nullColumn(t *testing.T, where string) rules.Type {
	t.Helper()
	if strings.HasSuffix(where, "true") || strings.HasSuffix(where, "false") {
		return rules.Type{Kind: rules.Boolean}
	}
	if strings.Contains(where, "'") || strings.HasSuffix(where, "null") {
		return rules.Type{Kind: rules.Text}
	}
	return rules.Type{Kind: rules.Decimal, Precision: 18, Scale: 2}
}

func TestEveryFunctionDoesWhatItsExamplesSay(t *testing.T) {
	for _, f := range builtin.Functions() {
		if f.Doc == "" || len(f.Examples) == 0 {
			t.Errorf("%s has no documentation or no examples", f.Name)
		}
		for _, x := range f.Examples {
			var zone *rules.Zone
			if x.Zone != "" {
				var err error
				if zone, err = rules.LoadZone(x.Zone); err != nil {
					t.Fatal(err)
				}
			}
			of, _ := literal(t, columnFor(t, x.Of), x.Of)
			got, ok := f.Row(of, x.Key, zone)
			want, null := literal(t, f.Result, x.Result)
			if ok == null || ok && got != want {
				t.Errorf("%s of %s (key %q) is %v (not null: %t), want %s", f.Name, x.Of, x.Key, got, ok, x.Result)
			}
		}
	}
}
