package consent

import "slices"

// Reason is why a row was admitted or refused. Reasons are part of the interface: reports count by them and
// explain-code has a page for each. Their order is that of the decision table where it has one (docs/consent.md, The
// decision).
type Reason uint8

// The reasons. Granted and GrantedTC admit, all others refuse.
const (
	Granted Reason = iota
	GrantedTC
	// Identity: a row without an owner has nobody to ask (docs/identity.md, The owner of a row).
	BlockedDevice
	BlockedCustomer
	Kiosk
	TooManyDevices
	SharedAnon
	SharedDevice
	NotExclusive
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
	Granted: {
		"GRANTED",
		"One unbroken grant covers both the row's own time and now, for every purpose that the use asks. The row counts.",
	},
	GrantedTC: {
		"GRANTED_TC",
		"One unbroken grant covers both the row's own time and now, and a TC string opened it. The row counts.",
	},
	BlockedDevice: {
		"BLOCKED_DEVICE",
		"The device id is missing or stands for nobody in particular (all zeros, \"null\", longer than 128 bytes, a " +
			"control character), so the row has no owner. Many such rows mean that the export writes a placeholder where it " +
			"knows no device.",
	},
	BlockedCustomer: {
		"BLOCKED_CUSTOMER",
		"The row claims a login whose customer id stands for nobody in particular. It is not treated as anonymous: it " +
			"belongs to nobody. Many such rows mean that the export writes a placeholder instead of null.",
	},
	Kiosk: {
		"KIOSK",
		"Five or more customers logged in on the device within 90 days of the row (or, in a device list, of now): a " +
			"branch tablet, a library or an abused account. Nothing from it counts, not even logged-in rows.",
	},
	TooManyDevices: {
		"TOO_MANY_DEVICES",
		"The customer has more than 20 devices in 90 days and is set aside for this run: staff, tests and bots look like " +
			"this. His logged-in rows belong to nobody and he has no star.",
	},
	SharedAnon: {
		"SHARED_ANON",
		"An anonymous row on a device where two to four customers logged in within 90 days of it. Whose it is cannot be " +
			"said, so it is nobody's; the customers keep their own logged-in rows.",
	},
	NotExclusive: {
		"NOT_EXCLUSIVE",
		"A row of a customer on a device on which nobody logged in within the last 90 days. It counts for its customer, " +
			"but a device list takes a customer's rows only while the device is exclusively his.",
	},
	SharedDevice: {
		"SHARED_DEVICE",
		"A logged-in row on a device that several customers share now. It counts for its customer, but the device stands " +
			"in no device list, because others would see what is shown on it.",
	},
	NoLogin: {
		"NO_LOGIN",
		"An anonymous row asked at customer level: nobody was logged in, and nothing attaches it to a customer. It may " +
			"still count for its device.",
	},
	NoLaterLogin: {
		"NO_LATER_LOGIN",
		"The device's only customer did not log in within 30 days after the row, so the row stays with the device. It may " +
			"still count there.",
	},
	LinkMissing: {
		"LINK_MISSING",
		"The row could be attached to a customer, but consent for `link` is not in force for it, so it stays with its " +
			"device. It may still count there.",
	},
	Erased: {
		"ERASED",
		"The subject was erased, for every purpose and for ever: this id never comes back, whatever is granted later. A " +
			"person who returns needs a new id.",
	},
	Suppressed: {
		"SUPPRESSED",
		"The subject stands on the suppression or the protected list for the purpose. It is a standing denial for as long " +
			"as the entry is there, whatever the dates.",
	},
	RowFuture: {
		"ROW_FUTURE",
		"The row lies more than five minutes ahead of now. Many such rows mean that a clock is wrong or that times are " +
			"exported in a local zone.",
	},
	RowRetention: {
		"ROW_RETENTION",
		"The row is older than the project keeps rows (`retention`, 395 days unless set). It is not used, even where it " +
			"still lies in the log.",
	},
	SensitiveContent: {
		"SENSITIVE_CONTENT",
		"The row shows content that the schema labels with policy: drop, such as help with debts. Nobody is profiled by " +
			"it, and there is no override.",
	},
	Objected: {
		"OBJECTED",
		"An objection stands. It is unconditional, a grant does not end it, and it lasts until a trusted source records " +
			"a lift.",
	},
	GPC: {
		"GPC",
		"A Global Privacy Control signal denies the purpose, by default handing data on. Only an explicit grant after the " +
			"last such signal opens it again.",
	},
	BrowserSetting: {
		"BROWSER_SETTING",
		"A setting of browser or system (do not track, a refused tracking prompt) denies the purpose. Only an explicit " +
			"grant after the last such signal opens it again.",
	},
	Withdrawn: {
		"WITHDRAWN",
		"Consent was withdrawn. Rows from before the withdrawal leave with it; a later grant opens anew, for later " +
			"rows only.",
	},
	Denied: {
		"DENIED",
		"Consent was asked for and denied. A later grant opens the purpose, for later rows only.",
	},
	TCInvalid: {
		"TC_INVALID",
		"The TC string cannot be read. It may have been a withdrawal, so it denies every purpose that TC strings are " +
			"asked about.",
	},
	TCFuture: {
		"TC_FUTURE",
		"The TC string was last updated more than 24 hours after now, which no real answer can be. It denies; check the " +
			"clock of the consent platform.",
	},
	TCTimeOrder: {
		"TC_TIME_ORDER",
		"The TC string was last updated before it was created, so it is broken. It denies, for it may have been a " +
			"withdrawal.",
	},
	TCGlobalScope: {
		"TC_GLOBAL_SCOPE",
		"The TC string has global scope, which is void since September 2021. It denies; the consent platform must write " +
			"service-specific strings.",
	},
	TCPolicyOld: {
		"TC_POLICY_OLD",
		"The TC string follows a policy version that is void since October 2023. It denies; the consent platform must be " +
			"updated.",
	},
	TCLI36: {
		"TC_LI_3_6",
		"The TC string claims legitimate interest for a purpose from 3 to 6, which policy version 4 forbids. The whole " +
			"string denies.",
	},
	TCNoDisclosed: {
		"TC_NO_DISCLOSED",
		"The TC string lacks the list of disclosed vendors that is required since March 2026. It denies; the consent " +
			"platform must be updated.",
	},
	TCRestricted: {
		"TC_RESTRICTED",
		"The publisher's restrictions in the TC string keep the vendor from a purpose that the destination needs, or " +
			"demand legitimate interest for it.",
	},
	TCLIOnly: {
		"TC_LI_ONLY",
		"The TC string has only legitimate interest for a purpose that the destination needs. Legitimate interest is not " +
			"accepted.",
	},
	TCNoPurpose: {"TC_NO_PURPOSE", "The TC string has no consent for a purpose that is needed."},
	TCNoVendor:  {"TC_NO_VENDOR", "The TC string has no consent for the destination's vendor."},
	TCNotDisclosed: {
		"TC_NOT_DISCLOSED",
		"The TC string does not list the destination's vendor among those that were disclosed to the person.",
	},
	CustomerGrantOnly: {
		"CUSTOMER_GRANT_ONLY",
		"Only the customer granted, and the row is an anonymous one that was attached to him. His grant serves his own " +
			"logged-in rows; an anonymous row needs its device's grant.",
	},
	Expired: {
		"EXPIRED",
		"The last grant ran out of age (`max_consent_age`, 390 days unless set) and was not renewed in time. The person " +
			"must be asked again.",
	},
	GrantWildcard: {
		"GRANT_WILDCARD",
		"The only grant names `*` or `activate:*`. Wildcards deny and lift but never grant: the log must grant each " +
			"purpose by name.",
	},
	UntrustedGrant: {
		"UNTRUSTED_GRANT",
		"The only grant comes from a source that is not among `trusted_sources`. Denials count from anywhere, grants " +
			"do not.",
	},
	FutureGrant: {
		"FUTURE_GRANT",
		"The only grant is dated after now, so it is not in force yet. Many such grants mean that a clock is wrong.",
	},
	NoticeOld: {
		"NOTICE_OLD",
		"The only grant answered a version of the notice that is older than the purpose requires (`min_notice_version`). " +
			"The person must be asked again.",
	},
	TCReplay: {
		"TC_REPLAY",
		"The TC string is older than the latest denial: the page still carried it after the withdrawal. It grants nothing.",
	},
	NoRecord: {
		"NO_RECORD",
		"Nobody asked, or nobody answered. Silence is not consent, and a grant for one purpose is none for another.",
	},
	RowOldEpoch: {
		"ROW_OLD_EPOCH",
		"The row lies in an earlier grant that has ended since. A new grant revives nothing older than itself.",
	},
	RowBeforeGrant: {
		"ROW_BEFORE_GRANT",
		"The row is older than the grant that is in force, or lies in a gap before it. Consent is not retroactive.",
	},
}

// otherPages are codes that are no reason for refusing a row: of the feed, of lists and of published counts.
var otherPages = []page{
	{"FEED_MISSING", "The consent log is empty or cannot be read. The run stops with exit 15 and writes no list."},
	{
		"FEED_UNREADABLE",
		"The consent log lacks a column, has an unknown word, two contents under one event id, or a damaged file. An " +
			"unknown word may be a denial, so the run stops.",
	},
	{
		"FEED_STALE",
		"The newest event of the consent log is older than `max_feed_age` (26 hours unless set): withdrawals may be " +
			"missing. The exporter writes a heartbeat every hour, so a quiet feed is not a stale one; find out why it stopped.",
	},
	{
		"FEED_FUTURE",
		"The newest event of the consent log lies more than an hour ahead of the clock. One of the two clocks is wrong, " +
			"and nobody can say which grants are in force.",
	},
	{
		"FEED_GAP",
		"A day's partition of the consent log is missing between the first day needed and the newest event: its " +
			"withdrawals would be missing too. Restore the day, even if it holds only heartbeats.",
	},
	{
		"FEED_SHRUNK",
		"The consent log has fewer rows than 98 % of what the last accepted run saw. An append-only log does not shrink.",
	},
	{"FEED_TC_BROKEN", "More than 5 % of the TC strings cannot be decoded."},
	{
		"SUPPRESSION_MISSING",
		"A configured suppression or protected list is absent. Without it people who must not be targeted would be; " +
			"restore it, even if it is empty.",
	},
	{
		"SUPPRESSION_STALE",
		"A suppression or protected list is older than its limit (`max_feed_age`, or the list's own `max_age`). Write it " +
			"anew, or set a limit that fits how often it changes.",
	},
	{
		"DELIVERY_RECHECK",
		"Consent was lost between the decision and the publication: the member was taken out of the list.",
	},
	{"SEGMENT_UNDER_K", "The audience is smaller than the minimum: nobody is added and everybody held is removed."},
	{
		"AGREEMENT_EXPIRED",
		"The processing agreement of the destination has expired: nobody is added, removals still go out.",
	},
	{"SEGMENT_EXPIRED", "The segment's `expires` has passed: it delivers an empty list that removes everybody."},
	{
		"ERASURE_REMOVAL",
		"A removal that an erasure owes. It goes out before the identifiers are deleted, so that the destination can " +
			"match it.",
	},
	{"REMOVAL_PENDING", "A removal was written and is repeated until the destination acknowledges it."},
	{"REMOVAL_DONE", "The destination acknowledged the removal. It is not sent again."},
	{"REPORT_UNDER_K", "A count of 1 to 49 people is shown as <50, in every output and format. Zero is shown."},
	{"REPORT_COMPLEMENT", "A count is hidden because the total would give another hidden count away."},
	{"RETENTION_TOO_LONG", "Rows may be kept for at most 25 months (761 days)."},
	{"CONSENT_AGE_TOO_LONG", "A grant may be used for at most 13 months (395 days)."},
	{"K_TOO_SMALL", "Groups smaller than 50 may be neither reported nor delivered."},
	{"BAD_PURPOSE", "A purpose or destination has a name outside the pattern."},
	{
		"LI_NEEDS_ACK",
		"A destination accepts legitimate interest without li_acknowledged_by: somebody must answer for that with name " +
			"and date.",
	},
}

func (r Reason) String() string { return reasonPages[r].code }

// MarshalText writes the code.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

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
