package rules

import (
	"github.com/malgrupp/malgrupp/rules/yaml"
)

var instant = &yaml.Shape{Leaf: yaml.LeafInstant, Doc: "a time with its offset: 2026-04-15T00:00:00+03:00"}

// EventKeys is the shape of an event that a test writes down; columns of the project may stand beside these keys.
var EventKeys = eventKeys()

func eventKeys() *yaml.Shape {
	at := &yaml.Shape{
		Leaf: yaml.LeafInstant,
		Doc:  "days before as_of with a local time (-5d 10:00), or a time with its offset",
	}
	s := object(need("t", at), may("r", at).Says("when the event arrived, if not at once"), may("e", text),
		may("id", text), may("dev", text), may("cust", text), may("sid", text))
	s.Leaf = LeafRow
	return s
}

// CaseKeys is the shape of one case of a test.
var CaseKeys = object(
	need("name", text), may("subject", text).Says("her id, where it matters: holdout draws by it"),
	may("as_of", instant), may("known_by", instant),
	need("events", listOf(EventKeys, 0)), may("profile", yaml.Of(LeafAny)),
	need("expect", word("in", "out", "wait", "unknown", "capped", "control")),
	may("because", text).Says("the path of the condition that decided: match.all[0]"))

// TestKeys is the shape of files of kind SegmentTest.
var TestKeys = yaml.File(yaml.KindSegmentTest, object(need("name", identifier)),
	need("spec", object(need("segment", identifier), need("as_of", instant), may("known_by", instant),
		may("data_from", instant), need("cases", listOf(CaseKeys, 0)))))

// SuiteKeys is the shape of files of kind ConformanceSuite, HashKeys that of one of its hashes, and SuiteCaseKeys that
// of a case with its UserKeys and what earlier runs kept of them.
var (
	SuiteKeys = yaml.File(yaml.KindConformanceSuite, object(need("name", identifier), may("edition", text)),
		may("defaults", object(may("timezone", text), may("as_of", instant), may("known_by", instant),
			may("data_from", instant), may("session_gap", duration), may("max_clock_skew", duration),
			may("identity", text), may("columns", namesOf(text)))),
		may("hash_vectors", listOf(HashKeys, 0)), need("cases", listOf(SuiteCaseKeys, 0)))

	HashKeys = object(need("salt", text), need("id", text), need("hash", text), need("bucket", whole(0, 9999)))

	SuiteCaseKeys = object(need("id", text), may("title", text), may("name", text), may("as_of", instant),
		may("known_by", instant), may("data_from", instant), may("timezone", text), may("segments", yaml.Of(LeafAny)),
		may("rule", yaml.Of(LeafAny)), may("users", namesOf(UserKeys)), may("expect_error", text))

	UserKeys = object(need("events", listOf(EventKeys, 0)), need("expect", word(suiteVerdicts...)),
		may("ledger", LedgerKeys))

	LedgerKeys = object(need("last_qualified", instant), may("same_definition", truth))

	suiteVerdicts = append(CaseKeys.Behind("expect").Words, "withheld")
)
