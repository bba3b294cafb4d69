// Package kept keeps evidence between runs: of each object of a log the rows that conditions want, so that tomorrow's
// run reads only what is new.
//
// In come rows of an object as they are read; out come the same rows in a later run that asks for no more. What is kept
// is an Arrow table an object, encrypted to the project's state identity, and an index that names its digest. It is
// never trusted: what is missing, damaged, of another object, schema or program is read from the log again. It knows
// no consent and no windows; these are asked anew in every run (docs/adr/0024-evidence-is-kept.md).
package kept

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// Folder is where evidence lies among the state of a project.
const Folder = "kept/"

const (
	indexName = Folder + "index.age"
	format    = 2
	maxIndex  = 1 << 30
	maxObject = 8 << 30
	writers   = 2 // at once
)

// Store is the evidence of a project in one run. Any number of goroutines may use it.
type Store struct {
	bucket *store.Bucket
	ring   *keys.Ring
	log    *slog.Logger
	under  string // digest of what else evidence depends on
	writes bool

	mu    sync.Mutex
	index map[string]*Entry // by the object that it is of
	named map[string]bool   // objects that this run asked for: what nobody asks for goes
	fresh bool              // the index is not as it lies in the storage

	ledger *Ledger // the folded consent log; nil: none
	needed bool    // this run asked for it

	write   errgroup.Group // of objects, which waits for the storage while others are read
	buffers sync.Pool      // of what is written
}

func (s *Store) buffer() *bytes.Buffer {
	b, ok := s.buffers.Get().(*bytes.Buffer)
	if !ok {
		b = new(bytes.Buffer)
	}
	b.Reset()
	return b
}

// Entry is what is kept of an object. It is not changed any more.
type Entry struct {
	Of      string // the object, its version and how it was read
	Name    string // of the object that holds the evidence
	Head    string // digest of its beginning
	Size    int64  // of it, in bytes
	Rows    int64  // of the object, worth keeping or not
	KnownBy int64  // of the run that read it
	Columns []string
	Picks   []scan.KeptPick
	Classes []scan.KeptFor
}

// index is how entries lie in the storage: the picks of each by number.
type index struct {
	Format  int
	Under   string
	Keys    []string
	Entries []indexed
	Ledger  *Ledger
}

type indexed struct {
	Entry
	Picks [][2]int64 // number of the key, and from when on
}

// Open reads what earlier runs kept under the same circumstances: program, and people who are forgotten, of whom
// nothing may be left. Without writes nothing is changed. Evidence that cannot be read is none.
func Open(ctx context.Context, b *store.Bucket, ring *keys.Ring, under string, writes bool, log *slog.Logger) *Store {
	s := &Store{
		bucket: b, ring: ring, log: log, under: digest([]byte(under)), writes: writes,
		index: map[string]*Entry{}, named: map[string]bool{},
	}
	s.write.SetLimit(writers)
	var in index
	sealed, err := b.ReadAll(ctx, indexName, maxIndex)
	if err == nil {
		err = s.decode(sealed, &in)
	}
	switch {
	case store.CodeOf(err) == store.NotFound:
		return s
	case err != nil:
		log.Warn("kept evidence could not be read; the log is read again", "error", err)
	case in.Format == format && in.Under == s.under:
		s.ledger = in.Ledger
		for i := range in.Entries {
			e := in.Entries[i].entry(in.Keys)
			if e == nil {
				log.Warn("kept evidence has no valid index; the log is read again")
				clear(s.index)
				s.ledger = nil
				break
			}
			s.index[e.Of] = e
		}
	}
	s.fresh = len(s.index) == 0 && s.ledger == nil // what lies there is no longer named
	return s
}

// entry gives picks their keys back; nil where the index contradicts itself.
func (i *indexed) entry(keys []string) *Entry {
	e := i.Entry
	e.Picks = make([]scan.KeptPick, len(i.Picks))
	for k, p := range i.Picks {
		if p[0] < 0 || p[0] >= int64(len(keys)) {
			return nil
		}
		e.Picks[k] = scan.KeptPick{Key: keys[p[0]], From: p[1]}
	}
	for _, c := range e.Classes {
		if slices.ContainsFunc(c.Picks, func(pick int) bool { return pick < 0 || pick >= len(e.Picks) }) {
			return nil
		}
	}
	return &e
}

func (s *Store) decode(sealed []byte, into *index) error {
	var plain bytes.Buffer
	if err := s.unseal(&plain, sealed); err != nil {
		return err
	}
	return json.Unmarshal(bytes.TrimRight(plain.Bytes(), "\x00"), into)
}

func (s *Store) unseal(into *bytes.Buffer, sealed []byte) error {
	plain, err := s.ring.DecryptState(bytes.NewReader(sealed))
	if err != nil {
		return err
	}
	_, err = io.Copy(into, plain)
	return err
}

// Object names an object of a log and how its rows are read: of another version or by another schema it is another one.
func Object(place string, schema [32]byte, marks string, o store.Object) string {
	return fmt.Sprintf("%s\n%s\n%d %s\n%x\n%s", place, o.Key, o.Size, o.ETag, schema, marks)
}

// fewOfMany is how many times as many picks as are asked about make what is kept too much to read.
const fewOfMany = 4

// nameOf is the same for all versions of an object.
func nameOf(object string) string {
	place := strings.SplitAfterN(object, "\n", 3)
	return digest([]byte(strings.Join(place[:2], "")))[:32]
}

// Find returns what is kept of an object of so many bytes, if it answers what is asked by a run that knows more than
// the one that kept it. Columns and picks may be fewer than were kept; but for a few picks of many the object itself
// is read, where that is no more.
func (s *Store) Find(object string, size int64, asked scan.Keepsake, knownBy int64) (*Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named[object] = true
	e, ok := s.index[object]
	if !ok || e.KnownBy > knownBy || e.Size > size/2 && fewOfMany*len(asked.Picks) < len(e.Picks) {
		return nil, false
	}
	for _, name := range asked.Columns {
		if _, kept := slices.BinarySearch(e.Columns, name); !kept {
			return nil, false
		}
	}
	from := map[string]int64{}
	for _, p := range e.Picks {
		from[p.Key] = p.From
	}
	for _, p := range asked.Picks {
		if kept, ok := from[p.Key]; !ok || kept > p.From {
			return nil, false
		}
	}
	return e, true
}

// Number says which pick of a plan each of the entry's is, -1 for none.
func (e *Entry) Number(asked scan.Keepsake) []int {
	out := make([]int, len(e.Picks))
	for i, p := range e.Picks {
		out[i] = slices.IndexFunc(asked.Picks, func(a scan.KeptPick) bool { return a.Key == p.Key })
	}
	return out
}

// Damaged is evidence that is not as it was kept.
type Damaged struct {
	Name string // of the object that holds it
	Err  error
}

func (d *Damaged) Error() string {
	return fmt.Sprintf("read kept evidence %s: %v", d.Name, d.Err)
}

func (d *Damaged) Unwrap() error { return d.Err }

// Each hands the row groups of what is kept of an object to visit; what visit gets is valid until it returns. Before
// the first it is certain that all is there, as it was kept; else, and where visit fails, it returns *Damaged.
func (s *Store) Each(ctx context.Context, e *Entry, of *rules.Schema, visit func(scan.RowGroup) error) error {
	sealed, err := s.bucket.ReadAll(ctx, e.Name, maxObject)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && head(sealed) != e.Head {
		err = errors.New("it is not what the index names")
	}
	table := s.buffer()
	defer s.buffers.Put(table)
	if err == nil {
		err = s.unseal(table, sealed)
	}
	if err == nil {
		err = each(table.Bytes(), schemaOf(of, e.Columns), visit)
	}
	if err != nil {
		return &Damaged{e.Name, err}
	}
	return nil
}

// head is a digest of the beginning of what is sealed. A key of its own for every object is wrapped there, and under it
// nothing else can be put in the place of what follows.
func head(sealed []byte) string { return digest(sealed[:min(len(sealed), 4<<10)]) }

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Writes reports whether the run keeps evidence, not only uses it.
func (s *Store) Writes() bool { return s.writes }

// Distrust forgets all that was kept: where one table is not as the index says, others may not be, and a decision
// begins anew for each.
func (s *Store) Distrust() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.index)
	s.ledger, s.fresh = nil, true
}

// put keeps a table.
func (s *Store) put(ctx context.Context, e *Entry, table []byte) error {
	sealed := s.buffer()
	defer s.buffers.Put(sealed)
	if err := s.seal(sealed, table); err != nil {
		return err
	}
	e.Head, e.Size, e.Name = head(sealed.Bytes()), int64(sealed.Len()), Folder+nameOf(e.Of)+".arrow.age"
	if err := s.bucket.UploadBytes(ctx, e.Name, sealed.Bytes(), "application/octet-stream"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index[e.Of] = e
	s.fresh = true
	return nil
}

func (s *Store) seal(into *bytes.Buffer, plain []byte) error {
	w, err := s.ring.EncryptState(into)
	if err != nil {
		return err
	}
	if _, err := w.Write(plain); err != nil {
		return err
	}
	return w.Close()
}

// End waits for what is being written. With save, it writes the index, without what no object of this run is, and
// deletes what it does not name. What fails is only warned of: the next run reads the log again.
func (s *Store) End(ctx context.Context, save bool) {
	_ = s.write.Wait() // what failed was warned of
	if !s.writes || !save {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for object := range s.index {
		if !s.named[object] {
			delete(s.index, object)
			s.fresh = true
		}
	}
	if s.ledger != nil && !s.needed {
		s.ledger, s.fresh = nil, true
	}
	if !s.fresh {
		return
	}
	if err := s.save(ctx); err != nil {
		s.log.Warn("the index of kept evidence could not be written; the next run reads the log again", "error", err)
	}
}

func (s *Store) save(ctx context.Context) error {
	in := index{Format: format, Under: s.under, Ledger: s.ledger}
	number, names := map[string]int64{}, map[string]bool{indexName: true}
	for _, object := range slices.Sorted(maps.Keys(s.index)) {
		e := indexed{Entry: *s.index[object]}
		for _, p := range e.Entry.Picks {
			n, known := number[p.Key]
			if !known {
				n = int64(len(in.Keys))
				number[p.Key] = n
				in.Keys = append(in.Keys, p.Key)
			}
			e.Picks = append(e.Picks, [2]int64{n, p.From})
		}
		e.Entry.Picks = nil
		in.Entries = append(in.Entries, e)
		names[e.Name] = true
	}
	if s.ledger != nil {
		names[s.ledger.Page.Name] = true
		for _, p := range s.ledger.Parts {
			names[p.Name] = true
		}
	}
	plain, err := json.Marshal(in)
	if err != nil {
		return err
	}
	plain = append(plain, make([]byte, keys.Padded(int64(len(plain)))-int64(len(plain)))...)
	var sealed bytes.Buffer
	if err := s.seal(&sealed, plain); err != nil {
		return err
	}
	if err := s.bucket.UploadBytes(ctx, indexName, sealed.Bytes(), "application/octet-stream"); err != nil {
		return err
	}
	s.fresh = false
	return s.sweep(ctx, names)
}

// sweep deletes evidence that the index does not name.
func (s *Store) sweep(ctx context.Context, named map[string]bool) error {
	objects, err := s.bucket.List(ctx, Folder)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if !named[o.Key] {
			if err := s.bucket.Delete(ctx, o.Key); err != nil {
				return err
			}
		}
	}
	return nil
}
