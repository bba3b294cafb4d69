package platform

import (
	"fmt"
	"io"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

// TikTok custom audiences by customer file (docs/platforms.md, TikTok), uploaded by hand or by its API as
// MULTIPLE_TYPES: a cell for each kind of identifier, empty where somebody has none.
var _ = define(Platform{
	Type: "tiktok", Ext: "csv", Ads: true, ByHand: true, Profile: "tiktok.v1", Minimum: 1_000, NameLength: 128,
	Account: digits,
	Doc: "TikTok customer file, by hand or by dmp/custom_audience with calculate_type MULTIPLE_TYPES; everything as " +
		"SHA-256 in hex. Always say the action (APPEND, REMOVE, REPLACE), for without one TikTok replaces. A removal that " +
		"would leave fewer than 1,000 fails: then delete the audience.",
	Send:  []Column{Email, Phone, MAID},
	Usual: []Column{Email, Phone, MAID},
	Parts: []Part{{Takes: tiktokTakes, PerFile: 45_000_000 / tiktokRow, Write: tiktokTable.write}},
})

// tiktokOnes is the other way of TikTok's API: a file for each kind, one hash a line and no header.
var _ = define(Platform{
	Type: "tiktok_single", Ext: "csv", Ads: true, Profile: "tiktok.v1", Minimum: 1_000, NameLength: 128, Account: digits,
	Doc: "TikTok by dmp/custom_audience with one calculate_type a file (EMAIL_SHA256, PHONE_SHA256, IDFA_SHA256, " +
		"AAID_SHA256): one SHA-256 in hex a line, no header. An audience keeps the type it was made with. Always say the " +
		"action, for without one TikTok replaces; a removal that would leave fewer than 1,000 fails.",
	Send:  []Column{Email, Phone, MAID},
	Usual: []Column{Email, Phone, MAID},
	Parts: []Part{
		{Takes: tiktokTakes[:1], PerFile: 45_000_000 / hashLine, Write: writeLines},
		{Name: "phone", Takes: tiktokTakes[1:2], PerFile: 45_000_000 / hashLine, Write: writeLines},
		{Name: "ios", Takes: tiktokTakes[2:3], PerFile: 45_000_000 / hashLine, Write: writeLines},
		{Name: "android", Takes: tiktokTakes[3:], PerFile: 45_000_000 / hashLine, Write: writeLines},
	},
})

// TikTok's streaming interface: who is in which audience, a request for each thousand rows.
var _ = define(Platform{
	Type: "tiktok_mapping", Ext: "jsonl", Ads: true, Profile: "tiktok.v1", Minimum: 1_000, NameLength: 128,
	Account: digits, Batch: project.Batch{Rows: 1_000}, Most: project.Batch{Rows: 1_000},
	Numbered: "until the number of its audience is there nobody can be added or removed",
	Doc: "TikTok by segment/mapping: bodies with action add or delete, one a line; everything as SHA-256 in hex. The " +
		"audience is named by its number in lists:, the advertiser by account. TikTok cannot replace by it: the snapshot " +
		"adds.",
	Send:  []Column{Email, Phone},
	Usual: []Column{Email, Phone},
	Parts: []Part{{Takes: tiktokTakes[:2], Write: writeMapping}},
})

// tiktokSchema are the kinds of identifiers of a mapping.
var tiktokSchema = table{cells: []cell{
	{header: "EMAIL_SHA256", column: Email},
	{header: "PHONE_SHA256", column: Phone},
}}

// writeMapping writes rows with an object for each kind, empty where somebody has none.
func writeMapping(w io.Writer, l List) error {
	used := tiktokSchema.used(l)
	action, audience := "add", appendTexts(nil, []string{l.Number})
	if l.Action == Removes {
		action = "delete"
	}
	items := func(yield func(item []byte) bool) {
		var item []byte
		for row := range tiktokSchema.people(l, used) {
			item = append(item[:0], '[')
			for i, id := range row {
				if i > 0 {
					item = append(item, ',')
				}
				if item = append(item, '{'); id != "" {
					item = append(append(append(item, `"id":"`...), id...), `","audience_ids":`...)
					item = append(item, audience...)
				}
				item = append(item, '}')
			}
			if item = append(item, ']'); !yield(item) {
				return
			}
		}
	}
	head := fmt.Sprintf(`{"advertiser_ids":%s,"action":"%s","id_schema":%s,"batch_data":[`,
		appendTexts(nil, []string{l.Account}), action, appendTexts(nil, tiktokSchema.headers(used)))
	return writeBodies(w, l.Batch, items, func(int, bool) (string, string) { return head, "]}" })
}

var tiktokTakes = []identifier.Field{identifier.Email, identifier.Phone, identifier.IDFA, identifier.AAID}

// What a row of TikTok's file, and a line with one hash, hold at most in bytes. TikTok takes 250 MB and once took 50:
// files end at 45.
const (
	hashLine  = 65
	tiktokRow = 3 * hashLine
)

// tiktokTable are the headers that TikTok knows.
var tiktokTable = table{cells: []cell{
	{header: "Email_SHA256", column: Email},
	{header: "Phone_SHA256", column: Phone},
	{header: "MAID_SHA256", column: MAID},
}}

// writeLines writes each identifier in a line of its own, none twice.
func writeLines(w io.Writer, l List) error {
	var lines []byte
	for value := range values(l) {
		lines = append(append(lines, value...), '\n')
		if len(lines) >= 1<<16 {
			if _, err := w.Write(lines); err != nil {
				return err
			}
			lines = lines[:0]
		}
	}
	_, err := w.Write(lines)
	return err
}
