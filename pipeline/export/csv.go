package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// CSV reads lines that end with LF, CRLF or CR, and the header before them. Programs that write CSV for Excel put a
// byte order mark before it, and old spreadsheets end lines with a carriage return alone.
func CSV(r io.Reader, delimiter rune) (rows *csv.Reader, header []string, err error) {
	lines := &lineEnds{from: bufio.NewReaderSize(r, 1<<16)}
	if mark, err := lines.from.Peek(len(source.ByteOrderMark)); err == nil && string(mark) == source.ByteOrderMark {
		_, _ = lines.from.Discard(len(mark))
	}
	rows = csv.NewReader(lines)
	rows.Comma, rows.ReuseRecord = delimiter, true
	header, err = rows.Read()
	if err != nil {
		return nil, nil, errors.New("it is neither Parquet nor CSV with a header")
	}
	// Behind a line end that is not known as one, rows would be a part of the header, and the table empty.
	if slices.ContainsFunc(header, func(cell string) bool { return strings.ContainsFunc(cell, unprintable) }) {
		return nil, nil, errors.New("its header goes on behind something that is no line end: LF, CRLF or CR")
	}
	return rows, slices.Clone(header), nil
}

func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// lineEnds reads every end of a line as LF.
type lineEnds struct {
	from  *bufio.Reader
	after bool // the last byte was a CR
}

func (l *lineEnds) Read(b []byte) (n int, err error) {
	for n < len(b) {
		c, err := l.from.ReadByte()
		if err != nil {
			if n > 0 && err == io.EOF {
				return n, nil
			}
			return n, err
		}
		if after := l.after; after {
			l.after = false
			if c == '\n' {
				continue
			}
		}
		if c == '\r' {
			c, l.after = '\n', true
		}
		b[n] = c
		n++
	}
	return n, nil
}

// Limits of a CSV: what it may be, packed or not; how much more than it is stored as, beyond what little ones may; and
// rows that are gathered at once.
const (
	mostBytes  = 1 << 30
	mostRatio  = 200
	ratioFree  = 16 << 20
	rowsAtOnce = 1 << 16
	mostNames  = 2000
)

// tabled returns an object as Parquet: one that is CSV, packed by gzip or not, with a column of text for each of its
// own in which an empty cell is null. An object that is Parquet is returned as it is.
func tabled(r io.ReaderAt, size int64, delimiter rune) (io.ReaderAt, int64, error) {
	var magic [4]byte
	if n, err := r.ReadAt(magic[:], 0); err != nil && err != io.EOF {
		return nil, 0, storageFault{err}
	} else if string(magic[:n]) == "PAR1" {
		return r, size, nil
	}
	if size > mostBytes {
		return nil, 0, errors.New("it is CSV of more than 1 GiB: have it split, or exported as Parquet")
	}
	storage := &failing{r: io.NewSectionReader(r, 0, size)}
	var from io.Reader = storage
	if bytes.HasPrefix(magic[:], gzipMagic) {
		unpacked, err := gzip.NewReader(from)
		if err != nil {
			return nil, 0, errors.New("it begins like gzip and is none")
		}
		from = &io.LimitedReader{R: unpacked, N: min(mostBytes, mostRatio*size+ratioFree)}
	}
	table, err := written(from, delimiter)
	switch left, packed := from.(*io.LimitedReader); {
	case storage.err != nil:
		return nil, 0, storageFault{storage.err}
	case packed && left.N <= 0:
		return nil, 0, errors.New("it unpacks to more than 1 GiB, or to more than 200 times what is stored")
	case err != nil:
		return nil, 0, err
	}
	return bytes.NewReader(table), int64(len(table)), nil
}

// Delimiter is what stands between the names of a CSV's header most often; 0 for an object that is Parquet, or whose
// header cannot be read.
func Delimiter(r io.ReaderAt, size int64) rune {
	head := make([]byte, 1<<16)
	n, err := r.ReadAt(head[:min(size, int64(len(head)))], 0)
	if err != nil && err != io.EOF || bytes.HasPrefix(head, []byte("PAR1")) {
		return 0
	}
	head = head[:n]
	if bytes.HasPrefix(head, gzipMagic) {
		if unpacked, err := gzip.NewReader(bytes.NewReader(head)); err == nil {
			head, _ = io.ReadAll(io.LimitReader(unpacked, 1<<16)) // what is cut off lies behind the header
		}
	}
	line, _, _ := strings.Cut(strings.ReplaceAll(string(head), "\r", "\n"), "\n")
	most := ','
	for _, d := range ";\t|" {
		if strings.Count(line, string(d)) > strings.Count(line, string(most)) {
			most = d
		}
	}
	return most
}

var gzipMagic = []byte{0x1f, 0x8b}

// storageFault is what the storage said, not what is wrong with the object.
type storageFault struct{ error }

// failing remembers what the storage said, so that nobody takes it for the object's fault.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// written writes a CSV as a table.
func written(from io.Reader, delimiter rune) ([]byte, error) {
	rows, header, err := CSV(from, delimiter)
	if err != nil {
		return nil, err
	}
	if len(header) > mostNames {
		return nil, fmt.Errorf("it has %d columns, more than %d", len(header), mostNames)
	}
	columns, values := make([]rules.Column, len(header)), make([]parquet.Values, len(header))
	for i, name := range header {
		if name == "" || slices.Contains(header[:i], name) {
			return nil, errors.New("its header has an empty name, or one twice")
		}
		columns[i] = rules.Column{Name: name, Type: value.Type{Kind: value.Text}, Optional: true}
	}
	var out bytes.Buffer
	w, err := parquet.NewWriter(&out, columns, parquet.WriterOptions{})
	if err != nil {
		return nil, err
	}
	n := 0
	flush := func() error {
		err := w.Write(n, values)
		for i := range values {
			values[i].Text, values[i].Null = values[i].Text[:0], values[i].Null[:0]
		}
		n = 0
		return err
	}
	for {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, broken(err)
		}
		for i, cell := range row {
			values[i].Text, values[i].Null = append(values[i].Text, cell), append(values[i].Null, cell == "")
		}
		if n++; n == rowsAtOnce {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// broken is the fault of a line, without what stands in it.
func broken(err error) error {
	if at, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("its line %d is no CSV (%w): quotes that do not close, another number of cells than the header, "+
			"or another delimiter", at.Line, at.Err)
	}
	return err
}
