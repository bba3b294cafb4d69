package rules

import (
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// schemaKeys is the shape of files of kind EventSchema.
var schemaKeys = yaml.File(yaml.KindEventSchema,
	object(need("name", identifier), may("version", whole(1, maxCount)), may("owner", text).After("title"),
		may("title", text)),
	need("spec", object(
		need("columns", namesOf(columnKeys)).After("empty_is_null"),
		may("events", namesOf(texts)).After("columns"),
		may("empty_is_null", truth).After("of"),
		may("of", word("events", "customers")))))

// columnKeys is the shape of a column.
var columnKeys = object(
	may("from", text), need("type", text), may("unit", word("s", "ms", "us", "ns")), may("role", word(roleNames()...)),
	may("enum", listOf(text, 1)), may("label", either(labelKeys, listOf(labelKeys, 0))).After("until"),
	may("optional", truth).After("role"), may("quantise", yaml.Of(yaml.LeafNumber)), may("zone", text),
	may("int96", word("utc")), may("since", date), may("until", date))

// labelKeys is the shape of a mark of sensitive content.
var labelKeys = object(may("value", text), may("prefix", text), need("is", text),
	may("policy", word(policyDrop, policyNoAds)))

// setKeys is the shape of files of kind ValueSet.
var setKeys = yaml.File(yaml.KindValueSet,
	object(need("name", identifier), may("title", text), need("owner", yaml.Of(LeafContact)),
		need("review_by", date), may("reason", text)),
	need("spec", object(need("type", text), need("values", listOf(nil, 1)))))
