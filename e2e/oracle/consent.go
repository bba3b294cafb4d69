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
	listed  bool // it stands on a list of people for the purpose
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

// spoken is an act, and of a TC string what it says.
type spoken struct {
	feed.Event
	tc     *choices
	denial string // "": it denies nothing
}

// newLedger reads acts that were recorded before now, and lists of people.
func newLedger(acts []feed.Event, lists []feed.Listed, purposes []string, s Settings) ledger {
	now := s.KnownBy
	texts := map[string]*choices{}
	by := map[[2]string][]spoken{}
	for _, a := range acts {
		id := strings.TrimSpace(a.Subject)
		if a.Action == "heartbeat" || a.Recorded >= now || blocked(id) {
			continue
		}
		if a.Action == "state" && texts[a.TC] == nil {
			texts[a.TC] = read(a.TC)
		}
		by[[2]string{a.Kind, id}] = append(by[[2]string{a.Kind, id}], spoken{Event: a, tc: texts[a.TC]})
	}
	l := ledger{}
	for who, acts := range by {
		for _, p := range purposes {
			l[[3]string{who[0], who[1], p}] = newTimeline(heard(acts, p, s), s)
		}
	}
	for _, e := range lists {
		id := strings.TrimSpace(e.Subject)
		for _, p := range purposes {
			if !covers(cmp.Or(e.Purpose, "*"), p) || blocked(id) {
				continue
			}
			key := [3]string{e.Kind, id, p}
			if l[key] == nil {
				l[key] = &timeline{}
			}
			l[key].listed = true
		}
	}
	return l
}

// heard are the acts that speak of a purpose, in their order: a lift before grants and grants before denials of the
// same instant. Of several denials of an instant the one that stands first in the table comes last and stays.
func heard(acts []spoken, purpose string, s Settings) (out []spoken) {
	for _, a := range acts {
		speaks := a.Action == "erase" || covers(a.Purpose, purpose)
		a.denial = denying[a.Action]
		if a.Action == "state" {
			speaks, a.denial = a.tc.says(s.Carriers[purpose], s.KnownBy)
		}
		if speaks {
			out = append(out, a)
		}
	}
	rank := func(a *spoken) int {
		switch {
		case a.Action == "lift":
			return -2
		case a.denial == "":
			return -1
		}
		return len(denials) - slices.Index(denials, a.denial)
	}
	slices.SortStableFunc(out, func(a, b spoken) int {
		return cmp.Or(cmp.Compare(min(a.At, s.KnownBy), min(b.At, s.KnownBy)), cmp.Compare(rank(&a), rank(&b)))
	})
	return out
}

// denying is what an act leaves behind that denies.
var denying = map[string]string{
	"deny": "DENIED", "withdraw": "WITHDRAWN", "gpc": "GPC", "browser": "BROWSER_SETTING", "object": "OBJECTED",
	"erase": "ERASED",
}

// covers reports whether what an act names is a purpose or takes it in.
func covers(pattern, purpose string) bool {
	return pattern == purpose || pattern == "*" || pattern == "activate:*" && strings.HasPrefix(purpose, "activate:")
}

// history is a timeline while it is being told.
type history struct {
	timeline
	Settings
	now     state
	ends    int64 // when the open grant runs out
	objects bool
	under   string // the denial that an objection covers
	denied  int64  // when the latest denial was
}

func newTimeline(acts []spoken, s Settings) *timeline {
	h, now := &history{Settings: s, denied: math.MinInt64}, s.KnownBy
	for i := range acts {
		h.run(min(acts[i].At, now))
		h.act(&acts[i], min(acts[i].At, now), acts[i].At > now)
	}
	h.run(now)
	return &h.timeline
}

func (h *history) set(s state) {
	h.now = s
	h.states = append(h.states, s)
	if s.grant || s.deny != "" && s.deny != "OBJECTED" { // under an objection the last grant is what it was
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

func (h *history) act(a *spoken, at int64, future bool) {
	trusted := a.Source == "cmp" || a.Source == "bank_ui" || a.Source == "call_centre"
	if a.denial != "" {
		h.denied = at
	}
	switch {
	case h.erased:
	case a.denial == "ERASED":
		h.erased = true
		h.set(state{from: at, deny: "ERASED"})
	case a.Action == "lift":
		if h.objects && trusted {
			h.objects = false
			h.set(state{from: at, deny: h.under})
		}
	case a.denial == "":
		h.grant(a, at, trusted, future)
	case a.denial == "OBJECTED":
		if !h.objects {
			h.objects, h.under = true, h.now.deny
			h.set(state{from: at, deny: "OBJECTED"})
		}
	case h.objects:
		h.under = a.denial
	default:
		h.set(state{from: at, deny: a.denial})
	}
}

func (h *history) grant(a *spoken, at int64, trusted, future bool) {
	from := at
	if a.tc != nil {
		from = min(at, a.tc.updated*tenth)
	}
	switch {
	case a.tc == nil && strings.HasSuffix(a.Purpose, "*"):
		h.void = "GRANT_WILDCARD"
	case !trusted:
		h.void = "UNTRUSTED_GRANT"
	case future:
		h.void = "FUTURE_GRANT"
	case a.tc == nil && a.Notice < h.MinNotice:
		h.void = "NOTICE_OLD"
	case h.objects:
		h.void = "OBJECTED"
	case a.tc != nil && a.tc.updated*tenth <= h.denied:
		h.void = "TC_REPLAY"
	case from+h.MaxAge <= at:
		h.void = "EXPIRED"
	case h.now.grant:
		h.ends = max(h.ends, from+h.MaxAge)
	default:
		h.set(state{from: at, grant: true})
		h.ends = from + h.MaxAge
	}
}

// level is one who is asked: the device, or the customer.
type level struct {
	*timeline
	admissible bool
}

// denials in the order in which the first one counts.
var denials = []string{
	"OBJECTED", "GPC", "BROWSER_SETTING", "WITHDRAWN", "DENIED", "TC_INVALID", "TC_FUTURE", "TC_TIME_ORDER",
	"TC_GLOBAL_SCOPE", "TC_POLICY_OLD", "TC_LI_3_6", "TC_NO_DISCLOSED", "TC_RESTRICTED", "TC_LI_ONLY", "TC_NO_PURPOSE",
	"TC_NO_VENDOR", "TC_NOT_DISCLOSED",
}

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

// decide is the decision table for one row and one purpose; refuses is what a signal on the row itself comes to. ""
// allows.
func decide(levels []level, at, now, retention int64, refuses string) string {
	for _, l := range levels {
		if l.timeline != nil && l.erased {
			return "ERASED"
		}
	}
	for _, l := range levels {
		if l.timeline != nil && l.listed {
			return "SUPPRESSED"
		}
	}
	if at > now+5*minute {
		return "ROW_FUTURE"
	}
	at = min(at, now)
	if at < now-retention {
		return "ROW_RETENTION"
	}
	if refuses != "" {
		return refuses
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
	for _, reason := range []string{
		"EXPIRED", "GRANT_WILDCARD", "UNTRUSTED_GRANT", "FUTURE_GRANT", "NOTICE_OLD", "TC_REPLAY",
	} {
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
