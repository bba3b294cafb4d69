package main

import (
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/malgrupp/malgrupp/rules/source"
)

// The parts of SARIF 2.1.0 that findings need. Columns and offsets count UTF-16 units.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID     string       `json:"id"`
		Short  sarifMessage `json:"shortDescription"`
		Full   sarifMessage `json:"fullDescription"`
		Config sarifConfig  `json:"defaultConfiguration"`
	}
	sarifConfig struct {
		Level source.Severity `json:"level"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     source.Severity `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations"`
		Fixes     []sarifFix      `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPlace `json:"physicalLocation"`
	}
	sarifPlace struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
		CharOffset  int `json:"charOffset"`
		CharLength  int `json:"charLength"`
	}
	sarifFix struct {
		Description sarifMessage  `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion  `json:"deletedRegion"`
		Inserted sarifMessage `json:"insertedContent"`
	}
)

// showSARIF writes the findings as one run of SARIF 2.1.0.
func (a *app) showSARIF(w io.Writer, v validation) error {
	run := sarifRun{ColumnKind: "utf16CodeUnits", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "malgrupp", Version: version, Rules: sarifRules(v.Findings)}
	for _, e := range v.Findings {
		artifact := sarifArtifact{(&url.URL{Path: a.pathOf(e.Source.Name)}).EscapedPath()}
		run.Results = append(run.Results, sarifResult{
			RuleID:    e.Code,
			RuleIndex: slices.IndexFunc(run.Tool.Driver.Rules, func(r sarifRule) bool { return r.ID == e.Code }),
			Level:     e.Severity,
			Message:   sarifMessage{fullMessage(e)},
			Locations: []sarifLocation{{sarifPlace{artifact, region(e.Source, e.Span.Start, e.Span.End)}}},
			Fixes:     sarifFixes(e, artifact),
		})
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// sarifRules describes the codes that occur, in the order of their names.
func sarifRules(found source.Findings) []sarifRule {
	out := []sarifRule{}
	for _, e := range found {
		if slices.ContainsFunc(out, func(r sarifRule) bool { return r.ID == e.Code }) {
			continue
		}
		page, _ := source.Explain(e.Code)
		short, _, _ := strings.Cut(page, ". ")
		out = append(out,
			sarifRule{e.Code, sarifMessage{strings.TrimSuffix(short, ".") + "."}, sarifMessage{page}, sarifConfig{e.Severity}})
	}
	slices.SortFunc(out, func(a, b sarifRule) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func sarifFixes(e *source.Finding, artifact sarifArtifact) []sarifFix {
	if len(e.Edits) == 0 {
		return nil
	}
	change := sarifChange{Artifact: artifact}
	for _, edit := range e.Edits {
		change.Replacements = append(change.Replacements,
			sarifReplacement{region(e.Source, edit.Start, edit.End), sarifMessage{edit.Text}})
	}
	return []sarifFix{{sarifMessage{"what malgrupp validate --fix would write"}, []sarifChange{change}}}
}

// region is a range of a text; a byte order mark belongs to none.
func region(src *source.Source, start, end int) sarifRegion {
	first, last := src.Position(start), src.Position(end)
	return sarifRegion{
		first.Line, src.UTF16Column(start), last.Line, src.UTF16Column(end),
		utf16Len(strings.TrimPrefix(src.Text[:start], "\ufeff")), utf16Len(src.Text[start:end]),
	}
}

func utf16Len(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}
