package report

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/segments/consent"
)

// golden compares with a file of testdata; UPDATE=1 rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs (UPDATE=1 rewrites it, -want +got):\n%.4000s", name, cmp.Diff(string(want), string(got)))
	}
}

// The whole page as it is, which e2e opens in a browser.
func TestAReportIsTheSameEveryTime(t *testing.T) {
	r := full(t, 20, 12)
	golden(t, "report.html", r.Page("en").HTML())
	golden(t, "report.md", r.Page("en").Markdown())
	golden(t, "refused.html", refused(t).Page("en").HTML())
	again := full(t, 20, 12)
	for _, language := range Languages() {
		if !bytes.Equal(r.Page(language).HTML(), again.Page(language).HTML()) {
			t.Errorf("two reports of one run differ in %s", language)
		}
	}
}

func TestEveryPartHasSomethingToTellOfAFullRun(t *testing.T) {
	r := full(t, 20, 12)
	for _, p := range parts {
		if r.Parts[p.name] == nil {
			t.Errorf("%s tells nothing", p.name)
		}
	}
	doc, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"members":"\u003c50"`, `"signature_valid":true`, `"late_for"`, `"state":"missing"`} {
		if !bytes.Contains(doc, []byte(want)) {
			t.Errorf("the document lacks %s", want)
		}
	}
}

// tags are those that a page may have, with the attributes of each.
var tags = regexp.MustCompile(`<(/?)([a-zA-Z0-9!]+)([^>]*)>`)

// Whatever things are called, the page has the tags of the program and no others, and no address.
func TestNoNameBecomesMarkup(t *testing.T) {
	known := strings.Fields("!DOCTYPE html head meta link title style body header h1 h2 p nav ul li a main section " +
		"footer script figure figcaption strong svg path circle rect text div table caption thead tbody tr th td details " +
		"summary small pre code label input")
	r, stopped := full(t, 20, 12), refused(t)
	for _, language := range Languages() {
		for name, page := range map[string][]byte{
			"full": r.Page(language).HTML(), "refused": stopped.Page(language).HTML(),
		} {
			html := string(page)
			for _, m := range tags.FindAllStringSubmatch(html, -1) {
				if !slices.Contains(known, m[2]) {
					t.Errorf("%s has a tag %q", name, m[0])
				}
				if regexp.MustCompile(`(?i)\s(on\w+|style|src|action|srcset)\s*=`).MatchString(m[3]) {
					t.Errorf("%s has an attribute in %q", name, m[0])
				}
			}
			if n := strings.Count(html, "<script"); n > 1 {
				t.Errorf("%s has %d scripts", name, n)
			}
			if strings.ContainsAny(html, "\x00\u202e") {
				t.Errorf("%s has characters that nobody sees", name)
			}
			for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(html, -1) {
				if !strings.HasPrefix(href[1], "#") && href[1] != "data:," {
					t.Errorf("%s leads to %q", name, href[1])
				}
			}
			for _, said := range []string{"&lt;script&gt;alert(1)", "&lt;img src=x onerror=alert(4)&gt;"} {
				if !strings.Contains(html, said) && (name == "full" || strings.Contains(said, "script")) {
					t.Errorf("%s does not say %s at all", name, said)
				}
			}
		}
		if md := string(r.Page(language).Markdown()); strings.Contains(md, "<script>") ||
			strings.Contains(md, "[a](javascript") {
			t.Error("Markdown has markup of a name")
		}
	}
}

// Everything that the code says is said in every language, with the same places.
func TestEveryPhraseIsSaidInEveryLanguage(t *testing.T) {
	said := phrasesSaid(t)
	places := regexp.MustCompile(`%(?:\[\d\])?[sd%]`)
	for code, phrases := range languages {
		if code == "en" {
			continue
		}
		for text := range said {
			if phrases[text] == "" {
				t.Errorf("%s lacks: %q", code, text)
			}
		}
		for english, text := range phrases {
			if !said[english] {
				t.Errorf("%s: nobody says %q", code, english)
			}
			if a, b := len(places.FindAllString(english, -1)), len(places.FindAllString(text, -1)); a != b {
				t.Errorf("%s: %q has %d places, %q has %d", code, english, a, text, b)
			}
		}
	}
}

// phrasesSaid are the texts that are handed to say and count, and those of tables.
func phrasesSaid(t *testing.T) map[string]bool {
	said := map[string]bool{"the TC string does not say yes": true}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "say" || f.Sel.Name == "count") {
				for _, arg := range call.Args {
					if text := literal(arg); text != "" && (f.Sel.Name == "count" || arg == call.Args[0]) {
						said[text] = true
					}
				}
			}
			return true
		})
	}
	for _, p := range parts {
		said[p.title] = true
	}
	for _, l := range dayLooks {
		said[l.words] = true
	}
	for _, a := range alarms {
		said[a.text] = true
	}
	for _, table := range []map[string]string{whys, reasons} {
		for _, text := range table {
			said[text] = true
		}
	}
	return said
}

// literal is a text that stands in the code, in one piece or several.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

func TestEveryReasonForRefusingRowsIsSaid(t *testing.T) {
	w := &words{}
	for r := consent.Reason(0); ; r++ {
		parsed, known := consent.ParseReason(codeOf(r))
		if !known || parsed != r {
			break
		}
		if r > consent.GrantedTC && w.reason(r.String()) == r.String() {
			t.Errorf("%s has no words", r)
		}
	}
}

// codeOf is a reason's code, "" beyond the last.
func codeOf(r consent.Reason) (code string) {
	defer func() { _ = recover() }()
	return r.String()
}

func TestAReportOfManySegmentsAndNightsIsSmall(t *testing.T) {
	r := full(t, 60, 100)
	for _, p := range parts {
		m := *r
		m.Parts = map[string]Part{p.name: r.Parts[p.name]}
		t.Logf("%s: %d bytes", p.name, len(m.Page("en").HTML()))
	}
	size := len(r.Page("en").HTML())
	t.Logf("in all: %d bytes", size)
	if size > 300_000 {
		t.Errorf("100 segments and 60 runs make %d bytes, more than 300,000", size)
	}
}

func BenchmarkReport(b *testing.B) {
	for b.Loop() {
		full(b, 60, 100).Page("en").HTML()
	}
}
