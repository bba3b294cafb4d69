// Package fault is what can go wrong in ways that somebody outside branches on: the kind of a failure, which becomes
// the exit code, a stable reason with a page, and what to do next. Errors of the rooms below that say so themselves
// need not know it.
package fault

import (
	"errors"
)

// Kind says what sort of failure stopped a run; cmd turns it into an exit code, so that a scheduler can tell them
// apart.
type Kind string

// The kinds of failure.
const (
	Invalid Kind = "invalid" // rules, config or schema
	Locked  Kind = "locked"  // another run holds the lock, or published first
	Input   Kind = "input"   // input missing, damaged or breaking its schema
	Consent Kind = "consent" // the state of consent cannot be known
	Storage Kind = "storage" // storage unreachable, denied or full
	Audit   Kind = "audit"   // the chain of manifest lines is broken
	Usage   Kind = "usage"   // arguments that do not fit
	Check   Kind = "check"   // something is not what it was said to be
)

// Fault is an error with what a caller branches on: its kind, a stable reason code and what to do next.
type Fault struct {
	Kind   Kind
	Reason string
	Hint   string
	Err    error
}

func (f *Fault) Error() string { return f.Err.Error() }

func (f *Fault) Unwrap() error { return f.Err }

func New(k Kind, reason string, err error, hint string) error {
	return &Fault{Kind: k, Reason: reason, Err: err, Hint: hint}
}

func BadInput(reason, message, hint string) error {
	return New(Input, reason, errors.New(message), hint)
}

// foreseen is an error of a room below that says itself what kind of failure it is.
type foreseen interface {
	error
	Fault() (kind, reason, hint string)
}

// Classify returns the failure behind an error; ok is false for an error that nobody foresaw.
func Classify(err error) (*Fault, bool) {
	if f, ok := errors.AsType[*Fault](err); ok {
		return &Fault{Kind: f.Kind, Reason: f.Reason, Hint: f.Hint, Err: err}, true
	}
	if f, ok := errors.AsType[foreseen](err); ok {
		kind, reason, hint := f.Fault()
		return &Fault{Kind(kind), reason, hint, err}, true
	}
	return nil, false
}
