package parquet_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

type corpusFile struct {
	File string `json:"file"`
	Want string `json:"want"`
	Read int64  `json:"read"`
	Note string `json:"note"`
}

// vectors returns the folder of shared vectors, or skips.
func vectors(t testing.TB, path ...string) string {
	t.Helper()
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	full := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("no vectors at %s: set MALGRUPP_VECTORS to their folder", full)
	}
	return full
}

func TestFilesOfOtherWritersReadOrAreRefused(t *testing.T) {
	root := vectors(t, "data", "parquet")
	manifest, err := os.Open(filepath.Join(root, "MANIFEST.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer manifest.Close()
	for lines := bufio.NewScanner(manifest); lines.Scan(); {
		var f corpusFile
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		t.Run(f.File, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(root, f.File))
			if err != nil {
				t.Fatal(err)
			}
			rows, err := readEverything(data, f.File)
			switch {
			case err != nil && !isDamaged(err):
				t.Errorf("want a DamagedError, got %v", err)
			case f.Want == "read" && err != nil:
				t.Errorf("must be read: %v", err)
			case f.Want == "read" && rows != f.Read:
				t.Errorf("read %d rows, want %d", rows, f.Read)
			case f.Want == "refuse" && err == nil:
				t.Errorf("must be refused (%s), read %d rows", f.Note, rows)
			}
			t.Logf("want %s: %d rows, error %v", f.Want, rows, err)
		})
	}
}

func isDamaged(err error) bool {
	_, ok := errors.AsType[*parquet.DamagedError](err)
	return ok
}

// readEverything decodes every column that a schema can name and returns the number of rows.
func readEverything(data []byte, name string) (rows int64, err error) {
	r := bytes.NewReader(data)
	schema, _, err := parquet.Infer(r, r.Size(), name)
	if err != nil {
		return 0, err
	}
	f, err := parquet.Open(r, r.Size(), name, schema, parquet.Limits{})
	if err != nil {
		return 0, err
	}
	var cursor parquet.Cursor
	for i := range f.RowGroups() {
		g := cursor.Move(f, i)
		for _, column := range schema.Columns {
			a, err := g.Column(column.Name)
			if err != nil {
				return rows, err
			}
			if a.Len() != g.Rows() {
				return rows, errors.New("a column has not the length of its row group")
			}
		}
		rows += int64(g.Rows())
	}
	return rows, nil
}
