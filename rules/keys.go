package rules

import (
	"github.com/malgrupp/malgrupp/rules/value"
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

// schemaKeys is the shape of files of kind EventSchema.
var schemaKeys = yaml.File(yaml.KindEventSchema,
	object(need("name", identifier), may("version", whole(1, maxCount)), may("owner", text).After("title"),
		may("title", text)),
	need("spec", object(
		need("columns", namesOf(either(columnKeys, constantKeys).OrderedAs(columnKeys))).After("empty_is_null"),
		may("events", namesOf(texts)).After("columns"),
		may("empty_is_null", truth).After("of"),
		may("of", word("events", "customers")))))

// columnKeys is the shape of a column.
var columnKeys = object(
	may("from", text), need("type", text), may("unit", word("s", "ms", "us", "ns")), may("role", word(roleNames()...)),
	may("enum", listOf(text, 1)), may("min", yaml.Of(yaml.LeafNumber)).After("enum"),
	may("max", yaml.Of(yaml.LeafNumber)).After("min"), may("max_length", whole(1, value.MaxTextBytes)).After("max"),
	may("label", either(labelKeys, listOf(labelKeys, 0))).After("until"),
	may("optional", truth).After("role"),
	may("denies", texts).Says("of a text with role gpc or browser_deny: the values that refuse").After("optional"),
	may("quantise", yaml.Of(yaml.LeafNumber)), may("zone", text),
	may("int96", word("utc")), may("since", date), may("until", date), may("encoding", word("hex", "uuid")).After("unit"))

// constantKeys is the shape of the name of the event in a log whose rows are all the same one.
var constantKeys = object(need("value", text).Says("the event that every row is, where the log does not say it"),
	may("type", word("text")), may("role", word(string(RoleEventName))))

// labelKeys is the shape of a mark of sensitive content.
var labelKeys = object(may("value", text), may("prefix", text), need("is", text),
	may("policy", word(policyDrop, policyNoAds)))

// setKeys is the shape of files of kind ValueSet.
var setKeys = yaml.File(yaml.KindValueSet,
	object(need("name", identifier), may("title", text), need("owner", yaml.Of(LeafContact)),
		need("review_by", date), may("reason", text)),
	need("spec", object(need("type", text), need("values", listOf(nil, 1)))))

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

// SuiteKeys is the shape of files of kind ConformanceSuite, SuiteColumnKeys that of a column with its values, HashKeys
// that of one of its hashes, and SuiteCaseKeys that of a case with its UserKeys and what earlier runs kept of them.
var (
	SuiteKeys = yaml.File(yaml.KindConformanceSuite, object(need("name", identifier), may("edition", text)),
		may("defaults", object(may("timezone", text), may("as_of", instant), may("known_by", instant),
			may("data_from", instant), may("session_gap", duration), may("max_clock_skew", duration),
			may("identity", text),
			may("columns", namesOf(either(text, SuiteColumnKeys))),
			may("events", texts).Says("the events that there are; any without it"))),
		may("hash_vectors", listOf(HashKeys, 0)), need("cases", listOf(SuiteCaseKeys, 0)))

	SuiteColumnKeys = object(need("type", text), may("enum", listOf(text, 1)))

	HashKeys = object(need("salt", text), need("id", text), need("hash", text), need("bucket", whole(0, 9999)))

	SuiteCaseKeys = object(need("id", text), may("title", text), may("name", text), may("as_of", instant),
		may("known_by", instant), may("data_from", instant), may("timezone", text), may("segments", yaml.Of(LeafAny)),
		may("rule", yaml.Of(LeafAny)), may("users", namesOf(UserKeys)), may("expect_error", text))

	UserKeys = object(need("events", listOf(EventKeys, 0)), need("expect", word(suiteVerdicts...)),
		may("ledger", LedgerKeys))

	LedgerKeys = object(need("last_qualified", instant), may("same_definition", truth))

	suiteVerdicts = append(CaseKeys.Behind("expect").Words, "withheld")
)

// DestinationForm is what destinations and the consents they need may be called.
const DestinationForm = "^[a-z][a-z0-9_-]{0,31}$"

// ProjectKeys is the shape of malgrupp.yaml, given those of a destination and of the columns of contact keys, which
// depend on the platforms that there are.
func ProjectKeys(destination, columns *yaml.Shape) *yaml.Shape {
	settings := SettingKeys(destination, columns)
	profile := settings.Changed(func(k *yaml.Key) bool {
		k.Needed = false
		return true
	})
	return yaml.File(yaml.KindProject, object(need("name", identifier)),
		append(settings.Keys, may("profiles", namesOf(profile)))...)
}

// SettingKeys is the shape of what stands in malgrupp.yaml beside its envelope and in its profiles.
func SettingKeys(destination, columns *yaml.Shape) *yaml.Shape {
	return object(
		need("timezone", text).Says("an IANA name such as Europe/Helsinki: where days begin"),
		may("retention", duration).Says("how long rows are used; at most 761d, default 395d"),
		may("max_clock_skew", duration).Says("how far a device's clock may run ahead; default 5min"),
		may("session_gap", duration).Says("a longer pause ends a session; default 30min").After("timezone"),
		need("contacts", namesOf(object(may("email", text), may("phone", text), may("channel", text)))),
		need("sources", listOf(sourceKeys, 1)),
		need("consent", consentKeys), may("identity", identityKeys), need("keys", secretKeys),
		need("output", object(need("url", text), may("state", text),
			may("max_list_age", duration).Says("how long lists and state of runs that no longer hold are kept; default 7d"),
		).Loose(0)),
		may("audit", object(may("url", text), may("head", text)).Loose(0)),
		may("guards", object(may("min_audience", whole(50, maxWhole)), may("report_k", whole(50, maxWhole)),
			may("max_change", matching("^[0-9]{1,4}%$")).Says("how much a list may grow or shrink; default 50%"),
			may("max_size", whole(50, maxWhole)).Says("how many people a list may have; default: no limit"),
			may("first", word("send", "hold")).Says("whether a list that held nobody waits for --override-guard"),
			may("on_stop", word("continue", "fail")).Says("what becomes of the other lists when one is held"),
		).Loose(0)),
		may("limits", object(may("chunk_mib", whole(1, 8192)), may("page_mib", whole(1, 2048))).Loose(0)),
		may("security", securityKeys),
		may("destinations", &yaml.Shape{Names: destination, Form: DestinationForm}),
		may("identifiers", object(need("url", text), may("columns", columns),
			may("default_country", matching("^[A-Z]{2}$"))).Loose(0)).After("identity"),
		may("profiles_of_customers", attributeKeys).After("identity"),
		may("topics", namesOf(whereText)).Says("conditions on an event, by the name that topic = 'name' asks for"),
		may("statistics", namesOf(statisticKeys)).Says("what malgrupp stats counts"),
		unbuilt("necessary"), unbuilt("network"), unbuilt("on_incomplete"))
}

// ConsentAnswers are the words that an answer of a consent platform can mean: actions of the consent log, and none.
var ConsentAnswers = []string{
	"grant", "deny", "withdraw", "object", "lift", "erase", "gpc", "browser", "heartbeat", "none",
}

// leastBatch is how many bytes a request may be limited to at the least: one person always fits.
const leastBatch = 20_000

// maxWhole bounds whole numbers of a project that have no bound of their own.
const maxWhole = 1 << 30

var (
	reference = yaml.Of(yaml.LeafReference)
	list      = either(text, object(need("url", text), may("max_age", duration),
		may("may_shrink", matching("^([0-9]|[1-9][0-9]|100)%$")).
			Says("how many of its entries it may lose from one run to the next; default 0%")).Loose(0))
	partition = either(matching(`^(none|.+=|.*\{yyyy\}.*)$`), object(need("key", text),
		may("of", word("arrival", "event")), may("zone", text)).Loose(0))

	// sourceKeys is the shape of an event log.
	sourceKeys = object(
		need("name", text), need("url", text), need("schema", text).Says("the name of a schema in schemas/"),
		may("partition", partition), may("origin", matching("^(own|partner:.+)$")),
		may("dedupe", either(word("none"), object(may("within", duration)).Loose(0))), may("covers_from", date),
		may("copies", word("few", "expected")).Says("whether more than half of the rows may repeat others"),
		may("gaps", word("uncovered", "empty")), may("complete", word("listed", "success")),
		may("expect", object(may("by", matching("^[0-9]{2}:[0-9]{2}$")).Says("when yesterday is there, by local time"),
			may("every", duration).Says("how long a log without partitions may be silent")).Loose(0)),
		may("on_bad_object", word("stop", "skip")))

	consentKeys = object(
		need("url", text), may("partition", partition),
		may("map", either(text, consentMapKeys)).
			Says("how to read the export of a consent platform; default: our own columns"),
		may("max_feed_age", either(duration, object(need("limit", duration), need("reason", text)).Loose(0))).
			Says("how old consent may be; default 26h. More than 72h asks for a reason"),
		may("max_consent_age", duration),
		may("trusted_sources", texts), may("min_notice_version", noticeKeys), may("suppression", list),
		need("protected", list).Says("none, or the list of people who must never be targeted"),
		may("row_tc_source", text).Says("whose word a TC string on a row is; default cmp"),
		may("gpc_denies", texts), may("browser_denies", texts), may("tcf", carrierKeys),
		may("require_customer_grant", truth).Says("contact keys take the customer's own grant, whatever his devices grant"),
		unbuilt("require_evidence")).Loose(0)

	// carrierKeys say which purposes of the publisher's segment of a TC string carry ours.
	carrierKeys = object(may("measure", publisherKeys), may("profile", publisherKeys), may("link", publisherKeys),
		may("partner_data", publisherKeys)).Loose(0)
	publisherKeys = object(may("publisher_purposes", listOf(whole(1, 24), 1)),
		may("custom_purposes", listOf(whole(1, 63), 1))).Loose(0)

	// consentMapKeys is the shape of a map of a consent platform's export; none is needed: a ready-made map may say it.
	consentMapKeys = object(
		may("like", text).Says("a ready-made map, whose keys these replace"),
		may("export", word("log", "state")).
			Says("whether rows are only added, or each answer replaces the last; default log"),
		may("delimiter", word(",", ";", "|", "tab")).Says("of CSV; default ,"),
		may("subject", object(need("type", either(subjectType, object(need("column", text), need("words",
			namesOf(subjectType))))), need("id", text)).Loose(0)),
		may("purpose", text).Says("the column that names a purpose, if each row is about one"),
		may("granted", text).Says("the column that lists what was granted, if a row has such a list"),
		may("answer", text).Says("the column with the answer of the row"),
		may("purposes", namesOf(listOf(matching(purposeForm), 0))).
			Says("what each word of the platform asks for here; [] for what is not asked"),
		may("answers", namesOf(word(ConsentAnswers...))).Says("what each word of the platform means; none says nothing"),
		may("at", either(text, mappedTime)).Says("when the person answered"),
		may("recorded_at", either(word("same", "object"), mappedTime)).
			Says("when it was recorded: same as at, or when the object was written; default same"),
		may("source", either(text, object(need("column", text)))).Says("a word for all rows, or a column"),
		may("notice_version", either(version, object(need("column", text)))),
		may("event_id", text).Says("default: made of the row"), may("evidence", text), may("tc_string", text),
		may("quiet", duration).Says("how long nobody may answer while the export is still written; at most 7d, default not"),
	).Loose(0)
	purposeForm = `^(measure|profile|link|partner_data|activate:[a-z][a-z0-9_-]{0,31})$`
	subjectType = word("device", "customer")
	mappedTime  = object(need("column", text), may("zone", text), may("unit", word("s", "ms", "us", "ns"))).Loose(0)

	// noticeKeys are the versions of notices, by use.
	noticeKeys = object(may("measure", version), may("profile", version), may("link", version),
		may("partner_data", version), may("activate", version)).Loose(0)
	version = whole(0, maxWhole)

	identityKeys = object(
		may("attach", word("off", "linked")), may("attach_window", duration), may("shared_window", duration),
		may("kiosk_customers", whole(2, 5)), may("max_devices", whole(1, 20)), may("blocked", texts)).Loose(0)

	secretKeys = object(need("master", either(reference, namesOf(reference))), need("state", reference),
		need("recipients", reference), need("signing", reference), may("mounted", truth))

	securityKeys = object(
		may("file_roots", texts),
		may("endpoints", object(may("s3", text), may("gs", text), may("azblob", text)).Loose(0)),
		may("allow_private_endpoint", truth), may("allow_explain", truth), unbuilt("opaque_names")).Loose(0)

	attributeKeys = object(need("url", text),
		may("schema", text).Says("a schema that says of: customers; default customer-attributes")).Loose(0)

	// formKeys is the shape of a form of lists that the project describes.
	formKeys = object(
		need("file", word("csv", "jsonl")), may("profile", text).Says("how identifiers are normalised, such as pinterest.v1"),
		need("columns", listOf(object(need("name", text), may("of", text).Says("an identifier, id, segment, action or as_of"),
			may("text", text).Says("the same in every row")), 1)),
		may("actions", object(may("adds", text), may("removes", text), may("snapshot", text)).Loose(0)).
			Says("what the receiver calls them; default these words"),
		may("removals", word("file", "snapshot")).
			Says("snapshot: nobody can be removed but by replacing the list; default file"),
		may("separator", word(",", ";", "|", "tab")).Says("of CSV; default ,"),
		may("header", truth).Says("whether CSV begins with the names of its columns; default true"),
		may("rows", word("objects", "lists", "values")).Says("of JSON; default objects"),
		may("body", text).Says("JSON of a request, with $rows; also $action $columns $segment $name $number $as_of"),
		may("minimum", whole(0, maxWhole)).Says("how many matched people the receiver wants"),
		may("name_length", whole(1, maxWhole)).Says("how many characters the name of a list may have"),
		may("refuses_names", truth).Says("whether delicate names are errors, not warnings; default false"),
		may("ads", truth).Says("whether it is an ad platform; default true"))

	// DestinationKeys is the shape of a destination of whatever type.
	DestinationKeys = object(
		need("type", text), may("activate", either(matching(DestinationForm), listOf(matching(DestinationForm), 1))).
			Says("the consent it needs, or several, all of which must be granted; default its own name"),
		may("processor", object(need("agreement", text), need("expires", date)).Loose(0)),
		may("min_size", whole(0, maxWhole)), may("enabled", truth), may("account", text), may("send", texts),
		may("vendor", whole(1, 65535)).Says("its number in the IAB's global vendor list; TC strings speak of no others"),
		may("tcf_purposes", listOf(whole(1, 24), 1)).Says("what the vendor needs; default 1, 3, 4, of Google what it asks"),
		may("accept_legitimate_interest", truth).Says("for purposes 2, 7, 9 and 10"), may("li_acknowledged_by", text),
		may("batch", object(may("rows", whole(1, maxWhole)), may("bytes", whole(leastBatch, maxWhole))).Loose(0)).
			Says("how much one request of its lists holds; default what is usual with the platform"),
		may("lists", namesOf(text)).Says("the platform's own number of the list of each segment"),
		may("form", formKeys).Says("of a generic_file: how its lists are written"),
		unbuilt("membership"),
		may("acknowledge", word("published", "file")).Says("when it has heard what it is told: at once, or by a file"),
	).Loose(1)
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
