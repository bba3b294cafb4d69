// Package project reads malgrupp.yaml: where logs, consent, keys and outputs are, and under which limits a run works.
//
// In comes the text of the file and the name of a profile; out comes a Project whose every setting knows where it came
// from. The package opens nothing: it knows no storage, no keys and no clock.
package project

import (
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Project is one checked malgrupp.yaml with one profile laid over it.
type Project struct {
	Name         string
	Profile      string
	Zone         *value.Zone
	Retention    value.Duration // days of 24 hours
	MaxClockSkew value.Duration
	SessionGap   value.Duration // a longer pause ends a session
	Contacts     []string
	Sources      []Source
	Consent      Consent
	Identity     Identity
	Keys         Keys
	Output       string         // URL of the lists
	State        string         // URL of holdings and lock
	Audit        string         // URL of the manifest lines
	MaxListAge   value.Duration // after which lists and state that no longer hold are deleted
	Head         string         // URL of the heads, a place with another writer; "": none is kept
	Guards       Guards
	Limits       Limits
	Security     Security
	Identifiers  *Identifiers  // nil: no destination is told contact keys
	Attributes   *Attributes   // nil: there are no profile conditions
	Destinations []Destination // by name
	// Topics and Statistics are what stands behind these keys, for whoever knows the schemas; not there: nobody wrote it.
	Topics, Statistics yaml.Node
	Settings           []Setting // every setting in force, in the order of the reference
	Text               *source.Source
}

// Source is one event log.
type Source struct {
	Name       string
	URL        string
	Schema     string
	Partition  Partition
	Partner    string         // site of a partner, "" for the bank's own log
	Dedupe     value.Duration // zero: none
	CoversFrom int64          // microseconds; zero: from the first partition or arrival
	GapsEmpty  bool           // a missing arrival day means that nothing happened
	Expect     Expect
	// CopiesExpected says that most rows may be copies of others.
	CopiesExpected bool
	Complete       Complete
	OnBadObject    BadObject
}

// Expect is how late data may be.
type Expect struct {
	By    int64          // microseconds of the local day by which the day before is there; 0: not said
	Every value.Duration // how long a log without partitions may be silent and is still complete; zero: not at all
}

// Complete says which objects of a source count.
type Complete string

// The three ways (docs/how-to/schemas.md).
const (
	Listed   Complete = "listed"
	Success  Complete = "success"
	Manifest Complete = "manifest"
)

// BadObject says what a damaged object does to the run.
type BadObject string

// A damaged object stops the run or is skipped and counted.
const (
	Stop BadObject = "stop"
	Skip BadObject = "skip"
)

// Consent is the consent log and how it is judged.
type Consent struct {
	URL            string
	Partition      Partition
	Map            *ConsentMap // nil: our own columns
	MaxFeedAge     value.Duration
	MaxConsentAge  value.Duration
	TrustedSources []string
	MinNotice      map[string]int // by purpose; "activate" stands for all destinations
	TCF            map[string]Publisher
	OwnGrant       bool     // contact keys of a customer take a grant of his own, whatever his devices grant
	RowTCSource    string   // whose word a TC string on a row is
	GPCDenies      []string // purposes, or activate:*, that a row with the signal denies
	BrowserDenies  []string
	Suppression    *List // nil: not configured
	Protected      *List // nil: said to be none
}

// List is a suppression or protected list; MaxAge is how old its object may be, MayShrink how many of a hundred entries
// it may lose from one accepted run to the next.
type List struct {
	URL       string
	MaxAge    value.Duration
	MayShrink int
}

// Identity says how devices and customers are joined (docs/identity.md, Limits).
type Identity struct {
	Linked         bool
	AttachWindow   value.Duration
	SharedWindow   value.Duration
	KioskCustomers int
	MaxDevices     int
	Blocked        []string
}

// Keys are references to secrets: env:NAME, file:PATH or age:PATH.
type Keys struct {
	Master     map[int]string
	State      string
	Recipients string
	Signing    string
	Mounted    bool
}

// Guards hold back what looks wrong (docs/how-to/guards.md).
type Guards struct {
	MinAudience int
	ReportK     int
	MaxChange   int  // percent by which a list may grow or shrink
	MaxSize     int  // people in a list; 0: any number
	HoldFirst   bool // a list that held nobody waits for somebody's word
	StopAll     bool // when one list is held, all are
}

// Limits bound what one object may make the reader allocate, in bytes.
type Limits struct{ Chunk, Page int64 }

// Security fences what URLs may reach, and who may be looked at.
type Security struct {
	FileRoots            []string
	Endpoints            map[string]string // by scheme
	AllowPrivateEndpoint bool
	AllowExplain         bool // somebody may ask why one person is in a segment or not
}

// Attributes is the table of customers that profile conditions look at.
type Attributes struct{ URL, Schema string }

// Identifiers is the table that says by which contact keys a platform may know a subject.
type Identifiers struct {
	URL     string
	Hashed  map[string]string // column -> profile its hashes were made with; others are plain
	Country string            // ISO 3166-1, of rows that name none; "" if there is none to assume
}

// Destination is somebody who receives lists.
type Destination struct {
	Name     string
	Type     string
	Own      bool     // the bank's own pages
	Activate []string // the consents it needs, in order; default its name
	Account  string   // as written; "" if none is named
	Vendor   Vendor
	Waits    bool // it acknowledges by a file what it was told (docs/how-to/forget.md)
	Send     []string
	MinSize  int
	Enabled  bool
	Batch    Batch
	Lists    map[string]string // the platform's own number of a segment's list
	Form     *Form             // of a type that the project describes
	// Agreement is the processing agreement and its last day; an expired one stops additions, never removals.
	Agreement string
	Expires   value.CivilDate
}

// Platforms is what may be said about destinations and identifiers. The package knows no platform itself: it is handed
// in, so that a platform is one file.
type Platforms struct {
	Kinds    []Kind
	Columns  []string // of the identifiers table
	Profiles []string // that a column's hashes can have been made with
	Country  func(code string) bool
	// Accepts reports whether hashes of a column that were made with a profile can match at a destination.
	Accepts func(d Destination, column, profile string) bool
	// Wrong says why lists cannot be written in a form, "" if they can.
	Wrong func(f *Form) string
}

// Kind is a destination type.
type Kind struct {
	Type        string
	Own         bool     // the bank's own pages: no agreement, nobody is handed over
	Send, Usual []string // columns it can be sent, and those it is sent unless it says otherwise
	Together    []string // columns that are sent all or none
	// Account checks an account and says what was expected, "" if it is one; nil where there is none.
	Account func(account string) string
	// Batched says that its lists are requests, of at most Most if that is not zero; Numbered that its files name the
	// platform's number of a list; Described that the project says how its lists are written.
	Batched, Numbered, Described bool
	Most                         Batch
}

// Setting is a value in force and where it was set: a line of the file, a profile, or the built-in default.
type Setting struct {
	Key, Value, Origin string
}

// Least is how many members a list of a segment needs at the least to go to a destination; minSize is the segment's
// own.
func (p *Project) Least(d Destination, minSize int) int {
	return max(p.Guards.MinAudience, d.MinSize, minSize)
}

// Destination returns the destination of that name.
func (p *Project) Destination(name string) (Destination, bool) {
	for _, d := range p.Destinations {
		if d.Name == name {
			return d, true
		}
	}
	return Destination{}, false
}
