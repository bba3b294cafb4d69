// Package platform writes lists in the form that a destination accepts.
//
// In come Additions (made only from an Audience and identifiers, so everybody in them was admitted by the gate) and
// Removals (made only from what state says was told); out go bytes. The package knows why nobody is a member, sees no
// event and opens no place: it writes to an io.Writer. One file for each destination type, and one conformance suite
// over all.
package platform

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
)

// Platform is one destination type.
type Platform struct {
	Type string
	Doc  string
	Ext  string // of its files, without a dot
	// Own says that the lists stay with the bank: nobody is handed over, so no processing agreement is needed, and the
	// purpose is personalisation.
	Own bool
	// Ads says that it is an ad platform: labels with policy no_ads keep a rule away.
	Ads bool
	// RefusesNames says that the platform switches off audiences whose names speak of financial status, health and the
	// like (docs/platforms.md, Names); ByHand that its lists are files that somebody uploads under their own names.
	RefusesNames, ByHand bool
	// Profile is the id of the profile that identifiers are normalised by; "" where a list holds the subject's own id.
	Profile string
	// Send are the identifiers it can be sent, Usual those it is sent unless the destination says otherwise.
	Send, Usual []Column
	// Minimum is how many matched people the platform wants before it uses a list; 0 if it does not say.
	Minimum int
	// NameLength is how many characters it takes of a list's name; 0: it does not say.
	NameLength int
	// Lasting says how somebody leaves a list whom no file can remove: such a platform is given no file of removals, which
	// it would read as one of additions. "": removals are a file.
	Lasting string
	// Days is how long somebody stays who left the lists, where time alone removes: until then his removal is owed.
	Days int
	// Batch is how much one request of a list holds unless the destination says otherwise, Most how much it can; the zero
	// Batch is of a platform whose lists are not requests.
	Batch, Most project.Batch
	// Described says that the project describes how its lists are written: For makes it.
	Described bool
	// Numbered says what a file is good for that does not name the platform's own number of its list, which the project
	// tells; "": files name none.
	Numbered string
	// Account checks the account a list belongs to and says what was expected, "" if it is one; nil where there is none.
	Account func(account string) string
	// Merged says that the lists of all segments are one file for each level: subject -> segments.
	Merged bool
	// Devices says that it is told ids of devices alone: a customer's own id is never handed over.
	Devices bool
	// Beside is a file about the lists of a merged platform: an entry is a segment and its name, with a tab between.
	Beside *Part
	Parts  []Part
}

// Part is one list of several that a platform wants for one audience, such as one for each kind of key. Most have one.
type Part struct {
	Name string // in file names; "" for the first
	// Takes are the identifiers of an entry that go into this part; nil with a platform of subjects' own ids.
	Takes []identifier.Field
	// Address are the columns of name and address: those of one row of the table are one identifier, so that nobody is
	// given the name of one row and the town of another. Whole says that only all of them are one.
	Address []Column
	Whole   bool
	// Most is how many identifiers, Addresses how many addresses of one person it takes; 0: no limit.
	Most, Addresses int
	// PerFile is how many rows a file takes, 0: any number; what is more goes into further files. A person has at most as
	// many rows as identifiers.
	PerFile int
	// BirthParts says that a birth date is three hashes, of year, month and day.
	BirthParts bool
	// Unsafe says why an id cannot be written in this form, "" if it can; nil: all can. Ids with control characters and
	// ids that are not UTF-8 never can.
	Unsafe func(id string) string
	// Write writes one list. The same list gives the same bytes.
	Write func(w io.Writer, l List) error
}

// Action is what a list asks of its receiver.
type Action string

// The three lists of a delivery (docs/platforms.md, Deliveries); each is the middle of its file's name.
const (
	Adds     Action = "adds"
	Removes  Action = "removes"
	Snapshot Action = "snapshot"
)

// List is what a writer is given. Entries are in byte order and differ from each other; AsOf is microseconds UTC.
type List struct {
	Segment string
	Action  Action
	AsOf    int64
	// Consent is the use under which the gate admitted the people of an addition; empty for removals, which need none.
	Consent string
	Send    []Column
	Entries []string
	// Batch limits the requests of the list; its zero fields stand for those of the platform.
	Batch project.Batch
	// Number is the platform's own number of the list, "" if it is not known; Name what the platform calls it, Account
	// whose it is.
	Number, Name, Account string
	// Volume counts the files that one list is in, from 0.
	Volume int
	// Size, where set, is the size that a binary file of so many bytes is padded to; others end as they end.
	Size func(int64) int64
}

var platforms = map[string]*Platform{}

// defined is the value of a declaration: var _ = define(...).
type defined struct{}

// define enters a platform into the table, which is complete before main starts and never changes.
func define(p Platform) defined {
	if platforms[p.Type] != nil {
		panic(fmt.Sprintf("platform: %s is defined twice", p.Type))
	}
	p.guard()
	platforms[p.Type] = &p
	return defined{}
}

// guard puts before every writer what holds for all of them: a request is as large as the platform's usual one unless
// the list says otherwise, and an ad platform is told of nobody whom nobody asked.
func (p *Platform) guard() {
	for i := range p.Parts {
		write := p.Parts[i].Write
		p.Parts[i].Write = func(w io.Writer, l List) error {
			if p.Ads && l.Action != Removes && l.Consent == "" && len(l.Entries) > 0 {
				return fmt.Errorf("write a list of %s: nobody asked whether these people consented", p.Type)
			}
			l.Batch.Rows, l.Batch.Bytes = cmp.Or(l.Batch.Rows, p.Batch.Rows), cmp.Or(l.Batch.Bytes, p.Batch.Bytes)
			return write(w, l)
		}
	}
}

// Of returns the platform of a destination type.
func Of(kind string) (*Platform, bool) {
	p, ok := platforms[kind]
	return p, ok
}

// For returns the platform of a destination: that of its type, or the one that the project describes.
func For(d project.Destination) (*Platform, bool) {
	p, ok := Of(d.Type)
	if ok && p.Described {
		p, why := described(d.Form)
		if why == "" && p.Ext == "csv" {
			p.Parts[0].PerFile = d.Batch.Rows
		}
		return p, why == ""
	}
	return p, ok
}

// Wrong says why lists cannot be written in a form that the project describes, "" if they can.
func Wrong(f *project.Form) string {
	_, why := described(f)
	return why
}

// Types are all destination types, sorted.
func Types() []*Platform {
	var out []*Platform
	for _, name := range slices.Sorted(maps.Keys(platforms)) {
		out = append(out, platforms[name])
	}
	return out
}

// Part returns the part of that name.
func (p *Platform) Part(name string) (*Part, bool) {
	for i := range p.Parts {
		if p.Parts[i].Name == name {
			return &p.Parts[i], true
		}
	}
	return nil, false
}

// Identifies reports whether the platform matches people by identifiers, not by the bank's own ids.
func (p *Platform) Identifies() bool { return p.Profile != "" }

// Together are the columns that the platform is sent all or none of.
func (p *Platform) Together() []Column {
	for _, part := range p.Parts {
		if part.Whole {
			return part.Address
		}
	}
	return nil
}

// Accepts reports whether hashes of a column that were made with another profile are what the platform's own would
// make.
func (p *Platform) Accepts(column, profile string) bool {
	own, ok := identifier.ProfileOf(p.Profile)
	made, known := identifier.ProfileOf(profile)
	c, is := ColumnOf(column)
	if c == BirthDate && slices.ContainsFunc(p.Parts, func(part Part) bool { return part.BirthParts }) {
		return false // nobody takes a hash apart
	}
	return ok && known && is && c != MAID && own.SameFor(made, fields[c])
}
