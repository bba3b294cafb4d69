package platform

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
)

// Microsoft Advertising customer lists by bulk file (docs/platforms.md, Microsoft): a row for the list and one for each
// e-mail address. A list whose number nobody has told yet is made by the file.
var _ = define(Platform{
	Type: "microsoft", Ext: "csv", Ads: true, Profile: "microsoft.v1", Minimum: 300, NameLength: 128, Account: digits,
	Numbered: "its snapshot makes the list; until its number is there nobody can be added or removed",
	Doc: "Microsoft Advertising customer lists: bulk files of version 6.0 with Action Type Add, Remove or Replace; " +
		"e-mail as SHA-256 in hex. A list without a number in lists: is made by its snapshot; put its number " +
		"there afterwards.",
	Send:  []Column{Email},
	Usual: []Column{Email},
	Parts: []Part{{
		Takes: []identifier.Field{identifier.Email}, PerFile: 100_000_000 / microsoftRow, Write: writeMicrosoft,
	}},
})

// microsoftRow is what a row of a bulk file holds at most in bytes; files end at 100 MB.
const microsoftRow = 200

var microsoftHeader = []string{
	"Type", "Status", "Id", "Parent Id", "Client Id", "Modified Time", "Name", "Description", "Scope", "Audience",
	"Action Type", "Sub Type", "Text",
}

// The places of a bulk row that are filled.
const (
	bulkType, bulkID, bulkParent, bulkClient, bulkName, bulkDescription = 0, 2, 3, 4, 6, 7
	bulkScope, bulkAudience, bulkAction, bulkSubType, bulkText          = 8, 9, 10, 11, 12
	bulkMembership                                                      = 13
)

// microsoftDays is how long somebody stays in a list of which nobody said otherwise.
const microsoftDays = "180"

// writeMicrosoft writes a bulk file. Of a snapshot in several files the first replaces and the others add. The first
// snapshot of a list without a number makes it; other files without one name a list that there is not, and are refused.
func writeMicrosoft(w io.Writer, l List) error {
	action := map[Action]string{Adds: "Add", Removes: "Remove", Snapshot: "Replace"}[l.Action]
	makes := l.Number == "" && l.Action == Snapshot && l.Volume == 0
	if l.Action == Snapshot && (makes || l.Volume > 0) {
		action = "Add"
	}
	number, header := cmp.Or(l.Number, "-1"), microsoftHeader
	name := cmp.Or(l.Name, l.Segment)
	if formula(name) != "" {
		name = l.Segment
	}
	client := fmt.Sprintf("malgrupp-%012x", deliveryID(l)>>16)
	list := map[int]string{bulkType: "Customer List", bulkID: number, bulkClient: client, bulkAction: action}
	if makes {
		header = append(header[:len(header):len(header)], "Membership Duration")
		list[bulkDescription], list[bulkScope], list[bulkMembership] = "Built by malgrupp", "Customer", microsoftDays
		list[bulkAudience] = name
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true // as Microsoft's own files
	return writeTo(out, header, func(yield func(row []string) bool) {
		row := make([]string, len(header))
		put := func(cells map[int]string) bool {
			clear(row)
			for i, text := range cells {
				row[i] = text
			}
			return yield(row)
		}
		if !put(map[int]string{bulkType: "Format Version", bulkName: "6.0"}) || !put(list) {
			return
		}
		n := 0
		for value := range values(l) {
			n++
			if !put(map[int]string{
				bulkType: "Customer List Item", bulkParent: number, bulkClient: fmt.Sprintf("%s-%d", client, n),
				bulkSubType: "Email", bulkText: value,
			}) {
				return
			}
		}
	})
}
