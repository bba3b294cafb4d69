package e20

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

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
