package rules

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindingsCarryEveryPlaceInJSON(t *testing.T) {
	src := &Source{Name: "a.yaml", Text: "x: 1\nääkkösiä: 𐐀 here\n"}
	at := strings.Index(src.Text, "here")
	r := report{source: src}
	r.fail("E-TYPE", Span{at, at + 4}, "it is here", fix("there")).Note = "so it is"
	text, err := json.Marshal(r.found)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"code":"E-TYPE","severity":"error","file":"a.yaml","line":2,"column":13,"end_line":2,"end_column":17,` +
		`"column_utf16":14,"end_column_utf16":18,"start":24,"end":28,"message":"it is here","note":"so it is","hints":[{"label":"fix","text":"there"}]}]`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestAtMostFiftyFindingsAreShownInTheOrderOfTheirPlaces(t *testing.T) {
	r := report{source: &Source{Name: "a.yaml", Text: strings.Repeat("x\n", 60)}}
	for i := range 60 {
		r.fail("E-TYPE", Span{118 - 2*i, 119 - 2*i}, "wrong")
		r.fail("E-TYPE", Span{118 - 2*i, 119 - 2*i}, "wrong")
	}
	text := r.found.Text()
	if got := strings.Count(text, "error[E-TYPE]"); got != 50 || !strings.HasPrefix(text, "a.yaml:1:1:") || !strings.HasSuffix(text, "... and 10 more\n") {
		t.Errorf("%d findings:\n%s", got, text)
	}
}

func TestNothingInAnExcerptSteersTheTerminal(t *testing.T) {
	r := report{source: &Source{Name: "a.yaml", Text: "a: \x1b[31m\u202ered"}}
	e := r.fail("E-CHARACTER", Span{3, 4}, "there is an escape", fix("\x1b[0m"))
	if text := e.Text(); strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("%q", text)
	}
}

func TestAByteOrderMarkBelongsToNoColumn(t *testing.T) {
	_, found := ParseSchema(&Source{Name: "a.yaml", Text: byteOrderMark + "kind: EventSchema\n"})
	if place := found[0].Source.Position(found[0].Span.Start); place != (Place{1, 1}) {
		t.Errorf("the first finding stands at %v", place)
	}
}

func TestPatternsBeyondTheSubsetAreRefused(t *testing.T) {
	for _, pattern := range []string{
		`\Ba`, `(?m)^a$`, `(?i)a`, `(?P<x>a)`, `(?<x>a)`, `a*?`, `a+?`, `a??`, `a{2,3}?`, `(a*)*`, `(a*){3}`, `(a{1,3})*`, `(ab?c+)+`,
		`a{101}`, `\pL`, `\p{Greek}`, `\Qa\E`, `\C`, `(`, strings.Repeat("a", 201), `a{0,50}{0,50}`,
	} {
		if CheckPattern(pattern) == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
	for _, pattern := range []string{
		``, `a`, `/lainat/[a-z]+`, `(\d{1,3}\.){3}\d{1,3}`, `a|b|(?:cd)+`, `^a$`, `[^/]*\bx`, `\(?`, `(ab)?c*`, `ä.*`, strings.Repeat("a", 200),
	} {
		if err := CheckPattern(pattern); err != nil {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}
