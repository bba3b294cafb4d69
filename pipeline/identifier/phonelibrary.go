package identifier

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// appendParsed appends the E.164 digits of a number, as the library knows the plans of all countries. The library is
// asked whether a number is possible and not whether it is in use: platforms hold numbers that its lists call unused.
func (d *dialled) appendParsed(dst []byte, country string) ([]byte, Reason) {
	parsed, reason := d.parse(country)
	if reason != Accepted {
		return dst, reason
	}
	national := []byte(phonenumbers.GetNationalSignificantNumber(parsed))
	code := strconv.Itoa(int(parsed.GetCountryCode()))
	total := len(code) + len(national)
	switch {
	// A number that is possible only inside its town has no E.164 form.
	case phonenumbers.IsPossibleNumberWithReason(parsed) != phonenumbers.IS_POSSIBLE,
		total < shortestE164, total > longestE164:
		return dst, BadLength
	case allEqual(national):
		return dst, Placeholder
	case national[0] == '0' && hasTrunkZero(phonenumbers.GetRegionCodeForCountryCode(int(parsed.GetCountryCode()))):
		return dst, BadLength // without that 0 the library found it too short
	}
	return append(append(dst, code...), national...), Accepted
}

// parse asks the library what the digits are.
func (d *dialled) parse(country string) (*phonenumbers.PhoneNumber, Reason) {
	switch {
	case d.abroad:
		return parseAbroad(d.number())
	case !phonenumbers.GetSupportedRegions()[country]:
		return nil, NoCountry
	}
	own := phonenumbers.GetCountryCodeForRegion(country)
	trunk := hasTrunkZero(country) && d.digits[0] != '0'
	if trunk && bytes.HasPrefix(d.number(), strconv.AppendInt(nil, int64(own), 10)) {
		return parseAbroad(d.number())
	}
	parsed, reason := parse(string(d.number()), country)
	// The library forgives a lost trunk 0, which a spreadsheet may have eaten with more. Only when it dropped something
	// else (Lithuania has an 8 beside the 0) was the number whole.
	if trunk && (reason != Accepted || int(parsed.GetCountryCode()) != own ||
		len(phonenumbers.GetNationalSignificantNumber(parsed)) == d.n) {
		return nil, NationalWithoutTrunkPrefix
	}
	return parsed, reason
}

func parseAbroad(digits []byte) (*phonenumbers.PhoneNumber, Reason) {
	if len(digits) > 0 && digits[0] == '0' {
		return nil, BadCountryCode
	}
	return parse("+"+string(digits), "")
}

func parse(number, region string) (*phonenumbers.PhoneNumber, Reason) {
	parsed, err := phonenumbers.Parse(number, region)
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return nil, BadCountryCode
	case err != nil:
		return nil, BadLength
	}
	return parsed, Accepted
}

// trunkZeroFollows reports whether a 0 in parentheses behind what was read so far is one that is dialled at home and
// not from abroad. Where numbers have no such 0, it belongs to the number.
func (d *dialled) trunkZeroFollows() bool {
	digits := d.number()
	switch {
	case !d.startsAbroad():
		return false
	case !d.abroad:
		digits = digits[2:]
	}
	for n := 1; n <= min(len(digits), longestCallingCode); n++ {
		code, _ := strconv.Atoi(string(digits[:n]))
		if region := phonenumbers.GetRegionCodeForCountryCode(code); region != phonenumbers.UNKNOWN_REGION {
			return hasTrunkZero(region)
		}
	}
	return false
}

const longestCallingCode = 3

// hasTrunkZero reports whether national numbers of a region are dialled with a 0 that is not part of them. Italy's is.
func hasTrunkZero(region string) bool {
	return phonenumbers.GetNddPrefixForRegion(region, false) == "0"
}
