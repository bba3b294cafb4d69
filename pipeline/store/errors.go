package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"gocloud.dev/gcerrors"
)

// Code says what went wrong with a storage.
type Code string

// The codes that callers branch on.
const (
	NotFound    Code = "not found"
	Denied      Code = "denied"
	Exists      Code = "exists"
	Full        Code = "full"
	Unavailable Code = "unavailable"
)

// ErrExists is what CreateOnce answers when the name is taken.
var ErrExists = errors.New("the object exists already")

// Error is a failure of a storage. URL holds no credentials.
type Error struct {
	Op   string
	URL  string
	Key  string
	Code Code
	Err  error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s%s: %s: %v", e.Op, e.URL, e.Key, e.Code, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// URLError is a URL that this project may not open.
type URLError struct{ URL, Reason string }

func (e *URLError) Error() string { return fmt.Sprintf("open %s: %s", e.URL, e.Reason) }

// failed wraps an error of the driver with what was being done; cancellation passes through.
func (b *Bucket) failed(op, key string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrExists) {
		return err
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return &Error{Op: op, URL: b.url, Key: key, Code: codeOf(err), Err: err}
}

func codeOf(err error) Code {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Full
	case errors.Is(err, fs.ErrNotExist):
		return NotFound
	case errors.Is(err, fs.ErrPermission):
		return Denied
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return NotFound
	case gcerrors.PermissionDenied:
		return Denied
	case gcerrors.FailedPrecondition, gcerrors.AlreadyExists:
		return Exists
	}
	return Unavailable
}
