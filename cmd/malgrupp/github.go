package main

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
)

// showGitHub writes the findings as commands of a workflow of GitHub, which shows them beside the lines.
func (a *app) showGitHub(w io.Writer, v validation) error {
	for _, e := range v.Findings {
		start, end := e.Source.Position(e.Span.Start), e.Source.Position(e.Span.End)
		_, err := fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,endLine=%d,endColumn=%d,title=%s::%s\n",
			e.Severity, inProperty.Replace(a.pathOf(e.Source.Name)), start.Line, start.Column, end.Line, end.Column,
			inProperty.Replace(e.Code), inMessage.Replace(fullMessage(e)))
		if err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, v.summary())
	return err
}

// What would end the message or a property of a command is written by its number.
var (
	inMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	inProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// fullMessage is the message with its note and hints, for readers who see no excerpt.
func fullMessage(e *source.Finding) string {
	var b strings.Builder
	b.WriteString(e.Message)
	if e.Note != "" {
		b.WriteString(" (" + e.Note + ")")
	}
	for _, h := range e.Hints {
		b.WriteString("\n" + h.Label + ": " + h.Text)
	}
	return b.String()
}

// pathOf is a file of the project as seen from the folder in which the program runs, which in CI is the repository's.
// Of a project that is named by its whole path only the part below it is told.
func (a *app) pathOf(name string) string {
	if filepath.IsAbs(a.project) {
		return name
	}
	return path.Join(filepath.ToSlash(a.project), name)
}
