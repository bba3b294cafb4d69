// Package state keeps what destinations were last told, so that the next run can take the difference.
//
// Holdings and the stay record are Parquet tables, encrypted to the project's state identity. In come entries of lists
// that were published and people who qualified, out go the same at the next run. The package knows no rules, no consent
// and no platform.
package state

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// List names one list: a segment at a destination. Kind is the destination's type, kept so that removals can be written
// after the destination is gone from the project; Part is one of several lists that the type makes of one audience.
type List struct{ Destination, Segment, Kind, Part string }

// holding is one person whom a destination holds, or whose removal it was told and has not acknowledged.
type holding struct {
	key     string // keyed id under the destination's sub-key (docs/identity.md, Member keys)
	entry   string // identifiers as they were sent
	profile string // of the identifiers
	runID   string // the run that told it
	marker  int64  // the number of that run's marker
	at      int64  // its known_by, microseconds UTC
	heard   bool   // the addition was acknowledged
	erased  bool   // the removal is of somebody who is forgotten
}

// Holdings is what every destination holds from every segment.
type Holdings struct {
	Told
	lists map[List][]holding // sorted by entry
	owed  map[List][]holding // removals that are not acknowledged, sorted by entry
}

// Told says by which run destinations are told, and what becomes of it.
type Told struct {
	RunID  string
	Marker int64 // the number of its marker
	At     int64 // its known_by, microseconds UTC
	// Waits reports whether a destination acknowledges what it is told, nil: none does. To others, to be told is to have
	// heard.
	Waits func(destination string) bool
	// Lingers reports whether a destination keeps people for a while after it was told of their removal, nil: none does.
	Lingers func(destination string) bool
	// Erased reports whether a member key is of somebody who is being forgotten; nil: nobody is.
	Erased func(destination, key string) bool
}

func (t *Told) erases(destination, key string) bool {
	return t.Erased != nil && t.Erased(destination, key)
}

// owes reports whether whoever leaves a destination is owed his removal for a while.
func (t *Told) owes(destination string) bool {
	return t.waits(destination) || t.Lingers != nil && t.Lingers(destination)
}

func (t *Told) waits(destination string) bool { return t.Waits != nil && t.Waits(destination) }

// Empty returns holdings of nothing.
func Empty() *Holdings { return &Holdings{lists: map[List][]holding{}, owed: map[List][]holding{}} }

// Lists returns the lists that hold somebody or owe a removal, in a fixed order.
func (h *Holdings) Lists() []List {
	out := slices.AppendSeq(slices.Collect(maps.Keys(h.lists)), func(yield func(List) bool) {
		for l := range h.owed {
			if _, holds := h.lists[l]; !holds && !yield(l) {
				return
			}
		}
	})
	slices.SortFunc(out, func(a, b List) int {
		return cmp.Or(strings.Compare(a.Destination, b.Destination), strings.Compare(a.Segment, b.Segment),
			strings.Compare(a.Kind, b.Kind),
			strings.Compare(a.Part, b.Part))
	})
	return out
}

// Of returns the entries a list holds, in byte order.
func (h *Holdings) Of(l List) []string { return h.Whose(l, func(string) bool { return true }) }

// Whose returns the entries a list holds of people with some member keys, in byte order.
func (h *Holdings) Whose(l List, of func(key string) bool) []string {
	var out []string
	for _, p := range h.lists[l] {
		if of(p.key) {
			out = append(out, p.entry)
		}
	}
	return out
}

// Entry is one identifier by which a list holds somebody, or owes her removal: how it was made, and what the
// destination was last told of it.
type Entry struct {
	Profile, RunID string
	Action         string // add, remove, or erase where she is forgotten
	At             int64  // known_by of the run, microseconds UTC; 0: a run before format 3
	Heard          bool   // the destination acknowledged it, or is one that does not
}

// Entries are the identifiers by which a list knows the member with a key, without what they say.
func (h *Holdings) Entries(l List, key string) (out []Entry) {
	take := func(of []holding, action func(p *holding) string) {
		for i := range of {
			if p := &of[i]; p.key == key {
				out = append(out, Entry{p.profile, p.runID, action(p), p.at, p.heard})
			}
		}
	}
	take(h.lists[l], func(*holding) string { return added })
	take(h.owed[l], (*holding).removal)
	return out
}

// removal is the action of a removal.
func (p *holding) removal() string {
	if p.erased {
		return erased
	}
	return removed
}

// Matcher returns a function that says under which member key a list holds somebody, "" if it does not. Keys stay what
// they were when their master was replaced, so every one in use is tried.
func (h *Holdings) Matcher(l List, ring *keys.Ring) (func(id string) string, error) {
	held, keyers := h.Keys(l), map[int]*keys.Keyer{}
	for key := range held {
		number, ok := keys.NumberOf(key)
		if !ok || keyers[number] != nil {
			continue
		}
		var err error
		if keyers[number], err = ring.KeyerOf(number, keys.Dest(l.Destination)); err != nil {
			return nil, fmt.Errorf("know the members of %s again: %w", l.Destination, err)
		}
	}
	return func(id string) string {
		for _, k := range keyers {
			if key := k.Key(keys.NewID(id)); held[key] {
				return key
			}
		}
		return ""
	}, nil
}

// Keys are the keyed ids of those whom a list holds.
func (h *Holdings) Keys(l List) map[string]bool {
	out := map[string]bool{}
	for _, p := range h.lists[l] {
		out[p.key] = true
	}
	return out
}

// Next returns a copy for the next run to change; Set and Keep replace the people of a list and never change them in
// place. Removals stay owed while their destination waits, those of people who are forgotten for 25 days at most.
func (h *Holdings) Next(t Told) *Holdings {
	next := &Holdings{Told: t, lists: maps.Clone(h.lists), owed: map[List][]holding{}}
	for l, owed := range h.owed {
		if !t.owes(l.Destination) {
			continue
		}
		for _, p := range owed {
			if !p.erased && t.erases(l.Destination, p.key) {
				p.erased, p.at = true, t.At
			}
			if !p.erased || t.At-p.at <= erasureTerm {
				next.owed[l] = append(next.owed[l], p)
			}
		}
	}
	return next
}

// Set makes told (entry and subject, in byte order of the entries) what a list holds, made with a profile; who was held
// before keeps the run that added him. It returns how many entries stay though whoever they were told for does not:
// they are somebody else's as well.
func (h *Holdings) Set(l List, profile string, told iter.Seq2[string, string], ring *keys.Ring) (inherited int,
	_ error,
) {
	keyer, err := ring.Keyer(keys.Dest(l.Destination))
	if err != nil {
		return 0, fmt.Errorf("key the members of %s: %w", l.Destination, err)
	}
	all := h.lists[l]
	before := all
	delete(h.lists, l)
	held := make([]holding, 0, len(all)+len(all)/8)
	for entry, subject := range told {
		p := holding{
			key: keyer.Key(keys.NewID(subject)), entry: entry, profile: profile, runID: h.RunID, marker: h.Marker, at: h.At,
			heard: !h.waits(l.Destination),
		}
		for len(before) > 0 && before[0].entry < entry {
			before = before[1:]
		}
		if len(before) > 0 && before[0].entry == entry {
			if was, _ := keys.NumberOf(before[0].key); was == keyer.Number() && before[0].key != p.key {
				inherited++
			}
			p.runID, p.marker, p.at, p.heard = before[0].runID, before[0].marker, before[0].at, before[0].heard || p.heard
		}
		held = append(held, p)
	}
	h.leave(l, all, held)
	if len(held) > 0 {
		h.lists[l] = held
	}
	return inherited, nil
}

// Keep leaves a list as it is, but for the entries that are not in keep, which is in byte order.
func (h *Holdings) Keep(l List, keep []string) {
	var held []holding
	for _, p := range h.lists[l] {
		if _, stays := slices.BinarySearch(keep, p.entry); stays {
			held = append(held, p)
		}
	}
	h.leave(l, h.lists[l], held)
	delete(h.lists, l)
	if len(held) > 0 {
		h.lists[l] = held
	}
}

// formatVersion is that of holdings. Format 1 had neither kind nor part: its profile was the kind. Format 2 knew no
// acknowledgements: who was told had heard.
const formatVersion = 3

// The actions of format 3.
const (
	added   = "add"
	removed = "remove"
	erased  = "erase" // the removal of somebody who is forgotten
)

// Keys and identifiers hardly ever repeat within a list: they are written and read as ids of events are, without
// looking for equal ones.
var schema = &rules.Schema{Name: "holdings", Columns: []rules.Column{
	{Name: "format", Type: integer},
	{Name: "destination", Type: text},
	{Name: "segment", Type: text},
	{Name: "kind", Type: text, Optional: true},
	{Name: "part", Type: text, Optional: true},
	{Name: "profile", Type: text},
	{Name: "member_key", Type: text, Role: rules.RoleEventID},
	{Name: "identifier", Type: text, Role: rules.RoleEventID},
	{Name: "action", Type: text},
	{Name: "run_id", Type: text},
	{Name: "marker", Type: integer, Optional: true},
	{Name: "told_at", Type: instant, Optional: true},
	{Name: "acknowledged", Type: boolean, Optional: true},
}}

var holdingsTable = table{what: "the holdings", its: "their", it: "them", format: formatVersion, schema: schema}

// Write returns the holdings as an encrypted Parquet object; equal holdings have equal plain bytes.
func (h *Holdings) Write(ring *keys.Ring) ([]byte, error) {
	columns := make([]parquet.Values, len(schema.Columns)-1)
	key, entry := &columns[5].Text, &columns[6].Text
	marker, at, heard := &columns[9].Ints, &columns[10].Ints, &columns[11].Ints
	rows, words, last := 0, map[string]int32{}, [len(wordColumns)]string{}
	var codes [len(wordColumns)]int32
	write := func(l List, p *holding, action string) {
		of := [len(wordColumns)]string{l.Destination, l.Segment, l.Kind, l.Part, p.profile, action, p.runID}
		for i, column := range wordColumns {
			if rows == 0 || of[i] != last[i] {
				codes[i] = coded(words, of[i])
			}
			columns[column].Codes = append(columns[column].Codes, codes[i])
		}
		last = of
		*key, *entry = append(*key, p.key), append(*entry, p.entry)
		*marker, *at, *heard = append(*marker, p.marker), append(*at, p.at), append(*heard, asInt(p.heard))
		rows++
	}
	for _, l := range h.Lists() {
		for i := range h.lists[l] {
			write(l, &h.lists[l][i], added)
		}
		for i := range h.owed[l] {
			write(l, &h.owed[l][i], h.owed[l][i].removal())
		}
	}
	dictionary := make([]string, len(words))
	for word, code := range words {
		dictionary[code] = word
	}
	for _, column := range wordColumns {
		columns[column].Dictionary = dictionary
	}
	return holdingsTable.seal(ring, rows, columns...)
}

// wordColumns are the columns, after the format, in which few words stand in many rows.
var wordColumns = [...]int{0, 1, 2, 3, 4, 7, 8}

// coded is the number of a word, a new one for a new word.
func coded(words map[string]int32, word string) int32 {
	code, known := words[word]
	if !known {
		code = int32(len(words))
		words[word] = code
	}
	return code
}

// Read decrypts and checks holdings.
func Read(sealed []byte, ring *keys.Ring) (*Holdings, error) {
	h := Empty()
	if err := holdingsTable.open(sealed, ring, h.take); err != nil {
		return nil, err
	}
	for _, of := range []map[List][]holding{h.lists, h.owed} {
		for _, people := range of {
			slices.SortFunc(people, func(a, b holding) int { return strings.Compare(a.entry, b.entry) })
		}
	}
	return h, nil
}

// take adds the rows of a row group.
func (h *Holdings) take(g *parquet.RowGroup) error {
	t, err := texts(g, "destination", "segment", "kind", "part", "profile", "member_key", "identifier", "run_id", "action")
	if err != nil {
		return err
	}
	copies := make([][]string, len(t))
	for k := range t {
		copies[k] = t[k].Copies()
	}
	of := func(k, i int) string { return copies[k][t[k].Codes[i]] }
	var columns [3]arrow.Array
	for i, name := range []string{"marker", "told_at", "acknowledged"} {
		if columns[i], err = g.Column(name); err != nil {
			return err
		}
	}
	marker, at, heard := columns[0].(*array.Int64), columns[1].(*array.Timestamp), columns[2].(*array.Boolean)
	// Rows of one list and action lie together: lists are looked up once for each run of them.
	same := func(i, j int) bool {
		for _, k := range [...]int{0, 1, 2, 3, 4, 8} {
			if t[k].Codes[i] != t[k].Codes[j] {
				return false
			}
		}
		return true
	}
	for from, to := 0, 0; from < g.Rows(); from = to {
		for to = from + 1; to < g.Rows() && same(from, to); to++ {
		}
		l := List{Destination: of(0, from), Segment: of(1, from), Kind: of(2, from), Part: of(3, from)}
		if l.Kind == "" {
			l.Kind = of(4, from)
		}
		action := of(8, from)
		into := h.lists
		switch action {
		case added:
		case removed, erased:
			into = h.owed
		default:
			return fmt.Errorf("read the holdings: the action %q is none of this version", action)
		}
		people := slices.Grow(into[l], to-from)
		for i := from; i < to; i++ {
			p := holding{profile: of(4, i), key: of(5, i), entry: of(6, i), runID: of(7, i), erased: action == erased}
			p.heard = heard.IsNull(i) || heard.Value(i)
			if marker.IsValid(i) {
				p.marker, p.at = marker.Value(i), int64(at.Value(i))
			}
			people = append(people, p)
		}
		into[l] = people
	}
	return nil
}
