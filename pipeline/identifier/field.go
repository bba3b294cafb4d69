package identifier

// A Field is what a stored value is: a kind of identifier, or a part of a postal address.
type Field uint8

// The fields. BirthDate is the whole date, the other three its parts.
const (
	Email Field = iota
	Phone
	GivenName
	FamilyName
	FirstInitial // taken from the given name
	Country
	PostalCode
	City
	BirthDate
	BirthYear
	BirthMonth
	BirthDay
	Gender
	IDFA   // advertising id of an iOS device
	AAID   // advertising id of an Android device
	Handle // public name of an account
	fieldCount
)

var fieldWords = [fieldCount]string{
	Email: "email", Phone: "phone",
	GivenName: "given_name", FamilyName: "family_name", FirstInitial: "first_initial",
	Country: "country", PostalCode: "postal_code", City: "city",
	BirthDate: "birth_date", BirthYear: "birth_year", BirthMonth: "birth_month", BirthDay: "birth_day",
	Gender: "gender", IDFA: "idfa", AAID: "aaid", Handle: "handle",
}

// String returns the field's word in manifests and counts.
func (f Field) String() string { return fieldWords[f] }
