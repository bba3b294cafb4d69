package yaml_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/rules/rulestest"
	"github.com/malgrupp/malgrupp/rules/source"
)

// planted is a file with one mistake, and where it stands.
type planted struct {
	text       string
	start, end int
	code       string
}

// plant draws a rule whose condition has one mistake, written in one of YAML's ways.
func plant(t *rapid.T) planted {
	mistake := rapid.SampledFrom([]struct{ before, text, code string }{
		{"", "produkt", "E-UNKNOWN-COLUMN"},
		{"product = ", "'mortage'", "E-UNKNOWN-VALUE"},
		{"product = ", "'Häuschen 😀'", "E-UNKNOWN-VALUE"},
		{"product in ('card', ", "'it''s'", "E-UNKNOWN-VALUE"},
		{"amount > ", "'1000'", "E-TYPE"},
		{"product ", "==", "E-OPERATOR"},
		{"channel = 'a", "\t", "E-TAB"},
	}).Draw(t, "mistake")
	after := map[string]string{"produkt": " = 'card'", "'it''s'": ", 'fund')", "==": " 'card'", "\t": "ä'"}[mistake.text]
	term := rapid.SampledFrom([]string{
		"channel = 'app'", "channel = 'ä'", "channel = '😀 über'", "amount > 3", "channel = 'it''s'",
		"not (amount = 1 or channel = 'ö')",
	})
	terms := func(name string) []string { return rapid.SliceOfN(term, 0, 3).Draw(t, name) }

	end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
	style := rapid.SampledFrom([]string{"plain", "single", "double", "literal"}).Draw(t, "style")
	joint, open, closing := " and ", "", ""
	encode := func(s string) string { return s }
	switch style {
	case "single":
		open, closing = "'", "'"
		encode = func(s string) string { return strings.ReplaceAll(s, "'", "''") }
	case "double":
		open, closing = `"`, `"`
	case "literal":
		open, joint = "|"+end+"        ", end+"          and "
	}
	joined := func(list []string, last bool) string {
		var b strings.Builder
		for _, s := range list {
			if last {
				b.WriteString(joint)
			}
			b.WriteString(encode(s))
			if !last {
				b.WriteString(joint)
			}
		}
		return b.String()
	}
	lead := rapid.SampledFrom([]string{
		"    did: any\n    where: ", "    # ääkkösiä 😀\n    did: any\n    where:   ",
	}).Draw(t, "lead")
	if style != "literal" {
		lead = rapid.SampledFrom([]string{lead, "    {did: any, within: 30d, has: 'ä😀', where: "}).Draw(t,
			"lead, or brackets")
	}
	head := strings.ReplaceAll("kind: Segment\nmetadata: {title: ä😀}\nspec:\n  match:\n"+lead, "\n", end)
	before := head + open + joined(terms("before"), false) + encode(mistake.before)
	text := encode(mistake.text)
	rest := encode(after) + joined(terms("behind"), true) + closing
	if strings.Contains(lead, "{") {
		if style == "plain" && strings.ContainsAny(before[len(head):]+rest, ",") {
			t.Skip("a comma ends a plain value inside brackets")
		}
		rest += "}"
	}
	return planted{before + text + rest + end, len(before), len(before) + len(text), mistake.code}
}

// The place of a mistake is that of the text that was planted, however YAML writes it: in bytes, in characters and in
// the units of UTF-16, under the carets as well.
func TestAMistakeIsFoundWhereItWasPlanted(t *testing.T) {
	s, _ := rulestest.Scope(t, &txtar.Archive{})
	rapid.Check(t, func(t *rapid.T) {
		p := plant(t)
		_, found := s.Segment(&source.Source{Name: "planted.yaml", Text: p.text})
		e := only(t, found, p)
		type place struct {
			Line      int `json:"line"`
			Column    int `json:"column"`
			EndLine   int `json:"end_line"`
			EndColumn int `json:"end_column"`
			UTF16     int `json:"column_utf16"`
			EndUTF16  int `json:"end_column_utf16"`
			Start     int `json:"start"`
			End       int `json:"end"`
		}
		line := func(offset int) int { return strings.Count(p.text[:offset], "\n") + 1 }
		row := func(offset int) []rune {
			return []rune(p.text[strings.LastIndexByte(p.text[:offset], '\n')+1 : offset])
		}
		want := place{
			line(p.start), len(row(p.start)) + 1, line(p.end), len(row(p.end)) + 1,
			len(utf16.Encode(row(p.start))) + 1, len(utf16.Encode(row(p.end))) + 1, p.start, p.end,
		}
		document, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var got place
		if err := json.Unmarshal(document, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-planted +found):\n%s", p.text, diff)
		}
		rows := strings.Split(e.Text(), "\n")
		if at, carets := strings.IndexByte(rows[2], '^'), strings.Count(rows[2], "^"); at != len("      | ")+want.Column-1 ||
			carets != len([]rune(p.text[p.start:p.end])) {
			t.Fatalf("%q: %d carets from %d:\n%s", p.text, carets, at, e.Text())
		}
	})
}

// only is the one finding of the planted code.
func only(t *rapid.T, found source.Findings, p planted) *source.Finding {
	var of []*source.Finding
	for _, e := range found {
		if e.Code == p.code && (e.Span.Start == p.start || p.code != "E-TYPE") {
			of = append(of, e)
		}
	}
	if len(of) != 1 {
		t.Fatalf("%q: %d findings %s:\n%s", p.text, len(of), p.code, found.Text())
	}
	return of[0]
}
