package source

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryCodeHasAPageAndEveryPageACode(t *testing.T) {
	quoted := regexp.MustCompile(`"([EW]-[A-Z][A-Z0-9-]+)"`)
	used := map[string]bool{}
	root := filepath.Join("..", "..")
	for _, dir := range []string{"rules", "segments", "pipeline", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" ||
				strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
				used[m[1]] = true
				if _, ok := Explain(m[1]); !ok {
					t.Errorf("%s reports %s, which has no page", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, code := range Codes() {
		if text, _ := Explain(code); len(text) < 50 || text[len(text)-1] != '.' {
			t.Errorf("%s explains itself as %q", code, text)
		}
		if strings.Contains(code, "-") && !used[code] {
			t.Errorf("%s has a page but nothing reports it", code)
		}
	}
	if _, ok := Explain("NOTHING"); ok {
		t.Error("a code that does not exist has a page")
	}
}

func TestPagesAreSortedAndEachIsThereOnce(t *testing.T) {
	var codes []string
	for page := range strings.SplitSeq(pageText, "\n\n") {
		code, _, _ := strings.Cut(page, "\n")
		codes = append(codes, code)
	}
	if diff := cmp.Diff(Codes(), codes); diff != "" {
		t.Errorf("codes as sorted, and as they stand (-want +got):\n%s", diff)
	}
}
