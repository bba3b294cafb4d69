package platform

import (
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
)

// Column is a column of the identifiers table, beside subject_type and subject_id.
type Column uint8

// The columns (docs/how-to/destinations.md).
const (
	Email Column = iota
	Phone
	FirstName
	LastName
	Country
	PostalCode
	City
	BirthDate
	Gender
	MAID   // mobile advertising id
	MAIDOS // its system: ios or android
	columns
)

var columnNames = [columns]string{
	"email", "phone", "first_name", "last_name", "country", "postal_code", "city", "birth_date", "gender", "maid",
	"maid_os",
}

func (c Column) String() string { return columnNames[c] }

// Columns are all columns in the order of a Contact's values.
func Columns() []Column {
	out := make([]Column, columns)
	for i := range out {
		out[i] = Column(i)
	}
	return out
}

// ColumnOf returns the column of that name.
func ColumnOf(name string) (Column, bool) {
	i := slices.Index(columnNames[:], name)
	return Column(max(i, 0)), i >= 0
}

// Contact is one row of the identifiers table by Column; "" where the row has no value.
type Contact [columns]string

// Form is how a column keeps its values: plain, or as SHA-256 in hex made with a profile. It is said and never guessed
// (docs/platforms.md, Common rules).
type Form struct {
	Hashed  bool
	Profile string
}

// Contacts are the identifiers of members: they are joined last and for members alone, so that nobody's address is read
// who is in no list.
type Contacts struct {
	forms   [columns]Form
	country string
	of      [2]map[string][]Contact // of devices, of customers
}

// NewContacts returns Contacts without rows. country is the ISO 3166-1 code of rows that name none, "" if it is not
// known; a column without a form is plain.
func NewContacts(forms map[Column]Form, country string) *Contacts {
	c := &Contacts{country: country, of: [2]map[string][]Contact{{}, {}}}
	for column, form := range forms {
		c.forms[column] = form
	}
	return c
}

func kindOf(customer bool) int {
	if customer {
		return 1
	}
	return 0
}

// Add files a row under a subject's id.
func (c *Contacts) Add(customer bool, id string, row Contact) {
	of := c.of[kindOf(customer)]
	of[id] = append(of[id], row)
}

// Merge takes over the rows of another.
func (c *Contacts) Merge(o *Contacts) {
	for kind, of := range o.of {
		for id, rows := range of {
			c.of[kind][id] = append(c.of[kind][id], rows...)
		}
	}
}

// countryOf is the country that a row's phone number and postal code belong to: its own if it is one, that of the table
// if it names none. A country that is not understood is none: it is never guessed.
func (c *Contacts) countryOf(row *Contact) string {
	switch {
	case strings.TrimSpace(row[Country]) == "":
		return c.country
	case c.forms[Country].Hashed:
		return ""
	}
	return identifier.CountryOf(row[Country])
}

// Dropped counts what could not be told to a destination.
type Dropped struct {
	People int           // members whom no entry stands for
	Values map[Value]int // identifiers that were not sent
}

// Value is a kind of identifier and why it was not sent: a reason of its form, or one of ours (docs/platforms.md,
// Reasons).
type Value struct{ Field, Reason string }

// The reasons of ours.
const (
	noneKnown = "none_known" // the table has no identifier of the member that the list takes
	overLimit = "over_limit" // more than the platform takes of one person
	unknownOS = "unknown_os" // a device id without ios or android
)

// add adds what another share dropped.
func (d *Dropped) add(o Dropped) {
	d.People += o.People
	for v, n := range o.Values {
		d.count(v.Field, v.Reason, n)
	}
}

func (d *Dropped) count(field, reason string, n int) {
	if d.Values == nil {
		d.Values = map[Value]int{}
	}
	d.Values[Value{field, reason}] += n
}
