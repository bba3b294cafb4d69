package consent

import "fmt"

// Action is what a person (or his browser) did.
type Action uint8

// The actions of the consent log (docs/how-to/consent-log.md).
const (
	Grant Action = iota + 1
	Deny
	Withdraw
	Object
	Lift
	Erase
	SignalGPC
	SignalBrowser
	TCString
	Heartbeat
	Forget   // no action of the log: somebody is forgotten, and what was known of her up to then counts no more
	TCDenial // no action of the log: a TC string that an earlier run read on a row denied the purpose, for its reason
)

var actions = map[string]Action{
	"grant": Grant, "deny": Deny, "withdraw": Withdraw, "object": Object, "lift": Lift, "erase": Erase,
	"gpc": SignalGPC, "browser": SignalBrowser, "state": TCString, "heartbeat": Heartbeat,
}

// ParseAction reads an action. An unknown word is an error, because it may be a denial.
func ParseAction(word string) (Action, error) {
	if a, ok := actions[word]; ok {
		return a, nil
	}
	return 0, fmt.Errorf("unknown action")
}

// Event is one act about one subject. Times are microseconds UTC.
type Event struct {
	At      int64
	Pattern Pattern
	Notice  int32
	String  uint32 // of TCString: the number of its TC string; it says what it says, whatever the pattern
	Action  Action
	Trusted bool   // the source may grant and lift; denials are honoured from anywhere
	reason  Reason // of a denial that one purpose hears, and of a TCDenial: what is left; else it admits
}

// Denials are what the events of a subject deny. A TC string denies one purpose after the other; an erasure is of the
// person, whatever it names.
func (e *Event) Denials(strings *Strings, visit func(Pattern, Reason)) {
	switch reason, denies := e.Action.denial(); {
	case e.Action == TCString:
		for purpose := range strings.p.Purposes.Len() {
			if r := strings.says(e.String, purpose); r > GrantedTC && r != silent {
				visit(Pattern(purpose), r)
			}
		}
	case reason == Erased:
		visit(EveryPurpose, reason)
	case denies:
		visit(e.Pattern, reason)
	}
}

// denial returns the reason a denying action leaves behind.
func (a Action) denial() (Reason, bool) {
	switch a {
	case Deny:
		return Denied, true
	case Withdraw:
		return Withdrawn, true
	case Object:
		return Objected, true
	case Erase, Forget:
		return Erased, true
	case SignalGPC:
		return GPC, true
	case SignalBrowser:
		return BrowserSetting, true
	}
	return 0, false
}

// Denies reports whether an action denies whatever else is said; what a TC string does depends on the purpose.
func (a Action) Denies() bool { _, ok := a.denial(); return ok }

// denies reports whether the purpose that hears an event is denied by it.
func (e *Event) denies() bool { return e.reason > GrantedTC }
