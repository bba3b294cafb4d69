// Package subject shows one person what is kept about her: what she consented to and what each event of that did, where
// she was named, and a receipt of it.
//
// In come a job and an id; out come documents. What an event does is told by segments/consent, what the log says by
// pipeline/decide: the package decides nothing. Who asked is written down, as in pipeline/why.
package subject

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Instant is a time in microseconds UTC; documents have it as RFC 3339. The zero Instant is none.
type Instant int64

// MarshalText writes RFC 3339.
func (i Instant) MarshalText() ([]byte, error) { return []byte(value.FormatTimestamp(int64(i))), nil }

// maxReason is how long a reason may be, in bytes.
const maxReason = 500

// Allowed checks whether somebody may be looked up for a reason.
func Allowed(j *pipeline.Job, reason string) error {
	if !j.Project.Security.AllowExplain {
		return fault.New(fault.Invalid, "EXPLAIN_OFF",
			errors.New("this project does not let anybody look at the decision about one person"),
			"whoever answers for data protection can set security: {allow_explain: true} in malgrupp.yaml")
	}
	if strings.ContainsFunc(reason, unicode.IsControl) || len(reason) > maxReason || reason == "" {
		return fault.New(fault.Usage, "REASON",
			fmt.Errorf("the reason is empty, has control characters or is longer than %d bytes", maxReason),
			"give one line, such as 'complaint 4711'")
	}
	return nil
}

// Unnamed refuses a reason that names the person: it is kept.
func Unnamed(reason, id string) error {
	if !strings.Contains(reason, id) {
		return nil
	}
	return fault.New(fault.Usage, "REASON",
		errors.New("the reason names the person, and it is kept in the audit folder"),
		"name the case instead, such as 'complaint 4711'")
}

// label is that of keyed ids of a kind.
func label(k identity.Kind) keys.Label {
	if k == identity.Customer {
		return keys.CustomerID
	}
	return keys.DeviceID
}

// Keyed is the keyed id of a raw one.
func Keyed(ring *keys.Ring, k identity.Kind, id string) (string, error) {
	keyer, err := ring.Keyer(label(k))
	if err != nil {
		return "", err
	}
	return keyer.Key(keys.NewID(id)), nil
}

// Of takes a keyed id, or a raw one if raw says so. Who is named by a keyed id is known once the log is read.
func Of(ring *keys.Ring, k identity.Kind, subject string, raw bool) (*decide.Person, error) {
	p := &decide.Person{Kind: k}
	if !raw {
		number, ok := keys.NumberOf(subject)
		if !ok {
			return nil, fault.New(fault.Usage, "SUBJECT",
				errors.New("the subject is no keyed id: one looks like k1.T9rSBS_C55xmPzfW2u-yvw"),
				"give - and write the raw id to standard input; what is printed then begins with its keyed id")
		}
		keyer, err := ring.KeyerOf(number, label(k))
		if err != nil {
			return nil, fault.New(fault.Usage, "SUBJECT", err, "give - and write the raw id to standard input")
		}
		var mu sync.Mutex // a keyer serves one goroutine at a time
		p.Keyed, p.Is = subject, func(id string) bool {
			mu.Lock()
			defer mu.Unlock()
			return keyer.Key(keys.NewID(id)) == subject
		}
		return p, nil
	}
	if p.Raw = identity.Normalise(subject); p.Raw == "" || identity.Blocked(p.Raw) {
		return nil, fault.New(fault.Usage, "SUBJECT",
			errors.New("the id on standard input is empty, or stands for nobody in particular"),
			"write one id of a "+decide.KindName(k)+" and nothing else")
	}
	var err error
	p.Keyed, err = Keyed(ring, k, p.Raw)
	return p, err
}
