package rules

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/where"
)

// Limits of patterns (docs/language.md, Limits): they bound the time that any engine takes.
const (
	maxPatternBytes = 200
	maxPatterns     = 50
	maxRepeat       = 100
)

// checkPattern refuses patterns beyond the subset that means the same in every engine (docs/language.md, Patterns).
func (b *binder) checkPattern(l where.Literal) bool {
	if *b.patterns++; *b.patterns > maxPatterns {
		b.fault("E-LIMIT", l.Span, "the rule has too many patterns", source.Expected("at most 50"))
		return false
	}
	if err := CheckPattern(l.Text); err != nil {
		b.fault("E-PATTERN", l.Span, err.Error(), source.Expected("a pattern for the whole value, such as '/lainat/[a-z]+'"))
		return false
	}
	return true
}

// CheckPattern says what the pattern of a `matches` uses beyond the subset of RE2 that rules allow: no inner flags or
// names, no lazy repetition, no \B, no \p, no repetition of a repetition, at most 200 bytes and 100 repeats.
func CheckPattern(pattern string) error {
	if len(pattern) > maxPatternBytes {
		return fmt.Errorf("the pattern has %d bytes, more than %d", len(pattern), maxPatternBytes)
	}
	if err := checkNotation(pattern); err != nil {
		return err
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return fmt.Errorf("the pattern cannot be read: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return checkRepeats(re, none)
}

// checkNotation refuses notations that leave no trace in the parsed pattern.
func checkNotation(pattern string) error {
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch {
		case strings.HasPrefix(rest, `\`) && len(rest) > 1:
			if strings.IndexByte("BpPQCAzZ", rest[1]) >= 0 {
				return fmt.Errorf("\\%c is not allowed in patterns", rest[1])
			}
			i++
		case strings.HasPrefix(rest, "(?") && !strings.HasPrefix(rest, "(?:"):
			return fmt.Errorf("flags and names, (?...), are not allowed in patterns")
		}
	}
	return nil
}

// repetition is what surrounds a part of a pattern.
type repetition uint8

const (
	none  repetition = iota
	fixed            // a certain number of times
	loose            // a varying number of times
)

// checkRepeats refuses lazy, very long and nested repetition, on which other engines may take for ever.
func checkRepeats(re *syntax.Regexp, around repetition) error {
	inside := around
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpNoWordBoundary:
		return fmt.Errorf("line anchors and \\B are not allowed in patterns")
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		if re.Flags&syntax.NonGreedy != 0 {
			return fmt.Errorf("lazy repetition (*?, +?) is not allowed in patterns")
		}
		if re.Op == syntax.OpRepeat && max(re.Min, re.Max) > maxRepeat {
			return fmt.Errorf("more than %d repeats are not allowed in patterns", maxRepeat)
		}
		unbounded := re.Op != syntax.OpRepeat || re.Max < 0
		if unbounded && around != none || re.Min != re.Max && around == loose {
			return fmt.Errorf("a repetition inside a repetition is not allowed in patterns")
		}
		inside = max(around, loose)
		if re.Op == syntax.OpRepeat && re.Min == re.Max {
			inside = max(around, fixed)
		}
	case syntax.OpQuest:
		if re.Flags&syntax.NonGreedy != 0 {
			return fmt.Errorf("a lazy question mark (??) is not allowed in patterns")
		}
	}
	for _, sub := range re.Sub {
		if err := checkRepeats(sub, inside); err != nil {
			return err
		}
	}
	return nil
}
