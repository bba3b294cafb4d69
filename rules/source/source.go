// Package source is the text of a file and what is found in it: places as bytes and as people count them, findings with
// carets, hints and edits that put them right, the page behind each code.
//
// It knows no YAML and no rule: whoever finds something says what and where.
package source

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Source is a text with the name by which messages call it, usually a path.
type Source struct {
	Name, Text string
	Unread     string // why a file that is there was not read; its text is then empty
}

// Span is a range of byte offsets into a Source, half open.
type Span struct {
	Start, End int
}

// Position is a position as people count it: lines from 1, columns from 1 in code points.
type Position struct {
	Line, Column int
}

// ByteOrderMark may start a file; it belongs to no column.
const ByteOrderMark = "\ufeff"

// Position returns where the byte offset lies; an offset beyond the text is its end.
func (s *Source) Position(offset int) Position {
	offset = max(0, min(offset, len(s.Text)))
	starts := LineStarts(s.Text)
	line := 0
	for line+1 < len(starts) && starts[line+1] <= offset {
		line++
	}
	start := min(starts[line], offset)
	return Position{Line: line + 1, Column: utf8.RuneCountInString(s.Text[start:offset]) + 1}
}

// UTF16Column returns the column of an offset as editors count it: from 1, in UTF-16 units.
func (s *Source) UTF16Column(offset int) int {
	_, start := s.Line(s.Position(offset).Line)
	column := 1
	for _, r := range s.Text[min(start, offset):offset] {
		column += utf16.RuneLen(r)
	}
	return column
}

// Line returns the text of a line (from 1) without its end, and the offset at which it starts.
func (s *Source) Line(line int) (string, int) {
	starts := LineStarts(s.Text)
	if line < 1 || line > len(starts) {
		return "", len(s.Text)
	}
	end := len(s.Text)
	if line < len(starts) {
		end = starts[line]
	}
	return strings.TrimRight(s.Text[starts[line-1]:end], "\r\n"), starts[line-1]
}

// LineStarts returns the offset at which each line begins: after \n, \r\n or a single \r.
func LineStarts(text string) []int {
	starts := []int{0}
	if strings.HasPrefix(text, ByteOrderMark) {
		starts[0] = len(ByteOrderMark)
	}
	for i := range len(text) {
		if text[i] == '\n' || text[i] == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// Forbidden reports characters that no file of ours may contain: controls, foreign line ends (YAML and editors
// count lines differently there) and marks that reorder a line.
func Forbidden(r rune) bool {
	switch {
	case r == '\n', r == '\r', r == '\t':
		return false
	case r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}
