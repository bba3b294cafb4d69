package pipeline

import (
	"errors"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// Kind says what sort of failure stopped a run; cmd turns it into an exit code, so that a scheduler can tell them
// apart.
type Kind string

// The kinds of failure.
const (
	KindInvalid Kind = "invalid" // rules, config or schema
	KindLocked  Kind = "locked"  // another run holds the lock, or published first
	KindInput   Kind = "input"   // input missing, damaged or breaking its schema
	KindConsent Kind = "consent" // the state of consent cannot be known
	KindStorage Kind = "storage" // storage unreachable, denied or full
	KindAudit   Kind = "audit"   // the chain of manifest lines is broken
	KindUsage   Kind = "usage"   // arguments that do not fit
)

// Failure is an error with what a caller branches on: its kind, a stable reason code and what to do next.
type Failure struct {
	Kind   Kind
	Reason string
	Hint   string
	Err    error
}

func (f *Failure) Error() string { return f.Err.Error() }

func (f *Failure) Unwrap() error { return f.Err }

func fail(k Kind, reason string, err error, hint string) error {
	return &Failure{Kind: k, Reason: reason, Err: err, Hint: hint}
}

func inputError(reason, message, hint string) error {
	return fail(KindInput, reason, errors.New(message), hint)
}

// Classify returns the failure behind an error; ok is false for an error that nobody foresaw.
func Classify(err error) (*Failure, bool) {
	if f, ok := errors.AsType[*Failure](err); ok {
		return &Failure{Kind: f.Kind, Reason: f.Reason, Hint: f.Hint, Err: err}, true
	}
	if _, ok := errors.AsType[*parquet.DamagedError](err); ok {
		return &Failure{KindInput, "DAMAGED", "ask for the object to be exported again; event logs may set on_bad_object: skip", err}, true
	}
	if _, ok := errors.AsType[*store.URLError](err); ok {
		return &Failure{KindInvalid, "URL", "use file://, s3://, gs:// or azblob:// as docs/how-to/storage.md shows", err}, true
	}
	if _, ok := errors.AsType[*store.Error](err); ok {
		return &Failure{KindStorage, "STORAGE", "check that the bucket exists, that the job may use it, and that it is not full", err}, true
	}
	return nil, false
}
