package main

import "github.com/malgrupp/malgrupp/pipeline"

// runResultSchema is the schema of what run and plan print with -o json. Fields are only ever added within v1, so readers
// must take unknown ones; the schema allows them.
func runResultSchema() jsonSchema {
	schema := document("malgrupp run result", growing(
		"schema", exactly("malgrupp.run-result/v1"), "run_id", anyText,
		"status", oneOfWords("nothing_to_do", "planned", string(pipeline.StatusDone), string(pipeline.StatusPartial), string(pipeline.StatusReplay)),
		"exit_code", jsonSchema{"type": "integer"}, "generated_at", anyText, "manifest?", refer("manifest")), jsonSchema{
		"shown": jsonSchema{
			"anyOf":       []jsonSchema{{"type": "integer", "minimum": 0}, exactly("<50")},
			"description": "a count of people or rows: rounded down to tens, 1 to 49 as <50",
		},
		"manifest": manifestSchema(),
	})
	return schema
}

// growing is object for a document that may grow.
func growing(namesAndSchemas ...any) jsonSchema {
	s := object(namesAndSchemas...)
	delete(s, "additionalProperties")
	return s
}

func manifestSchema() jsonSchema {
	number, shown, texts := jsonSchema{"type": "integer"}, refer("shown"), mapOf(anyText)
	sha := jsonSchema{"type": "string", "pattern": "^([0-9a-f]{64})?$"}
	input := growing("source", anyText, "key", anyText, "size", number, "etag", anyText, "rows?", number)
	source := growing("name", anyText, "dedupe", anyText, "rows", shown, "wanted", shown, "hidden", shown, "skewed", shown, "copies", shown,
		"conflicting_copies", shown, "invalid_time", shown, "oversized_values", shown, "skipped_objects?", listOf(anyText), "incomplete_partitions?", listOf(anyText))
	segment := growing("segment", anyText, "destination", anyText, "part?", anyText, "use", anyText, "members", shown, "additions", shown, "removals", shown,
		"control", shown, "unknown", shown, "wait", shown, "unwritable", shown, "dropped_identifiers?", mapOf(shown), "held_back?", anyText)
	return growing("schema", exactly(pipeline.ManifestSchema), "run_id", anyText, "project", anyText, "profile?", anyText,
		"status", oneOfWords(string(pipeline.StatusDone), string(pipeline.StatusPartial), string(pipeline.StatusRefused), string(pipeline.StatusReplay), string(pipeline.StatusAnswered)),
		"generated_at", anyText, "as_of", anyText, "known_by", anyText, "previous", sha, "idempotence_key?", sha,
		"refusal?", growing("kind", anyText, "reason", anyText, "message", anyText),
		"versions", texts, "config_sha256", sha, "rules", texts, "inputs", orNull(listOf(input)), "sources", orNull(listOf(source)),
		"consent", growing("rows", number, "watermark", anyText, "first_partition?", anyText, "recheck_watermark?", anyText, "recorded_before_act", shown),
		"uses", orNull(listOf(growing("use", anyText, "people", shown, "admitted_rows", shown, "refused_rows", orNull(mapOf(shown))))),
		"segments", orNull(listOf(segment)),
		"outputs", orNull(listOf(growing("root", oneOfWords("output", "state"), "name", anyText, "size", number, "sha256", sha))),
		"labels?", texts, "question?", growing("segment", anyText, "subject", anyText, "reason", anyText))
}

// orNull is for lists and maps that a refused run leaves unset.
func orNull(s jsonSchema) jsonSchema { return either(s, jsonSchema{"type": "null"}) }
