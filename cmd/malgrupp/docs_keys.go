package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// writeKeys writes what the files of a project may say, from the shapes that their reader goes by.
func writeKeys(w io.Writer) {
	fmt.Fprint(w, "<!-- made by `make docs` from the table of keys; do not edit -->\n\n"+
		"# The keys of every file\n\n"+
		"A point leads into an object, `[]` to each member of a list, NAME stands for names that you choose. What is not "+
		"listed is an error. [rules.md](rules.md) explains rules, [functions.md](functions.md) what a condition may say.\n")
	for _, kind := range []string{
		yaml.KindSegment, yaml.KindSegmentTest, yaml.KindEventSchema, yaml.KindValueSet, yaml.KindProject,
	} {
		shape := rules.FileKeys(kind, builtin.Language())
		if kind == yaml.KindProject {
			shape = project.Shape(load.Platforms())
		}
		fmt.Fprintf(w, "\n## %s\n\n| key | needed | what stands behind it |\n|---|---|---|\n", kind)
		writeKeysOf(w, "", shape)
	}
}

func writeKeysOf(w io.Writer, path string, s *yaml.Shape) {
	for _, k := range s.Keys {
		if k.Name == "apiVersion" || k.Name == "kind" {
			continue // the same in every file
		}
		needed, said := "", keyText(s, k)
		if always(s, k) {
			needed = "yes"
		}
		if k.Doc != "" {
			said += "; " + k.Doc
		}
		if path+k.Name == "profiles" {
			said = "names, each with those of the keys above that differ there"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", path+k.Name, needed, cell(said))
		if path+k.Name != "profiles" {
			writeBelow(w, path+k.Name, k.Shape)
		}
	}
}

// always reports whether a key must be there, whichever of its forms an object has.
func always(s *yaml.Shape, k yaml.Key) bool {
	lacks := func(of *yaml.Shape) bool {
		return len(of.Keys) > 0 &&
			!slices.ContainsFunc(of.Keys, func(o yaml.Key) bool { return o.Name == k.Name && o.Needed })
	}
	return k.Needed && !slices.ContainsFunc(s.Either, lacks)
}

// keyText says what stands behind a key, in any form of its object.
func keyText(s *yaml.Shape, k yaml.Key) string {
	if k.Unbuilt {
		return "not built: refused"
	}
	texts := []string{shapeText(k.Shape)}
	for _, of := range s.Either {
		if behind := of.Behind(k.Name); behind != nil && !slices.Contains(texts, shapeText(behind)) {
			texts = append(texts, shapeText(behind))
		}
	}
	return strings.Join(texts, ", or ")
}

// writeBelow writes the keys of the objects in a value. Conditions have a page of their own.
func writeBelow(w io.Writer, path string, s *yaml.Shape) {
	if s == nil || isCondition(s) {
		return
	}
	writeKeysOf(w, path+".", s)
	if s.Names != nil {
		writeBelow(w, path+".NAME", s.Names)
	}
	if s.Each != nil {
		writeBelow(w, path+"[]", s.Each)
	}
}

func isCondition(s *yaml.Shape) bool { return strings.HasSuffix(s.Def, "condition") }

// shapeText says in a few words what a value is.
func shapeText(s *yaml.Shape) string {
	switch {
	case s == nil:
		return "any value"
	case isCondition(s):
		return "a condition"
	case s.Either != nil:
		var forms []string
		for _, of := range s.Either {
			if text := shapeText(of); !slices.Contains(forms, text) {
				forms = append(forms, text)
			}
		}
		return strings.Join(forms, ", or ")
	case s.Leaf == yaml.LeafWord:
		return "`" + strings.Join(s.Words, "`, `") + "`"
	case s.Leaf == yaml.LeafWhole:
		if s.High >= 1_000_000_000 {
			return fmt.Sprintf("whole number from %d on", s.Low)
		}
		return fmt.Sprintf("whole number from %d to %d", s.Low, s.High)
	case s.Form != "" && s.Leaf != "" && len(s.Form) < 40:
		return fmt.Sprintf("%s like `%s`", s.Leaf, s.Form)
	case s.Leaf != "":
		return string(s.Leaf)
	case s.Each != nil:
		return "list of: " + shapeText(s.Each)
	case s.Names != nil:
		return "names, each with: " + shapeText(s.Names)
	}
	if len(s.Keys) == 0 {
		return "list"
	}
	return "object"
}
