package consent

import "slices"

// Reason is why a row was admitted or refused. Reasons are part of the interface: reports count by them and explain-code
// has a page for each. Their order is that of the decision table where it has one (consent/spec.md 5.3).
type Reason uint8

// The reasons. Granted and GrantedTC admit, all others refuse.
const (
	Granted Reason = iota
	GrantedTC
	// Identity: a row without an owner has nobody to ask (consent/identity.md 4).
	BlockedDevice
	BlockedCustomer
	Kiosk
	TooManyDevices
	SharedAnon
	SharedDevice
	NoLogin
	NoLaterLogin
	LinkMissing
	// Consent, in the order of the decision table.
	Erased
	Suppressed
	RowFuture
	RowRetention
	SensitiveContent
	Objected
	GPC
	BrowserSetting
	Withdrawn
	Denied
	TCInvalid
	TCFuture
	TCTimeOrder
	TCGlobalScope
	TCPolicyOld
	TCLI36
	TCNoDisclosed
	TCRestricted
	TCLIOnly
	TCNoPurpose
	TCNoVendor
	TCNotDisclosed
	CustomerGrantOnly
	Expired
	GrantWildcard
	UntrustedGrant
	FutureGrant
	NoticeOld
	TCReplay
	NoRecord
	RowOldEpoch
	RowBeforeGrant
	reasons // how many there are
)

// page is what explain-code says.
type page struct{ code, text string }

var reasonPages = [reasons]page{
	Granted:           {"GRANTED", "One unbroken grant covers both the row's own time and now, for every purpose that the use asks."},
	GrantedTC:         {"GRANTED_TC", "The same, and the interval was opened by a TC string."},
	BlockedDevice:     {"BLOCKED_DEVICE", "The device id is missing or stands for nobody in particular (all zeros, \"null\", too long, a control character), so the row has no owner."},
	BlockedCustomer:   {"BLOCKED_CUSTOMER", "The row claims a login whose customer id stands for nobody in particular. It is not treated as anonymous: it belongs to nobody."},
	Kiosk:             {"KIOSK", "Five or more customers logged in on the device within 90 days of the row (or, in a device list, of now): a branch tablet, a library or an abused account. Nothing from it counts."},
	TooManyDevices:    {"TOO_MANY_DEVICES", "The customer has more than 20 devices in 90 days and is set aside for this run."},
	SharedAnon:        {"SHARED_ANON", "An anonymous row on a device where two to four customers logged in within 90 days of it: whose it is cannot be said."},
	SharedDevice:      {"SHARED_DEVICE", "A logged-in row on a device that several customers share now: it counts for its customer, but the device is in no device list."},
	NoLogin:           {"NO_LOGIN", "An anonymous row at customer level: nobody was logged in, and nothing attaches it to a customer."},
	NoLaterLogin:      {"NO_LATER_LOGIN", "The device's only customer did not log in within 30 days after the row, so it stays with the device."},
	LinkMissing:       {"LINK_MISSING", "The row could be attached to a customer, but consent for `link` is not in force for it."},
	Erased:            {"ERASED", "The subject was erased. Erased stays erased for this id."},
	Suppressed:        {"SUPPRESSED", "The subject stands on the suppression or the protected list for the purpose."},
	RowFuture:         {"ROW_FUTURE", "The row lies more than five minutes ahead of now."},
	RowRetention:      {"ROW_RETENTION", "The row is older than the retention of the project."},
	SensitiveContent:  {"SENSITIVE_CONTENT", "The row shows content that the schema labels with policy: drop. There is no override."},
	Objected:          {"OBJECTED", "An objection stands. A grant does not end it; only a trusted lift does."},
	GPC:               {"GPC", "A Global Privacy Control signal denies the purpose; only an explicit grant after the last such signal opens it again."},
	BrowserSetting:    {"BROWSER_SETTING", "A refusal by browser or system setting denies the purpose."},
	Withdrawn:         {"WITHDRAWN", "Consent was withdrawn. Rows from before the withdrawal leave with it."},
	Denied:            {"DENIED", "Consent was denied."},
	TCInvalid:         {"TC_INVALID", "The TC string cannot be read. It may have been a withdrawal, so it denies."},
	TCFuture:          {"TC_FUTURE", "The TC string was last updated more than 24 hours after now."},
	TCTimeOrder:       {"TC_TIME_ORDER", "The TC string was updated before it was created."},
	TCGlobalScope:     {"TC_GLOBAL_SCOPE", "The TC string has global scope, which is void since September 2021."},
	TCPolicyOld:       {"TC_POLICY_OLD", "The TC string follows a policy version that is no longer valid."},
	TCLI36:            {"TC_LI_3_6", "The TC string claims legitimate interest for a purpose from 3 to 6."},
	TCNoDisclosed:     {"TC_NO_DISCLOSED", "The TC string lacks the disclosed vendors that are required since March 2026."},
	TCRestricted:      {"TC_RESTRICTED", "The publisher restricts a purpose for the vendor."},
	TCLIOnly:          {"TC_LI_ONLY", "The TC string has only legitimate interest, which is not accepted."},
	TCNoPurpose:       {"TC_NO_PURPOSE", "The TC string lacks consent for a purpose."},
	TCNoVendor:        {"TC_NO_VENDOR", "The TC string lacks consent for the vendor."},
	TCNotDisclosed:    {"TC_NOT_DISCLOSED", "The vendor was not disclosed to the person."},
	CustomerGrantOnly: {"CUSTOMER_GRANT_ONLY", "The customer granted, the device did not: a customer's grant serves only rows that carry his own login."},
	Expired:           {"EXPIRED", "The last grant is older than max_consent_age."},
	GrantWildcard:     {"GRANT_WILDCARD", "A grant for \"everything\" is void: each purpose is granted by name."},
	UntrustedGrant:    {"UNTRUSTED_GRANT", "The grant came from a source that is not trusted. Denials are honoured from anywhere."},
	FutureGrant:       {"FUTURE_GRANT", "The grant is dated after now."},
	NoticeOld:         {"NOTICE_OLD", "The grant answered a version of the notice that is too old for the purpose."},
	TCReplay:          {"TC_REPLAY", "The TC string is older than the latest denial."},
	NoRecord:          {"NO_RECORD", "Nobody asked, or nobody answered. Silence is not consent."},
	RowOldEpoch:       {"ROW_OLD_EPOCH", "The row lies in an earlier grant that has ended since. A new grant revives nothing older."},
	RowBeforeGrant:    {"ROW_BEFORE_GRANT", "The row is older than the grant. Consent is not retroactive."},
}

// otherPages are codes that are no reason for refusing a row: of the feed, of lists and of published counts.
var otherPages = []page{
	{"FEED_MISSING", "The consent log is empty or cannot be read. The run stops with exit 15 and writes no list."},
	{"FEED_UNREADABLE", "The consent log lacks a column, has an unknown word, two contents under one event id, or a damaged file. An unknown word may be a denial, so the run stops."},
	{"FEED_STALE", "The newest event of the consent log is older than max_feed_age: withdrawals may be missing."},
	{"FEED_FUTURE", "The newest event of the consent log lies more than an hour ahead of the clock."},
	{"FEED_GAP", "A day's partition of the consent log is missing."},
	{"FEED_SHRUNK", "The consent log has fewer rows than 98 % of what the last accepted run saw. An append-only log does not shrink."},
	{"FEED_TC_BROKEN", "More than 5 % of the TC strings cannot be decoded."},
	{"SUPPRESSION_MISSING", "A configured suppression or protected list is absent."},
	{"SUPPRESSION_STALE", "A suppression or protected list is older than its limit."},
	{"DELIVERY_RECHECK", "Consent was lost between the decision and the publication: the member was taken out of the list."},
	{"SEGMENT_UNDER_K", "The audience is smaller than the minimum: nobody is added and everybody held is removed."},
	{"AGREEMENT_EXPIRED", "The processing agreement of the destination has expired: nobody is added, removals still go out."},
	{"SEGMENT_EXPIRED", "The segment's `expires` has passed: it delivers an empty list that removes everybody."},
	{"ERASURE_REMOVAL", "A removal that an erasure owes. It goes out before the identifiers are deleted, so that the destination can match it."},
	{"REMOVAL_PENDING", "A removal was written and is repeated until the destination acknowledges it."},
	{"REMOVAL_DONE", "The destination acknowledged the removal."},
	{"REPORT_UNDER_K", "A count of 1 to 49 people is shown as <50."},
	{"REPORT_COMPLEMENT", "A count is hidden because the total would give another hidden count away."},
	{"RETENTION_TOO_LONG", "Rows may be kept for at most 25 months (761 days)."},
	{"CONSENT_AGE_TOO_LONG", "A grant may be used for at most 13 months (395 days)."},
	{"K_TOO_SMALL", "Groups smaller than 50 may be neither reported nor delivered."},
	{"BAD_PURPOSE", "A purpose or destination has a name outside the pattern."},
	{"LI_NEEDS_ACK", "A destination accepts legitimate interest without li_acknowledged_by: somebody must answer for that with name and date."},
}

func (r Reason) String() string { return reasonPages[r].code }

// MarshalText writes the code.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Reasons are all reasons.
func Reasons() []Reason {
	out := make([]Reason, reasons)
	for i := range out {
		out[i] = Reason(i)
	}
	return out
}

// Codes are all codes that Explain knows, in no particular order.
func Codes() []string {
	var out []string
	for _, p := range slices.Concat(reasonPages[:], otherPages) {
		out = append(out, p.code)
	}
	return out
}

// Explain returns the page of a code.
func Explain(code string) (string, bool) {
	for _, p := range slices.Concat(reasonPages[:], otherPages) {
		if p.code == code {
			return p.text, true
		}
	}
	return "", false
}
