package platform

import (
	"io"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

// UID2 and EUID, which are one format (docs/platforms.md, UID2 and EUID): bodies of POST v3/identity/map before they
// are sealed. The answer has an id for each hash, in the same order; nobody is in a list by it.
var _ = define(Platform{
	Type: "uid2", Ext: "jsonl", Ads: true, Profile: "uid2.v1", Account: accountWord, Batch: uid2Request, Most: uid2Request,
	Doc: "UID2 and EUID: bodies of POST v3/identity/map before they are sealed, one a line, 5,000 hashes each; SHA-256 " +
		"in base64; e-mail and phone in a file each. Whoever opted out comes back as an error and must not be used.",
	Lasting: "the map keeps nobody: take people out where their ids were sent",
	Send:    []Column{Email, Phone},
	Usual:   []Column{Email, Phone},
	Parts: []Part{
		{Takes: []identifier.Field{identifier.Email}, Write: identityMap("email_hash")},
		{Name: "phone", Takes: []identifier.Field{identifier.Phone}, Write: identityMap("phone_hash")},
	},
})

// uid2Request is what a request to the identity map holds at most.
var uid2Request = project.Batch{Rows: 5_000, Bytes: 1_000_000}

func identityMap(key string) func(w io.Writer, l List) error {
	return func(w io.Writer, l List) error {
		return writeBodies(w, l.Batch, quoted(values(l)), func(int, bool) (head, tail string) {
			return `{"` + key + `":[`, `]}`
		})
	}
}

// The Trade Desk's CRM files (docs/platforms.md, UID2 and EUID): one hash a line for PiiType EmailHashedUnifiedId2.
var _ = define(Platform{
	Type: "trade_desk", Ext: "txt", Ads: true, Profile: "uid2.v1", Minimum: 1_500, Account: accountWord,
	Doc: "The Trade Desk's CRM data (PiiType EmailHashedUnifiedId2): one SHA-256 of an e-mail address, in base64, a " +
		"line.",
	Lasting: "upload the snapshot with MergeMode Replace",
	Send:    []Column{Email},
	Usual:   []Column{Email},
	Parts:   []Part{{Takes: []identifier.Field{identifier.Email}, Write: writeLines}},
})
