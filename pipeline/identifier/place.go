package identifier

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// country writes ISO 3166-1 alpha-2 codes.
type country struct {
	lower bool
}

func (c country) append(dst []byte, text, _ string) ([]byte, Reason) {
	a, b, ok := assigned(strings.TrimSpace(text))
	if !ok {
		return dst, NotISO3166
	}
	if c.lower {
		a, b = a|0x20, b|0x20
	}
	return append(dst, a, b), Accepted
}

// CountryOf returns the ISO 3166-1 code that a stored value is, as Append takes it, or "" if it is none.
func CountryOf(value string) string {
	text, _ := clean(value)
	text = strings.TrimSpace(text)
	if _, _, ok := assigned(text); !ok {
		return ""
	}
	return strings.ToUpper(text)
}

// assigned returns the letters of an assigned code in upper case.
func assigned(code string) (a, b byte, ok bool) {
	if len(code) != 2 {
		return 0, 0, false
	}
	a, b = code[0]&^0x20, code[1]&^0x20
	return a, b, a >= 'A' && a <= 'Z' && b >= 'A' && b <= 'Z' && iso3166[a-'A'][b-'A']
}

// iso3166 marks the assigned codes by their two letters. Reserved ones (UK, EU) and the provisional XK are not codes.
var iso3166 = func() (codes [26][26]bool) {
	for _, code := range strings.Fields(`
		AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
		CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
		FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
		JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
		MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
		PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
		TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`) {
		codes[code[0]-'A'][code[1]-'A'] = true
	}
	return codes
}()

// city writes the name of a town in a to z alone. Letters are folded and not dropped: a hash of "jyvskyl" would match
// nobody.
type city struct{}

func (city) append(dst []byte, text, _ string) ([]byte, Reason) {
	if !ascii(text) {
		text = norm.NFD.String(strings.ToLower(text))
	}
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z':
			dst = append(dst, byte(r))
		case r >= 'A' && r <= 'Z':
			dst = append(dst, byte(r)|0x20)
		case r >= utf8.RuneSelf:
			dst = append(dst, roman(r)...)
		}
	}
	return dst, Accepted
}

// roman spells a letter that is not a Roman one with a mark.
func roman(r rune) string {
	switch r {
	case 'æ':
		return "ae"
	case 'ø':
		return "o"
	case 'œ':
		return "oe"
	case 'ß':
		return "ss"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'þ':
		return "th"
	case 'ı':
		return "i"
	}
	return ""
}
