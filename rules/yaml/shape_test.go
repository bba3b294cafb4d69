package yaml_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

func TestTheKeysOfAlternativesStandBeforeThoseThatFollowThem(t *testing.T) {
	text := yaml.Of(yaml.LeafText)
	count := yaml.Keys(yaml.Need("count", text), yaml.Need("by", text))
	percent := yaml.Keys(yaml.Need("percent", text), yaml.Need("by", text), yaml.Unbuilt("ties"))
	s := yaml.Either(text, count, percent)
	if diff := cmp.Diff([]string{"count", "percent", "by", "ties"}, s.All()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"count", "percent", "by"}, s.Built()); diff != "" {
		t.Errorf("keys that are built (-want +got):\n%s", diff)
	}
}

func TestAnObjectIsReadByItsShape(t *testing.T) {
	d := yaml.Read(&source.Source{Name: "x.yaml", Text: "level: high\nsize: 7\ntitel: x\n"})
	o, _ := d.Root().Object("the file")
	o.Only(yaml.Keys(yaml.Need("name", yaml.Of(yaml.LeafText)), yaml.May("level", yaml.Word("low", "high")),
		yaml.May("size", yaml.Whole(1, 5)),
		yaml.May("title", yaml.Of(yaml.LeafText))))
	if got := o.Word("level"); got != "high" {
		t.Errorf("level is %q", got)
	}
	if o.Text("name") != "" || o.Whole("size") != 0 || o.Text("title") != "" {
		t.Error("what is wrong or missing is not the zero value")
	}
	var codes []string
	for _, e := range d.Errors() {
		codes = append(codes, e.Code)
	}
	if diff := cmp.Diff([]string{"E-MISSING-KEY", "E-RANGE", "E-UNKNOWN-KEY"}, codes); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestAKeyThatIsMisspeltIsNotMissingToo(t *testing.T) {
	d := yaml.Read(&source.Source{Name: "x.yaml", Text: "nane: x\n"})
	o, _ := d.Root().Object("the file")
	o.Only(yaml.Keys(yaml.Need("name", yaml.Of(yaml.LeafText))))
	if o.Text("name"); len(d.Errors()) != 1 || d.Errors()[0].Code != "E-UNKNOWN-KEY" {
		t.Errorf("findings: %v", d.Errors())
	}
}

func TestAKeyCanStandElsewhereInTheCanonicalOrderThanInMessages(t *testing.T) {
	text := yaml.Of(yaml.LeafText)
	s := yaml.Keys(yaml.May("a", text).After("c"), yaml.May("b", text), yaml.May("c", text).After("d"), yaml.May("d",
		text))
	d := yaml.Read(&source.Source{Name: "x.yaml", Text: "zzz: 1\na: 1\nb: 1\nc: 1\nd: 1\n"})
	var order []string
	for _, e := range yaml.NewLayout(d, s).Root.Body.Ordered() {
		order = append(order, e.Key.Value())
	}
	if diff := cmp.Diff([]string{"b", "d", "c", "a", "zzz"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
