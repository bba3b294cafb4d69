package kept

import (
	"context"
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// mostOfSize is how many times the bytes of an object its evidence may have: from there on reading the object is no
// dearer, though its rows have to be decoded and tested.
const mostOfSize = 2

// Gathering gathers what is worth keeping of an object while its row groups are read, by any number of goroutines.
type Gathering struct {
	store   *Store
	schema  *arrow.Schema // of the table
	entry   Entry
	mu      sync.Mutex
	left    int   // row groups to come
	room    int64 // bytes that may still be kept
	spoilt  bool
	pieces  []arrow.Record // by row group; nil: nothing is kept of it
	classes map[string]int
}

// Gather begins to keep an object of so many bytes, rows and row groups, as a run that knows what had arrived by an
// instant reads it.
func (s *Store) Gather(ctx context.Context, object string, of *rules.Schema, what scan.Keepsake,
	knownBy, size, rows int64, groups int,
) *Gathering {
	o := &Gathering{
		store: s, schema: schemaOf(of, what.Columns), left: groups, room: mostOfSize * keys.Padded(size),
		pieces:  make([]arrow.Record, groups),
		classes: map[string]int{},
		entry:   Entry{Of: object, Rows: rows, KnownBy: knownBy, Columns: what.Columns, Picks: what.Picks},
	}
	if groups == 0 {
		o.write(ctx)
	}
	return o
}

// Spoil says that the object cannot be kept.
func (o *Gathering) Spoil() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.spoilt = true
}

// Add takes rows of a row group, ascending, with their classes and what these are kept for. With the last row group the
// object is kept, beside what goes on; End waits for it.
func (o *Gathering) Add(ctx context.Context, group int, g scan.RowGroup, rows, classes []uint32,
	of func(class uint32) scan.KeptFor,
) error {
	o.mu.Lock()
	spoilt := o.spoilt
	o.mu.Unlock()
	if spoilt {
		return nil
	}
	var piece arrow.Record
	if len(rows) > 0 {
		var err error
		if piece, err = record(o.schema, g, group, rows, o.number(classes, of)); err != nil {
			return err
		}
	}
	o.mu.Lock()
	if o.spoilt {
		o.mu.Unlock()
		return nil
	}
	o.pieces[group] = piece
	o.left--
	if o.room -= bytesOf(piece); o.room < 0 {
		o.spoilt, o.pieces = true, nil
	}
	done := o.left == 0 && !o.spoilt
	o.mu.Unlock()
	if done {
		o.store.write.Go(func() error { o.write(ctx); return nil })
	}
	return nil
}

// number gives the classes of a worker their numbers in the object's table.
func (o *Gathering) number(classes []uint32, of func(class uint32) scan.KeptFor) []int32 {
	out, known := make([]int32, len(classes)), map[uint32]int32{}
	for i, c := range classes {
		if i > 0 && c == classes[i-1] {
			out[i] = out[i-1]
			continue
		}
		n, met := known[c]
		if !met {
			n = o.class(of(c))
			known[c] = n
		}
		out[i] = n
	}
	return out
}

func (o *Gathering) class(f scan.KeptFor) int32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := fmt.Sprint(f)
	n, known := o.classes[key]
	if !known {
		n = len(o.entry.Classes)
		o.classes[key] = n
		o.entry.Classes = append(o.entry.Classes, f)
	}
	return int32(n)
}

// write keeps the object. What cannot be written is not kept; the run goes on.
func (o *Gathering) write(ctx context.Context) {
	table := o.store.buffer()
	defer o.store.buffers.Put(table)
	err := encode(table, o.schema, o.pieces)
	o.pieces = nil
	if err == nil {
		err = o.store.put(ctx, &o.entry, table.Bytes())
	}
	if err != nil {
		o.store.log.Warn("evidence could not be kept; the next run reads the object again", "error", err)
	}
}
