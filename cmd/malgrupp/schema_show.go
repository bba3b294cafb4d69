package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules"
)

// shippedNames lists the schemas that come with the program.
func shippedNames() string { return strings.Join(load.ShippedNames(), ", ") }

// eventSchemaDoc is the JSON document of `schema show schema`.
type eventSchemaDoc struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	File   string `json:"file,omitempty"` // of the project; a schema of the program has none
	Text   string `json:"text"`
}

// showEventSchema prints the file of an EventSchema as it stands.
func (a *app) showEventSchema(name string) error {
	doc := eventSchemaDoc{Schema: "malgrupp.event-schema/v1", Name: name}
	if s, ok := load.Shipped(name); ok {
		doc.Text = s.Source.Text
	} else {
		s, err := a.projectSchema(name)
		if err != nil {
			return err
		}
		doc.File, doc.Text = s.Source.Name, s.Source.Text
	}
	return a.print(doc, func(w io.Writer) { fmt.Fprint(w, doc.Text) })
}

func (a *app) projectSchema(name string) (*rules.Schema, error) {
	loaded, err := a.load("")
	if err == nil && loaded.Schemas[name] != nil {
		return loaded.Schemas[name], nil
	}
	if f, ok := fault.Classify(err); ok && f.Reason != "PROJECT" {
		return nil, err
	}
	return nil, usagef("there is no schema %q: the program has %s; those of a project are found with -C DIR", name,
		shippedNames())
}
