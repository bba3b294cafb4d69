package main

import (
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/rules/editor"
)

// runResultSchema is the schema of what run and plan print with -o json. Fields are only ever added within v1, so
// readers must take unknown ones; the schema allows them.
func runResultSchema() editor.Schema {
	schema := editor.Document("malgrupp run result", growing(
		"schema", editor.Exactly("malgrupp.run-result/v1"), "run_id", editor.Text,
		"status", editor.OneOf("nothing_to_do", "planned", string(record.StatusDone), string(record.StatusPartial),
			string(record.StatusReplay)),
		"exit_code", editor.Schema{"type": "integer"}, "generated_at", editor.Text, "manifest?",
		editor.Refer("manifest"), "moved?", growing("rules", editor.MapOf(editor.Text), "settings", editor.Schema{
			"type": "boolean",
		}, "objects", editor.MapOf(editor.Schema{"type": "integer"}), "consent_rows", editor.Schema{"type": "integer"}),
	), editor.Schema{
		"shown":    shownSchema(),
		"manifest": manifestSchema(),
	})
	return schema
}

// shownSchema is the schema of a number of people or rows.
func shownSchema() editor.Schema {
	return editor.Schema{
		"anyOf":       []editor.Schema{{"type": "integer", "minimum": 0}, editor.Exactly("<50")},
		"description": "a count of people or rows: rounded down to tens, 0 to 49 as <50",
	}
}

// growing is object for a document that may grow.
func growing(namesAndSchemas ...any) editor.Schema {
	s := editor.Object(namesAndSchemas...)
	delete(s, "additionalProperties")
	return s
}

func manifestSchema() editor.Schema {
	number, shown, texts := editor.Schema{"type": "integer"}, editor.Refer("shown"), editor.MapOf(editor.Text)
	sha := editor.Schema{"type": "string", "pattern": "^([0-9a-f]{64})?$"}
	input := growing("source", editor.Text, "key", editor.Text, "size", number, "etag", editor.Text, "rows?", number)
	source := growing("name", editor.Text, "dedupe", editor.Text, "rows", shown,
		"conflicting_copies", shown, "invalid_time", shown, "oversized_values", shown,
		"unwritable_ids?", editor.MapOf(shown), "skipped_objects?", editor.ListOf(editor.Text),
		"incomplete_partitions?", editor.ListOf(editor.Text))
	segment := growing("segment", editor.Text, "destination", editor.Text, "part?", editor.Text, "use", editor.Text,
		"members", shown, "additions", shown, "removals", shown,
		"control", shown, "unknown", shown, "wait", shown, "unwritable", shown, "dropped_identifiers?",
		editor.MapOf(shown), "held_back?", editor.Text, "guard?", editor.Text,
		"lacks?", editor.ListOf(growing("source", editor.Text, "day", editor.Text)), "owed_removals?", shown,
		"kept_for_another?", shown, "pending_removals?", shown,
		"overdue?", editor.Schema{"type": "boolean"}, "pending_since?", editor.Text)
	lack := growing("source", editor.Text, "day", editor.Text)
	return growing("schema", editor.Exactly(record.ManifestSchema), "run_id", editor.Text, "project", editor.Text,
		"profile?", editor.Text,
		"status", editor.OneOf(string(record.StatusDone), string(record.StatusPartial),
			string(record.StatusRefused), string(record.StatusReplay), string(record.StatusAnswered),
			string(record.StatusPruned), string(record.StatusPreviewed)),
		"generated_at", editor.Text, "as_of", editor.Text, "known_by", editor.Text,
		"after", number, "previous", sha,
		"keys", growing("recipients", editor.Text, "state", editor.Text, "signing", editor.Text, "master", texts),
		"idempotence_key?", sha,
		"refusal?", growing("kind", editor.Text, "reason", editor.Text, "message", editor.Text),
		"versions", texts, "config_sha256", sha, "rules", texts, "rule_texts?", texts, "inputs", orNull(editor.ListOf(input)),
		"sources", orNull(editor.ListOf(source)),
		"consent", growing("rows", number, "watermark", editor.Text, "first_partition?", editor.Text,
			"recheck_watermark?", editor.Text, "recorded_before_act", shown),
		"uses", orNull(editor.ListOf(growing("use", editor.Text, "people", shown, "refused_devices",
			orNull(editor.MapOf(shown))))),
		"segments", orNull(editor.ListOf(segment)),
		"overlaps?", editor.ListOf(growing("use", editor.Text, "in_any", shown, "segments", editor.ListOf(editor.Text),
			"members", editor.ListOf(shown), "common", editor.ListOf(editor.ListOf(shown)),
			"regions", editor.ListOf(growing("in", editor.ListOf(number), "people", shown)))),
		"outputs", orNull(editor.ListOf(growing("root", editor.OneOf("output", "state"), "name", editor.Text, "size",
			number, "sha256", sha))),
		"overrides?", editor.ListOf(growing("guard", editor.Text, "reason", editor.Text)),
		"told_lacking?", editor.MapOf(editor.ListOf(lack)), "labels?", texts, "legitimate_interest?", texts,
		"question?",
		growing("command?", editor.Text, "segment", editor.Text, "subject", editor.Text, "reason", editor.Text),
		"pruned?", editor.ListOf(editor.Text), "previewed?", editor.ListOf(growing("segment", editor.Text,
			"definition", editor.Text, "conditions", editor.ListOf(editor.Text), "shape?", editor.Text,
			"settings?", editor.ListOf(editor.Text))))
}

// orNull is for lists and maps that a refused run leaves unset.
func orNull(s editor.Schema) editor.Schema { return editor.Either(s, editor.Schema{"type": "null"}) }
