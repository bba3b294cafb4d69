package platform

import (
	"io"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
)

// Google Customer Match by file (docs/platforms.md, Google Customer Match): what to do with it is chosen in Google's
// interface, so each of adds, removes and snapshot is a file. People with device ids go into a file of their own.
var _ = define(Platform{
	Type: "google_customer_match_csv", Ext: "csv", Ads: true, RefusesNames: true, ByHand: true, Profile: "google.v1",
	Minimum: 100, Account: googleAccount,
	Doc: "Google Customer Match by hand or schedule: CSV with Google's headers; e-mail, phone and names as SHA-256 in " +
		"hex, country and postal code plain; device ids plain in a file of their own.",
	Send:  []Column{Email, Phone, FirstName, LastName, Country, PostalCode, MAID},
	Usual: []Column{Email, Phone, MAID},
	Parts: []Part{
		{
			Takes: []identifier.Field{
				identifier.Email, identifier.Phone,
			}, Address: googleAddress, Whole: true, Addresses: 1, Write: writeCustomerMatch,
		},
		{Name: "mobile", Takes: []identifier.Field{identifier.IDFA, identifier.AAID}, Write: writeMobileIDs},
	},
})

// writeCustomerMatch writes one row for each person: as many columns of e-mail and phone as somebody needs, and name
// and address where they are sent or somebody has them.
func writeCustomerMatch(w io.Writer, l List) error {
	emails, phones, address := 1, 1, slices.Contains(l.Send, LastName)
	for _, entry := range l.Entries {
		p := customerOf(entry)
		emails, phones = max(emails, len(p.emails)), max(phones, len(p.phones))
		address = address || p.address != nil
	}
	header := slices.Concat(slices.Repeat([]string{"Email"}, emails), slices.Repeat([]string{"Phone"}, phones))
	if address {
		header = append(header, "First Name", "Last Name", "Country", "Zip")
	}
	return writeRows(w, header, func(yield func(row []string) bool) {
		row := make([]string, len(header))
		for _, entry := range l.Entries {
			p := customerOf(entry)
			clear(row)
			copy(row, p.emails)
			copy(row[emails:], p.phones)
			copy(row[emails+phones:], p.address)
			if !yield(row) {
				return
			}
		}
	})
}

// customer is a person in a Customer Match file; address is given name, family name, country and postal code.
type customer struct{ emails, phones, address []string }

func customerOf(entry string) (p customer) {
	for word, value := range identifiers(entry) {
		switch {
		case word == emailWord:
			p.emails = append(p.emails, value)
		case word == phoneWord:
			p.phones = append(p.phones, value)
		case word == addressWord && p.address == nil:
			p.address = strings.Split(value, ",")
		}
	}
	return p
}

func writeMobileIDs(w io.Writer, l List) error {
	return writeRows(w, []string{"Mobile Device ID"}, func(yield func(row []string) bool) {
		for _, entry := range l.Entries {
			for _, id := range identifiers(entry) {
				if !yield([]string{id}) {
					return
				}
			}
		}
	})
}
