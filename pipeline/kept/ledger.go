package kept

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// A folded consent log is kept in parts, so that several can be read at once, and a page of what was seen of each of
// its objects. Each is encrypted by itself; names are those of two sets in turn, so that a run that is killed wrote
// over nothing that is used (docs/adr/0027-the-folded-ledger-is-kept.md).

// Ledger is what is kept of a consent log. It is not changed any more.
type Ledger struct {
	Under   string // digest of all that folding depends on beside the log
	KnownBy int64
	Rows    int64 // of the objects that are in it
	Page    piece
	Parts   [consent.Parts]piece
}

// piece is an object of the storage.
type piece struct{ Name, Head string }

// LedgerPage is what a kept ledger says of the log as a whole.
type LedgerPage struct {
	Seed    uint64
	Objects []LedgerObject // by the numbers that the parts have for them
}

// LedgerObject is what was seen of one object of the consent log.
type LedgerObject struct {
	Of        string // the object and its version; "" of one of which nothing is kept
	Rows      int64
	Watermark int64
	Skewed    int64
	Days      map[int64]state.Day
	Acts      state.Acts
}

// Ledger returns the consent log that was folded under the same circumstances, by a run that knew no more than one that
// knows what had arrived by an instant; nil, if there is none.
func (s *Store) Ledger(under string, knownBy int64) *Ledger {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ledger == nil || s.ledger.Under != digest([]byte(under)) {
		return nil
	}
	s.needed = true
	if s.ledger.KnownBy > knownBy {
		return nil
	}
	return s.ledger
}

// Page reads what a kept ledger says of the log as a whole; it fails with *Damaged.
func (s *Store) Page(ctx context.Context, l *Ledger) (LedgerPage, error) {
	var p LedgerPage
	err := s.piece(ctx, l.Page, func(r io.Reader, _ int) error { return gob.NewDecoder(r).Decode(&p) })
	return p, err
}

// Part reads a part of a kept ledger, for so many purposes; it fails with *Damaged.
func (s *Store) Part(ctx context.Context, l *Ledger, part, purposes int) (out []consent.Folded, err error) {
	err = s.piece(ctx, l.Parts[part], func(r io.Reader, size int) error {
		out = make([]consent.Folded, consent.PartsShards)
		for i := range out {
			for _, c := range out[i].Columns() {
				if err := readColumn(r, c, size); err != nil {
					return err
				}
			}
			if !out[i].Fits(purposes) {
				return errors.New("its columns do not fit together")
			}
		}
		return nil
	})
	return out, err
}

// piece hands what is in a piece to read, with its size at most.
func (s *Store) piece(ctx context.Context, p piece, read func(r io.Reader, size int) error) error {
	sealed, err := s.bucket.ReadAll(ctx, p.Name, maxObject)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && head(sealed) != p.Head {
		err = errors.New("it is not what the index names")
	}
	var plain io.Reader
	if err == nil {
		plain, err = s.ring.DecryptState(bytes.NewReader(sealed))
	}
	if err == nil {
		err = read(plain, len(sealed))
	}
	if err == nil { // to the last byte, where it says that nothing is cut off
		_, err = io.Copy(io.Discard, plain)
	}
	if err != nil {
		return &Damaged{p.Name, err}
	}
	return nil
}

// A column is its length in bytes, then its values, little-endian.

func readColumn(r io.Reader, into any, most int) error {
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > uint64(most) || n%uint64(widthOf(into)) != 0 {
		return fmt.Errorf("a column has %d bytes, which cannot be", n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	switch c := into.(type) {
	case *[]byte:
		*c = b
	case *[]uint16:
		*c = arrow.Uint16Traits.CastFromBytes(b)
	case *[]uint32:
		*c = arrow.Uint32Traits.CastFromBytes(b)
	case *[]uint64:
		*c = arrow.Uint64Traits.CastFromBytes(b)
	case *[]int64:
		*c = arrow.Int64Traits.CastFromBytes(b)
	}
	return nil
}

func widthOf(column any) int {
	switch column.(type) {
	case *[]byte:
		return 1
	case *[]uint16:
		return 2
	case *[]uint32:
		return 4
	}
	return 8
}

func writeColumn(w io.Writer, column any) (n int, err error) {
	var b []byte
	switch c := column.(type) {
	case *[]byte:
		b = *c
	case *[]uint16:
		b = arrow.Uint16Traits.CastToBytes(*c)
	case *[]uint32:
		b = arrow.Uint32Traits.CastToBytes(*c)
	case *[]uint64:
		b = arrow.Uint64Traits.CastToBytes(*c)
	case *[]int64:
		b = arrow.Int64Traits.CastToBytes(*c)
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(b)))); err != nil {
		return 0, err
	}
	_, err = w.Write(b)
	return 8 + len(b), err
}

// LedgerKeeping keeps a ledger while it is folded; any number of goroutines may use it. A write that fails is warned
// of, and nothing is kept.
type LedgerKeeping struct {
	store  *Store
	set    string // what is in the names
	mu     sync.Mutex
	ledger Ledger
	failed bool
}

// KeepLedger begins to keep a ledger that was folded under some circumstances, by a run that knows what had arrived by
// an instant.
func (s *Store) KeepLedger(under string, knownBy int64, page LedgerPage) *LedgerKeeping {
	k := &LedgerKeeping{store: s, ledger: Ledger{Under: digest([]byte(under)), KnownBy: knownBy}}
	k.set = "a"
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ledger != nil && s.ledger.Page.Name == k.name("page") {
		k.set = "b"
	}
	for _, o := range page.Objects {
		k.ledger.Rows += o.Rows
	}
	return k
}

// Part keeps a part.
func (k *LedgerKeeping) Part(ctx context.Context, part int, of []consent.Folded) error {
	k.keep(ctx, fmt.Sprintf("part-%02d", part), &k.ledger.Parts[part], func(w io.Writer) (n int, err error) {
		for i := range of {
			for _, c := range of[i].Columns() {
				wrote, err := writeColumn(w, c)
				if n += wrote; err != nil {
					return n, err
				}
			}
		}
		return n, nil
	})
	return ctx.Err()
}

// End keeps the page, and the ledger with it.
func (k *LedgerKeeping) End(ctx context.Context, page LedgerPage) {
	k.keep(ctx, "page", &k.ledger.Page, func(w io.Writer) (int, error) {
		var b bytes.Buffer
		err := gob.NewEncoder(&b).Encode(page)
		if err == nil {
			_, err = w.Write(b.Bytes())
		}
		return b.Len(), err
	})
	if k.failed {
		return
	}
	k.store.mu.Lock()
	defer k.store.mu.Unlock()
	k.store.ledger, k.store.needed, k.store.fresh = &k.ledger, true, true
}

func (k *LedgerKeeping) name(piece string) string {
	return Folder + "ledger-" + k.set + "-" + piece + ".age"
}

// keep writes a piece, padded so that its size tells only roughly how much there is.
func (k *LedgerKeeping) keep(ctx context.Context, name string, into *piece, write func(io.Writer) (int, error)) {
	sealed := k.store.buffer()
	defer k.store.buffers.Put(sealed)
	w, err := k.store.ring.EncryptState(sealed)
	if err == nil {
		var n int
		if n, err = write(w); err == nil {
			_, err = w.Write(make([]byte, keys.Padded(int64(n))-int64(n)))
		}
	}
	if err == nil {
		err = w.Close()
	}
	into.Name = k.name(name)
	if err == nil {
		into.Head = head(sealed.Bytes())
		err = k.store.bucket.UploadBytes(ctx, into.Name, sealed.Bytes(), "application/octet-stream")
	}
	if err != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.failed = true
		k.store.log.Warn("the folded consent log could not be kept; the next run reads the log again", "error", err)
	}
}
