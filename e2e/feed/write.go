package feed

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

// WriteConsent writes events as objects of that name into the partitions of a consent log, by UTC day of recorded_at.
// Equal events give equal bytes, whatever their order.
func WriteConsent(dir, object string, events []Event) error {
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Recorded, b.Recorded), cmp.Compare(a.ID, b.ID))
	})
	for len(events) > 0 {
		day := partition(events[0].Recorded)
		n := 1
		for n < len(events) && partition(events[n].Recorded) == day {
			n++
		}
		if err := writeDay(filepath.Join(dir, day), object, events[:n]); err != nil {
			return fmt.Errorf("write consent partition %s: %w", day, err)
		}
		events = events[n:]
	}
	return nil
}

func partition(us int64) string { return "dt=" + time.UnixMicro(us).UTC().Format(time.DateOnly) }

func writeDay(folder, object string, events []Event) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(folder, object))
	if err != nil {
		return err
	}
	columns := decide.ConsentColumns()
	for i := range columns {
		columns[i].Optional = true // heartbeats have no subject
	}
	w, err := parquet.NewWriter(f, columns, parquet.WriterOptions{})
	if err == nil {
		err = errors.Join(w.Write(len(events), values(events)), w.Close())
	}
	return errors.Join(err, f.Close())
}

// values turns events into the columns of ConsentColumns; the empty text is null.
func values(events []Event) []parquet.Values {
	text := func(of func(*Event) string) parquet.Values {
		v := parquet.Values{Text: make([]string, len(events)), Null: make([]bool, len(events))}
		for i := range events {
			v.Text[i] = of(&events[i])
			v.Null[i] = v.Text[i] == ""
		}
		return v
	}
	at := func(of func(*Event) int64) parquet.Values {
		v := parquet.Values{Ints: make([]int64, len(events))}
		for i := range events {
			v.Ints[i] = of(&events[i])
		}
		return v
	}
	nothing := func(*Event) string { return "" }
	notice := parquet.Values{Ints: make([]int64, len(events)), Null: make([]bool, len(events))}
	for i := range events {
		notice.Ints[i], notice.Null[i] = events[i].Notice, events[i].Notice == 0
	}
	return []parquet.Values{
		text(func(e *Event) string { return e.ID }),
		text(func(e *Event) string { return e.Kind }),
		text(func(e *Event) string { return e.Subject }),
		text(func(e *Event) string { return e.Action }),
		text(func(e *Event) string { return e.Purpose }),
		at(func(e *Event) int64 { return e.At }),
		at(func(e *Event) int64 { return e.Recorded }),
		text(func(e *Event) string { return e.Source }),
		notice, text(func(e *Event) string { return e.TC }), text(nothing),
	}
}
