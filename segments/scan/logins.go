package scan

import (
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/evidence"
	"github.com/malgrupp/malgrupp/segments/identity"
)

// Logins is the first pass that identity asks for: every row with a valid device, a valid customer and a time up to now
// says that the customer was logged in on the device, one a little ahead of now that he is (docs/identity.md, Logins).
// One goroutine uses it at a time.
type Logins struct {
	s       *Scanner
	devices numberer
	custs   numberer
	sel     []uint32
	Found   []identity.Login
	compact int // how many were left when repetitions were last thrown out
}

// Logins returns a collector for one goroutine.
func (s *Scanner) Logins() *Logins {
	number := numberer{subjects: s.subjects, blocked: s.plan.Blocked, file: true}
	l := &Logins{s: s, devices: number, custs: number}
	l.custs.customer = true
	return l
}

// someLogins is how many are gathered before repetitions are thrown out.
const someLogins = 1 << 16

// Read collects the logins of a row group; copies are the rows (ascending) that are copies of earlier ones and say
// nothing.
func (l *Logins) Read(g RowGroup, copies []uint32) error {
	name := l.s.roles[rules.RoleCustomer]
	if name == "" {
		return nil
	}
	a, err := g.Column(name)
	if err != nil {
		return err
	}
	codes, dict := asText(a)
	l.sel = l.sel[:0]
	for i, c := range codes {
		for len(copies) > 0 && copies[0] < uint32(i) {
			copies = copies[1:]
		}
		if copied := len(copies) > 0 && copies[0] == uint32(i); !copied && !dict.IsNull(int(c)) {
			l.sel = append(l.sel, uint32(i))
		}
	}
	if err := l.visible(g); err != nil || len(l.sel) == 0 {
		return err
	}
	a, err = g.Column(l.s.roles[rules.RoleDevice])
	if err != nil {
		return err
	}
	deviceCodes, devices := asText(a)
	customer := l.custs.resolve(dict, codes, l.sel)
	device := l.devices.resolve(devices, deviceCodes, l.sel)
	a, err = g.Column(l.s.roles[rules.RoleEventTime])
	if err != nil {
		return err
	}
	at := a.(*array.Timestamp)
	for _, r := range l.sel {
		d, c := device[deviceCodes[r]], customer[codes[r]]
		if d < evidence.Unknown && c < evidence.Unknown {
			now := min(int64(at.Value(int(r))), l.s.plan.KnownBy)
			l.Found = append(l.Found, identity.Login{Device: d, Customer: c, At: now})
		}
	}
	// Logins repeat on every page view: the list must not grow with the rows. Where they hardly do, it is sorted seldom.
	if len(l.Found) > 8*l.compact+someLogins {
		l.Found = identity.Compact(l.Found)
		l.compact = len(l.Found)
	}
	return nil
}

// visible keeps the selected rows that had arrived by known_by, are not quarantined and lie before it, or ahead of it
// by no more than a clock may run ahead.
func (l *Logins) visible(g RowGroup) error {
	a, err := g.Column(l.s.roles[rules.RoleEventTime])
	if err != nil {
		return err
	}
	at := a.(*array.Timestamp)
	var received *array.Timestamp
	if name := l.s.roles[rules.RoleReceivedAt]; name != "" {
		if a, err = g.Column(name); err != nil {
			return err
		}
		received = a.(*array.Timestamp)
	}
	n := 0
	for _, r := range l.sel {
		t := int64(at.Value(int(r)))
		ok := at.IsValid(int(r)) && t <= l.s.plan.KnownBy+l.s.plan.MaxSkew
		if received != nil {
			in := int64(received.Value(int(r)))
			ok = ok && received.IsValid(int(r)) && in < l.s.plan.KnownBy && t-in <= l.s.plan.MaxSkew
		}
		if ok {
			l.sel[n] = r
			n++
		}
	}
	l.sel = l.sel[:n]
	return nil
}
