package format

import (
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// file is the shape of a file with the given spec.
func fileShape(spec *yaml.Shape) *yaml.Shape {
	metadata := yaml.Keys("name", "version", "title", "owner", "review_by", "expires", "reason", "tags", "platform_name", "renamed_from")
	return yaml.Keys("apiVersion", "kind", "metadata", "spec").With(map[string]*yaml.Shape{"metadata": metadata, "spec": spec})
}

// shapeOf returns the shape of a kind of file, nil if it has none.
func shapeOf(kind string) *yaml.Shape {
	switch kind {
	case yaml.KindSegment:
		return fileShape(segmentShape())
	case yaml.KindSegmentTest:
		test := yaml.Keys("name", "subject", "as_of", "known_by", "events", "profile", "expect", "because").
			With(map[string]*yaml.Shape{"events": yaml.ListOf(yaml.Keys("t", "r", "e", "id", "dev", "cust", "sid"))})
		return fileShape(yaml.Keys("segment", "as_of", "known_by", "data_from", "cases").With(map[string]*yaml.Shape{"cases": yaml.ListOf(test)}))
	case yaml.KindEventSchema:
		label := yaml.Keys("value", "prefix", "is", "policy")
		label.Each = label
		column := yaml.Keys("from", "type", "unit", "role", "optional", "enum", "quantise", "zone", "int96", "since", "until", "label").
			With(map[string]*yaml.Shape{"label": label})
		return fileShape(yaml.Keys("of", "empty_is_null", "columns", "events").With(map[string]*yaml.Shape{"columns": yaml.NamesOf(column), "events": yaml.NamesOf(nil)}))
	case yaml.KindValueSet:
		return fileShape(yaml.Keys("type", "values"))
	case yaml.KindProject:
		return projectShape()
	}
	return nil
}

// segmentShape is that of a rule.
func segmentShape() *yaml.Shape {
	condition, where, between := &yaml.Shape{}, &yaml.Shape{Where: true}, &yaml.Shape{}
	*between = *yaml.Keys("did", "where").With(map[string]*yaml.Shape{"where": where})
	step := yaml.Keys("did", "then_not", "where", "within_previous", "without", "for").With(map[string]*yaml.Shape{"where": where, "without": between})
	conditions := yaml.ListOf(condition)
	*condition = *yaml.Keys(
		"all", "any", "not", "at_least_of", "did", "did_not", "metric", "sequence", "session", "first", "last", "profile", "in_segment",
		"of", "where", "within", "span", "same_session", "ties", "lasting_at_least", "has",
		"at_least", "at_most", "exactly", "more_than", "less_than",
	).With(map[string]*yaml.Shape{
		"all": conditions, "any": conditions, "not": condition, "session": condition, "sequence": yaml.ListOf(step),
		"at_least_of": yaml.Keys("count", "of").With(map[string]*yaml.Shape{"of": conditions}),
		"where":       where, "has": where, "profile": where, "within": yaml.Keys("from", "to", "before"),
	})
	ranked := func(keys ...string) *yaml.Shape {
		return yaml.Keys(keys...).With(map[string]*yaml.Shape{"by": condition})
	}
	return yaml.Keys(
		"purpose", "identity", "timezone", "match", "exclude", "top", "stay", "on_change", "leave", "holdout", "exclusive", "cap", "min_size",
		"settle", "observed", "deliver",
	).With(map[string]*yaml.Shape{
		"match": condition, "exclude": condition, "top": ranked("count", "percent", "by"), "cap": ranked("count", "by"),
		"holdout": yaml.Keys("percent", "salt"), "exclusive": yaml.Keys("group", "priority"),
	})
}

// projectShape is that of malgrupp.yaml.
func projectShape() *yaml.Shape {
	source := yaml.Keys("name", "url", "schema", "partition", "origin", "dedupe", "covers_from", "gaps", "complete", "on_bad_object")
	keys := []string{
		"apiVersion", "kind", "metadata", "timezone", "session_gap", "retention", "max_clock_skew", "contacts", "sources", "consent", "identity",
		"profiles_of_customers", "identifiers", "keys", "output", "audit", "guards", "limits", "security", "destinations", "profiles",
	}
	of := map[string]*yaml.Shape{
		"metadata": yaml.Keys("name"), "contacts": yaml.NamesOf(yaml.Keys("email", "phone", "channel")), "sources": yaml.ListOf(source),
		"keys": yaml.Keys("master", "state", "recipients", "signing"), "destinations": yaml.NamesOf(yaml.Keys("type")),
	}
	profile := yaml.Keys(keys...).With(of)
	whole := map[string]*yaml.Shape{"profiles": yaml.NamesOf(profile)}
	for key, s := range of {
		whole[key] = s
	}
	return yaml.Keys(keys...).With(whole)
}
