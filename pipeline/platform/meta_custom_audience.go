package platform

import (
	"fmt"
	"io"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

// Meta custom audiences by the Marketing API (docs/platforms.md, Meta): bodies of POST (adds) and DELETE (removes) on
// an audience's users, and of POST on its usersreplace (snapshot), all requests of a list in one session.
var _ = define(Platform{
	Type: "meta_custom_audience", Ext: "jsonl", Ads: true, RefusesNames: true, Profile: "meta.v1", Minimum: 100,
	Account: metaAccount, Batch: project.Batch{Rows: 5_000}, Most: project.Batch{Rows: 10_000},
	Doc: "Meta custom audiences by the Marketing API: bodies of POST users (adds), DELETE users (removes) and POST " +
		"usersreplace (snapshot), one a line, in one session; everything as SHA-256 in hex but device ids, which are " +
		"plain. Meta may refuse removals from a small audience: then replace it by the snapshot, or delete it.",
	Send:  []Column{Email, Phone, FirstName, LastName, City, PostalCode, Country, BirthDate, Gender, MAID},
	Usual: []Column{Email, Phone, MAID},
	Parts: []Part{{
		Takes:   []identifier.Field{identifier.Email, identifier.Phone, identifier.IDFA, identifier.AAID},
		Address: metaAddress, BirthParts: true, Write: writeMetaUsers,
	}},
})

// metaKeys are the keys of a schema in their order. A birth date is three.
var metaKeys = table{address: metaAddress, cells: []cell{
	{header: "EMAIL", column: Email},
	{header: "PHONE", column: Phone},
	{header: "FN", column: FirstName},
	{header: "LN", column: LastName},
	{header: "CT", column: City},
	{header: "ZIP", column: PostalCode},
	{header: "COUNTRY", column: Country},
	{header: "DOBY", column: BirthDate},
	{header: "DOBM", column: BirthDate, piece: 1},
	{header: "DOBD", column: BirthDate, piece: 2},
	{header: "GEN", column: Gender},
	{header: "MADID", column: MAID},
}}

// sessionBits are those of a session's number that every reader of JSON keeps.
const sessionBits = 53

// writeMetaUsers writes the requests of a session. Its schema is that of the whole list, for Meta refuses a session
// whose schema changes.
func writeMetaUsers(w io.Writer, l List) error {
	used, people, total := metaKeys.used(l), metaKeys.reader(), 0
	for _, entry := range l.Entries {
		for range people.rows(entry) {
			total++
		}
	}
	session := max(1, deliveryID(l)>>(64-sessionBits))
	schema := appendTexts(nil, metaKeys.headers(used))
	items := func(yield func(item []byte) bool) {
		var item []byte
		for row := range metaKeys.people(l, used) {
			if item = appendTexts(item[:0], row); !yield(item) {
				return
			}
		}
	}
	return writeBodies(w, l.Batch, items, func(seq int, last bool) (head, tail string) {
		return fmt.Sprintf(`{"session":{"session_id":%d,"batch_seq":%d,"last_batch_flag":%t,"estimated_num_total":%d},`+
			`"payload":{"schema":%s,"data":[`, session, seq, last, total, schema), "]}}"
	})
}
