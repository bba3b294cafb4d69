package yaml

import (
	"fmt"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules/source"
)

// checkText finds what must not reach the YAML reader.
func (d *Document) checkText() bool {
	text := d.Source.Text
	if d.Source.Unread != "" {
		d.Fail("E-FILE", source.Span{}, "the file is not read: "+d.Source.Unread,
			source.Expected("a regular file of ours (apiVersion, kind, metadata, spec), reached without links"))
		return false
	}
	if len(text) > d.limit.bytes {
		d.Fail("E-LIMIT", source.Span{}, fmt.Sprintf("the file has %d bytes", len(text)),
			source.Expected("at most "+d.limit.words))
		return false
	}
	for i, r := range text {
		switch {
		case r == '\t':
			d.Fail("E-TAB", source.Span{Start: i, End: i + 1}, "there is a tab", source.Fix("use spaces"))
			return false
		case r == '\ufeff' && i > 0, source.Forbidden(r):
			_, size := utf8.DecodeRuneInString(text[i:])
			d.Fail("E-CHARACTER", source.Span{Start: i, End: i + size}, fmt.Sprintf("character %U cannot stand in a file", r),
				source.Expected("UTF-8 text without control characters"))
			return false
		}
	}
	return true
}
