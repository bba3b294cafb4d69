package load

import (
	"embed"
	"fmt"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

//go:embed schemas
var schemaFiles embed.FS

// ShippedPrefix begins the names of the schemas that come with the program; a project's own may not take it.
const ShippedPrefix = "malgrupp-"

// ShippedNames are the names of the schemas that come with the program, in order: a source may say one without a file
// in schemas/.
func ShippedNames() []string {
	entries, err := schemaFiles.ReadDir("schemas")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return names
}

// Shipped returns a schema that comes with the program.
func Shipped(name string) (*rules.Schema, bool) {
	text, err := schemaFiles.ReadFile("schemas/" + name + ".yaml")
	if err != nil {
		return nil, false
	}
	schema, found := rules.ParseSchema(&source.Source{Name: name + ".yaml", Text: string(text)})
	if found.Failed() {
		panic(found) // a test reads them all
	}
	return schema, true
}

// addSchema takes a schema of the project under its name, if the name is free to be taken.
func (l *Loaded) addSchema(s *rules.Schema) {
	message, hint := "", ""
	switch other := l.Schemas[s.Name]; {
	case strings.HasPrefix(s.Name, ShippedPrefix):
		message = fmt.Sprintf("names that begin with %s belong to the schemas that come with the program", ShippedPrefix)
		hint = "another name; a source that says schema: " + s.Name + " needs no file if the program has one of that name"
	case other != nil:
		message = fmt.Sprintf("the name %s is taken by %s", s.Name, other.Source.Name)
		hint = "a name of its own for each schema"
	default:
		l.Schemas[s.Name] = s
		return
	}
	document, _ := yaml.Read(s.Source).Envelope(yaml.KindEventSchema)
	l.Findings = append(l.Findings, &source.Finding{
		Code: "E-DUPLICATE-NAME", Severity: source.SeverityError, Source: s.Source, Span: document.NameSpan, Message: message,
		Hints: []source.Hint{{Label: source.LabelExpected, Text: hint}},
	})
}

// addShipped takes the shipped schemas that the project's sources name; others do not concern it.
func (l *Loaded) addShipped() {
	for _, source := range l.Project.Sources {
		if schema, ok := Shipped(source.Schema); ok {
			l.Schemas[schema.Name] = schema
		}
	}
}
