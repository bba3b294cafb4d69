package pipeline

import (
	"embed"
	"fmt"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
)

//go:embed schemas
var schemaFiles embed.FS

// shippedPrefix begins the names of the schemas that come with the program; a project's own may not take it.
const shippedPrefix = "malgrupp-"

// Shipped returns the schemas that come with the program, by name in order: a source may name them without a file in
// schemas/. The caller must not change them.
func Shipped() []*rules.Schema {
	files, err := yamlFiles(schemaFiles, "schemas")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	out := make([]*rules.Schema, len(files))
	for i, src := range files {
		schema, found := rules.ParseSchema(src)
		if found.Failed() {
			panic(found) // a test reads them all
		}
		out[i] = schema
	}
	return out
}

// addSchema takes a schema of the project under its name, if the name is free to be taken.
func (l *Loaded) addSchema(s *rules.Schema) {
	message, hint := "", ""
	switch other := l.Schemas[s.Name]; {
	case strings.HasPrefix(s.Name, shippedPrefix):
		message = fmt.Sprintf("names that begin with %s belong to the schemas that come with the program", shippedPrefix)
		hint = "another name; a source that says schema: " + s.Name + " needs no file if the program has one of that name"
	case other != nil:
		message = fmt.Sprintf("the name %s is taken by %s", s.Name, other.Source.Name)
		hint = "a name of its own for each schema"
	default:
		l.Schemas[s.Name] = s
		return
	}
	document, _ := rules.Read(s.Source).Envelope(rules.KindEventSchema)
	l.Findings = append(l.Findings, &rules.Error{
		Code: "E-DUPLICATE-NAME", Severity: rules.SeverityError, Source: s.Source, Span: document.NameSpan, Message: message,
		Hints: []rules.Hint{{Label: rules.Expected, Text: hint}},
	})
}

// addShipped takes the shipped schemas that the project's sources name; others do not concern it.
func (l *Loaded) addShipped() {
	for _, schema := range Shipped() {
		for _, source := range l.Project.Sources {
			if source.Schema == schema.Name {
				l.Schemas[schema.Name] = schema
			}
		}
	}
}
