package parquet

import (
	"fmt"
	"runtime"
)

// DamagedError says that an object cannot be used: it is broken, it asks for more memory than allowed, or it is not
// what its schema promises. It never holds a value of the object.
type DamagedError struct {
	Object string // name given to Open
	Column string // column of the schema, or path of the file's column; empty if the whole object is meant
	Group  int    // row group, counted from 0; -1 if the whole object is meant
	Reason string
}

// Fault says what kind of failure it is.
func (e *DamagedError) Fault() (kind, reason, hint string) {
	return "input", "DAMAGED", "ask for the object to be exported again; event logs may set on_bad_object: skip"
}

func (e *DamagedError) Error() string {
	place := ""
	if e.Column != "" {
		place = fmt.Sprintf(", column %q", e.Column)
	}
	if e.Group >= 0 {
		place += fmt.Sprintf(", row group %d", e.Group)
	}
	return fmt.Sprintf("read parquet object %q%s: %s", e.Object, place, e.Reason)
}

// fault is what the decoders of this package report; the exported functions add object, column and row group.
type fault string

func (f fault) Error() string { return string(f) }

func faultf(format string, args ...any) error { return fault(fmt.Sprintf(format, args...)) }

// guard runs a decoder and turns a panic into a fault: the library's decoders trust lengths that a damaged page may
// forge. The panic's text is kept only where the runtime wrote it, since a library's own could hold data.
func guard(decode func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			err = faultf("the decoder gave up (%v): the page is damaged, export the object again", p)
		default:
			err = fault("the decoder gave up: the page is damaged, export the object again")
		}
	}()
	return decode()
}
