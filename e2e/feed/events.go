// Package feed reads three real logs with their answers to the consent question, and writes what a project of malgrupp
// needs: objects of events and a consent log.
//
// In come the files of a log; out come rows, events of consent and objects of Parquet. The package decides nothing
// about anybody: who may be used for what is the business of the program and of the oracle.
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

// Row is one line of a log; times are microseconds UTC, absent values are nil. What only one of the logs has is not
// read from objects.
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
	GPC      *bool   `parquet:"gpc,optional"`
	Browser  *bool   `parquet:"browser_deny,optional"`
	TC       *string `parquet:"tc_string,optional"`
	App      *string `parquet:"-"`
	Content  string  `parquet:"-"`                   // orders versions of an event that arrived at one instant
	Agent    *string `parquet:"user_agent,optional"` // of the browser: what no schema names
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

// Rows reads every row of a click log, object by object.
func Rows(dir string) ([]Row, error) { return readTable[Row](dir) }

// readTable reads all objects of a log, in partitions or without, with parquet-go's own row reader.
func readTable[T any](dir string) ([]T, error) {
	var files []string
	for _, pattern := range []string{"*.parquet", filepath.Join("dt=*", "*.parquet")} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("list the objects of %s: %w", dir, err)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	var err error
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

// WriteRows writes one object of a click log into a partition; the empty day is a log without partitions.
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
