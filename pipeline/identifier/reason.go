package identifier

// A Reason says why a value is not sent. The zero value, Accepted, says that it is.
type Reason uint8

// The reasons. Manifests and counts show their words (String), which never change.
const (
	Accepted Reason = iota
	Empty           // nothing is left of the value
	NotAnEmail
	NonASCIIDomain             // the domain has letters beyond ASCII; nobody documents how platforms encode it
	EmptyLocalPart             // nothing is left before the @
	NoCountry                  // a national number or a postal code of no known country
	NationalWithoutTrunkPrefix // a national number that lost its first 0
	BadCountryCode
	BadLength // more or fewer digits than the country has
	BadCharacter
	Letters     // a telephone number with letters
	Extension   // a telephone number with an extension
	Placeholder // a telephone number of one digit, repeated
	DigitsInName
	NotISO3166
	BadPostalCode
	BadYear
	BadMonth
	BadDay
	NoSuchDate
	DateNotISO8601
	UnknownGender
	NotAUUID
	UUIDWithoutHyphens
	AllZero // the device id of somebody who limited tracking
	BadUTF8
	NotAHash // not 64 hex characters in a column of hashes
	NotTaken // the profile sends no such field: whoever asked should have asked Takes
	reasonCount
)

var reasonWords = [reasonCount]string{
	Accepted: "accepted", Empty: "empty",
	NotAnEmail: "not_an_email", NonASCIIDomain: "non_ascii_domain", EmptyLocalPart: "empty_local_part",
	NoCountry: "no_country", NationalWithoutTrunkPrefix: "national_without_trunk_prefix",
	BadCountryCode: "bad_country_code", BadLength: "bad_length", BadCharacter: "bad_character",
	Letters: "letters", Extension: "extension", Placeholder: "placeholder",
	DigitsInName: "digits_in_name", NotISO3166: "not_iso_3166_1_alpha2", BadPostalCode: "bad_postal_code",
	BadYear: "bad_year", BadMonth: "bad_month", BadDay: "bad_day",
	NoSuchDate: "no_such_date", DateNotISO8601: "date_not_iso_8601", UnknownGender: "unknown_gender",
	NotAUUID: "not_a_uuid", UUIDWithoutHyphens: "uuid_without_hyphens", AllZero: "all_zero",
	BadUTF8: "bad_utf8", NotAHash: "not_a_hash", NotTaken: "not_taken",
}

// String returns the reason's fixed word.
func (r Reason) String() string { return reasonWords[r] }
