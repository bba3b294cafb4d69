package identifier

import "strings"

// The forms of a birth date and its parts. What is out of range is refused as of the calendar alone: no clock says here
// that a year is still to come.
type (
	birthDate  struct{} // ISO 8601 in, YYYYMMDD out
	birthYear  struct{} // YYYY
	birthMonth struct{} // one or two digits in, MM out
	birthDay   struct{} // one or two digits in, DD out
)

const (
	firstYear = 1900
	lastYear  = 2099
)

func (birthDate) append(dst []byte, text, _ string) ([]byte, Reason) {
	text = strings.TrimSpace(text)
	if len(text) == len("2006-01-02") && text[4] == '-' && text[7] == '-' {
		text = text[:4] + text[5:7] + text[8:]
	}
	if len(text) != len("20060102") {
		return dst, DateNotISO8601
	}
	year, month, day := number(text[:4]), number(text[4:6]), number(text[6:])
	switch {
	case year < 0 || month < 0 || day < 0:
		return dst, DateNotISO8601
	case year < firstYear || year > lastYear:
		return dst, BadYear
	case month < 1 || month > 12 || day < 1 || day > daysOf(year, month):
		return dst, NoSuchDate
	}
	return append(dst, text...), Accepted
}

func (birthYear) append(dst []byte, text, _ string) ([]byte, Reason) {
	text = strings.TrimSpace(text)
	if n := number(text); len(text) != 4 || n < firstYear || n > lastYear {
		return dst, BadYear
	}
	return append(dst, text...), Accepted
}

func (birthMonth) append(dst []byte, text, _ string) ([]byte, Reason) {
	return appendTwoDigits(dst, text, 12, BadMonth)
}

func (birthDay) append(dst []byte, text, _ string) ([]byte, Reason) {
	return appendTwoDigits(dst, text, 31, BadDay)
}

// appendTwoDigits appends a number from 1 to largest, of one or two digits, as two digits.
func appendTwoDigits(dst []byte, text string, largest int, otherwise Reason) ([]byte, Reason) {
	text = strings.TrimSpace(text)
	n := number(text)
	if len(text) > 2 || n < 1 || n > largest {
		return dst, otherwise
	}
	return append(dst, byte('0'+n/10), byte('0'+n%10)), Accepted
}

// number reads at most four ASCII digits; anything else is -1.
func number(digits string) int {
	if len(digits) == 0 || len(digits) > 4 {
		return -1
	}
	n := 0
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return -1
		}
		n = n*10 + int(d)
	}
	return n
}

func daysOf(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// gender writes m or f. Every other value is refused: a guess would be wrong for somebody.
type gender struct{}

func (gender) append(dst []byte, text, _ string) ([]byte, Reason) {
	switch text = strings.TrimSpace(text); {
	case strings.EqualFold(text, "m"), strings.EqualFold(text, "male"):
		return append(dst, 'm'), Accepted
	case strings.EqualFold(text, "f"), strings.EqualFold(text, "female"):
		return append(dst, 'f'), Accepted
	}
	return dst, UnknownGender
}
