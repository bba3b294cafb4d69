package state

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v15/arrow/array"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// Tombstone stands for somebody who is forgotten: what was known of him up to then never counts again. It names him by
// a key that only the project's master key makes again. For ever is who was erased in the consent log; whom somebody
// asked to forget may come back as a new person.
type Tombstone struct {
	Kind    string // device or customer
	Key     string // under the sub-key for tombstones
	At      int64  // microseconds UTC
	Forever bool
}

// Tombstones are in the order of kind and key, one of each.
type Tombstones []Tombstone

// With are the tombstones with more; of one person the latest time counts, and for ever stays.
func (t Tombstones) With(more ...Tombstone) Tombstones {
	out := slices.Concat(t, more)
	slices.SortFunc(out, func(a, b Tombstone) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Key, b.Key), cmp.Compare(a.At, b.At))
	})
	n := 0
	for _, s := range out {
		if n > 0 && out[n-1].Kind == s.Kind && out[n-1].Key == s.Key {
			s.Forever = s.Forever || out[n-1].Forever
			out[n-1] = s
			continue
		}
		out[n] = s
		n++
	}
	return out[:n]
}

// Bury returns the tombstone of somebody.
func Bury(ring *keys.Ring, kind, id string, at int64, forever bool) (Tombstone, error) {
	k, err := ring.Keyer(keys.Tombstone)
	if err != nil {
		return Tombstone{}, fmt.Errorf("write a tombstone: %w", err)
	}
	return Tombstone{Kind: kind, Key: k.Key(keys.NewID(id)), At: at, Forever: forever}, nil
}

// Matcher returns a function that says whose tombstone there is, for any goroutine; it is nil where there are none. All
// master keys under which there are tombstones are tried.
func (t Tombstones) Matcher(ring *keys.Ring) (func(kind, id string) (Tombstone, bool), error) {
	if len(t) == 0 {
		return nil, nil
	}
	type name struct{ kind, key string }
	of, keyers := map[name]Tombstone{}, map[int]*keys.Keyer{}
	for _, s := range t {
		of[name{s.Kind, s.Key}] = s
		number, ok := keys.NumberOf(s.Key)
		if !ok || keyers[number] != nil {
			continue
		}
		var err error
		if keyers[number], err = ring.KeyerOf(number, keys.Tombstone); err != nil {
			return nil, fmt.Errorf("know the forgotten again: %w", err)
		}
	}
	var one sync.Mutex
	return func(kind, id string) (found Tombstone, ok bool) {
		one.Lock()
		defer one.Unlock()
		for _, k := range keyers {
			s, there := of[name{kind, k.Key(keys.NewID(id))}]
			if !there {
				continue
			}
			s.Forever, found.Forever = s.Forever || found.Forever, s.Forever || found.Forever
			if !ok || s.At > found.At {
				found, ok = s, true
			}
		}
		return found, ok
	}, nil
}

var tombstonesTable = table{what: "the tombstones", its: "their", it: "them", format: 1, schema: &rules.Schema{
	Name: "tombstones", Columns: []rules.Column{
		{Name: "format", Type: integer},
		{Name: "subject_type", Type: text},
		{Name: "key", Type: text},
		{Name: "at", Type: instant},
		{Name: "forever", Type: boolean},
	},
}}

// Write returns the tombstones as an encrypted Parquet object; equal ones have equal plain bytes.
func (t Tombstones) Write(ring *keys.Ring) ([]byte, error) {
	var kind, key, at, forever parquet.Values
	for _, s := range t {
		kind.Text, key.Text, at.Ints = append(kind.Text, s.Kind), append(key.Text, s.Key), append(at.Ints, s.At)
		forever.Ints = append(forever.Ints, asInt(s.Forever))
	}
	return tombstonesTable.seal(ring, len(t), kind, key, at, forever)
}

// ReadTombstones decrypts and checks tombstones.
func ReadTombstones(sealed []byte, ring *keys.Ring) (out Tombstones, err error) {
	err = tombstonesTable.open(sealed, ring, func(g *parquet.RowGroup) error {
		t, err := texts(g, "subject_type", "key")
		if err != nil {
			return err
		}
		at, err := g.Column("at")
		if err != nil {
			return err
		}
		forever, err := g.Column("forever")
		if err != nil {
			return err
		}
		for i := range g.Rows() {
			out = append(out, Tombstone{
				t[0].At(i), t[1].At(i), int64(at.(*array.Timestamp).Value(i)), forever.(*array.Boolean).Value(i),
			})
		}
		return nil
	})
	return out.With(), err
}
