package identifier

import "bytes"

// A plan is as much of a country's numbering as the short way needs. Where it says nothing, the library decides.
type plan struct {
	region  string
	code    string // calling code
	trunk   bool   // national numbers are dialled with a 0 before them
	lengths uint32 // bit n: there are national numbers of n digits, without the 0
	odd     string // numbers that begin so mean something to the library and take the long way
}

// plans are the countries most of our people have numbers of. A test compares each with the library.
var plans = []plan{
	{"FI", "358", true, digitsFrom(5, 12), ""},
	{"SE", "46", true, digitsFrom(6, 10) | digitsFrom(12, 12), ""},
	{"NO", "47", false, digitsFrom(5, 5) | digitsFrom(8, 8), ""},
	{"DK", "45", false, digitsFrom(8, 8), ""},
	{"EE", "372", false, digitsFrom(7, 8) | digitsFrom(10, 10), ""},
	{"LV", "371", false, digitsFrom(8, 8), ""},
	{"LT", "370", true, digitsFrom(8, 8), "8"},
	{"IS", "354", false, digitsFrom(7, 7) | digitsFrom(9, 9), "1"},
	{"DE", "49", true, digitsFrom(4, 15), ""},
	{"GB", "44", true, digitsFrom(7, 7) | digitsFrom(9, 10), "18"},
	{"NL", "31", true, digitsFrom(5, 11), ""},
	{"FR", "33", true, digitsFrom(9, 9), ""},
	{"ES", "34", false, digitsFrom(9, 9), ""},
	{"PL", "48", false, digitsFrom(6, 10), ""},
	{"AU", "61", true, digitsFrom(5, 10) | digitsFrom(12, 12), "18"},
	{"US", "1", false, digitsFrom(10, 10), "1"},
}

// digitsFrom marks the lengths from shortest to longest.
func digitsFrom(shortest, longest int) uint32 { return 1<<(longest+1) - 1<<shortest }

// Digits of E.164 without the +.
const (
	shortestE164 = 8
	longestE164  = 15
)

// appendPlanned appends the E.164 digits of a number that one of the plans takes for certain. It refuses nothing: what
// it does not take, appendParsed decides.
func (d *dialled) appendPlanned(dst []byte, country string) ([]byte, bool) {
	p, national, ok := d.split(country)
	if !ok || !p.takes(national) {
		return dst, false
	}
	return append(append(dst, p.code...), national...), true
}

// split finds the plan of a number and its national part.
func (d *dialled) split(country string) (p *plan, national []byte, ok bool) {
	digits := d.number()
	if d.abroad {
		p = planOfCode(digits)
		if p == nil {
			return nil, nil, false
		}
		return p, p.abroad(digits), true
	}
	p = planOfRegion(country)
	switch {
	case p == nil:
		return nil, nil, false
	case p.trunk && digits[0] == '0':
		return p, digits[1:], true
	case p.trunk && bytes.HasPrefix(digits, []byte(p.code)):
		return p, p.abroad(digits), true
	}
	return p, digits, !p.trunk && !bytes.HasPrefix(digits, []byte(p.code))
}

// abroad returns the national part of digits that begin with the country's code. A trunk 0 between them is a mistake
// that many people make.
func (p *plan) abroad(digits []byte) []byte {
	national := digits[len(p.code):]
	if p.trunk && len(national) > 0 && national[0] == '0' {
		return national[1:]
	}
	return national
}

func (p *plan) takes(national []byte) bool {
	total := len(p.code) + len(national)
	return total >= shortestE164 && total <= longestE164 && p.lengths>>len(national)&1 != 0 && national[0] != '0' &&
		(p.odd == "" || !bytes.HasPrefix(national, []byte(p.odd))) && !allEqual(national)
}

func planOfRegion(region string) *plan {
	for i := range plans {
		if plans[i].region == region {
			return &plans[i]
		}
	}
	return nil
}

func planOfCode(digits []byte) *plan {
	for i := range plans {
		if bytes.HasPrefix(digits, []byte(plans[i].code)) {
			return &plans[i]
		}
	}
	return nil
}

func allEqual(b []byte) bool { return bytes.Count(b, b[:1]) == len(b) }
