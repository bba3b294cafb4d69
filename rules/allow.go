package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	addressed = regexp.MustCompile(`^#+ *malgrupp:`)
	allowForm = regexp.MustCompile(`^#+ *malgrupp:allow +([EW]-[A-Z-]+) +until +(\S+) +because +(\S.*)$`)
)

// allowance is a comment that lets a warning pass: # malgrupp:allow W-CODE until 2026-12-31 because of this and that. It
// speaks of what it stands above with all that is in it, or of its own line.
type allowance struct {
	code string
	span Span
}

// Allow leaves out the warnings that comments of the files allow on the day given (zero: on any day), and adds what is wrong
// with such comments: one that has expired allows nothing and is a warning (W-ALLOW-EXPIRED), one that is malformed or wants to
// allow an error is an error (E-ALLOW).
func Allow(found Errors, files []*Source, today CivilDate) Errors {
	var out Errors
	allowed := map[string][]allowance{}
	for _, src := range files {
		if !strings.Contains(src.Text, "malgrupp:") {
			continue
		}
		r := report{source: src}
		allowed[src.Name] = r.allowances(today)
		out = append(out, r.found...)
	}
	for _, e := range found {
		if !slices.ContainsFunc(allowed[e.Source.Name], func(a allowance) bool { return a.covers(e) }) {
			out = append(out, e)
		}
	}
	return out.Sorted()
}

func (a allowance) covers(e *Error) bool {
	return e.Severity == SeverityWarning && e.Code == a.code && a.span.Start <= e.Span.Start && e.Span.Start < a.span.End
}

// allowances reads the comments of the file.
func (r *report) allowances(today CivilDate) []allowance {
	d := Read(r.source)
	if d.root == nil {
		return nil
	}
	l := newLayout(d)
	var out []allowance
	for _, c := range l.comments {
		if !addressed.MatchString(c.text) {
			continue
		}
		if code, ok := r.allowance(c, today); ok {
			out = append(out, allowance{code, l.about(c)})
		}
	}
	return out
}

// allowance reads one comment; it returns the code that the comment allows.
func (r *report) allowance(c comment, today CivilDate) (code string, ok bool) {
	at := Span{c.at, c.at + len(c.text)}
	m := allowForm.FindStringSubmatch(c.text)
	form := expected("# malgrupp:allow W-CODE until 2026-12-31 because of this and that")
	if m == nil {
		r.fail("E-ALLOW", at, "this comment to malgrupp cannot be read", form)
		return "", false
	}
	until, isDate := ParseDate(m[2])
	_, known := pages[m[1]]
	switch {
	case !known:
		r.fail("E-ALLOW", at, fmt.Sprintf("there is no code %q", m[1]), append(didYouMean(m[1], Codes()), expected("a code that malgrupp explain-code lists"))...)
	case strings.HasPrefix(m[1], "E-"):
		r.fail("E-ALLOW", at, m[1]+" is an error, and errors cannot be allowed", expected("a warning: W-..."))
	case !isDate:
		r.fail("E-ALLOW", at, fmt.Sprintf("%q is not a date", m[2]), form)
	case c.target == nil:
		r.fail("E-ALLOW", at, "this comment stands above nothing", expected("a comment above what it allows, or behind it in its line"))
	case today > until:
		r.warn("W-ALLOW-EXPIRED", at, fmt.Sprintf("this allowed %s until %v", m[1], until), fix("put the cause right, or decide again and set a new date"))
	default:
		return m[1], true
	}
	return "", false
}

// about is the part of the file that a comment speaks of: its line, or what stands below it with all that is in it. A comment
// at the top speaks of the whole file.
func (l *layout) about(c comment) Span {
	start := l.doc.offset(l.doc.lineOf(c.at), 1)
	if !c.alone {
		return Span{start, c.at}
	}
	end := len(l.doc.source.Text)
	i := slices.Index(l.entries, c.target)
	if i < 0 {
		return Span{start, end}
	}
	for _, next := range l.entries[i+1:] {
		if !slices.ContainsFunc(next.owners(), func(o *entry) bool { return o == c.target }) {
			end = next.start
			break
		}
	}
	return Span{c.target.start, end}
}

// owners are the entries that an entry stands in, itself left out.
func (e *entry) owners() []*entry {
	var out []*entry
	for o := e.owner(); o != nil; o = o.owner() {
		out = append(out, o)
	}
	return out
}
