package fault

import (
	"maps"
	"slices"
)

// inputPages are the texts behind the reasons for which input is refused with exit 14.
var inputPages = map[string]string{
	"ABSURD_VALUES": "More than 1 % of a source's rows hold an impossible value: no event time, one before 1990 or " +
		"more than five minutes after now, a text above 64 KiB, or a list above 1,000 entries. Single such rows are left " +
		"out and counted. So many mean that a time is read in the wrong unit or zone, or that a column holds something " +
		"else, and a list made of the rest would rest on chance. What the run did not need to decode is not judged; rows " +
		"that had not arrived by known_by are not either.",
	"DAMAGED": "An object cannot be read as Parquet, breaks its schema, or asks for more memory than `limits` " +
		"allow. The message names the object, the column where one is concerned, and the reason. Half an object is never " +
		"used. Have it exported again; a source with on_bad_object: skip leaves it out and uncovers its day.",
	"INPUT_MISSING": "A place that has to hold objects holds none. Check the export and the url in malgrupp.yaml; " +
		"names that begin with _ or a dot do not count.",
	"PARTITION": "An object lies in no folder of the source's partition key, or in one that is no date such as " +
		"dt=2026-04-01. Move it, or say how the source is laid out with `partition`.",
}

// Explain returns the page of a reason for which input is refused.
func Explain(code string) (string, bool) {
	page, ok := inputPages[code]
	return page, ok
}

// Codes returns the reasons that have a page, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(inputPages)) }
