package value

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// spokenUnits are the words that people use for the units of durations, in the languages of those who write rules.
var spokenUnits = map[string]string{
	"s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
	"min": "min", "mins": "min", "minute": "min", "minutes": "min", "minuuttia": "min", "minuter": "min",
	"h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "tuntia": "h", "tunti": "h", "timmar": "h", "timme": "h",
	"d": "d", "day": "d", "days": "d", "päivä": "d", "päivää": "d", "dag": "d", "dagar": "d",
	"w": "w", "wk": "w", "wks": "w", "week": "w", "weeks": "w", "viikko": "w", "viikkoa": "w", "vecka": "w", "veckor": "w",
	"mo": "mo", "mon": "mo", "month": "mo", "months": "mo", "kuukausi": "mo", "kuukautta": "mo", "kk": "mo",
	"månad": "mo", "månader": "mo",
	"y": "y", "yr": "y", "yrs": "y", "year": "y", "years": "y", "vuosi": "y", "vuotta": "y", "år": "y",
	"q": "q", "quarter": "q", "quarters": "q", "fortnight": "fortnight", "fortnights": "fortnight",
}

// spokenNumbers are the numbers that people write as words.
var spokenNumbers = map[string]string{
	"a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
	"eight": "8", "nine": "9", "ten": "10", "twelve": "12", "fourteen": "14", "thirty": "30", "sixty": "60",
	"ninety": "90", "half": "0.5",
}

// smaller says of how many of which unit a unit is made: parts of a day become hours, years become months.
var smaller = map[string]struct {
	times int64
	unit  string
}{
	"y": {12, "mo"}, "q": {3, "mo"}, "fortnight": {2, "w"}, "w": {7, "d"}, "d": {24, "h"}, "h": {60, "min"},
	"min": {60, "s"},
}

// aside are the words round a duration that add nothing: how far back a condition looks is what a window says anyway.
var aside = []string{"last", "past", "previous", "in", "the", "ago", "within", "of", "latest", "about", "-", "+"}

var spokenParts = regexp.MustCompile(`^([0-9]+(?:[.,][0-9]+)?) *(\pL+)$`)

// MeantDurations returns the durations that a text which is none may stand for: 2w for "2 weeks", 14d for "14D",
// 6min and 6mo for "6m", 1d for "yesterday".
func MeantDurations(text string) []string {
	number, unit := spoken(text)
	switch {
	case number == "":
		return nil
	case unit == "m":
		return durations(number+"min", number+"mo")
	case unit == "":
		return durations(number+"d", number+"h")
	}
	n, ok := new(big.Rat).SetString(number)
	if !ok {
		return nil
	}
	for unit = spokenUnits[unit]; ; {
		part, ok := smaller[unit]
		if n.IsInt() && unitNamed(unit) != 0 {
			return durations(n.Num().String() + unit)
		}
		if !ok {
			return nil
		}
		n.Mul(n, new(big.Rat).SetInt64(part.times))
		unit = part.unit
	}
}

// spoken takes a text apart into a number and a unit, small letters; "" if it is no duration of everyday speech.
func spoken(text string) (number, unit string) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "yesterday" {
		return "1", "d"
	}
	if iso, ok := strings.CutPrefix(text, "p"); ok && strings.ContainsAny(iso, "0123456789") {
		minutes := strings.HasPrefix(iso, "t")
		text = strings.TrimPrefix(iso, "t")
		if rest, isM := strings.CutSuffix(text, "m"); isM {
			text = rest + map[bool]string{true: "min", false: "mo"}[minutes]
		}
	}
	text = strings.TrimLeft(text, "-+")
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '_' || r == '-' })
	words = slices.DeleteFunc(words, func(w string) bool { return slices.Contains(aside, w) })
	for i, w := range words {
		if n, ok := spokenNumbers[w]; ok {
			words[i] = n
		}
	}
	switch text = strings.Join(words, " "); {
	case text != "" && strings.Trim(text, "0123456789") == "":
		return text, ""
	case spokenUnits[text] != "" && len(text) > 2: // last week
		return "1", text
	}
	m := spokenParts.FindStringSubmatch(text)
	if m == nil || spokenUnits[m[2]] == "" && m[2] != "m" {
		return "", ""
	}
	return strings.Replace(m[1], ",", ".", 1), m[2]
}

// durations are those of the texts that are durations.
func durations(texts ...string) []string {
	return slices.DeleteFunc(texts, func(text string) bool { _, err := ParseDuration(text); return err != nil })
}

// spokenDates are the forms in which people write dates; day and month may have one digit.
var (
	dayFirst  = regexp.MustCompile(`^([0-3]?[0-9])\.([01]?[0-9])\.(20[0-9][0-9])$`)
	yearFirst = regexp.MustCompile(`^(20[0-9][0-9])[-/.]?([01][0-9]|[0-9](?:[-/.]))[-/.]?([0-3]?[0-9])(?:[T ].*)?$`)
)

// MeantDate is the date that a text which is none stands for, such as 1.4.2026 or 2026/4/1; "" if that is not certain:
// of 4/1/2026 it is not.
func MeantDate(text string) string {
	text = strings.TrimSpace(text)
	var year, month, day string
	if m := dayFirst.FindStringSubmatch(text); m != nil {
		year, month, day = m[3], m[2], m[1]
	} else if m := yearFirst.FindStringSubmatch(text); m != nil {
		year, month, day = m[1], strings.TrimRight(m[2], "-/."), m[3]
	} else {
		return ""
	}
	date := year + "-" + twoDigits(month) + "-" + twoDigits(day)
	if _, ok := ParseDate(date); !ok {
		return ""
	}
	return date
}

func twoDigits(number string) string {
	if len(number) == 1 {
		return "0" + number
	}
	return number
}
