package oracle

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/e2e/feed"
)

// state is what one subject says about one purpose from an instant on.
type state struct {
	from   int64
	grant  bool
	deny   string // the reason, "" if it is no denial
	expiry bool   // a grant ran out of age here
}

// timeline is everything one subject said about one purpose.
type timeline struct {
	states  []state
	expired bool   // the last grant ended by age
	void    string // why the latest void grant was void
	erased  bool
}

func (t *timeline) at(us int64) state {
	now := state{from: math.MinInt64}
	if t != nil {
		for _, s := range t.states {
			if s.from <= us {
				now = s
			}
		}
	}
	return now
}

// ledger is what everybody says: kind, subject, purpose.
type ledger map[[3]string]*timeline

// newLedger reads acts that were recorded before now.
func newLedger(acts []feed.Event, purposes []string, s Settings) ledger {
	now := s.KnownBy
	by := map[[2]string][]feed.Event{}
	for _, a := range acts {
		id := strings.TrimSpace(a.Subject)
		if a.Action == "heartbeat" || a.Recorded >= now || blocked(id) {
			continue
		}
		by[[2]string{a.Kind, id}] = append(by[[2]string{a.Kind, id}], a)
	}
	l := ledger{}
	for who, acts := range by {
		slices.SortStableFunc(acts, func(a, b feed.Event) int {
			return cmp.Or(cmp.Compare(min(a.At, now), min(b.At, now)), cmp.Compare(rank(a.Action), rank(b.Action)))
		})
		for _, p := range purposes {
			l[[3]string{who[0], who[1], p}] = newTimeline(acts, p, s)
		}
	}
	return l
}

// rank puts a lift before grants and grants before denials of the same instant.
func rank(action string) int {
	switch action {
	case "lift":
		return 0
	case "grant":
		return 1
	}
	return 2
}

// concerns reports whether an act speaks about a purpose.
func concerns(a *feed.Event, purpose string) bool {
	switch {
	case a.Action == "erase" || a.Purpose == purpose || a.Purpose == "*":
		return true
	case a.Purpose == "activate:*":
		return strings.HasPrefix(purpose, "activate:")
	}
	return false
}

// history is a timeline while it is being told.
type history struct {
	timeline
	Settings
	now     state
	ends    int64 // when the open grant runs out
	objects bool
	under   string // the denial that an objection covers
}

func newTimeline(acts []feed.Event, purpose string, s Settings) *timeline {
	h, now := &history{Settings: s}, s.KnownBy
	for i := range acts {
		if concerns(&acts[i], purpose) {
			h.run(min(acts[i].At, now))
			h.act(&acts[i], min(acts[i].At, now), acts[i].At > now)
		}
	}
	h.run(now)
	return &h.timeline
}

func (h *history) set(s state) {
	h.now = s
	h.states = append(h.states, s)
	if s.grant || s.deny != "" {
		h.expired = false
	}
}

// run lets time pass until an instant.
func (h *history) run(until int64) {
	if h.now.grant && h.ends <= until {
		h.set(state{from: h.ends, expiry: true})
		h.expired = true
	}
}

func (h *history) act(a *feed.Event, at int64, future bool) {
	trusted := a.Source == "cmp" || a.Source == "bank_ui" || a.Source == "call_centre"
	switch {
	case h.erased:
	case a.Action == "erase":
		h.erased = true
		h.set(state{from: at, deny: "ERASED"})
	case a.Action == "grant":
		h.grant(a, at, trusted, future)
	case a.Action == "lift":
		if h.objects && trusted {
			h.objects = false
			h.set(state{from: at, deny: h.under})
		}
	case a.Action == "object":
		if !h.objects {
			h.objects, h.under = true, h.now.deny
			h.set(state{from: at, deny: "OBJECTED"})
		}
	default:
		reason := map[string]string{
			"deny": "DENIED", "withdraw": "WITHDRAWN", "gpc": "GPC",
			"browser": "BROWSER_SETTING",
		}[a.Action]
		if h.objects {
			h.under = reason
			return
		}
		h.set(state{from: at, deny: reason})
	}
}

func (h *history) grant(a *feed.Event, at int64, trusted, future bool) {
	switch {
	case strings.HasSuffix(a.Purpose, "*"):
		h.void = "GRANT_WILDCARD"
	case !trusted:
		h.void = "UNTRUSTED_GRANT"
	case future:
		h.void = "FUTURE_GRANT"
	case a.Notice < h.MinNotice:
		h.void = "NOTICE_OLD"
	case h.objects:
		h.void = "OBJECTED"
	case h.now.grant:
		h.ends = max(h.ends, at+h.MaxAge)
	default:
		h.set(state{from: at, grant: true})
		h.ends = at + h.MaxAge
	}
}

// level is one who is asked: the device, or the customer.
type level struct {
	*timeline
	admissible bool
}

// denials in the order in which the first one counts.
var denials = []string{"OBJECTED", "GPC", "BROWSER_SETTING", "WITHDRAWN", "DENIED"}

func combined(levels []level, at int64) (grant bool, deny []string) {
	for _, l := range levels {
		s := l.at(at)
		if s.deny != "" {
			deny = append(deny, s.deny)
		}
		grant = grant || s.grant && l.admissible
	}
	return grant && len(deny) == 0, deny
}

// decide is the decision table for one row and one purpose; "" allows.
func decide(levels []level, at, now, retention int64) string {
	for _, l := range levels {
		if l.timeline != nil && l.erased {
			return "ERASED"
		}
	}
	if at > now+5*minute {
		return "ROW_FUTURE"
	}
	at = min(at, now)
	if at < now-retention {
		return "ROW_RETENTION"
	}
	granted, deny := combined(levels, now)
	for _, reason := range denials {
		if slices.Contains(deny, reason) {
			return reason
		}
	}
	if !granted {
		return undecided(levels, now)
	}
	if unbroken(levels, at, now) {
		return ""
	}
	if then, _ := combined(levels, at); then {
		return "ROW_OLD_EPOCH"
	}
	return "ROW_BEFORE_GRANT"
}

// undecided says why nobody grants where nobody denies.
func undecided(levels []level, now int64) string {
	for _, l := range levels {
		if !l.admissible && l.at(now).grant {
			return "CUSTOMER_GRANT_ONLY"
		}
	}
	for _, l := range levels {
		if l.admissible && l.timeline != nil && l.expired {
			return "EXPIRED"
		}
	}
	for _, reason := range []string{"GRANT_WILDCARD", "UNTRUSTED_GRANT", "FUTURE_GRANT", "NOTICE_OLD"} {
		for _, l := range levels {
			if l.admissible && l.timeline != nil && l.void == reason {
				return reason
			}
		}
	}
	return "NO_RECORD"
}

// unbroken reports whether the combined state is a grant at every instant of [at, now].
func unbroken(levels []level, at, now int64) bool {
	if ok, _ := combined(levels, at); !ok {
		return false
	}
	for _, l := range levels {
		if l.timeline == nil {
			continue
		}
		for _, s := range l.states {
			if s.from > at && s.from <= now {
				if ok, _ := combined(levels, s.from); !ok {
					return false
				}
			}
		}
	}
	return true
}
