package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

var (
	addressed = regexp.MustCompile(`^#+ *malgrupp:`)
	allowForm = regexp.MustCompile(`^#+ *malgrupp:allow +([EW]-[A-Z-]+) +until +(\S+) +because +(\S.*)$`)
)

// allowance is a comment that lets a warning pass: # malgrupp:allow W-CODE until 2026-12-31 because of this and that.
// It speaks of what it stands above with all that is in it, or of its own line.
type allowance struct {
	code string
	span source.Span
}

// Allow leaves out the warnings that comments of the files allow on the day given (zero: on any day), and adds what is
// wrong with such comments: one that has expired allows nothing and is a warning (W-ALLOW-EXPIRED), one that is
// malformed or wants to allow an error is an error (E-ALLOW).
func Allow(found source.Findings, files []*source.Source, today value.CivilDate) source.Findings {
	var out source.Findings
	bySource := map[string][]allowance{}
	for _, src := range files {
		if !strings.Contains(src.Text, "malgrupp:") {
			continue
		}
		r := source.Report{Source: src}
		bySource[src.Name] = allowances(&r, today)
		out = append(out, r.Found...)
	}
	for _, e := range found {
		if !slices.ContainsFunc(bySource[e.Source.Name], func(a allowance) bool { return a.covers(e) }) {
			out = append(out, e)
		}
	}
	return out.Sorted()
}

func (a allowance) covers(e *source.Finding) bool {
	return e.Severity == source.SeverityWarning && e.Code == a.code && a.span.Start <= e.Span.Start &&
		e.Span.Start < a.span.End
}

// allowances reads the comments of the file.
func allowances(r *source.Report, today value.CivilDate) []allowance {
	d := yaml.Read(r.Source)
	if !d.Root().Present() {
		return nil
	}
	l := yaml.NewLayout(d, nil)
	var out []allowance
	for _, c := range l.Comments {
		if !addressed.MatchString(c.Text) {
			continue
		}
		if code, ok := allowed(r, c, today); ok {
			out = append(out, allowance{code, l.About(c)})
		}
	}
	return out
}

// allowed reads one comment; it returns the code that the comment allows.
func allowed(r *source.Report, c yaml.Comment, today value.CivilDate) (code string, ok bool) {
	at := source.Span{Start: c.At, End: c.At + len(c.Text)}
	m := allowForm.FindStringSubmatch(c.Text)
	form := source.Expected("# malgrupp:allow W-CODE until 2026-12-31 because of this and that")
	if m == nil {
		r.Fail("E-ALLOW", at, "this comment to malgrupp cannot be read", form)
		return "", false
	}
	until, isDate := value.ParseDate(m[2])
	_, known := source.Explain(m[1])
	switch {
	case !known:
		r.Fail("E-ALLOW", at, fmt.Sprintf("there is no code %q", m[1]),
			append(source.DidYouMean(m[1], source.Codes()), source.Expected("a code that malgrupp explain-code lists"))...)
	case strings.HasPrefix(m[1], "E-"):
		r.Fail("E-ALLOW", at, m[1]+" is an error, and errors cannot be allowed", source.Expected("a warning: W-..."))
	case !isDate:
		r.Fail("E-ALLOW", at, fmt.Sprintf("%q is not a date", m[2]), form)
	case c.Target == nil:
		r.Fail("E-ALLOW", at, "this comment stands above nothing",
			source.Expected("a comment above what it allows, or behind it in its line"))
	case today > until:
		r.Warn("W-ALLOW-EXPIRED", at, fmt.Sprintf("this allowed %s until %v", m[1], until),
			source.Fix("put the cause right, or decide again and set a new date"))
	default:
		return m[1], true
	}
	return "", false
}
