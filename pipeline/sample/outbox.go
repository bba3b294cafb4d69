package sample

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

const (
	secondMicros = int64(1_000_000)
	minuteMicros = 60 * secondMicros
	hourMicros   = 60 * minuteMicros
	dayMicros    = 24 * hourMicros
)

// outbox keeps the rows of a log until the UTC day of their arrival is over; days are counted from 1970-01-01.
type outbox[T any] map[int64][]T

func (o outbox[T]) add(arrival int64, row T) {
	day := arrival / dayMicros
	o[day] = append(o[day], row)
}

// take returns the rows of one day and forgets them.
func (o outbox[T]) take(day int64) []T {
	rows := o[day]
	delete(o, day)
	return rows
}

// log is where rows of one kind go: a folder with a file for each day of arrival.
type log[T any] struct {
	outbox[T]
	folder  string
	columns []rules.Column
	arrival func(*T) int64
	values  func(rows []T) []parquet.Values
}

// write writes the rows that arrived on a day before now, in the order of their arrival. A day without rows gets a file
// too: nothing happened, and that is known.
func (l *log[T]) write(root *os.Root, day, now int64) error {
	rows := l.arrived(day, now)
	return writeTable(root, partFile(l.folder, day), l.columns, func(w *parquet.Writer) error {
		return w.Write(len(rows), l.values(rows))
	})
}

// arrived takes a day's rows in order. Small keys are sorted in place of large rows.
func (l *log[T]) arrived(day, now int64) []T {
	type key struct {
		arrival int64
		row     int
	}
	rows := l.take(day)
	keys := make([]key, 0, len(rows))
	for i := range rows {
		if at := l.arrival(&rows[i]); at < now {
			keys = append(keys, key{at, i})
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.arrival, b.arrival), cmp.Compare(a.row, b.row))
	})
	out := make([]T, len(keys))
	for i, k := range keys {
		out[i] = rows[k.row]
	}
	return out
}

// partFile names the only file of a day's partition.
func partFile(folder string, day int64) string {
	return fmt.Sprintf("%s/dt=%s/part-0000.parquet", folder, value.DateOfDays(day))
}

// writeTable makes a file and lets fill write its rows.
func writeTable(root *os.Root, name string, columns []rules.Column, fill func(*parquet.Writer) error) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	err = func() error {
		w, err := parquet.NewWriter(buffered, columns, parquet.WriterOptions{})
		if err != nil {
			return err
		}
		if err := fill(w); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		return buffered.Flush()
	}()
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// columnOf is what some rows have in a column; the zero value is null where the column is optional.
func columnOf[T any, V comparable](rows []T, optional bool, of func(*T) V) (values []V, null []bool) {
	var none V
	values = make([]V, len(rows))
	if optional {
		null = make([]bool, len(rows))
	}
	for i := range rows {
		values[i] = of(&rows[i])
		if optional {
			null[i] = values[i] == none
		}
	}
	return values, null
}

func textOf[T any](rows []T, optional bool, text func(*T) string) (v parquet.Values) {
	v.Text, v.Null = columnOf(rows, optional, text)
	return v
}

func numberOf[T any](rows []T, optional bool, number func(*T) int64) (v parquet.Values) {
	v.Ints, v.Null = columnOf(rows, optional, number)
	return v
}
