// Package feed reads the shop's click log and its answers to the consent question, and writes what a project of malgrupp
// needs beside the clicks: a consent log.
//
// In come the files of the enriched log; out come rows, events of consent and partitions of Parquet. The package decides
// nothing about anybody: who may be used for what is the business of the program and of the oracle.
package feed

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// Row is one line of the click log; times are microseconds UTC, absent values are nil.
type Row struct {
	ID       string  `parquet:"event_id"`
	Time     int64   `parquet:"event_time,timestamp(microsecond)"`
	Received int64   `parquet:"received_at,timestamp(microsecond)"`
	Event    string  `parquet:"event_name"`
	Platform string  `parquet:"platform"`
	Device   string  `parquet:"device_id"`
	Customer *string `parquet:"customer_id,optional"`
	Session  *string `parquet:"source_session,optional"`
	Country  *string `parquet:"country,optional"`
	URL      string  `parquet:"page_url"`
	Price    *int32  `parquet:"price,optional"`
}

// Days returns the names of a log's partitions, dt=2008-04-01 and so on, in order.
func Days(dir string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "dt=*"))
	if err != nil {
		return nil, fmt.Errorf("list the partitions of %s: %w", dir, err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	slices.Sort(found)
	return found, nil
}

// Rows reads every row of a click log, partition by partition.
func Rows(dir string) ([]Row, error) { return readTable[Row](dir) }

// readTable reads all objects of a partitioned log with parquet-go's own row reader.
func readTable[T any](dir string) ([]T, error) {
	files, err := filepath.Glob(filepath.Join(dir, "dt=*", "*.parquet"))
	if err != nil {
		return nil, fmt.Errorf("list the objects of %s: %w", dir, err)
	}
	slices.Sort(files)
	var out []T
	for _, name := range files {
		if out, err = appendObject(out, name); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return out, nil
}

func appendObject[T any](out []T, name string) ([]T, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := parquet.NewGenericReader[T](f)
	defer r.Close()
	at := len(out)
	out = append(out, make([]T, r.NumRows())...)
	for at < len(out) {
		n, err := r.Read(out[at:])
		at += n
		if err != nil && (!errors.Is(err, io.EOF) || at < len(out)) {
			return nil, err
		}
	}
	return out, nil
}

// WriteRows writes one object of a click log into a partition.
func WriteRows(dir, day, object string, rows []Row) error {
	folder := filepath.Join(dir, day)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make partition %s: %w", day, err)
	}
	f, err := os.Create(filepath.Join(folder, object))
	if err != nil {
		return fmt.Errorf("write an object of %s: %w", day, err)
	}
	w := parquet.NewGenericWriter[Row](f, parquet.Compression(&parquet.Snappy))
	_, err = w.Write(rows)
	return errors.Join(err, w.Close(), f.Close())
}

// CopyDays copies partitions of a log, as an exporter would have delivered them; days are names that Days returned.
func CopyDays(from, to string, days []string) error {
	for _, day := range days {
		if err := os.CopyFS(filepath.Join(to, day), os.DirFS(filepath.Join(from, day))); err != nil {
			return fmt.Errorf("copy partition %s: %w", day, err)
		}
	}
	return nil
}
