package platform

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
)

// Meta custom audiences by file (formats.md 4): fixed columns in one order, an unknown value is an empty cell in its place.
// Who has several values of one kind has several rows, each with the other keys repeated.
var _ = define(Platform{
	Type: "meta_csv", Ext: "csv", Ads: true, RefusesNames: true, ByHand: true, Profile: "meta.v1", Minimum: 100, Account: metaAccount,
	Doc: "Meta custom audiences by file: CSV with Meta's headers; everything as SHA-256 in hex but device ids, which are plain. A person with " +
		"two e-mail addresses is two rows.",
	Send:  []Column{Email, Phone, FirstName, LastName, City, PostalCode, Country, BirthDate, Gender, MAID},
	Usual: []Column{Email, Phone, MAID},
	Parts: []Part{{
		Takes: []identifier.Field{
			identifier.Email, identifier.Phone, identifier.GivenName, identifier.FamilyName, identifier.City, identifier.PostalCode,
			identifier.Country, identifier.BirthDate, identifier.Gender, identifier.IDFA, identifier.AAID,
		},
		Write: writeMeta,
	}},
})

// metaColumns are Meta's columns in their order, each with our column that fills it and the words of its identifiers.
var metaColumns = []struct {
	header string
	column Column
	words  []string
}{
	{"email", Email, words(identifier.Email)},
	{"phone", Phone, words(identifier.Phone)},
	{"fn", FirstName, words(identifier.GivenName)},
	{"ln", LastName, words(identifier.FamilyName)},
	{"ct", City, words(identifier.City)},
	{"zip", PostalCode, words(identifier.PostalCode)},
	{"country", Country, words(identifier.Country)},
	{"dob", BirthDate, words(identifier.BirthDate)},
	{"gen", Gender, words(identifier.Gender)},
	{"madid", MAID, words(identifier.IDFA, identifier.AAID)},
}

func words(of ...identifier.Field) (out []string) {
	for _, f := range of {
		out = append(out, f.String())
	}
	return out
}

func writeMeta(w io.Writer, l List) error {
	used := metaUsed(l)
	c := csv.NewWriter(w)
	var row []string
	for _, i := range used {
		row = append(row, metaColumns[i].header)
	}
	if err := c.Write(row); err != nil {
		return err
	}
	values := make([][]string, len(used))
	for _, entry := range l.Entries {
		rows := metaValues(entry, used, values)
		for r := range rows {
			for slot, of := range values {
				row[slot] = ""
				if len(of) > 0 {
					row[slot] = of[0]
				}
				if r < len(of) {
					row[slot] = of[r]
				}
			}
			if err := c.Write(row); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}

// metaUsed returns the numbers of the columns of a list: those that are sent, and those that an entry of earlier settings
// still needs to be removed.
func metaUsed(l List) (used []int) {
	needed := map[string]bool{}
	for _, entry := range l.Entries {
		for word := range identifiers(entry) {
			needed[word] = true
		}
	}
	for i, m := range metaColumns {
		if slices.Contains(l.Send, m.column) || slices.ContainsFunc(m.words, func(word string) bool { return needed[word] }) {
			used = append(used, i)
		}
	}
	return used
}

// metaValues sorts the identifiers of an entry into the slots of its rows and returns how many rows they need.
func metaValues(entry string, used []int, values [][]string) (rows int) {
	for slot := range values {
		values[slot] = values[slot][:0]
	}
	for word, value := range identifiers(entry) {
		slot := slices.IndexFunc(used, func(i int) bool { return slices.Contains(metaColumns[i].words, word) })
		values[slot] = append(values[slot], value)
		rows = max(rows, len(values[slot]))
	}
	return rows
}

// metaAccount takes act_ and digits.
func metaAccount(account string) string {
	digits, ok := strings.CutPrefix(account, "act_")
	if !ok || digits == "" || strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return "act_ and the number of the ad account"
	}
	return ""
}
