package where_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/rules/where"
)

func TestPathsAreCutAtBackquotesAlone(t *testing.T) {
	bare, quoted := func(n string) where.Step { return where.Step{Name: n} }, func(n string) where.Step {
		return where.Step{Name: n, Quoted: true}
	}
	for text, want := range map[string][]where.Step{
		"user.geo.country": {bare("user.geo.country")},
		"Device ID":        {bare("Device ID")},
		"a,b (c)'d\"e":     {bare("a,b (c)'d\"e")},
		"`a.b`.c":          {quoted("a.b"), bare("c")},
		"c.`a.b`":          {bare("c"), quoted("a.b")},
		"c.d.`a.b`.`e`.f.": {bare("c.d"), quoted("a.b"), quoted("e"), bare("f.")},
		"`a``b`":           {quoted("a`b")},
		"`param(a, 'b')`":  {quoted("param(a, 'b')")},
		"":                 nil, "``": nil, "`": nil, "`a": nil, "a`": nil, "`a`b": nil, "`a`.": nil, "a`.b": nil,
		"`a`.``": nil,
	} {
		got, ok := where.ParsePath(text)
		if diff := cmp.Diff(want, got); ok != (want != nil) || ok && diff != "" {
			t.Errorf("%q: %v %s", text, ok, diff)
		}
	}
}

func TestParametersHaveAListAKeyAndASlot(t *testing.T) {
	for text, want := range map[string]where.Param{
		"param(event_params, 'page', string)": {List: "event_params", Key: "page", Slot: "string"},
		"param(a.b,'k',int)":                  {List: "a.b", Key: "k", Slot: "int"},
		"param(`a, b`.c, 'it''s (k)', text)":  {List: "`a, b`.c", Key: "it's (k)", Slot: "text"},
		"param(my list, 'k', number)":         {List: "my list", Key: "k", Slot: "number"},
		"param(a, 'k')":                       {}, "param(a, '', text)": {}, "param(`a, 'k', text)": {}, "a": {},
		"param(a, 'it's', text)": {}, "param(a, 'k', text) ": {}, " param(a, 'k', text)": {},
	} {
		got, ok := where.ParseParam(text)
		if ok != (want != where.Param{}) || ok && got != want {
			t.Errorf("%q: %v %v", text, ok, got)
		}
	}
}

// FuzzPath writes what was read in quotes: it is the same place.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"a.b", "`a.b`.c", "a.`b``c`", "Device ID"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, ok := where.ParsePath(text)
		if !ok {
			return
		}
		quoted := make([]string, len(path))
		for i, s := range path {
			quoted[i] = "`" + strings.ReplaceAll(s.Name, "`", "``") + "`"
		}
		again, ok := where.ParsePath(strings.Join(quoted, "."))
		if !ok || where.Flat(again) != where.Flat(path) || len(again) != len(path) {
			t.Errorf("%q: %v", text, again)
		}
	})
}
