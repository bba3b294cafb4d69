package platform

import (
	"bytes"
	"io"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

// LinkedIn DMP segments (docs/platforms.md, LinkedIn): bodies of BATCH_CREATE on a segment's users, whose elements say
// themselves whether they add or remove.
var _ = define(Platform{
	Type: "linkedin", Ext: "jsonl", Ads: true, Profile: "linkedin.v1", Minimum: 300, Account: digits,
	Batch: project.Batch{Rows: 5_000}, Most: project.Batch{Rows: 5_000},
	Doc: "LinkedIn DMP segments: bodies of BATCH_CREATE dmpSegments/ID/users, one a line, 5,000 people each; e-mail as " +
		"SHA-256 in hex, Android device ids plain. LinkedIn cannot replace a segment: the snapshot adds.",
	Send:  []Column{Email, MAID},
	Usual: []Column{Email, MAID},
	Parts: []Part{{Takes: linkedinTakes, Write: writeLinkedIn}},
})

// LinkedIn takes neither phone numbers nor ids of iOS. Names and employers it would take in clear: they never leave.
var linkedinTakes = []identifier.Field{identifier.Email, identifier.AAID}

func writeLinkedIn(w io.Writer, l List) error {
	action := "ADD"
	if l.Action == Removes {
		action = "REMOVE"
	}
	items := func(yield func(item []byte) bool) {
		var item []byte
		for _, entry := range l.Entries {
			item = append(append(append(item[:0], `{"action":"`...), action...), `","userIds":[`...)
			for word, value := range identifiers(entry) {
				kind := "SHA256_EMAIL"
				if word == aaidWord {
					kind = "GOOGLE_AID"
				}
				item = append(append(append(item, `{"idType":"`...), kind...), `","idValue":"`...)
				item = append(append(item, value...), `"},`...)
			}
			if item = append(bytes.TrimSuffix(item, comma), "]}"...); !yield(item) {
				return
			}
		}
	}
	return writeBodies(w, l.Batch, items, func(int, bool) (head, tail string) { return `{"elements":[`, `]}` })
}

// LinkedIn contact lists by hand (docs/platforms.md, LinkedIn): every column of LinkedIn's template, of which only
// e-mail and Android id are filled.
var _ = define(Platform{
	Type: "linkedin_csv", Ext: "csv", Ads: true, ByHand: true, Profile: "linkedin.v1", Minimum: 300, Account: digits,
	Doc: "LinkedIn contact list by hand: CSV with the headers of LinkedIn's template; e-mail as SHA-256 in hex, Android " +
		"device ids plain.",
	Lasting: "one file makes one audience: upload the snapshot as a new list and delete the old one",
	Send:    []Column{Email, MAID},
	Usual:   []Column{Email, MAID},
	Parts:   []Part{{Takes: linkedinTakes, PerFile: 20_000_000 / linkedinRow, Write: linkedinTable.write}},
})

// linkedinRow is what a row of a contact list holds at most in bytes; a file takes 20 MB and 300,000 rows.
const linkedinRow = 64 + 7 + 36

var linkedinTable = table{cells: []cell{
	{header: "email", column: Email, always: true},
	{header: "firstname", column: columns, always: true},
	{header: "lastname", column: columns, always: true},
	{header: "jobtitle", column: columns, always: true},
	{header: "employeecompany", column: columns, always: true},
	{header: "country", column: columns, always: true},
	{header: "googleaid", column: MAID, always: true},
}}
