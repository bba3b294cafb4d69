package source

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a finding stops a run.
type Severity string

// The two severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Finding is one finding about a place in a text: one problem, one message.
type Finding struct {
	Code     string // E-... or W-..., explained by Explain
	Severity Severity
	Source   *Source
	Span     Span   // what the carets stand under
	Message  string // lower case, one sentence, no full stop
	Note     string // stands right of the carets
	Hints    []Hint
	Edits    []Edit // puts the text right without changing what its writer meant; nil: somebody must decide
	Missing  string // of E-NOT-BUILT: the verb, aggregate or key that this version lacks
}

// Hint is a line below the excerpt: "did you mean", "expected", "fix", "path".
type Hint struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

// Labels of hints.
const (
	LabelDidYouMean = "did you mean"
	LabelExpected   = "expected"
	LabelFix        = "fix"
	LabelPath       = "path"
)

// Error is the first line of the finding: place, severity, code and message.
func (e *Finding) Error() string {
	p := e.Source.Position(e.Span.Start)
	return fmt.Sprintf("%s:%d:%d: %s[%s]: %s", e.Source.Name, p.Line, p.Column, e.Severity, e.Code, e.Message)
}

// Text is the whole finding: the first line, the source with carets, the hints; it ends with a newline.
func (e *Finding) Text() string {
	var b strings.Builder
	b.WriteString(e.Error() + "\n")
	place := e.Source.Position(e.Span.Start)
	line, start := e.Source.Line(place.Line)
	if line != "" {
		carets := e.carets(line, start)
		fmt.Fprintf(&b, "%5d | %s\n", place.Line, harmless(line))
		fmt.Fprintf(&b, "      | %s%s\n", strings.Repeat(" ", place.Column-1), strings.TrimRight(carets+" "+e.Note, " "))
	}
	for _, h := range e.Hints {
		indent := "\n" + strings.Repeat(" ", len("  : ")+len(h.Label))
		fmt.Fprintf(&b, "  %s: %s\n", h.Label, strings.ReplaceAll(harmless(h.Text), "\n", indent))
	}
	return b.String()
}

// carets returns one caret for each code point of the span that lies on its first line, at least one.
func (e *Finding) carets(line string, start int) string {
	from := min(max(e.Span.Start-start, 0), len(line))
	to := min(max(e.Span.End-start, from), len(line))
	return strings.Repeat("^", max(1, len([]rune(line[from:to]))))
}

// harmless replaces characters that could steer a terminal or reorder the line, one for one.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case Forbidden(r):
			return '\ufffd'
		}
		return r
	}, text)
}

// MarshalJSON writes code, severity, file, line, column (in code points and in UTF-16 units), byte offsets, message,
// hints and edits.
func (e *Finding) MarshalJSON() ([]byte, error) {
	start, end := e.Source.Position(e.Span.Start), e.Source.Position(e.Span.End)
	return json.Marshal(struct {
		Code      string   `json:"code"`
		Severity  Severity `json:"severity"`
		File      string   `json:"file"`
		Line      int      `json:"line"`
		Column    int      `json:"column"`
		EndLine   int      `json:"end_line"`
		EndColumn int      `json:"end_column"`
		UTF16     int      `json:"column_utf16"`
		EndUTF16  int      `json:"end_column_utf16"`
		Start     int      `json:"start"`
		End       int      `json:"end"`
		Message   string   `json:"message"`
		Note      string   `json:"note,omitempty"`
		Hints     []Hint   `json:"hints,omitempty"`
		Edits     []Edit   `json:"edits,omitempty"`
		Missing   string   `json:"missing,omitempty"`
	}{
		e.Code, e.Severity, e.Source.Name, start.Line, start.Column, end.Line, end.Column, e.Source.UTF16Column(e.Span.Start),
		e.Source.UTF16Column(e.Span.End), e.Span.Start, e.Span.End, e.Message, e.Note, e.Hints, e.Edits, e.Missing,
	})
}

// Findings are findings, warnings among them.
type Findings []*Finding

// maxErrors bounds how many findings are shown.
const maxErrors = 50

// Sorted returns the findings in the order of their places, without repetitions.
func (es Findings) Sorted() Findings {
	sorted := slices.Clone(es)
	slices.SortStableFunc(sorted, func(a, b *Finding) int {
		return cmp.Or(
			cmp.Compare(a.Source.Name, b.Source.Name), cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(a.Span.End, b.Span.End), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(sorted, func(a, b *Finding) bool {
		return a.Source.Name == b.Source.Name && a.Span == b.Span && a.Code == b.Code && a.Message == b.Message
	})
}

// chosen are the findings that are shown, at most 50, in the order of their places; where not all can be, errors go
// before warnings. more says how many are left out.
func (es Findings) chosen() (list Findings, more int) {
	list = es.Sorted()
	if more = len(list) - maxErrors; more <= 0 {
		return list, 0
	}
	slices.SortStableFunc(list, func(a, b *Finding) int {
		return strings.Compare(string(a.Severity), string(b.Severity)) // "error" stands before "warning"
	})
	return list[:maxErrors].Sorted(), more
}

// Text renders the findings that are shown.
func (es Findings) Text() string {
	var b strings.Builder
	list, more := es.chosen()
	for _, e := range list {
		b.WriteString(e.Text())
	}
	if more > 0 {
		fmt.Fprintf(&b, "... and %d more\n", more)
	}
	return b.String()
}

// MarshalJSON writes the findings that are shown.
func (es Findings) MarshalJSON() ([]byte, error) {
	list, _ := es.chosen()
	return json.Marshal(append(make([]*Finding, 0, len(list)), list...))
}

// Error lists the first lines of the findings.
func (es Findings) Error() string {
	list, _ := es.chosen()
	lines := make([]string, 0, len(list))
	for _, e := range list {
		lines = append(lines, e.Error())
	}
	return strings.Join(lines, "\n")
}

// Failed reports whether one of the findings is an error, not a warning.
func (es Findings) Failed() bool {
	return slices.ContainsFunc(es, func(e *Finding) bool { return e.Severity == SeverityError })
}

// Err returns the findings as an error if one of them is one, else nil.
func (es Findings) Err() error {
	if es.Failed() {
		return es
	}
	return nil
}

// Missing returns the verbs, aggregates and keys that this version lacks, sorted, and whether the lack of them is all
// that is wrong.
func (es Findings) Missing() (names []string, alone bool) {
	alone = true
	for _, e := range es {
		switch {
		case e.Missing != "":
			names = append(names, e.Missing)
		case e.Severity == SeverityError:
			alone = false
		}
	}
	slices.Sort(names)
	return slices.Compact(names), alone && len(names) > 0
}

// Report is where a check leaves its findings.
type Report struct {
	Source *Source
	Found  Findings
}

// Fail adds an error at a place and returns it, so that the caller may add to it.
func (r *Report) Fail(code string, span Span, message string, hints ...Hint) *Finding {
	e := &Finding{Code: code, Severity: SeverityError, Source: r.Source, Span: span, Message: message, Hints: hints}
	r.Found = append(r.Found, e)
	return e
}

func (r *Report) Warn(code string, span Span, message string, hints ...Hint) *Finding {
	e := r.Fail(code, span, message, hints...)
	e.Severity = SeverityWarning
	return e
}
