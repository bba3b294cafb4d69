package platform

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

var _ = define(Platform{
	Type: "personalisation_feed", Ext: "jsonl", Own: true, Merged: true,
	Doc: "The bank's own pages: one JSON object a line, subject -> the segments it is in now. Adds are subjects whose " +
		"segments changed, removes those that are in none any more, the snapshot is everybody.",
	Parts: []Part{{Write: writeFeed}},
})

// feedLine is what the bank's own pages look a visitor up in.
type feedLine struct {
	Subject  string   `json:"subject"`
	Segments []string `json:"segments"`
	AsOf     string   `json:"as_of"` // RFC 3339, UTC
}

// writeFeed writes merged entries: a subject and its segments with tabs between.
func writeFeed(w io.Writer, l List) error {
	buffered := bufio.NewWriter(w)
	e := json.NewEncoder(buffered)
	e.SetEscapeHTML(false)
	asOf := time.UnixMicro(l.AsOf).UTC().Format(time.RFC3339)
	for _, entry := range l.Entries {
		words := strings.Split(entry, "\t")
		if err := e.Encode(feedLine{words[0], words[1:], asOf}); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// Merge makes the three lists of a merged platform from the entries of each segment before and after a run: whose
// segments changed, who is in none any more, and everybody.
func Merge(before, after map[string][]string) (adds, removes, snapshot []string) {
	was, is := bySubject(before), bySubject(after)
	for _, subject := range slices.Sorted(maps.Keys(is)) {
		snapshot = append(snapshot, is[subject])
		if was[subject] != is[subject] {
			adds = append(adds, is[subject])
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(was)) {
		if _, stays := is[subject]; !stays {
			removes = append(removes, subject)
		}
	}
	return adds, removes, snapshot
}

// bySubject joins the segments of each subject: the subject, then its segments in order, with tabs between.
func bySubject(of map[string][]string) map[string]string {
	out := map[string]string{}
	for _, segment := range slices.Sorted(maps.Keys(of)) {
		for _, subject := range of[segment] {
			if out[subject] == "" {
				out[subject] = subject
			}
			out[subject] += "\t" + segment
		}
	}
	return out
}
