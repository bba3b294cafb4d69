package project

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
)

// examples are the projects that a page of the vectors folder shows, the smallest first.
func examples(t *testing.T) []string {
	t.Helper()
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	page, err := os.ReadFile(filepath.Join(root, "design.md"))
	if err != nil {
		t.Skipf("vectors are not there (set MALGRUPP_VECTORS): %v", err)
	}
	var out []string
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(block[1], "kind: Project") {
			out = append(out, block[1])
		}
	}
	if len(out) < 2 {
		t.Fatalf("the page shows %d projects, want two", len(out))
	}
	return out
}

func TestTheSmallestProjectOfTheDesignIsRead(t *testing.T) {
	p, found := Read(&source.Source{Name: "malgrupp.yaml", Text: examples(t)[0]}, "", platforms)
	if len(found) > 0 {
		t.Fatal(found.Text())
	}
	if p.Name != "demo-bank" || p.State != p.Output+"state/" || p.Audit != p.Output+"audit/" || p.Identity.Linked {
		t.Errorf("%+v", p)
	}
}

// TestEveryKeyOfTheDesignIsRead walks the keys of the full project: none may be passed over in silence.
func TestEveryKeyOfTheDesignIsRead(t *testing.T) {
	text := examples(t)[1]
	p, found := Read(&source.Source{Name: "malgrupp.yaml", Text: text}, "", platforms)
	if len(found) > 0 {
		t.Error(found.Text())
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, s := range p.Settings {
		known = append(known, s.Key)
	}
	for _, key := range keysOf(root.Content[0], "") {
		top, _, _ := strings.Cut(key, ".")
		switch {
		case slices.Contains([]string{"apiVersion", "kind", "metadata", "contacts", "profiles_of_customers"}, top):
		case !slices.Contains(known, key):
			t.Errorf("%s is no setting", key)
		}
	}
}

// keysOf lists the keys that hold something plain: consent.url, sources[0].name.
func keysOf(n *yaml.Node, at string) (out []string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			out = append(out, keysOf(n.Content[i+1], strings.TrimPrefix(at+"."+n.Content[i].Value, "."))...)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			out = append(out, keysOf(c, at+"["+string(rune('0'+i))+"]")...)
		}
	default:
		out = append(out, at)
	}
	return out
}
