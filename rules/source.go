package rules

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Source is a text with the name by which messages call it, usually a path.
type Source struct {
	Name, Text string
}

// Span is a range of byte offsets into a Source, half open.
type Span struct {
	Start, End int
}

// Place is a position as people count it: lines from 1, columns from 1 in code points.
type Place struct {
	Line, Column int
}

// byteOrderMark may start a file; it belongs to no column.
const byteOrderMark = "\ufeff"

// Position returns where the byte offset lies; an offset beyond the text is its end.
func (s *Source) Position(offset int) Place {
	offset = max(0, min(offset, len(s.Text)))
	starts := lineStarts(s.Text)
	line := 0
	for line+1 < len(starts) && starts[line+1] <= offset {
		line++
	}
	start := min(starts[line], offset)
	return Place{Line: line + 1, Column: utf8.RuneCountInString(s.Text[start:offset]) + 1}
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
	starts := lineStarts(s.Text)
	if line < 1 || line > len(starts) {
		return "", len(s.Text)
	}
	end := len(s.Text)
	if line < len(starts) {
		end = starts[line]
	}
	return strings.TrimRight(s.Text[starts[line-1]:end], "\r\n"), starts[line-1]
}

// lineStarts returns the offset at which each line begins: after \n, \r\n or a single \r.
func lineStarts(text string) []int {
	starts := []int{0}
	if strings.HasPrefix(text, byteOrderMark) {
		starts[0] = len(byteOrderMark)
	}
	for i := range len(text) {
		if text[i] == '\n' || text[i] == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			starts = append(starts, i+1)
		}
	}
	return starts
}
