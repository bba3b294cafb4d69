package source

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindingsCarryEveryPlaceInJSON(t *testing.T) {
	src := &Source{Name: "a.yaml", Text: "x: 1\nääkkösiä: 𐐀 here\n"}
	at := strings.Index(src.Text, "here")
	r := Report{Source: src}
	r.Fail("E-TYPE", Span{at, at + 4}, "it is here", Fix("there")).Note = "so it is"
	text, err := json.Marshal(r.Found)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"code":"E-TYPE","severity":"error","file":"a.yaml","line":2,"column":13,"end_line":2,"end_column":17,` +
		`"column_utf16":14,"end_column_utf16":18,"start":24,"end":28,"message":"it is here","note":"so it ` +
		`is","hints":[{"label":"fix","text":"there"}]}]`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestAtMostFiftyFindingsAreShownInTheOrderOfTheirPlaces(t *testing.T) {
	r := Report{Source: &Source{Name: "a.yaml", Text: strings.Repeat("x\n", 60)}}
	for i := range 60 {
		r.Fail("E-TYPE", Span{118 - 2*i, 119 - 2*i}, "wrong")
		r.Fail("E-TYPE", Span{118 - 2*i, 119 - 2*i}, "wrong")
	}
	text := r.Found.Text()
	if got := strings.Count(text, "error[E-TYPE]"); got != 50 || !strings.HasPrefix(text, "a.yaml:1:1:") ||
		!strings.HasSuffix(text, "... and 10 more\n") {
		t.Errorf("%d findings:\n%s", got, text)
	}
}

func TestNoErrorIsLeftOutWhereThereAreManyWarnings(t *testing.T) {
	r := Report{Source: &Source{Name: "a.yaml", Text: strings.Repeat("x\n", 60)}}
	for i := range 59 {
		r.Warn("W-NULL", Span{2 * i, 2*i + 1}, "asked")
	}
	r.Fail("E-TYPE", Span{118, 119}, "wrong")
	text := r.Found.Text()
	if !strings.HasPrefix(text, "a.yaml:1:1:") || !strings.HasSuffix(text, "... and 10 more\n") {
		t.Error(text)
	}
	list, err := json.Marshal(r.Found)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{text, string(list), r.Found.Error()} {
		if !strings.Contains(shown, "E-TYPE") {
			t.Errorf("the error is not shown:\n%s", shown)
		}
	}
}

func TestNothingInAnExcerptSteersTheTerminal(t *testing.T) {
	r := Report{Source: &Source{Name: "a.yaml", Text: "a: \x1b[31m\u202ered"}}
	e := r.Fail("E-CHARACTER", Span{3, 4}, "there is an escape", Fix("\x1b[0m"))
	if text := e.Text(); strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("%q", text)
	}
}
