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

// codes are how reasons are counted and explained; rules/source has their pages.
var codes = [reasons]string{
	Granted:           "GRANTED",
	GrantedTC:         "GRANTED_TC",
	BlockedDevice:     "BLOCKED_DEVICE",
	BlockedCustomer:   "BLOCKED_CUSTOMER",
	Kiosk:             "KIOSK",
	TooManyDevices:    "TOO_MANY_DEVICES",
	SharedAnon:        "SHARED_ANON",
	NotExclusive:      "NOT_EXCLUSIVE",
	SharedDevice:      "SHARED_DEVICE",
	NoLogin:           "NO_LOGIN",
	NoLaterLogin:      "NO_LATER_LOGIN",
	LinkMissing:       "LINK_MISSING",
	Erased:            "ERASED",
	Suppressed:        "SUPPRESSED",
	RowFuture:         "ROW_FUTURE",
	RowRetention:      "ROW_RETENTION",
	SensitiveContent:  "SENSITIVE_CONTENT",
	Objected:          "OBJECTED",
	GPC:               "GPC",
	BrowserSetting:    "BROWSER_SETTING",
	Withdrawn:         "WITHDRAWN",
	Denied:            "DENIED",
	TCInvalid:         "TC_INVALID",
	TCFuture:          "TC_FUTURE",
	TCTimeOrder:       "TC_TIME_ORDER",
	TCGlobalScope:     "TC_GLOBAL_SCOPE",
	TCPolicyOld:       "TC_POLICY_OLD",
	TCLI36:            "TC_LI_3_6",
	TCNoDisclosed:     "TC_NO_DISCLOSED",
	TCRestricted:      "TC_RESTRICTED",
	TCLIOnly:          "TC_LI_ONLY",
	TCNoPurpose:       "TC_NO_PURPOSE",
	TCNoVendor:        "TC_NO_VENDOR",
	TCNotDisclosed:    "TC_NOT_DISCLOSED",
	CustomerGrantOnly: "CUSTOMER_GRANT_ONLY",
	Expired:           "EXPIRED",
	GrantWildcard:     "GRANT_WILDCARD",
	UntrustedGrant:    "UNTRUSTED_GRANT",
	FutureGrant:       "FUTURE_GRANT",
	NoticeOld:         "NOTICE_OLD",
	TCReplay:          "TC_REPLAY",
	NoRecord:          "NO_RECORD",
	RowOldEpoch:       "ROW_OLD_EPOCH",
	RowBeforeGrant:    "ROW_BEFORE_GRANT",
}

func (r Reason) String() string { return codes[r] }

// ParseReason reads a reason's code.
func ParseReason(code string) (r Reason, known bool) {
	i := slices.Index(codes[:], code)
	return Reason(max(0, i)), i >= 0
}

// MarshalText writes the code.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
