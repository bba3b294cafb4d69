package builtin_test

import (
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// columnFor returns a type of column that can hold a literal of the language.
func columnFor(t *testing.T, literal string) value.Type {
	t.Helper()
	kinds := []struct {
		prefix string
		t      value.Type
	}{
		{"'", value.Type{Kind: value.Text}},
		{"date ", value.Type{Kind: value.Date}},
		{"timestamp ", value.Type{Kind: value.Timestamp}},
		{"time ", value.Type{Kind: value.TimeOfDay}},
		{"true", value.Type{Kind: value.Boolean}},
		{"false", value.Type{Kind: value.Boolean}},
		{"null", value.Type{Kind: value.Text}},
	}
	for _, k := range kinds {
		if strings.HasPrefix(literal, k.prefix) {
			return k.t
		}
	}
	return value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}
}

// literal reads a literal as a value of a type by binding it.
func literal(t *testing.T, typ value.Type, text string) (v value.Value, null bool) {
	t.Helper()
	if text == "null" {
		return value.Value{Kind: typ.Kind}, true
	}
	return bind(t, typ, "x = "+text).Args[0], false
}

func bind(t *testing.T, typ value.Type, where string) *rules.Test {
	t.Helper()
	scope := &rules.Scope{Language: builtin.Language(), Schemas: []*rules.Schema{{
		Name: "example", Columns: []rules.Column{
			{Name: "x", Type: typ}, {Name: "at", Type: value.Type{Kind: value.Timestamp}, Role: rules.RoleEventTime},
		},
	}}}
	e, errs := scope.Where(&source.Source{Name: "example", Text: where})
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
func nullColumn(t *testing.T, where string) value.Type {
	t.Helper()
	if strings.HasSuffix(where, "true") || strings.HasSuffix(where, "false") {
		return value.Type{Kind: value.Boolean}
	}
	if strings.Contains(where, "'") || strings.HasSuffix(where, "null") {
		return value.Type{Kind: value.Text}
	}
	return value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}
}

func TestEveryFunctionDoesWhatItsExamplesSay(t *testing.T) {
	for _, f := range builtin.Functions() {
		if f.Doc == "" || len(f.Examples) == 0 {
			t.Errorf("%s has no documentation or no examples", f.Name)
		}
		for _, x := range f.Examples {
			var zone *value.Zone
			if x.Zone != "" {
				var err error
				if zone, err = value.LoadZone(x.Zone); err != nil {
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
