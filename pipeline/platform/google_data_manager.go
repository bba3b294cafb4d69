package platform

import (
	"bytes"
	"io"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

// Google Data Manager API v1, audienceMembers.ingest and .remove (docs/platforms.md, Google Data Manager): request
// bodies, one a line, without destinations, which the delivery adds. One list takes one type of key, mobile lists one
// system each.
var _ = define(Platform{
	Type: "google_data_manager", Ext: "jsonl", Ads: true, RefusesNames: true, Profile: "google.v1", Minimum: 100,
	Account: googleAccount, Batch: project.Batch{Rows: 10_000}, Most: project.Batch{Rows: 10_000},
	Doc: "Google Ads and DV360 by the Data Manager API: bodies of audienceMembers:ingest (adds, snapshot) and :remove, " +
		"one a line, 10,000 members each; SHA-256 in hex, device ids plain, one list for each mobile system.",
	Send:  []Column{Email, Phone, FirstName, LastName, Country, PostalCode, MAID},
	Usual: []Column{Email, Phone, MAID},
	Parts: []Part{
		{
			Takes: []identifier.Field{
				identifier.Email, identifier.Phone,
			}, Address: googleAddress, Whole: true, Most: googleIdentifiers,
			Write: googleBodies(contactMember, `"encoding":"HEX",`),
		},
		{
			Name: "ios", Takes: []identifier.Field{
				identifier.IDFA,
			}, Most: googleIdentifiers, Write: googleBodies(mobileMember, ""),
		},
		{
			Name: "android", Takes: []identifier.Field{
				identifier.AAID,
			}, Most: googleIdentifiers, Write: googleBodies(mobileMember, ""),
		},
	},
})

// googleAddress are the columns of an address, which Google takes whole or not at all.
var googleAddress = []Column{FirstName, LastName, Country, PostalCode}

// googleIdentifiers are the identifiers that a member may have.
const googleIdentifiers = 10

// googleGranted says that people consented to both uses that Google asks about; the gate admitted them for this
// destination.
const googleGranted = `"consent":{"adUserData":"CONSENT_GRANTED","adPersonalization":"CONSENT_GRANTED"},` +
	`"termsOfService":{"customerMatchTermsOfServiceStatus":"ACCEPTED"},`

// googleBodies returns a writer of request bodies whose members are written by member; encoding says how keys are
// encoded.
func googleBodies(member func(dst []byte, entry string) []byte, encoding string) func(w io.Writer, l List) error {
	return func(w io.Writer, l List) error {
		head := "{" + encoding
		if l.Action != Removes {
			head += googleGranted
		}
		items := func(yield func(item []byte) bool) {
			var item []byte
			for _, entry := range l.Entries {
				if item = member(item[:0], entry); !yield(item) {
					return
				}
			}
		}
		return writeBodies(w, l.Batch, items, func(int, bool) (string, string) { return head + `"audienceMembers":[`, "]}" })
	}
}

// contactMember writes a member with e-mail addresses, phone numbers and addresses. Values are hashes, country and
// postal codes: nothing in them needs escaping.
func contactMember(dst []byte, entry string) []byte {
	dst = append(dst, `{"compositeData":{"userData":{"userIdentifiers":[`...)
	for word, value := range identifiers(entry) {
		switch word {
		case emailWord:
			dst = append(append(append(dst, `{"emailAddress":"`...), value...), `"},`...)
		case phoneWord:
			dst = append(append(append(dst, `{"phoneNumber":"`...), value...), `"},`...)
		case addressWord:
			dst = appendAddress(dst, value)
		}
	}
	return append(bytes.TrimSuffix(dst, comma), `]}}}`...)
}

var comma = []byte(",")

var emailWord, phoneWord = identifier.Email.String(), identifier.Phone.String()

// appendAddress writes an address and a comma.
func appendAddress(dst []byte, address string) []byte {
	dst = append(dst, `{"address":{`...)
	for i, key := range [...]string{"givenName", "familyName", "regionCode", "postalCode"} {
		if i > 0 {
			dst = append(dst, ',')
		}
		var value string
		value, address, _ = strings.Cut(address, ",")
		dst = append(append(dst, '"'), key...)
		dst = append(append(append(dst, `":"`...), value...), '"')
	}
	return append(dst, `}},`...)
}

// mobileMember writes a member with the advertising ids of one system.
func mobileMember(dst []byte, entry string) []byte {
	dst = append(dst, `{"mobileData":{"mobileIds":[`...)
	for _, value := range identifiers(entry) {
		dst = append(append(append(dst, '"'), value...), `",`...)
	}
	return append(bytes.TrimSuffix(dst, comma), `]}}`...)
}

// googleAccount takes ten digits, with or without hyphens.
func googleAccount(account string) string {
	digits := strings.ReplaceAll(account, "-", "")
	if len(digits) == 0 || len(digits) > 12 ||
		strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' }) {
		return `digits such as "123-456-7890"`
	}
	return ""
}
