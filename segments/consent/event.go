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
	Heartbeat
)

var actions = map[string]Action{
	"grant": Grant, "deny": Deny, "withdraw": Withdraw, "object": Object, "lift": Lift, "erase": Erase,
	"gpc": SignalGPC, "browser": SignalBrowser, "heartbeat": Heartbeat,
}

// ParseAction reads an action. An unknown word is an error, because it may be a denial; so is `state`, whose TC string
// this version cannot read.
func ParseAction(word string) (Action, error) {
	if a, ok := actions[word]; ok {
		return a, nil
	}
	if word == "state" {
		return 0, fmt.Errorf("action \"state\" carries a TC string, and these are not built in this version")
	}
	return 0, fmt.Errorf("unknown action")
}

// Event is one act about one subject. Times are microseconds UTC.
type Event struct {
	At      int64
	Pattern Pattern
	Notice  int32
	Action  Action
	Trusted bool // the source may grant and lift; denials are honoured from anywhere
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
	case Erase:
		return Erased, true
	case SignalGPC:
		return GPC, true
	case SignalBrowser:
		return BrowserSetting, true
	}
	return 0, false
}

// Denies reports whether an action denies.
func (a Action) Denies() bool { _, ok := a.denial(); return ok }
