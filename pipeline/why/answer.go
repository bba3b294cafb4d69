// Package why tells how the decision about one person came about: what each condition was, which events it looked at,
// what decided, what changes by itself next, and the same as a test without the person. Who asked is written down.
package why

import (
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/subject"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Instant is a time as in all that is told about one person.
type Instant = subject.Instant

// Answer is how the decision about one person came about. It counts that person's rows exactly and names them by id and
// place; it says neither which pages they were nor who the person is.
type Answer struct {
	Segment    string      `json:"segment"`
	Definition string      `json:"definition"`
	Level      string      `json:"level"`
	Subject    string      `json:"subject"` // keyed id
	Reason     string      `json:"reason"`
	AsOf       Instant     `json:"as_of"`
	KnownBy    Instant     `json:"known_by"`
	Uses       []AnswerUse `json:"uses"`
	Searched   Instant     `json:"searched_until,omitzero"` // where the search for the next change was given up

	inquiry *inquiry
	wanted  []decide.Sight // rows that some condition wants
}

// Hidden counts the person's rows that nobody may decide by.
type Hidden struct {
	NotArrived     int64            `json:"received_after_known_by"`
	ClockAhead     int64            `json:"clock_ahead"`
	Copies         int64            `json:"copies"`
	ImpossibleTime int64            `json:"impossible_time"`
	TooLarge       int64            `json:"too_large"`
	Refused        map[string]int64 `json:"refused"` // by reason
}

// AnswerUse is the answer for one use of consent.
type AnswerUse struct {
	Use          string           `json:"use"`
	Destinations []AnswerList     `json:"destinations,omitempty"`
	Outcome      segments.Outcome `json:"outcome"` // of the run
	// Alone is what the person's own events come to. It differs from Outcome where others decide as well: top, cap.
	Alone segments.Outcome `json:"alone"`
	Stays Instant          `json:"stays_until,omitzero"` // in for an earlier day's match
	// the step after match and exclude that made it so: exclusive, holdout, top or cap, min_size
	DecidedBy  string         `json:"decided_by,omitempty"`
	Seen       bool           `json:"seen"` // some row may be used
	Conditions []AnswerNode   `json:"conditions"`
	Granted    []AnswerGrant  `json:"granted_by,omitempty"` // the grants that let in the rows that conditions want
	Joined     []AnswerLogin  `json:"joined_by,omitempty"`  // why rows without a login are the customer's
	Hidden     Hidden         `json:"hidden"`
	Rests      []AnswerRest   `json:"rests_on,omitempty"`
	Next       []AnswerChange `json:"next_changes,omitempty"`

	number  int
	settled bool // the change of the outcome was found
}

// AnswerGrant is a grant that answered a purpose for rows, with the event that gave it. Where a device is asked about,
// the event of a customer who does not count as one with it has no id and no evidence.
type AnswerGrant struct {
	Purpose string        `json:"purpose"` // shadows that of the event: a TC string grants several
	Level   consent.Level `json:"level"`
	Rows    int           `json:"rows"`
	subject.Event
}

// AnswerLogin is a device of which rows without a login are the customer's, because of a login that followed them.
type AnswerLogin struct {
	Device string  `json:"device"` // keyed id
	Login  Instant `json:"login"`
	Rows   int     `json:"rows"`
}

// AnswerList is a destination, and why nobody is added there, if so.
type AnswerList struct {
	Destination string `json:"destination"`
	Held        string `json:"held_back,omitempty"`
}

// AnswerNode is one condition. Decides says that the person would qualify, or not qualify, if it alone were the
// opposite; nothing decides where a later step did.
type AnswerNode struct {
	Path     string           `json:"path"`
	Depth    int              `json:"depth"`
	Verb     string           `json:"verb"`
	LooksAt  []string         `json:"looks_at,omitempty"` // events
	Verdict  segments.Verdict `json:"verdict"`
	Decides  bool             `json:"decides,omitempty"`
	Events   int              `json:"events"`             // that it looked at
	Evidence []AnswerEvent    `json:"evidence,omitempty"` // the latest of them, in time
}

// maxEvidence is how many events of a condition an answer names.
const maxEvidence = 20

// AnswerEvent names a row: by its event id and by its place, which is there without an id too.
type AnswerEvent struct {
	ID       string   `json:"event_id,omitempty"`
	Name     string   `json:"event"`
	At       Instant  `json:"at"`
	Received Instant  `json:"received_at,omitzero"`
	Source   string   `json:"source"`
	Object   string   `json:"object"`
	Row      uint32   `json:"row"`                  // of its row group
	As       []string `json:"as,omitempty"`         // step 1, then_not: what it is to a condition of several parts
	Granted  []int    `json:"granted_by,omitempty"` // places in the grants of the use
	Joined   *int     `json:"joined_by,omitempty"`  // place in its logins

	place decide.Place
}

// AnswerRest is a single event that decides: without it the outcome would be this.
type AnswerRest struct {
	Without AnswerEvent      `json:"without"`
	Outcome segments.Outcome `json:"outcome"`
}

// AnswerChange is an instant at which conditions turn without any new event.
type AnswerChange struct {
	At         Instant          `json:"at"`
	Outcome    segments.Outcome `json:"outcome"`
	Conditions []AnswerTurn     `json:"conditions"`
}

// AnswerTurn is what a condition becomes.
type AnswerTurn struct {
	Path    string           `json:"path"`
	Verdict segments.Verdict `json:"verdict"`
}
