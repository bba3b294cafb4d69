package page

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostile closes every quote and element that a chart could stand in.
const hostile = `"'></text></svg><script>alert(1)</script>&` + "\u202e"

var pictures = map[string]Picture{
	"spark":      &Spark{Values: []int64{0, 50, 50, 120, None, 90, 400}},
	"spark_one":  &Spark{Values: []int64{70}},
	"spark_none": &Spark{},
	"spark_gone": &Spark{Values: []int64{70, None}},
	"bars":       Bars{{Label: "let pass", Text: "1,230", Value: 1230, Class: "good"}, {Label: hostile, Text: "<50"}},
	"bars_none":  Bars{},
	"calendar": Calendar{
		{"2026-03", 30, []Day{{Class: "there"}, {"missing", "x"}}}, {"2026-04", 1, []Day{{"late", "L"}}},
	},
	"heat": Heat{[]string{"loans", hostile, "cars"}, [][]int{{}, {0}, {3, 5}}},
	"upset": UpSet{
		[]Bar{{Label: "loans"}, {Label: hostile}}, []Region{{[]int{0}, 900, "900"}, {[]int{0, 1}, 50, "50"}},
	},
	"upset_one_dot": UpSet{[]Bar{{Label: "loans"}}, []Region{{[]int{0}, 900, "900"}}},
}

// A chart is as its file in testdata; UPDATE=1 rewrites it. It is well-formed, whatever stands at it.
func TestChartsAreDrawnAlike(t *testing.T) {
	for name, p := range pictures {
		m := new(markup)
		p.draw(m, "A chart. "+hostile)
		got, file := m.String()+"\n", filepath.Join("testdata", name+".svg")
		if os.Getenv("UPDATE") == "1" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		for d := xml.NewDecoder(strings.NewReader(got)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s is not well-formed: %v", name, err)
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "script" {
				t.Errorf("%s has a script", name)
			}
		}
	}
}

// The policy lets in the style and the script that stand there, and the script only where a table can be searched.
func TestThePolicyNamesWhatIsThere(t *testing.T) {
	find := &Table{Caption: "c", Head: []string{"a"}, Rows: [][]Cell{{C("x")}}, Find: "Find", None: "None"}
	for _, c := range []struct {
		block   Block
		scripts bool
	}{{Text{Words: "x"}, false}, {find, true}} {
		p := &Page{Lang: "en", Title: "t", Sections: []Section{{ID: "s", Title: "s", Blocks: []Block{c.block}}}}
		html := string(p.HTML())
		for tag, text := range map[string]string{"style": style, "script": script} {
			stands := strings.Contains(html, "<"+tag+">"+text+"</"+tag+">")
			named := strings.Contains(html, tag+"-src "+hashed(text))
			if want := tag == "style" || c.scripts; stands != want || named != want {
				t.Errorf("%s stands there: %t, is named: %t, want %t", tag, stands, named, want)
			}
		}
		if strings.Contains(html, "unsafe") || !strings.Contains(html, "default-src 'none'") {
			t.Error("the policy lets more in")
		}
	}
	for name, text := range map[string]string{"style": style, "script": script} {
		if strings.Contains(text, "</") || strings.Contains(text, "http") || strings.Contains(text, "url(") {
			t.Errorf("the %s ends early, or asks somebody", name)
		}
	}
}

// In Markdown nothing that comes in is more than a text.
func TestMarkdownKeepsTextsAsTexts(t *testing.T) {
	evil := "a|b\n# c\n[x](javascript:1) <b> `d` **e**"
	p := &Page{Title: evil, Sections: []Section{{ID: "s", Title: evil, Blocks: []Block{
		Text{Words: evil, Mood: "bad"},
		List{Lines: []Line{{Text: evil, Note: evil, Depth: 1}}},
		Code{Text: "x\n```\n<script>"},
		&Table{Caption: evil, Head: []string{evil}, Rows: [][]Cell{{N(evil)}, {Cell{Text: evil, Code: true}}}},
		Fold{Line: evil, Blocks: []Block{Text{Words: evil}}},
		&Chart{Title: evil, Sentence: evil, Data: &Table{Caption: evil, Head: []string{evil}}},
	}}}, Foot: evil}
	md := string(p.Markdown())
	_, outside, _ := strings.Cut(md, "````\nx\n```\n<script>\n````\n") // the code, behind a longer fence
	if outside == "" {
		t.Error("code ends its own fence")
	}
	for _, bad := range []string{"\n# c", "[x](", "<b>", "a|b", " `d`", " **e**"} {
		if strings.Contains(md, bad) {
			t.Errorf("Markdown has %q:\n%s", bad, md)
		}
	}
}
