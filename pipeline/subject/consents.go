package subject

import (
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Consents is what one subject said, event by event, and where it stands on each purpose.
type Consents struct {
	Kind     string    `json:"subject_type"` // device or customer
	Subject  string    `json:"subject"`      // keyed id
	Events   []Event   `json:"events"`       // oldest first
	Purposes []Purpose `json:"purposes"`     // all that the project asks
}

// Event is one event of the consent log. The evidence is its id alone: the subject's own record, which whoever keeps
// the proofs finds them by.
type Event struct {
	ID       string  `json:"event_id,omitempty"` // none: only the state has it
	Action   string  `json:"action"`
	Purpose  string  `json:"purpose"`
	At       Instant `json:"at"`
	Recorded Instant `json:"recorded_at,omitzero"`
	Source   string  `json:"source"`
	Trusted  bool    `json:"source_trusted"` // it may grant and lift
	Notice   int64   `json:"notice_version,omitempty"`
	Evidence string  `json:"evidence,omitempty"`
	TCString bool    `json:"has_tc_string,omitempty"` // the string itself stays in the log
	Kept     bool    `json:"kept_in_state,omitempty"` // it holds whatever becomes of the log
	Row      bool    `json:"on_row,omitempty"`        // a row of the event log says it
}

// State is where a subject stands on a purpose.
type State string

// The states of consent.
const (
	Grant State = "grant"
	Deny  State = "deny"
	None  State = "none"
)

var stateWords = map[consent.State]State{consent.Granting: Grant, consent.Denying: Deny, consent.NoState: None}

// StateOf is the word of documents for a state.
func StateOf(s consent.State) State { return stateWords[s] }

// Purpose is where a subject stands on one purpose now, and how it came there.
type Purpose struct {
	Purpose string         `json:"purpose"`
	State   State          `json:"state"`
	Reason  consent.Reason `json:"reason"`
	Since   Instant        `json:"since,omitzero"`
	Until   Instant        `json:"until,omitzero"` // a grant ends by age
	Epoch   Instant        `json:"epoch,omitzero"` // rows from then on count
	Listed  bool           `json:"on_a_list,omitempty"`
	Steps   []Step         `json:"steps"`
}

// Step is what one event did to the state on a purpose, or the end of a grant by age, which is no event.
type Step struct {
	At     Instant        `json:"at"` // when it took effect
	Effect consent.Effect `json:"effect"`
	Reason string         `json:"reason,omitempty"` // why it is void, or what denies
	Event  int            `json:"event"`            // its place among the events, from 0; -1: none
	State  State          `json:"state"`            // afterwards
	Until  Instant        `json:"until,omitzero"`
}

// tell makes the document of what somebody said.
func tell(c decide.Consent, keyed string) Consents {
	out := Consents{Kind: decide.KindName(c.Kind), Subject: keyed, Events: []Event{}, Purposes: []Purpose{}}
	for i := range c.Said {
		out.Events = append(out.Events, EventOf(&c.Said[i]))
	}
	for i := range c.Purposes {
		t := &c.Purposes[i]
		p := Purpose{
			Purpose: t.Purpose, State: StateOf(t.Now.State), Reason: t.Now.Reason, Since: Instant(t.Now.Since),
			Until: Instant(t.Now.Until), Epoch: Instant(t.Now.Epoch), Listed: t.Listed, Steps: []Step{},
		}
		for _, s := range t.Steps {
			step := Step{
				At: Instant(s.At), Effect: s.Effect, Event: s.Event, State: StateOf(s.After.State), Until: Instant(s.Until),
			}
			if s.Reason != consent.Granted {
				step.Reason = s.Reason.String()
			}
			p.Steps = append(p.Steps, step)
		}
		out.Purposes = append(out.Purposes, p)
	}
	return out
}

// EventOf is an event as documents have it.
func EventOf(s *decide.Said) Event {
	return Event{
		ID: s.ID, Action: s.Action, Purpose: s.Purpose, At: Instant(s.At), Recorded: Instant(s.Recorded), Source: s.Source,
		Trusted: s.Trusted, Notice: s.Notice, Evidence: s.Evidence, TCString: s.TCString, Kept: s.Kept,
		Row: s.Row,
	}
}
