package yaml

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
)

// What analysts write in a condition and what YAML makes of it collide in a few well-known ways. This file recognises
// them and says in our words what happened, instead of the YAML reader's.

var (
	keyLine       = regexp.MustCompile(`^( *(?:- +)*)([a-z_]+): +(.*?) *$`)
	quotedAndMore = regexp.MustCompile(`^"[^"]*" *[^ ",#}\]]`)
	comparedValue = regexp.MustCompile(`^(>=|<=|>|<|=|!=) *[0-9'"]`)
	commaInside   = regexp.MustCompile(`\{.*(?:where|has): +([^'"{}][^{}]*\([^)]*),`)
	colonInside   = regexp.MustCompile(`^[^"'|>{\[].*:( |$)`)
)

// explainSyntax reports why YAML could not read the file: the known traps where there are some, else the line.
func (d *Document) explainSyntax(err error) {
	before := len(d.Found)
	for line := range d.lines {
		d.explainLine(line + 1)
	}
	if len(d.Found) > before {
		return
	}
	line := len(d.lines)
	if e, ok := errors.AsType[*yaml.LoadError](err); ok && e.Mark.Line > 0 {
		line = e.Mark.Line
	}
	for line > 1 && strings.TrimSpace(d.restOfLine(d.offset(line, 1))) == "" {
		line--
	}
	at := d.offset(line, 1)
	text := d.restOfLine(at)
	at += len(text) - len(strings.TrimLeft(text, " "))
	d.Fail("E-YAML", source.Span{
		Start: at, End: at + max(1, len(strings.TrimSpace(text))),
	}, "YAML cannot read the file beyond this line",
		source.Expected("key: value lines whose indentation, quotes and brackets agree (the cause may stand a line earlier)"))
}

func (d *Document) explainLine(line int) {
	start := d.offset(line, 1)
	if m := commaInside.FindStringSubmatchIndex(d.restOfLine(start)); m != nil {
		d.explainComma(start+m[2], d.restOfLine(start)[m[2]:m[3]])
		return
	}
	m := keyLine.FindStringSubmatchIndex(d.restOfLine(start))
	if m == nil {
		return
	}
	text := d.restOfLine(start)
	key, value := text[m[4]:m[5]], text[m[6]:m[7]]
	at := start + m[6]
	switch {
	case quotedAndMore.MatchString(value):
		end := 2 + strings.IndexByte(value[1:], '"')
		right := singleQuoted(value[:end]) + value[end:]
		e := d.Fail("E-WHERE-QUOTE", source.Span{
			Start: at, End: at + end,
		}, "YAML takes the text in double quotes for the whole value", blockFix(key, right))
		e.Note, e.Edits = "YAML reads no further than here", d.blockEdit(source.Span{Start: at, End: at + len(value)}, right)
	case strings.HasPrefix(value, "!"):
		d.explainTag(source.Span{Start: at, End: at + len(value)})
	case comparedValue.MatchString(value):
		d.Fail("E-COMPARISON", source.Span{
			Start: at, End: at + len(value),
		}, fmt.Sprintf("%q is not a value: YAML gives %s a meaning of its own", value, value[:1]),
			source.Expected("at_least: 3, at_most: 3, exactly: 3, more_than: 3 or less_than: 3"))
	case colonInside.MatchString(value):
		i := strings.Index(value+" ", ": ")
		d.Fail("E-WHERE-COLON", source.Span{
			Start: at + i, End: at + i + 1,
		}, "a colon followed by a space starts a new key in YAML",
			blockFix(key, value)).Edits = d.blockEdit(source.Span{Start: at, End: at + len(value)}, value)
	case cutByComment(value):
		d.explainCut(key, at, value[:strings.Index(value, " #")])
	}
}

// explainTag reports a value that begins with an exclamation mark.
func (d *Document) explainTag(span source.Span) {
	text := d.restOfLine(span.Start)
	word := text[:min(len(text), max(1, strings.IndexAny(text+" ", " ,}]")))]
	e := d.Fail("E-TAG", source.Span{
		Start: span.Start, End: span.Start + len(word),
	}, fmt.Sprintf("YAML takes %q for a tag, not for a value", word))
	e.Hints = []source.Hint{source.Expected("not in front of a condition, quotes round a text that begins with !")}
	start := d.offset(d.lineOf(span.Start), 1)
	m := keyLine.FindStringSubmatchIndex(d.restOfLine(start))
	if m == nil || start+m[6] != span.Start {
		return
	}
	if key := d.restOfLine(start)[m[4]:m[5]]; key == "where" || key == "has" {
		e.Edits = []source.Edit{source.Span{Start: span.Start, End: span.Start + 1}.Edit("not ")}
	}
}

// cutByComment reports a condition whose single quotes do not close before a comment sign.
func cutByComment(value string) bool {
	i := strings.Index(value, " #")
	return i >= 0 && strings.Count(value[:i], "'")%2 == 1
}

// explainCut reports a condition of which YAML read only the given part, which begins at the offset.
func (d *Document) explainCut(key string, at int, part string) {
	part = strings.TrimRight(part, " ")
	end := at + len(part)
	rest := strings.TrimRight(d.restOfLine(end), " ")
	cut := strings.TrimSuffix(rest, "'")
	e := d.Fail("E-WHERE-CUT", source.Span{
		Start: end, End: end + len(cut),
	}, "YAML read only a part of this condition: "+part, blockFix(key, part+rest))
	e.Note, e.Edits = "a space followed by # starts a comment in YAML",
		d.blockEdit(source.Span{Start: at, End: end + len(rest)}, part+rest)
}

// explainComma reports a condition inside { } of which YAML read only the given part, which begins at the offset.
func (d *Document) explainComma(at int, part string) {
	if comma := strings.IndexByte(part, ','); comma >= 0 {
		part = part[:comma]
	}
	end := at + len(part)
	e := d.Fail("E-WHERE-CUT", source.Span{Start: end, End: end + 1}, "YAML read only a part of this condition: "+part,
		source.Fix("write the whole condition in double quotes"))
	e.Note = "a comma ends a value inside { } in YAML"
}

func blockFix(key, text string) source.Hint {
	return source.Fix("write it as a block\n" + key + ": |\n  " + text)
}

// blockEdit writes a value as a block, if it stands right of its key with nothing behind it.
func (d *Document) blockEdit(value source.Span, text string) []source.Edit {
	start := d.offset(d.lineOf(value.Start), 1)
	m := keyLine.FindStringSubmatchIndex(d.restOfLine(start))
	if m == nil || start+m[6] != value.Start || strings.TrimSpace(d.restOfLine(value.End)) != "" {
		return nil
	}
	newLine := "\n" + strings.Repeat(" ", m[4]+2)
	if strings.Contains(d.Source.Text, "\r\n") {
		newLine = "\r" + newLine
	}
	return []source.Edit{value.Edit("|" + newLine + strings.ReplaceAll(text, "\n", newLine))}
}

func singleQuoted(doubleQuoted string) string {
	inside := doubleQuoted[1 : len(doubleQuoted)-1]
	return "'" + strings.ReplaceAll(inside, "'", "''") + "'"
}
