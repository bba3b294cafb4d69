package main

import (
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// configSchema is the schema of malgrupp.yaml.
func configSchema() jsonSchema {
	settings := settingsSchemas()
	// A profile may set everything that the file sets, and need not set anything.
	profile := []any{}
	for key, s := range settings {
		profile = append(profile, key+"?", s)
	}
	top := []any{
		"apiVersion", exactly("malgrupp/v1"), "kind", exactly(yaml.KindProject), "metadata", object("name", identifier),
		"profiles?", mapOf(object(profile...)),
	}
	optional := map[string]bool{
		"retention": true, "max_clock_skew": true, "session_gap": true, "identity": true, "audit": true, "guards": true, "limits": true, "security": true, "destinations": true, "identifiers": true, "profiles_of_customers": true,
	}
	for key, s := range settings {
		if optional[key] {
			key += "?"
		}
		top = append(top, key, s)
	}
	return document("malgrupp.yaml (kind Project)", object(top...), nil)
}

// settingsSchemas are the schemas of the keys of malgrupp.yaml beside its envelope.
func settingsSchemas() map[string]jsonSchema {
	partition := either(jsonSchema{"type": "string", "pattern": "^(none|.+=)$"},
		object("key", anyText, "of?", oneOfWords("arrival", "event"), "zone?", anyText))
	list := either(anyText, object("url", anyText, "max_age?", duration))
	out := map[string]jsonSchema{
		"session_gap":    described(duration, "a longer pause ends a session; default 30min"),
		"timezone":       described(anyText, "an IANA name such as Europe/Helsinki: where days begin"),
		"retention":      described(duration, "how long rows are used; at most 761d, default 395d"),
		"max_clock_skew": described(duration, "how far a device's clock may run ahead; default 5min"),
		"contacts":       mapOf(object("email?", anyText, "phone?", anyText, "channel?", anyText)),
		"sources":        {"type": "array", "minItems": 1, "items": sourceSchema(partition)},
		"consent": object("url", anyText, "partition?", partition, "max_feed_age?", duration, "max_consent_age?", duration,
			"trusted_sources?", listOf(anyText),
			"min_notice_version?", object("measure?", whole(0, 1<<30), "profile?", whole(0, 1<<30), "link?", whole(0, 1<<30),
				"partner_data?", whole(0, 1<<30), "activate?", whole(0, 1<<30)),
			"suppression?", list, "protected", described(list, "none, or the list of people who must never be targeted")),
		"identity": object("attach?", oneOfWords("off", "linked"), "attach_window?", duration, "shared_window?", duration,
			"kiosk_customers?", whole(2, 5), "max_devices?", whole(1, 20), "blocked?", listOf(anyText)),
		"keys": object("master", either(reference, jsonSchema{"type": "object", "additionalProperties": reference}), "state", reference,
			"recipients", reference, "signing", reference, "mounted?", truth),
		"output":   object("url", anyText, "state?", anyText),
		"audit":    object("url?", anyText),
		"guards":   object("min_audience?", whole(50, 1<<30), "report_k?", whole(50, 1<<30)),
		"limits":   object("chunk_mib?", whole(1, 8192), "page_mib?", whole(1, 2048)),
		"security": object("file_roots?", listOf(anyText), "endpoints?", object("s3?", anyText, "gs?", anyText, "azblob?", anyText), "allow_private_endpoint?", truth, "allow_explain?", truth),
	}
	out["identifiers"] = identifiersSchema()
	out["profiles_of_customers"] = object("url", anyText, "schema?", described(anyText, "a schema that says of: customers; default customer-attributes"))
	out["destinations"] = jsonSchema{
		"type": "object", "propertyNames": jsonSchema{"pattern": destinationPattern}, "additionalProperties": destinationSchema(),
	}
	return out
}

const destinationPattern = "^[a-z][a-z0-9_-]{0,31}$"

func sourceSchema(partition jsonSchema) jsonSchema {
	return object("name", anyText, "url", anyText, "schema", described(anyText, "the name of a schema in schemas/"), "partition?", partition,
		"origin?", jsonSchema{"type": "string", "pattern": "^(own|partner:.+)$"}, "dedupe?", either(exactly("none"), object("within?", duration)),
		"covers_from?", date, "gaps?", oneOfWords("uncovered", "empty"), "complete?", oneOfWords("listed", "success"),
		"on_bad_object?", oneOfWords("stop", "skip"))
}

// destinationSchema is one form for each type: what a destination may say depends on it.
func destinationSchema() jsonSchema {
	var forms []jsonSchema
	for _, k := range load.Platforms().Kinds {
		keys := []any{
			"type", exactly(k.Type), "activate?",
			jsonSchema{"type": "string", "pattern": destinationPattern, "description": "the consent it needs; default its own name"},
			"min_size?", whole(0, 1<<30), "enabled?", truth,
		}
		processor := "processor"
		if k.Own {
			processor = "processor?"
		}
		keys = append(keys, processor, object("agreement", anyText, "expires", date))
		if len(k.Send) > 0 {
			keys = append(keys, "send?", listOf(oneOfWords(k.Send...)))
		}
		if k.Account != nil {
			keys = append(keys, "account?", anyText)
		}
		forms = append(forms, object(keys...))
	}
	return either(forms...)
}

// identifiersSchema is the table of contact keys.
func identifiersSchema() jsonSchema {
	p := load.Platforms()
	form := jsonSchema{"type": "string", "pattern": `^(plain|sha256_hex\((` + strings.Join(p.Profiles, "|") + `)\))$`}
	var columns []any
	for _, c := range p.Columns {
		columns = append(columns, c+"?", form)
	}
	return object("url", anyText, "columns?", object(columns...), "default_country?", jsonSchema{"type": "string", "pattern": "^[A-Z]{2}$"})
}
