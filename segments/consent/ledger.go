// Package consent is the door: it decides which row of evidence may be used for what, and is the only maker of Batch.
//
// In come the events of the consent log and blocks of evidence; out come batches of admitted rows and, when the gate
// closes, a Roll that alone can name the people in them. The package knows no rules, no segments and no platforms. When
// in doubt it refuses. Every change here has a test that fails without it.
package consent

import (
	"cmp"
	"errors"
	"slices"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// ErrConflict says that the log holds two events of one id with different contents.
var ErrConflict = errors.New("two events of the consent log have one event_id and different contents")

// entry is one event of one subject while the ledger is being filled.
type entry struct {
	Event
	subject uint32 // the loader's number of the subject
}

// subjectRef is a subject as a loader met it: its hash and where its id lies.
type subjectRef struct {
	hash     uint64
	from, to uint32
}

// fingerprint stands for one event when ids are compared: the id's hash and that of everything else.
type fingerprint struct{ id, content uint64 }

// Loader takes the events of one goroutine; several loaders fill one ledger.
type Loader struct {
	*Strings
	subjects   *identity.Subjects
	arena      []byte
	refs       [identity.Shards]chunks[subjectRef]
	entries    [identity.Shards]chunks[entry]
	seen       [identity.Shards]chunks[fingerprint]
	suppressed []suppression
	marks      []mark
}

// mark is where in a loader an object of the log begins.
type mark struct {
	object        uint32
	entries, seen [identity.Shards]uint32
}

// suppression is one entry of a list.
type suppression struct {
	Ref
	pattern Pattern
}

// Ref names a subject inside one loader.
type Ref struct {
	shard  int
	number uint32
}

// Begin says that what comes next is of an object of the log, by its number; it need not be said of what no later run
// goes on from.
func (l *Loader) Begin(object uint32) {
	m := mark{object: object}
	for shard := range identity.Shards {
		m.entries[shard], m.seen[shard] = uint32(l.entries[shard].len()), uint32(l.seen[shard].len())
	}
	l.marks = append(l.marks, m)
}

// objects returns a function that says, of what a loader holds in order, of which object each is: Gone where nobody
// said. begins is where in it an object begins.
func (l *Loader) objects(begins func(m *mark) uint32) func() uint32 {
	object, next, n := uint32(Gone), 0, uint32(0)
	return func() uint32 {
		for ; next < len(l.marks) && begins(&l.marks[next]) <= n; next++ {
			object = l.marks[next].object
		}
		n++
		return object
	}
}

// Subject files a subject and returns how Add may name it; call it once per dictionary entry, not per event.
func (l *Loader) Subject(kind identity.Kind, id []byte) Ref {
	hash := l.subjects.Hash(kind, id)
	shard := identity.ShardOf(hash)
	from := uint32(len(l.arena))
	l.arena = append(l.arena, id...)
	l.refs[shard].add(subjectRef{hash, from, uint32(len(l.arena))})
	return Ref{shard, uint32(l.refs[shard].len() - 1)}
}

// Add takes one event of a subject.
func (l *Loader) Add(r Ref, e Event) {
	l.entries[r.shard].add(entry{e, r.number})
}

// id is the id of a subject.
func (l *Loader) id(r Ref) string {
	ref := l.refs[r.shard].at(int(r.number))
	return string(l.arena[ref.from:ref.to])
}

// Suppress puts a subject on the suppression or protected list for what the pattern covers.
func (l *Loader) Suppress(r Ref, p Pattern) {
	l.suppressed = append(l.suppressed, suppression{r, p})
}

// Seen notes the id of an event and a hash of its whole content, so that Seal can tell a repetition (which changes
// nothing) from a contradiction (which stops the run).
func (l *Loader) Seen(id, content uint64) {
	shard := identity.ShardOf(id)
	l.seen[shard].add(fingerprint{id, content})
}

// Filling is a ledger that is being loaded.
type Filling struct {
	policy   *Policy
	strings  *Strings
	subjects *identity.Subjects
	loaders  []*Loader
	some     bool // strings of some rows alone
	earlier  Earlier
	gone     bool   // the log lacks some of its objects
	lasting  []bool // by object: a later run may go on from what was read of it
	keep     func(part int, of []Folded) error
}

// Fill starts a ledger for a policy; subjects must be empty or hold only what earlier ledgers filed.
func Fill(p *Policy, subjects *identity.Subjects) *Filling {
	return &Filling{policy: p, strings: NewStrings(p), subjects: subjects}
}

// Loader returns a new loader, one for each goroutine; loaders are made before the goroutines start.
func (f *Filling) Loader() *Loader {
	l := &Loader{Strings: f.strings, subjects: f.subjects}
	f.loaders = append(f.loaders, l)
	return l
}

// Machine returns a machine that knows the TC strings of what was loaded. some says that strings of only some rows are
// loaded, so that how many of them are broken says nothing of the export.
func (f *Filling) Machine(some bool) *Machine {
	f.some = some
	return NewMachine(f.policy, f.strings)
}

// GoOn makes the ledger go on from what an earlier run folded, whose seed the subjects have.
func (f *Filling) GoOn(e Earlier) { f.earlier, f.gone = e, slices.Contains(e.Objects, Gone) }

// Keep has Seal hand out, from several goroutines, what a later run may go on from: what was read of objects that are
// lasting, by their number. The columns are valid until keep returns.
func (f *Filling) Keep(lasting []bool, keep func(part int, of []Folded) error) {
	f.lasting, f.keep = lasting, keep
}

// Ledger is who decided what: a timeline per subject and purpose. It is complete before the first row is judged and
// read-only from then on.
type Ledger struct {
	policy   *Policy
	subjects *identity.Subjects
	shards   [identity.Shards]ledgerShard
}

// listed is a subject of a list with one thing the list forbids.
type listed struct {
	subject identity.Number
	pattern Pattern
}

// ledgerShard holds the timelines of a shard's subjects.
type ledgerShard struct {
	timelines timelines
	listed    []listed // sorted by subject
}

// timeline returns what a subject decided about a purpose; subjects that the log never named have the empty timeline.
func (l *Ledger) timeline(subject identity.Number, purpose int) Timeline {
	return l.shards[subject%identity.Shards].timelines.at(int(subject/identity.Shards), purpose)
}

// Suppressed reports whether a subject stands on a list for a purpose.
func (l *Ledger) Suppressed(subject identity.Number, purpose int) bool {
	list := l.shards[subject%identity.Shards].listed
	if len(list) == 0 {
		return false
	}
	i, _ := slices.BinarySearchFunc(list, subject, func(e listed, s identity.Number) int {
		return cmp.Compare(e.subject, s)
	})
	for ; i < len(list) && list[i].subject == subject; i++ {
		if list[i].pattern.covers(purpose) {
			return true
		}
	}
	return false
}
