package platform

import (
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
)

// Meta custom audiences by file (docs/platforms.md, Meta): fixed columns in one order, an unknown value is an empty
// cell in its place. Who has several values of one kind has several rows, each with the other keys repeated.
var _ = define(Platform{
	Type: "meta_csv", Ext: "csv", Ads: true, RefusesNames: true, ByHand: true, Profile: "meta.v1", Minimum: 100,
	Account: metaAccount,
	Doc: "Meta custom audiences by file: CSV with Meta's headers; everything as SHA-256 in hex but device ids, which " +
		"are plain. A person with two e-mail addresses is two rows.",
	Send:  []Column{Email, Phone, FirstName, LastName, City, PostalCode, Country, BirthDate, Gender, MAID},
	Usual: []Column{Email, Phone, MAID},
	Parts: []Part{{
		Takes:   []identifier.Field{identifier.Email, identifier.Phone, identifier.IDFA, identifier.AAID},
		Address: metaAddress, Write: metaTable.write,
	}},
})

// metaAddress are what one row of the identifiers table says of a person beside her keys.
var metaAddress = []Column{FirstName, LastName, City, PostalCode, Country, BirthDate, Gender}

// metaTable are Meta's columns in their order.
var metaTable = table{address: metaAddress, cells: []cell{
	{header: "email", column: Email},
	{header: "phone", column: Phone},
	{header: "fn", column: FirstName},
	{header: "ln", column: LastName},
	{header: "ct", column: City},
	{header: "zip", column: PostalCode},
	{header: "country", column: Country},
	{header: "dob", column: BirthDate},
	{header: "gen", column: Gender},
	{header: "madid", column: MAID},
}}

var idfaWord, aaidWord = identifier.IDFA.String(), identifier.AAID.String()

// metaAccount takes act_ and digits.
func metaAccount(account string) string {
	number, ok := strings.CutPrefix(account, "act_")
	if !ok || digits(number) != "" {
		return "act_ and the number of the ad account"
	}
	return ""
}

// digits takes the number of an account.
func digits(account string) string {
	if account == "" || strings.Trim(account, "0123456789") != "" {
		return "the number of the account"
	}
	return ""
}

// accountWord takes the letters, digits and hyphens that accounts without numbers are called by.
func accountWord(account string) string {
	if account == "" || strings.Trim(strings.ToLower(account), "0123456789abcdefghijklmnopqrstuvwxyz-_") != "" {
		return "the letters, digits and hyphens of the account's id"
	}
	return ""
}
