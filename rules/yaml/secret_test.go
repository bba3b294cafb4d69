package yaml_test

import (
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

func TestNoFormOfASecretIsLeftInWhatAProjectFileIsReadFrom(t *testing.T) {
	for _, part := range []string{
		"keys: {master: CANARY}", "keys:\n  state: |\n    CANARY\n    CANARY\n", "keys:\n  state: >-\n    CANARY\n",
		"keys:\n  state: 'CANARY''CANARY'\n", "keys:\n  signing: CANARY\n    CANARY\n", "keys: [CANARY, {a: CANARY}]",
		"profiles: {dev: {keys: {master: {1: CANARY}}}}", "secret_key: CANARY", "x: {AWS_SECRET_ACCESS_KEY: 'CANARY'}",
		"output: {url: 'azblob://a/?sas=CANARY&prefix=b'}", "output: {url: 'gs://CANARY@a/'}", "# s3://a:CANARY@b",
		"output: {url: 'https://a/?Signature=CANARY'}", "keys: {state: CANARY", "password: \"CANARY",
	} {
		src := &source.Source{Name: "malgrupp.yaml", Text: "kind: Project\n" + part}
		d := yaml.Read(src)
		told := d.Errors().Text() + d.Source.Text
		if d.Root().Present() {
			n, _ := d.Root().Object("the file")
			n.Only(yaml.Keys())
			told += d.Errors().Text()
		}
		if strings.Contains(told, "CANARY") || !strings.Contains(told, "E-SECRET") {
			t.Errorf("%s:\n%s", part, told)
		}
		if !strings.Contains(src.Text, "CANARY") {
			t.Errorf("%s: the file itself was changed", part)
		}
	}
}

func TestWhatIsNoSecretIsNotTakenForOne(t *testing.T) {
	for _, part := range []string{
		"keys: {master: {1: 'env:A', 2: 'file:b'}, state: 'age:c', mounted: true}", "sources: [{expect: {by: 06:00}}]",
		"output: {url: 's3://a/b?region=c&prefix=d'}", "contacts: {a: {email: b@c.example}}",
		"# see https://a.example/b@c?d=e", "# step 1: ask for the token: they have it",
	} {
		d := yaml.Read(&source.Source{Name: "malgrupp.yaml", Text: "kind: Project\n" + part})
		if len(d.Errors()) > 0 {
			t.Errorf("%s:\n%s", part, d.Errors().Text())
		}
	}
}
