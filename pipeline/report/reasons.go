package report

import "strings"

// reasons say in words why rows were refused (docs/consent.md); malgrupp explain-code has a page for each.
var reasons = map[string]string{
	"BLOCKED_DEVICE":   "the device is no person's, by the settings",
	"BLOCKED_CUSTOMER": "the customer is none, by the settings",
	"KIOSK":            "a device where very many log in", "TOO_MANY_DEVICES": "a customer with too many devices",
	"SHARED_ANON":   "nobody logged in, on a device that several people share",
	"SHARED_DEVICE": "a device that several people share", "NOT_EXCLUSIVE": "others log in on the device, too",
	"NO_LOGIN":       "nobody logged in there, so the rows are no customer's",
	"NO_LATER_LOGIN": "no login came soon enough after the rows",
	"LINK_MISSING":   "no consent to join the device's visits with the customer",
	"ERASED":         "asked to be erased", "SUPPRESSED": "stands on a list of people who must not be used",
	"ROW_FUTURE": "dated in the future", "ROW_RETENTION": "older than rows may be kept",
	"SENSITIVE_CONTENT": "content that is used for nothing", "OBJECTED": "objected",
	"GPC": "the browser sent a privacy signal", "BROWSER_SETTING": "the browser or device refused",
	"WITHDRAWN": "withdrew consent", "DENIED": "said no", "CUSTOMER_GRANT_ONLY": "the device itself has not consented",
	"EXPIRED": "consent ended by age", "GRANT_WILDCARD": "a consent to everything at once is none",
	"UNTRUSTED_GRANT": "consent came from a source that may not record any",
	"FUTURE_GRANT":    "consent is dated in the future",
	"NOTICE_OLD":      "consent was given to too old a notice",
	"TC_REPLAY":       "an earlier choice that was sent again after a no",
	"NO_RECORD":       "nothing is on record", "ROW_OLD_EPOCH": "rows of an earlier consent that has ended",
	"ROW_BEFORE_GRANT": "rows from before consent",
}

// reason says a reason; those of TC strings in one.
func (w *words) reason(code string) string {
	if text, ok := reasons[code]; ok {
		return w.say(text)
	}
	if strings.HasPrefix(code, "TC_") {
		return w.say("the TC string does not say yes")
	}
	return code
}
