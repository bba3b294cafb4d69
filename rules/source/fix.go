package source

import (
	"cmp"
	"slices"
)

// Edit puts a text in place of a range of the file's bytes. The edits of one finding belong together.
type Edit struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

// Edit puts a text in place of what the span holds.
func (s Span) Edit(text string) Edit { return Edit{s.Start, s.End, text} }

// Fixed returns the text with the edits of the findings applied, and the findings whose edits they are. A finding whose
// edits overlap those of one before it waits: its places are true again once the new text has been checked.
func Fixed(src *Source, found Findings) (string, Findings) {
	var edits []Edit
	var fixed Findings
	for _, e := range found.Sorted() {
		if e.Source.Name == src.Name && len(e.Edits) > 0 && !overlap(edits, e.Edits) {
			edits = append(edits, e.Edits...)
			fixed = append(fixed, e)
		}
	}
	slices.SortFunc(edits, func(a, b Edit) int { return cmp.Compare(b.Start, a.Start) })
	text := src.Text
	for _, e := range edits {
		text = text[:e.Start] + e.Text + text[e.End:]
	}
	return text, fixed
}

// overlap reports whether an edit of one list touches one of the other.
func overlap(a, b []Edit) bool {
	return slices.ContainsFunc(a, func(x Edit) bool {
		return slices.ContainsFunc(b, func(y Edit) bool { return x.Start <= y.End && y.Start <= x.End })
	})
}
