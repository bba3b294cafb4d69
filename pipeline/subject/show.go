package subject

import (
	"context"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Request is what somebody asks of one subject.
type Request struct {
	Command string // as the line on record calls it
	Kind    identity.Kind
	Subject string // a keyed id, or a raw one where Raw says so; that one is written nowhere
	Raw     bool
	Reason  string
	// Browsing reads the event log, too: who is joined with the subject by logins, and which segments it is in now.
	Browsing bool
}

// Looked is what one subject said, as known at an instant.
type Looked struct {
	Consents
	Reason  string  `json:"reason"`
	KnownBy Instant `json:"known_by"`
	// Unheard says that rows of the event log may say more, signals of browsers or TC strings, and were not read.
	Unheard bool `json:"rows_not_heard,omitempty"`
}

// Shown is everything that is kept about one subject.
type Shown struct {
	Looked
	// StateRead says that the state of the last accepted run was read; a day gone by is answered from the log alone.
	StateRead bool    `json:"state_read"`
	Places    []Place `json:"destinations"`  // that hold it, by the last accepted run
	Stays     []Stay  `json:"stays"`         // segments in which it stays for a while
	Browsing  bool    `json:"browsing_read"` // joined and segments are told
	// Linked says that the project treats a device and the customer who uses it as one; asked with Browsing alone.
	Linked   bool         `json:"identity_linked"`
	Joined   []Joined     `json:"joined,omitempty"`
	Segments []Membership `json:"segments,omitempty"`
}

// Place is a destination's list that knows the subject, and the last thing it was told.
type Place struct {
	Destination string  `json:"destination"`
	Segment     string  `json:"segment"`
	Part        string  `json:"part,omitempty"`
	Action      string  `json:"last_action"` // add; remove or erase, until the destination acknowledges it
	Run         string  `json:"run_id"`
	At          Instant `json:"at,omitzero"` // known_by of the run; none: a version told it that kept no time
	// Heard says that the destination acknowledged it, or is one that does not.
	Heard       bool     `json:"acknowledged"`
	Identifiers int      `json:"identifiers"`   // how many name the subject there
	Profiles    []string `json:"identified_by"` // how they were made
}

// Stay is a segment for which the subject qualified and in which it may stay.
type Stay struct {
	Segment string  `json:"segment"`
	Use     string  `json:"use"`
	Entered Instant `json:"entered"`
	Last    Instant `json:"last_qualified"`
}

// Joined is a device or customer that was logged in with the subject, and why both count as one person, or not.
type Joined struct {
	One      bool      `json:"one_person"`
	First    Instant   `json:"first_login"`
	Last     Instant   `json:"last_login"`
	Days     int       `json:"days_with_login"`
	Kind     string    `json:"subject_type"`
	Subject  string    `json:"subject"`
	Consents *Consents `json:"consents,omitempty"` // of a device that is the customer's alone
}

// Membership is a segment that the subject is in, for one use of consent.
type Membership struct {
	Segment string           `json:"segment"`
	Use     string           `json:"use"`
	Outcome segments.Outcome `json:"outcome"`
}

// inquiry is one request while it is answered.
type inquiry struct {
	job    *pipeline.Job
	memory *pipeline.Memory
	ask    Request
	person *decide.Person
	said   decide.Consent
}

// open finds the subject and what it said.
func open(ctx context.Context, j *pipeline.Job, r Request) (*inquiry, error) {
	if err := Allowed(j, r.Reason); err != nil {
		return nil, err
	}
	q := &inquiry{job: j, ask: r}
	var err error
	if q.person, err = Of(j.Keys, r.Kind, r.Subject, r.Raw); err != nil {
		return nil, err
	}
	if q.memory, err = pipeline.Remember(ctx, j); err != nil {
		return nil, err
	}
	said, err := decide.Consents(ctx, q.memory.Inputs, q.person)
	if err != nil {
		return nil, err
	}
	if q.said = said[0]; q.said.ID == "" {
		return nil, fault.New(fault.Usage, "SUBJECT",
			fmt.Errorf("nobody in the consent log has the keyed id %s", q.person.Keyed),
			"a keyed id is that of a customer, or with --device that of a device; with - the raw id is read from standard input")
	}
	q.person.Raw = q.said.ID
	return q, Unnamed(r.Reason, q.said.ID)
}

// close writes down who was shown, without which nobody is.
func (q *inquiry) close(ctx context.Context) error {
	return q.memory.Answered(ctx, record.Question{
		Command: q.ask.Command, Subject: q.person.Keyed, Reason: q.ask.Reason,
	})
}

// Lookup tells what a subject said, event by event. A signed line in the audit folder says that it was asked; without
// that line there is no answer.
func Lookup(ctx context.Context, j *pipeline.Job, r Request) (*Looked, error) {
	q, err := open(ctx, j, r)
	if err != nil {
		return nil, err
	}
	if err := q.close(ctx); err != nil {
		return nil, err
	}
	return q.looked(), nil
}

// Show tells everything that is kept about a subject, and leaves a line as Lookup does.
func Show(ctx context.Context, j *pipeline.Job, r Request) (*Shown, error) {
	q, err := open(ctx, j, r)
	if err != nil {
		return nil, err
	}
	s := &Shown{
		Looked: *q.looked(), StateRead: !q.memory.Replay(), Stays: []Stay{}, Linked: q.memory.Project.Identity.Linked,
	}
	if s.Places, err = q.places(); err != nil {
		return nil, err
	}
	for _, k := range q.memory.Stay {
		if k.ID == q.said.ID && q.levelFits(k.Segment) {
			s.Stays = append(s.Stays, Stay{k.Segment, k.Use, Instant(k.Entered), Instant(k.Last)})
		}
	}
	if r.Browsing {
		if err := q.browse(ctx, s); err != nil {
			return nil, err
		}
	}
	if err := q.close(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (q *inquiry) looked() *Looked {
	return &Looked{
		Consents: tell(q.said, q.person.Keyed), Reason: q.ask.Reason, KnownBy: Instant(q.memory.KnownBy),
		Unheard: q.memory.RowsSpeak(),
	}
}

// levelFits reports whether a segment is of subjects of the kind; of one that is gone nobody knows.
func (q *inquiry) levelFits(segment string) bool {
	s, err := q.memory.Segment(segment)
	return err != nil || (s.Level == rules.CustomerLevel) == (q.person.Kind == identity.Customer)
}

// places are the lists that know the subject.
func (q *inquiry) places() ([]Place, error) {
	out, holdings := []Place{}, q.memory.Holdings()
	find, err := holdings.Finder(q.job.Keys)
	if err != nil {
		return nil, err
	}
	for _, known := range find(q.said.ID) {
		l, first := known.List, len(out)
		if !q.levelFits(l.Segment) {
			continue
		}
		for _, e := range holdings.Entries(l, known.Key) {
			i := first
			for i < len(out) && out[i].Action != e.Action {
				i++
			}
			if i == len(out) {
				out = append(out, Place{
					Destination: l.Destination, Segment: l.Segment, Part: l.Part, Action: e.Action, Heard: true,
				})
			}
			p := &out[i]
			p.Identifiers++
			p.Run, p.At, p.Heard = max(p.Run, e.RunID), max(p.At, Instant(e.At)), p.Heard && e.Heard
			if !slices.Contains(p.Profiles, e.Profile) {
				p.Profiles = append(p.Profiles, e.Profile)
			}
		}
	}
	return out, nil
}

// browse decides about the subject as a run would, and finds who is joined with it.
func (q *inquiry) browse(ctx context.Context, s *Shown) error {
	var names []string
	for _, g := range q.memory.Inputs.Segments {
		if q.levelFits(g.Name) {
			names = append(names, g.Name)
		}
	}
	s.Browsing = true
	segs, err := q.job.Inputs.Select(names)
	if err != nil {
		return err
	}
	look, err := pipeline.LookAt(ctx, q.job, decide.Ask(segs), decide.Options{Person: q.person})
	if err != nil {
		return err
	}
	for i := range look.Audiences {
		a := &look.Audiences[i]
		outcome := decide.OutcomeOf(a, q.said.ID)
		if outcome != segments.Out && slices.Contains(names, a.Segment().Name) {
			s.Segments = append(s.Segments, Membership{a.Segment().Name, look.Uses[a.Use()].Name, outcome})
		}
	}
	return q.join(ctx, look, s)
}

// join tells who was logged in with the subject, and what rows say of consent. Of a device that is a customer's alone
// it tells the consents, too: its rows count as the customer's. Of others it tells the keyed id, so that a record of
// one person is not one of another.
func (q *inquiry) join(ctx context.Context, look *pipeline.Look, s *Shown) error {
	own, at := []*decide.Person{q.person}, []int{-1}
	for _, j := range look.Joined() {
		keyed, err := Keyed(q.job.Keys, j.Kind, j.ID)
		if err != nil {
			return err
		}
		if j.One && j.Kind == identity.Device {
			own, at = append(own, &decide.Person{Kind: j.Kind, Raw: j.ID, Keyed: keyed}), append(at, len(s.Joined))
		}
		s.Joined = append(s.Joined, Joined{
			One: j.One, First: Instant(j.First), Last: Instant(j.Last), Days: j.Days,
			Kind: decide.KindName(j.Kind), Subject: keyed,
		})
	}
	said, err := look.Consents(ctx, own...)
	if err != nil {
		return err
	}
	for i := range said {
		c := tell(said[i], own[i].Keyed)
		if at[i] < 0 {
			s.Consents, s.Unheard = c, false
			continue
		}
		s.Joined[at[i]].Consents = &c
	}
	return nil
}
