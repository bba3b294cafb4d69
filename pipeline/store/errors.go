package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"gocloud.dev/gcerrors"

	"github.com/malgrupp/malgrupp/pipeline/local"
)

// Code is the family of a storage failure.
type Code string

// The codes. Failed is what none of the others fits.
const (
	NotFound    Code = "not found"
	Denied      Code = "access denied"
	Exists      Code = "exists already"
	Full        Code = "no space left"
	Unavailable Code = "storage unavailable"
	BadKey      Code = "key not allowed"
	Canceled    Code = "canceled"
	Failed      Code = "failed"
)

// Error is a failure of an operation on a bucket or an object.
type Error struct {
	Op   string // open, list, read, write, create, delete, close or lock
	URL  string // of the bucket, without credentials
	Key  string // "" where the bucket is meant
	Code Code
	Err  error
}

func (e *Error) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("%s %s: %s: %s", e.Op, e.URL, e.Code, oneLine(e.Err))
	}
	return fmt.Sprintf("%s %q in %s: %s: %s", e.Op, e.Key, e.URL, e.Code, oneLine(e.Err))
}

// oneLine is a storage's own error without what the message around it says already.
func oneLine(cause error) string {
	if local, ok := errors.AsType[*fs.PathError](cause); ok {
		return local.Err.Error() // its path is that of the key, its operation a name of the kernel's
	}
	if azure, ok := errors.AsType[*azcore.ResponseError](cause); ok {
		return fmt.Sprintf("status %d, %s", azure.StatusCode, azure.ErrorCode) // its text is a page of headers and XML
	}
	return cause.Error()
}

// Fault says what kind of failure it is.
func (e *Error) Fault() (kind, reason, hint string) {
	if e.Code == NotFound {
		return "storage", "STORAGE", "check how the place is spelt in malgrupp.yaml, and that something lies there already"
	}
	return "storage", "STORAGE", "check that the bucket exists, that the job may use it, and that it is not full"
}

// Unwrap returns the storage's own error.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrExists) true for the code Exists.
func (e *Error) Is(target error) bool { return target == ErrExists && e.Code == Exists }

// ErrExists is what CreateOnce reports when the key is taken.
var ErrExists = errors.New("the object exists already")

var (
	errTooLarge = errors.New("the object is too large")
	errBadKey   = errors.New("the key is not allowed")
)

// CodeOf returns the code of an error of this package, "" for nil and Failed for others.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Failed
}

// failure dresses a storage's error; nil stays nil.
func (b *Bucket) failure(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, URL: b.url, Key: key, Code: classify(err), Err: err}
}

func classify(err error) Code {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Canceled
	case errors.Is(err, ErrExists), errors.Is(err, fs.ErrExist):
		return Exists
	case errors.Is(err, errBadKey):
		return BadKey
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Full
	case errors.Is(err, fs.ErrNotExist):
		return NotFound
	case errors.Is(err, fs.ErrPermission), errors.Is(err, local.Link), errors.Is(err, local.Special),
		errors.Is(err, syscall.EROFS):
		return Denied
	case errors.Is(err, errTooLarge):
		return Failed
	case errors.Is(err, io.ErrUnexpectedEOF): // a connection that broke
		return Unavailable
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return NotFound
	case gcerrors.AlreadyExists, gcerrors.FailedPrecondition:
		return Exists
	case gcerrors.PermissionDenied:
		return Denied
	case gcerrors.Internal, gcerrors.ResourceExhausted, gcerrors.DeadlineExceeded:
		return Unavailable
	}
	if _, local := errors.AsType[*fs.PathError](err); local {
		return Failed
	}
	if gcerrors.Code(err) == gcerrors.Unknown {
		return Unavailable
	}
	return Failed
}
