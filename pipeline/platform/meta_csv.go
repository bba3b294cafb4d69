package platform

import (
	"io"
	"iter"
	"slices"
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
		Address: []Column{FirstName, LastName, City, PostalCode, Country, BirthDate, Gender},
		Write:   writeMeta,
	}},
})

// metaColumns are Meta's columns in their order, each with our column that fills it: e-mail, phone, the address, device
// id.
var metaColumns = [...]struct {
	header string
	column Column
}{
	{"email", Email},
	{"phone", Phone},
	{"fn", FirstName},
	{"ln", LastName},
	{"ct", City},
	{"zip", PostalCode},
	{"country", Country},
	{"dob", BirthDate},
	{"gen", Gender},
	{"madid", MAID},
}

// metaRow is a row of all columns.
type metaRow [len(metaColumns)]string

func writeMeta(w io.Writer, l List) error {
	used := metaUsed(l)
	header, row := make([]string, len(used)), make([]string, len(used))
	for slot, i := range used {
		header[slot] = metaColumns[i].header
	}
	return writeRows(w, header, func(yield func(row []string) bool) {
		for _, entry := range l.Entries {
			for full := range metaRows(entry) {
				for slot, i := range used {
					row[slot] = full[i]
				}
				if !yield(row) {
					return
				}
			}
		}
	})
}

// metaUsed returns the numbers of the columns of a list: those that are sent, and those that an entry of earlier
// settings still needs to be removed.
func metaUsed(l List) (used []int) {
	var needed [len(metaColumns)]bool
	for _, entry := range l.Entries {
		for row := range metaRows(entry) {
			for i, value := range row {
				needed[i] = needed[i] || value != ""
			}
		}
	}
	for i, m := range metaColumns {
		if needed[i] || slices.Contains(l.Send, m.column) {
			used = append(used, i)
		}
	}
	return used
}

// metaRows yields the rows of an entry: as many as it has values of the commonest kind. A kind with fewer repeats its
// first.
func metaRows(entry string) iter.Seq[*metaRow] {
	return func(yield func(*metaRow) bool) {
		var emails, phones, addresses, devices []string
		for word, value := range identifiers(entry) {
			switch word {
			case emailWord:
				emails = append(emails, value)
			case phoneWord:
				phones = append(phones, value)
			case addressWord:
				addresses = append(addresses, value)
			case idfaWord, aaidWord:
				devices = append(devices, value)
			}
		}
		for r := range max(len(emails), len(phones), len(addresses), len(devices)) {
			row := metaRow{0: ofRow(emails, r), 1: ofRow(phones, r), len(metaColumns) - 1: ofRow(devices, r)}
			copy(row[2:len(row)-1], strings.Split(ofRow(addresses, r), ","))
			if !yield(&row) {
				return
			}
		}
	}
}

var idfaWord, aaidWord = identifier.IDFA.String(), identifier.AAID.String()

// ofRow is the value of a kind in row r: its own, the first where there are fewer, "" if there is none.
func ofRow(values []string, r int) string {
	switch {
	case r < len(values):
		return values[r]
	case len(values) > 0:
		return values[0]
	}
	return ""
}

// metaAccount takes act_ and digits.
func metaAccount(account string) string {
	digits, ok := strings.CutPrefix(account, "act_")
	if !ok || digits == "" || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return "act_ and the number of the ad account"
	}
	return ""
}
