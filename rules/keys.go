package rules

import (
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// What values without parts are in our grammars, beside the leaves that files of every kind have.
const (
	LeafWhere       yaml.Leaf = "where"       // a condition on one event
	LeafAttributes  yaml.Leaf = "attributes"  // a condition on a customer's attributes
	LeafEvents      yaml.Leaf = "events"      // a name, a list of names, or any
	LeafMetric      yaml.Leaf = "metric"      // an aggregate call
	LeafRank        yaml.Leaf = "rank"        // an aggregate call that orders people
	LeafBound       yaml.Leaf = "bound"       // what a metric is compared with
	LeafStep        yaml.Leaf = "step"        // a duration between two events
	LeafPercent     yaml.Leaf = "percent"     // more than 0, at most 100
	LeafSalt        yaml.Leaf = "salt"        // a text; the project may have one for all rules
	LeafContact     yaml.Leaf = "contact"     // a contact of the project
	LeafDestination yaml.Leaf = "destination" // a destination of the project
	LeafRow         yaml.Leaf = "row"         // an object that may have the project's columns as well
	LeafAny         yaml.Leaf = "any"         // an object with whatever keys
)

// FileKeys is the shape of files of a kind, nil if nobody describes them.
func FileKeys(kind string, l *Language) *yaml.Shape {
	switch kind {
	case yaml.KindSegment:
		return SegmentKeys(l)
	case yaml.KindSegmentTest:
		return TestKeys
	case yaml.KindEventSchema:
		return schemaKeys
	case yaml.KindValueSet:
		return setKeys
	case yaml.KindProject:
		return ProjectKeys(DestinationKeys, object())
	}
	return nil
}

// The words that the tables are written in.
var (
	need, may, unbuilt, object, either     = yaml.Need, yaml.May, yaml.Unbuilt, yaml.Keys, yaml.Either
	word, whole, matching, listOf, namesOf = yaml.Word, yaml.Whole, yaml.Matching, yaml.ListOf, yaml.NamesOf
)

var (
	text, date, duration = yaml.Of(yaml.LeafText), yaml.Of(yaml.LeafDate), yaml.Of(yaml.LeafDuration)
	truth, identifier    = yaml.Of(yaml.LeafTruth), yaml.Of(yaml.LeafName)
	texts                = listOf(text, 0)
	whereText            = yaml.Of(LeafWhere).As("where")
)
