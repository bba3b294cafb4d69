package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// maxCount is the largest number of events or people that a rule may name.
const maxCount = 1_000_000_000

var comparators = []rules.Comparator{rules.AtLeast, rules.AtMost, rules.Exactly, rules.MoreThan, rules.LessThan}

// ruleSchema is the schema of files of kind Segment, with the names that the scope knows.
func ruleSchema(s *rules.Scope) jsonSchema {
	metadata := object("name", identifier, "owner", wordOf(s.Contacts), "review_by", described(date, "at most 400 days ahead"),
		"title?", anyText, "expires?", described(date, "after this day nobody is delivered and everybody held is removed"),
		"reason?", anyText, "tags?", listOf(anyText), "platform_name?", anyText, "renamed_from?", identifier)
	ranked := refer("ranking")
	percent := jsonSchema{"type": "number", "exclusiveMinimum": 0, "maximum": 100}
	holdout := object("percent", percent, "salt", anyText)
	if s.Salt != "" {
		holdout = object("percent", percent, "salt?", anyText)
	}
	spec := object("purpose", oneOfWords(string(rules.Advertising), string(rules.Personalisation), string(rules.Analysis)),
		"identity", oneOfWords(string(rules.CustomerLevel), string(rules.DeviceLevel)),
		"deliver", listOf(wordOf(slices.Sorted(maps.Keys(s.Destinations)))),
		"match", refer("condition"), "exclude?", refer("condition"),
		"timezone?", described(anyText, "an IANA name such as Europe/Helsinki"),
		"top?", either(object("count", whole(1, maxCount), "by", ranked), object("percent", percent, "by", ranked)),
		"stay?", duration, "holdout?", holdout,
		"cap?", object("count", whole(1, maxCount), "by?", ranked),
		"min_size?", whole(1, maxCount))
	return document("malgrupp rule (kind Segment)",
		object("apiVersion", exactly("malgrupp/v1"), "kind", exactly(yaml.KindSegment), "metadata", metadata, "spec", spec), ruleDefs(s))
}

// ruleDefs are the parts of a rule that refer to one another.
func ruleDefs(s *rules.Scope) jsonSchema {
	defs := jsonSchema{
		"window": either(exactly("all"), duration, object("from", duration, "to", duration), object("from", date, "before", date)),
		"events": eventsSchema(s),
		"metric": metricSchema(s, func(rules.Aggregate) bool { return true }),
		"where":  whereSchema(s),
		"ranking": object("metric", metricSchema(s, func(a rules.Aggregate) bool { return a.Ranks }), "of", refer("events"),
			"where?", refer("where"), "within", refer("window")),
	}
	var verbs, inner []jsonSchema
	for _, v := range s.Language.Verbs {
		defs["verb_"+v.Name] = verbSchema(s, v, false)
		verbs = append(verbs, refer("verb_"+v.Name))
		if v.Inner {
			defs["inner_"+v.Name] = verbSchema(s, v, true)
			inner = append(inner, refer("inner_"+v.Name))
		}
	}
	defs["condition"] = either(verbs...)
	defs["inner_condition"] = described(either(inner...), "a condition on the events of one session: without a window")
	return defs
}

// stepDuration is a duration between two events.
var stepDuration = jsonSchema{"type": "string", "pattern": "^[1-9][0-9]*(s|min|h|d|w)$"}

// stepsSchema is the list of a sequence's steps.
func stepsSchema() jsonSchema {
	step := object("did", refer("events"), "where?", refer("where"), "within_previous?", described(stepDuration, "at most so long after the step before"),
		"without?", described(object("did", refer("events"), "where?", refer("where")), "none of these since the step before"))
	then := object("then_not", refer("events"), "where?", refer("where"), "for", described(stepDuration, "none of these so long after the last step"))
	return jsonSchema{"type": "array", "items": either(step, then), "minItems": 1}
}

func eventsSchema(s *rules.Scope) jsonSchema {
	var events []string
	for _, schema := range s.Schemas {
		if schema.Events == nil {
			return either(anyText, listOf(anyText)) // a schema that declares none leaves all names open
		}
		events = slices.AppendSeq(events, maps.Keys(schema.Events))
	}
	slices.Sort(events)
	events = slices.Compact(events)
	if len(events) == 0 {
		return either(anyText, listOf(anyText))
	}
	return either(exactly("any"), oneOfWords(events...), listOf(oneOfWords(events...)))
}

// verbSchema is the schema of a condition with this verb, as it stands inside a session or outside.
func verbSchema(s *rules.Scope, v rules.Verb, inner bool) jsonSchema {
	condition := refer("condition")
	if inner || v.Takes == rules.TakesCondition && v.Comparators {
		condition = refer("inner_condition")
	}
	operand := map[rules.Operand]jsonSchema{
		rules.TakesConditions: {"type": "array", "items": condition, "minItems": 1},
		rules.TakesCondition:  condition,
		rules.TakesCountOf:    object("count", whole(1, maxCount), "of", jsonSchema{"type": "array", "items": condition, "minItems": 1}),
		rules.TakesEvents:     refer("events"),
		rules.TakesMetric:     refer("metric"),
		rules.TakesSteps:      stepsSchema(),
		rules.TakesWhere:      profileSchema(s),
		rules.TakesSegment:    described(identifier, "the name of another segment with the same identity"),
	}[v.Takes]
	beside := map[string]jsonSchema{
		"where": refer("where"), "within": refer("window"), "of": refer("events"), "has": described(refer("where"), "what the picked event is tested for"),
		"span": described(stepDuration, "from the first step to the last at most"), "same_session": truth, "ties": oneOfWords("any", "strict"),
		"lasting_at_least": stepDuration,
	}
	parts := []any{v.Name, operand}
	for _, key := range v.Keys {
		switch {
		case inner && (key == "within" || key == "same_session"):
		case slices.Contains(v.Required, key):
			parts = append(parts, key, beside[key])
		default:
			parts = append(parts, key+"?", beside[key])
		}
	}
	var both []jsonSchema
	if v.Comparators {
		bound := either(jsonSchema{"type": "number"}, jsonSchema{"type": "string"})
		if v.Takes == rules.TakesEvents || v.Takes == rules.TakesCondition {
			bound = whole(0, maxCount)
		}
		for i, c := range comparators {
			parts = append(parts, string(c)+"?", bound)
			for _, other := range comparators[:i] {
				both = append(both, jsonSchema{"required": []string{string(other), string(c)}})
			}
		}
	}
	out := described(object(parts...), "%s", v.Doc)
	if both != nil {
		out["not"] = either(both...)
	}
	if v.Takes == rules.TakesMetric {
		var compared []jsonSchema
		for _, c := range comparators {
			compared = append(compared, jsonSchema{"required": []string{string(c)}})
		}
		out["anyOf"] = compared
	}
	return out
}

// metricSchema lists the calls of the aggregates that are wanted, each with the columns it takes.
func metricSchema(s *rules.Scope, wanted func(rules.Aggregate) bool) jsonSchema {
	var calls []jsonSchema
	for _, a := range s.Language.Aggregates {
		switch {
		case !wanted(a):
		case a.Of == nil:
			calls = append(calls, described(exactly(a.Name+"()"), "%s", a.Doc))
		default:
			calls = append(calls, described(columnCalls(s, a), "%s", a.Doc))
		}
	}
	return either(calls...)
}

func columnCalls(s *rules.Scope, a rules.Aggregate) jsonSchema {
	if len(s.Schemas) == 0 {
		return jsonSchema{"type": "string", "pattern": "^" + regexp.QuoteMeta(a.Name) + `\([a-z_][a-z0-9_.]*\)$`}
	}
	calls := []string{}
	for _, schema := range s.Schemas {
		for _, c := range schema.Columns {
			if slices.Contains(a.Of, c.Type.Kind) && (!a.Sums || c.Type.Kind != value.Float || c.Quantise != nil) {
				calls = append(calls, a.Name+"("+c.Name+")")
			}
		}
	}
	slices.Sort(calls)
	return oneOfWords(slices.Compact(calls)...)
}

// whereSchema describes the condition on one row in words: its grammar is beyond JSON Schema.
func whereSchema(s *rules.Scope) jsonSchema {
	var columns []string
	for _, schema := range s.Schemas {
		for _, c := range schema.Columns {
			text := c.Name + " (" + c.Type.String()
			if len(c.Enum) > 0 {
				text += ": " + strings.Join(c.Enum, " | ")
			}
			columns = append(columns, text+")")
		}
	}
	slices.Sort(columns)
	var operators, functions []string
	for _, o := range builtin.Operators() {
		operators = append(operators, o.Name)
	}
	for _, f := range s.Language.Functions {
		functions = append(functions, f.Name)
	}
	text := fmt.Sprintf("What one event must look like, as a WHERE of SQL: product = 'mortgage' and amount > 100. Operators: %s. Functions: %s.",
		strings.Join(operators, ", "), strings.Join(functions, ", "))
	if len(columns) > 0 {
		text += " Columns: " + strings.Join(slices.Compact(columns), ", ") + "."
	}
	if len(s.ValueSets) > 0 {
		text += " Value sets: @" + strings.Join(slices.Sorted(maps.Keys(s.ValueSets)), ", @") + "."
	}
	return jsonSchema{"type": "string", "minLength": 1, "maxLength": 4096, "description": text}
}

// profileSchema describes the condition on a customer's attributes.
func profileSchema(s *rules.Scope) jsonSchema {
	own := &rules.Scope{Language: s.Language, ValueSets: s.ValueSets}
	if s.Profile != nil {
		own.Schemas = []*rules.Schema{s.Profile}
	}
	return whereSchema(own)
}

// testSchema is the schema of files of kind SegmentTest.
func testSchema(s *rules.Scope) jsonSchema {
	instant := jsonSchema{"type": "string", "description": "a time with its offset: 2026-04-15T00:00:00+03:00"}
	at := jsonSchema{"type": "string", "description": "days before as_of with a local time (-5d 10:00), or a time with its offset"}
	event := object("t", at, "r?", described(at, "when the event arrived, if not at once"), "e?", anyText, "id?", anyText,
		"dev?", anyText, "cust?", anyText, "sid?", anyText)
	properties := event["properties"].(jsonSchema)
	for _, schema := range s.Schemas {
		for _, c := range schema.Columns {
			if c.Role == rules.RoleNone {
				properties[c.Name] = described(jsonSchema{}, "%s", c.Type)
			}
		}
	}
	if len(s.Schemas) == 0 {
		delete(event, "additionalProperties") // any column may stand there
	}
	oneCase := object("name", anyText, "subject?", described(anyText, "her id, where it matters: holdout draws by it"), "events", listOf(event),
		"profile?", jsonSchema{"type": "object"}, "as_of?", instant, "known_by?", instant,
		"expect", oneOfWords("in", "out", "wait", "unknown", "capped", "control"),
		"because?", described(anyText, "the path of the condition that decided: match.all[0]"))
	spec := object("segment", identifier, "as_of", instant, "known_by?", instant, "data_from?", instant, "cases", listOf(oneCase))
	return document("malgrupp test (kind SegmentTest)",
		object("apiVersion", exactly("malgrupp/v1"), "kind", exactly(yaml.KindSegmentTest), "metadata", object("name", identifier), "spec", spec), nil)
}
