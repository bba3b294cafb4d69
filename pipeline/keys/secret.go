package keys

import (
	"fmt"
	"io"
	"log/slog"
)

const shownAs = "<redacted>"

// redacted makes the type that embeds it print as <redacted>, whatever prints it.
type redacted struct{}

// String hides the value.
func (redacted) String() string { return shownAs }

// GoString hides the value.
func (redacted) GoString() string { return shownAs }

// Format hides the value under every verb.
func (redacted) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, shownAs) }

// MarshalText hides the value in JSON and other documents.
func (redacted) MarshalText() ([]byte, error) { return []byte(shownAs), nil }

// LogValue hides the value in logs.
func (redacted) LogValue() slog.Value { return slog.StringValue(shownAs) }

// ID is an identifier of a person or a device as it was collected. It cannot be printed.
type ID struct {
	redacted
	id string
}

// NewID wraps a normalised id.
func NewID(id string) ID { return ID{id: id} }

// secret is the contents of a reference. It cannot be printed.
type secret struct {
	redacted
	bytes []byte
}
