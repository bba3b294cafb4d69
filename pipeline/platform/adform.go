package platform

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
)

// Adform segments by file (docs/platforms.md, Adform): an id and the segments it is in, one id a line; each kind of id
// is a file of its own, so it is a type of its own. Adform takes no contact data and removes by time alone.
var _ = define(Platform{
	Type: "adform", Ext: "csv", Ads: true, ByHand: true, Profile: "adform.v1", Account: accountWord, Merged: true,
	Lasting: adformLasting, Days: adformDays, Beside: &adformTaxonomy,
	Doc: "Adform segments of devices: advertising ids plain, each with the segments it is in (their names are Adform's " +
		"RefId), tabs and commas between, no header.",
	Send:  []Column{MAID},
	Usual: []Column{MAID},
	Parts: []Part{{
		Takes: []identifier.Field{identifier.IDFA, identifier.AAID}, PerFile: 100_000_000 / adformUnit,
		Write: writeAdform(func(word string) (id string, ok bool) {
			kind, id, ok := strings.Cut(word, "=")
			return id, ok && (kind == idfaWord || kind == aaidWord)
		}),
	}},
})

// adformTaxonomy says which segments there are; Adform knows no segment before it has that file.
var adformTaxonomy = Part{Name: "taxonomy", Write: func(w io.Writer, l List) error {
	header := []string{"RefId", "Name", "Ttl", "Frequency", "Fee", "Status", "Category", "DataType", "UnifiedTaxonomy"}
	return writeRows(w, header, func(yield func(row []string) bool) {
		for _, entry := range l.Entries {
			segment, name, _ := strings.Cut(entry, "\t")
			if formula(name) != "" {
				name = segment
			}
			if !yield([]string{segment, name, strconv.Itoa(adformDays), "1", "0", "Active", "malgrupp", "1", ""}) {
				return
			}
		}
	})
}}

// adformDays is how long a segment remembers somebody who is not named again: it is the only way out.
const adformDays = 7

var _ = define(Platform{
	Type: "adform_first_party", Ext: "csv", Ads: true, ByHand: true, Account: accountWord, Merged: true,
	Lasting: adformLasting, Devices: true, Days: adformDays, Beside: &adformTaxonomy,
	Doc: "Adform segments of ids that the bank's own site sets and Adform knows by its tag: the id as collected with " +
		"the segments it is in, tabs and commas between, no header.",
	Parts: []Part{{
		PerFile: 100_000_000 / adformUnit, Unsafe: notPlain, Write: writeAdform(nil),
	}},
})

// notPlain reports an id with characters that the file has a meaning for, or that ids do not have.
func notPlain(id string) string {
	if strings.Trim(id, plain) != "" {
		return "it has other characters than letters, digits and . _ : + / = -"
	}
	return ""
}

const adformLasting = "upload the snapshot at least once within the segment's time to live (7 days in the " +
	"taxonomy): whoever is not in it falls out when that has passed"

// adformUnit is what an id, and a segment beside it, hold at most in bytes; Adform advises files of 100 MB.
const adformUnit = 129

// writeAdform writes merged entries: the identifiers of somebody, which a word is if is says so, then the segments she
// is in. Without is the first word is the id. Who shares an id shares a line.
func writeAdform(is func(word string) (id string, ok bool)) func(w io.Writer, l List) error {
	return func(w io.Writer, l List) error {
		var ids []string
		segments := map[string][]string{}
		for _, entry := range l.Entries {
			words := strings.Split(entry, "\t")
			own := words[:1]
			if is != nil {
				own = nil
				for len(words) > len(own) {
					id, ok := is(words[len(own)])
					if !ok {
						break
					}
					own = append(own, id)
				}
			}
			for _, id := range own {
				if segments[id] == nil {
					ids = append(ids, id)
				}
				segments[id] = append(segments[id], words[len(own):]...)
			}
		}
		out := bufio.NewWriter(w)
		for _, id := range ids {
			in := segments[id]
			slices.Sort(in)
			out.WriteString(id + "\t" + strings.Join(slices.Compact(in), ",") + "\n")
		}
		return out.Flush()
	}
}
