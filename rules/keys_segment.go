package rules

import (
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// segmentMetadata is the shape of a rule's metadata.
var segmentMetadata = object(
	need("name", identifier), may("title", text), need("owner", yaml.Of(LeafContact)),
	need("review_by", date).Says("at most 400 days ahead"),
	may("expires", date).Says("after this day nobody is delivered and everybody held is removed"),
	may("reason", text), may("tags", texts), may("platform_name", text), may("renamed_from", identifier))

// SegmentKeys is the shape of files of kind Segment in a language.
func SegmentKeys(l *Language) *yaml.Shape {
	condition := l.condition()
	return yaml.File(yaml.KindSegment, segmentMetadata, need("spec", specKeys(condition, l.ranking(condition))))
}

// ruleKeys is the shape of a rule as far as it is the same in every language.
var ruleKeys = SegmentKeys(&Language{})

// specKeys is the shape of the rule itself.
func specKeys(condition, ranking *yaml.Shape) *yaml.Shape {
	count, percent := whole(1, maxCount), yaml.Of(LeafPercent)
	return object(
		need("purpose", word(string(Advertising), string(Personalisation), string(Analysis))),
		need("identity", word(string(CustomerLevel), string(DeviceLevel))),
		may("timezone", text).Says("an IANA name such as Europe/Helsinki"),
		need("match", condition), may("exclude", condition),
		may("top", either(
			object(need("count", count), need("by", ranking)), object(need("percent", percent),
				need("by", ranking)))),
		may("stay", duration), unbuilt("on_change"), unbuilt("leave"),
		may("holdout", object(need("percent", percent), need("salt", yaml.Of(LeafSalt)))),
		may("exclusive", object(need("group", identifier), need("priority", whole(0, maxPriority)))),
		may("cap", object(need("count", count), may("by", ranking))),
		may("min_size", whole(1, maxCount)), unbuilt("settle"), unbuilt("observed"),
		need("deliver", listOf(yaml.Of(LeafDestination), 0)))
}

var (
	events = yaml.Of(LeafEvents).As("events")
	length = yaml.Of(LeafStep)
	window = either(word("all"), duration, object(need("from", duration), need("to", duration)),
		object(need("from", date), need("before", date))).As("window")

	betweenKeys = object(need("did", events), may("where", whereText))
	stepKeys    = object(need("did", events), may("where", whereText),
		may("within_previous", length).Says("at most so long after the step before"),
		may("without", betweenKeys).Says("none of these since the step before"))
	thenKeys = object(need("then_not", events), may("where", whereText),
		need("for", length).Says("none of these so long after the last step"))
)

// condition is the shape of a condition: one alternative for each verb.
func (l *Language) condition() *yaml.Shape {
	outer, inner := &yaml.Shape{}, &yaml.Shape{}
	var all, insides []*yaml.Shape
	for _, v := range l.Verbs {
		below := outer
		if v.Sessions {
			below = inner
		}
		all = append(all, v.keys(below, false).As("verb_"+v.Name))
		if v.Inner {
			insides = append(insides, v.keys(inner, true).As("inner_"+v.Name))
		}
	}
	*outer, *inner = *either(all...).As("condition"), *either(insides...).As("inner_condition")
	inner.Doc = "a condition on the events of one session: without a window"
	return outer
}

// ranking is the shape of a metric that orders people: it is not compared.
func (l *Language) ranking(condition *yaml.Shape) *yaml.Shape {
	var keys []yaml.Key
	for _, v := range l.Verbs {
		if v.Takes == TakesMetric && keys == nil {
			keys = append(keys, need(v.Name, yaml.Of(LeafRank)))
			for _, c := range v.Clauses {
				keys = append(keys, c.Key)
			}
		}
	}
	return object(keys...).OrderedAs(condition).As("ranking")
}

// keys is the shape of a condition with the verb, given that of conditions below it; inside a session some clauses have
// no sense.
func (v *Verb) keys(below *yaml.Shape, inside bool) *yaml.Shape {
	keys := []yaml.Key{v.operand(below)}
	for _, c := range v.Clauses {
		if !inside || !c.Outside {
			keys = append(keys, c.Key)
		}
	}
	if v.Comparators {
		bound := yaml.Of(LeafBound)
		if v.Takes != TakesMetric {
			bound = whole(0, maxCount)
		}
		for _, c := range comparators {
			keys = append(keys, may(c, bound))
		}
	}
	s := object(keys...)
	s.Doc = v.Doc
	if v.Comparators {
		s.Rivals, s.NeedsOne = comparators, v.Takes == TakesMetric
	}
	return s
}

// operand is the verb with what stands right of it.
func (v *Verb) operand(condition *yaml.Shape) yaml.Key {
	list := listOf(condition, 1)
	k := need(v.Name, map[Operand]*yaml.Shape{
		TakesConditions: list, TakesCondition: condition, TakesCountOf: countOfKeys(list), TakesEvents: events,
		TakesMetric: yaml.Of(LeafMetric).As("metric"), TakesSteps: listOf(either(stepKeys, thenKeys), 1),
		TakesWhere: yaml.Of(LeafAttributes), TakesSegment: identifier,
	}[v.Takes])
	if v.Takes == TakesSegment {
		k.Doc = "the name of another segment with the same identity"
	}
	return k
}

// countOfKeys is the shape of so many of some conditions.
func countOfKeys(conditions *yaml.Shape) *yaml.Shape {
	return object(need("count", whole(1, maxCount)), need("of", conditions))
}
