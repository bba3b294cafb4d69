package parquet_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

type corpusFile struct {
	File     string `json:"file"`
	Want     string `json:"want"`
	Read     int64  `json:"read"`
	Note     string `json:"note"`
	Expected string `json:"expected"`
}

// vectors returns a folder of shared vectors, or skips.
func vectors(t testing.TB, path ...string) string {
	t.Helper()
	full, ok := findVectors(path...)
	if !ok {
		t.Skipf("no vectors at %s: set MALGRUPP_VECTORS to their folder", full)
	}
	return full
}

// findVectors returns where a folder of shared vectors should be, and whether it is there.
func findVectors(path ...string) (full string, ok bool) {
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	full = filepath.Join(append([]string{root}, path...)...)
	_, err := os.Stat(full)
	return full, err == nil
}

// corpus returns what the manifest says about the files of other writers, and where they lie.
func corpus(t testing.TB) (root string, files []corpusFile) {
	t.Helper()
	root = vectors(t, "data", "parquet")
	manifest, err := os.Open(filepath.Join(root, "MANIFEST.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer manifest.Close()
	lines := bufio.NewScanner(manifest)
	for lines.Scan() {
		var f corpusFile
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return root, files
}

// refusals is what the error of a refused file has to name beside the file: column and reason.
var refusals = map[string][]string{
	"datapage_v1-corrupt-checksum.parquet":               {`column "a"`, "checksum"},
	"rle-dict-uncompressed-corrupt-checksum.parquet":     {`column "long_field"`, "checksum"},
	"ARROW-RS-GH-6229-DICTHEADER.parquet":                {`column "name"`, "outside the object"},
	"ARROW-GH-41321.parquet":                             {`column "int64"`, "fewer values than it declares"},
	"negative_row_group_num_rows.parquet":                {"row group 0", "-1 rows"},
	"encrypt_columns_and_footer.parquet.encrypted":       {"encrypted"},
	"encrypt_columns_plaintext_footer.parquet.encrypted": {"encrypted"},
	"hadoop_lz4_compressed.parquet":                      {`column "c0"`, "compressed with LZ4", "not supported"},
	"column_chunk_key_value_metadata.parquet":            {"footer", "lacks a required field"},
	"nation.dict-malformed.parquet":                      {`column "name"`, "longer than its column chunk"},
}

func TestFilesOfOtherWritersReadOrAreRefused(t *testing.T) {
	root, files := corpus(t)
	for _, f := range files {
		t.Run(f.File, func(t *testing.T) {
			data := load(t, root, f.File)
			var rows int64
			var err error
			within(t, len(data), func() { rows, err = readEverything(data, f.File) })
			switch {
			case f.Want == "read" && err != nil:
				t.Errorf("must be read: %v", err)
			case f.Want == "refuse" && err == nil:
				t.Errorf("must be refused (%s), read %d rows", f.Note, rows)
			case err == nil && rows != f.Read && f.Want == "read":
				t.Errorf("read %d rows, want %d", rows, f.Read)
			case err != nil:
				names(t, err, f.File)
			}
		})
	}
}

// names checks that a refusal is a DamagedError that names the file, the column where one is concerned, and the reason.
func names(t *testing.T, err error, file string) {
	t.Helper()
	wanted, known := refusals[file]
	if !isDamaged(err) || !known {
		t.Errorf("an error that nobody expected: %v", err)
	}
	for _, part := range append(wanted, `"`+file+`"`) {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the refusal does not name %s: %v", part, err)
		}
	}
}

// A file may make its reader allocate what decompressors and the slack of runs need, and for each of its bytes what the
// best of dictionaries and run lengths in the corpus really hold. It has seconds to be read, however slow the machine.
const (
	freeBytes    = 1 << 20
	bytesPerByte = 64
	mostTime     = 10 * time.Second
)

// within runs read and checks that what it allocates, over its whole life, is justified by the size of what it reads.
func within(t testing.TB, size int, read func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	read()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if took > mostTime {
		t.Errorf("a file of %d bytes took %s", size, took)
	}
	if grown, most := after.TotalAlloc-before.TotalAlloc, uint64(freeBytes+bytesPerByte*size); grown > most {
		t.Errorf("a file of %d bytes took %d bytes of memory, at most %d are justified", size, grown, most)
	}
}

func TestABombOfOtherWritersIsRefusedForItsSize(t *testing.T) {
	const name = "large_string_map.brotli.parquet"
	data := load(t, vectors(t, "data", "parquet"), name)
	within(t, len(data), func() {
		_, err := read(data, &rules.Schema{Columns: []rules.Column{
			{Name: "n", From: "arr", Param: "k", Slot: "int", Type: value.Type{Kind: value.Integer}},
		}}, new(parquet.Cursor))
		if !isDamaged(err) || !strings.Contains(err.Error(), `column "n"`) ||
			!strings.Contains(err.Error(), "raise `limits`") {
			t.Errorf("two gigabytes in four thousand bytes: %v", err)
		}
	})
}

func load(t testing.TB, root, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// parquetFiles returns the paths of all Parquet files below root, sorted.
func parquetFiles(t testing.TB, root string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && filepath.Ext(path) == ".parquet" {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
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
