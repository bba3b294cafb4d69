package rules

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// shape says how values of one kind are laid out. The nil shape is that of values nobody describes: the order of their keys
// is the author's.
type shape struct {
	keys  []string          // in canonical order; others follow in theirs
	of    map[string]*shape // of the values behind keys
	names *shape            // of values behind names that the author chose; their order is his, too
	each  *shape            // of the members of a list; an object where a list could stand has it as well
	where bool              // a condition on one row
}

func (s *shape) condition() bool { return s != nil && s.where }

func (s *shape) table() bool { return s != nil && s.names != nil }

// member is the shape of a list's members.
func (s *shape) member() *shape {
	if s == nil {
		return nil
	}
	return s.each
}

// behind is the shape of the value behind a key.
func (s *shape) behind(key string) *shape {
	switch {
	case s == nil:
		return nil
	case s.names != nil:
		return s.names
	}
	return s.of[key]
}

// order returns the places of an object's keys in its content, in canonical order.
func (s *shape) order(n *yaml.Node) []int {
	places := make([]int, 0, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		places = append(places, i)
	}
	if s == nil || s.names != nil {
		return places
	}
	rank := func(i int) int {
		if r := slices.Index(s.keys, n.Content[i].Value); r >= 0 {
			return r
		}
		return len(s.keys)
	}
	slices.SortStableFunc(places, func(a, b int) int { return rank(a) - rank(b) })
	return places
}

func object(keys ...string) *shape { return &shape{keys: keys} }

// with gives the shapes of values behind keys.
func (s *shape) with(of map[string]*shape) *shape {
	s.of = of
	return s
}

func listOf(s *shape) *shape { return &shape{each: s} }

func namesOf(s *shape) *shape { return &shape{names: s} }

// file is the shape of a file with the given spec.
func fileShape(spec *shape) *shape {
	metadata := object("name", "version", "title", "owner", "review_by", "expires", "reason", "tags", "platform_name", "renamed_from")
	return object("apiVersion", "kind", "metadata", "spec").with(map[string]*shape{"metadata": metadata, "spec": spec})
}

// shapeOf returns the shape of a kind of file, nil if it has none.
func shapeOf(kind string) *shape {
	switch kind {
	case KindSegment:
		return fileShape(segmentShape())
	case KindSegmentTest:
		test := object("name", "subject", "as_of", "known_by", "events", "profile", "expect", "because").
			with(map[string]*shape{"events": listOf(object("t", "r", "e", "id", "dev", "cust", "sid"))})
		return fileShape(object("segment", "as_of", "known_by", "data_from", "cases").with(map[string]*shape{"cases": listOf(test)}))
	case KindEventSchema:
		label := object("value", "prefix", "is", "policy")
		label.each = label
		column := object("from", "type", "unit", "role", "optional", "enum", "quantise", "zone", "int96", "since", "until", "label").
			with(map[string]*shape{"label": label})
		return fileShape(object("of", "empty_is_null", "columns", "events").with(map[string]*shape{"columns": namesOf(column), "events": namesOf(nil)}))
	case KindValueSet:
		return fileShape(object("type", "values"))
	case KindProject:
		return projectShape()
	}
	return nil
}

// segmentShape is that of a rule.
func segmentShape() *shape {
	condition, where, between := &shape{}, &shape{where: true}, &shape{}
	*between = *object("did", "where").with(map[string]*shape{"where": where})
	step := object("did", "then_not", "where", "within_previous", "without", "for").with(map[string]*shape{"where": where, "without": between})
	conditions := listOf(condition)
	*condition = *object(
		"all", "any", "not", "at_least_of", "did", "did_not", "metric", "sequence", "session", "first", "last", "profile", "in_segment",
		"of", "where", "within", "span", "same_session", "ties", "lasting_at_least", "has",
		"at_least", "at_most", "exactly", "more_than", "less_than",
	).with(map[string]*shape{
		"all": conditions, "any": conditions, "not": condition, "session": condition, "sequence": listOf(step),
		"at_least_of": object("count", "of").with(map[string]*shape{"of": conditions}),
		"where":       where, "has": where, "profile": where, "within": object("from", "to", "before"),
	})
	ranked := func(keys ...string) *shape { return object(keys...).with(map[string]*shape{"by": condition}) }
	return object(
		"purpose", "identity", "timezone", "match", "exclude", "top", "stay", "on_change", "leave", "holdout", "exclusive", "cap", "min_size",
		"settle", "observed", "deliver",
	).with(map[string]*shape{
		"match": condition, "exclude": condition, "top": ranked("count", "percent", "by"), "cap": ranked("count", "by"),
		"holdout": object("percent", "salt"), "exclusive": object("group", "priority"),
	})
}

// projectShape is that of malgrupp.yaml.
func projectShape() *shape {
	source := object("name", "url", "schema", "partition", "origin", "dedupe", "covers_from", "gaps", "complete", "on_bad_object")
	keys := []string{
		"apiVersion", "kind", "metadata", "timezone", "session_gap", "retention", "max_clock_skew", "contacts", "sources", "consent", "identity",
		"profiles_of_customers", "identifiers", "keys", "output", "audit", "guards", "limits", "security", "destinations", "profiles",
	}
	of := map[string]*shape{
		"metadata": object("name"), "contacts": namesOf(object("email", "phone", "channel")), "sources": listOf(source),
		"keys": object("master", "state", "recipients", "signing"), "destinations": namesOf(object("type")),
	}
	profile := object(keys...).with(of)
	whole := map[string]*shape{"profiles": namesOf(profile)}
	for key, s := range of {
		whole[key] = s
	}
	return object(keys...).with(whole)
}
