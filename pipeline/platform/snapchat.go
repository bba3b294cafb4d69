package platform

import (
	"io"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

// Snapchat customer lists (docs/platforms.md, Snapchat): bodies of POST (adds, snapshot) and DELETE (removes) on a
// segment's users. A request has identifiers of one kind, so each kind is a file; removal needs all of them.
var _ = define(Platform{
	Type: "snapchat", Ext: "jsonl", Ads: true, Profile: "snapchat.v1", Minimum: 1_000, NameLength: 375,
	Account: accountWord, Batch: project.Batch{Rows: 100_000}, Most: project.Batch{Rows: 100_000},
	Doc: "Snapchat customer lists: bodies of POST and DELETE segments/ID/users, one a line, 100,000 identifiers each; " +
		"everything as SHA-256 in hex; e-mail, phone and device ids in a file each. Snapchat cannot replace a list: the " +
		"snapshot adds.",
	Send:  []Column{Email, Phone, MAID},
	Usual: []Column{Email, Phone, MAID},
	Parts: []Part{
		{Takes: []identifier.Field{identifier.Email}, Write: snapchatUsers("EMAIL_SHA256")},
		{Name: "phone", Takes: []identifier.Field{identifier.Phone}, Write: snapchatUsers("PHONE_SHA256")},
		{
			Name: "maid", Takes: []identifier.Field{identifier.IDFA, identifier.AAID},
			Write: snapchatUsers("MOBILE_AD_ID_SHA256"),
		},
	},
})

// snapchatUsers writes identifiers of one kind, each in a row of its own and none twice.
func snapchatUsers(schema string) func(w io.Writer, l List) error {
	return func(w io.Writer, l List) error {
		items := func(yield func(item []byte) bool) {
			var item []byte
			for value := range values(l) {
				if item = append(append(append(item[:0], `["`...), value...), `"]`...); !yield(item) {
					return
				}
			}
		}
		return writeBodies(w, l.Batch, items, func(int, bool) (head, tail string) {
			return `{"users":[{"schema":["` + schema + `"],"data":[`, `]}]}`
		})
	}
}
