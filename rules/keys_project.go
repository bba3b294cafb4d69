package rules

import (
	"github.com/malgrupp/malgrupp/rules/yaml"
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
		need("output", object(need("url", text), may("state", text)).Loose(0)),
		may("audit", object(may("url", text), unbuilt("head")).Loose(0)),
		may("guards", object(may("min_audience", whole(50, maxWhole)), may("report_k", whole(50, maxWhole)),
			unbuilt("max_change"), unbuilt("on_stop"), unbuilt("max_size")).Loose(0)),
		may("limits", object(may("chunk_mib", whole(1, 8192)), may("page_mib", whole(1, 2048))).Loose(0)),
		may("security", securityKeys),
		may("destinations", &yaml.Shape{Names: destination, Form: DestinationForm}),
		may("identifiers", object(need("url", text), may("columns", columns),
			may("default_country", matching("^[A-Z]{2}$"))).Loose(0)).After("identity"),
		may("profiles_of_customers", attributeKeys).After("identity"),
		unbuilt("necessary"), unbuilt("network"), unbuilt("on_incomplete"), unbuilt("topics"))
}

// maxWhole bounds whole numbers of a project that have no bound of their own.
const maxWhole = 1 << 30

var (
	reference = yaml.Of(yaml.LeafReference)
	list      = either(text, object(need("url", text), may("max_age", duration)).Loose(0))
	partition = either(matching("^(none|.+=)$"), object(need("key", text), may("of", word("arrival", "event")),
		may("zone", text)).Loose(0))

	// sourceKeys is the shape of an event log.
	sourceKeys = object(
		need("name", text), need("url", text), need("schema", text).Says("the name of a schema in schemas/"),
		may("partition", partition), may("origin", matching("^(own|partner:.+)$")),
		may("dedupe", either(word("none"), object(may("within", duration)).Loose(0))), may("covers_from", date),
		may("gaps", word("uncovered", "empty")), may("complete", word("listed", "success")),
		may("on_bad_object", word("stop", "skip")))

	consentKeys = object(
		need("url", text), may("partition", partition), may("max_feed_age", duration),
		may("max_consent_age", duration),
		may("trusted_sources", texts), may("min_notice_version", noticeKeys), may("suppression", list),
		need("protected", list).Says("none, or the list of people who must never be targeted"),
		unbuilt("row_tc_source"), unbuilt("gpc_denies"), unbuilt("browser_denies"), unbuilt("tcf"),
		unbuilt("require_evidence")).Loose(0)

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

	// DestinationKeys is the shape of a destination of whatever type.
	DestinationKeys = object(
		need("type", text), may("activate", matching(DestinationForm)).Says("the consent it needs; default its own name"),
		may("processor", object(need("agreement", text), need("expires", date)).Loose(0)),
		may("min_size", whole(0, maxWhole)), may("enabled", truth), may("account", text), may("send", texts),
		unbuilt("vendor"), unbuilt("tcf_purposes"), unbuilt("accept_legitimate_interest"), unbuilt("li_acknowledged_by"),
		unbuilt("membership"), unbuilt("acknowledge")).Loose(1)
)
