package parquet_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// victim is a good file that is damaged again and again.
type victim struct {
	parquet.Anatomy
	name   string
	data   []byte
	schema *rules.Schema
	want   [][]any
	free   int // bytes that reading may take whatever the file's size
}

// brotliWindow is what a damaged stream may ask of brotli's decoder; where a stream is right, it takes what it needs.
const brotliWindow = 16 << 20

const defaultMutations = 4000

// TestDamageIsAnErrorOrTheSameRows makes as many damaged files as MALGRUPP_MUTATIONS says; each follows from its
// number.
func TestDamageIsAnErrorOrTheSameRows(t *testing.T) {
	n := defaultMutations
	if asked := os.Getenv("MALGRUPP_MUTATIONS"); asked != "" {
		var err error
		if n, err = strconv.Atoi(asked); err != nil {
			t.Fatalf("MALGRUPP_MUTATIONS is no number: %v", err)
		}
	}
	victims := victims(t)
	outcomes := map[string]int{}
	for i := range n {
		random := rand.New(rand.NewPCG(2026, uint64(i)))
		v, m := victims[i%len(victims)], mutations[i/len(victims)%len(mutations)]
		d := m.damage(random, v)
		outcomes[m.name+": "+v.judge(t, i, d)]++
	}
	for _, outcome := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%s %d", outcome, outcomes[outcome])
	}
}

// TestACutAtAnyPageBorderIsNoticed goes through all borders, one byte before and after each, with and without the
// footer put back behind the cut.
func TestACutAtAnyPageBorderIsNoticed(t *testing.T) {
	for _, v := range victims(t) {
		for i, border := range v.borders() {
			for by := -1; by <= 1; by++ {
				v.judge(t, i, v.cut(border+by, false))
				v.judge(t, i, v.cut(border+by, true))
			}
		}
	}
}

// TestLiesThatWentUnnoticedAreRefused: each of these was once read as other rows, without an error.
func TestLiesThatWentUnnoticedAreRefused(t *testing.T) {
	byName := map[string]*victim{}
	for name, data := range goodFiles(t) {
		byName[name] = newVictim(t, name, data)
	}
	flat, list, plain, columns := byName["delta text"], byName["list"], byName["zstd"], byName["columns"]
	delta := byName["delta"]
	for name, c := range map[string]struct {
		v    *victim
		data []byte
		want string
	}{
		"levels of a flat column": {flat, flat.withHeader(0, func(h *format.PageHeader) {
			h.DataPageHeaderV2.V.RepetitionLevelsByteLength += 1 << 10
		}), "levels"},
		"more levels than there are": {list, list.withHeader(1, func(h *format.PageHeader) {
			h.DataPageHeaderV2.V.RepetitionLevelsByteLength += 1 << 2
		}), "more bytes of levels than there are"},
		"plain values as split streams": {plain, plain.withHeader(0, func(h *format.PageHeader) {
			h.DataPageHeaderV2.V.Encoding = format.ByteStreamSplit
		}), "an encoding that the footer does not name"},
		"another column's page as dictionary": {columns, columns.assemble(columns.parts(), func(m *format.FileMetaData) {
			m.RowGroups[0].Columns[1].MetaData.DictionaryPageOffset = m.RowGroups[0].Columns[0].MetaData.DataPageOffset
		}), "points to a dictionary, and there is none"},
		"a checksum that is no int32, and other values": {delta, func() []byte {
			data := bytes.Clone(delta.data)
			data[12] ^= 1
			data[136] ^= 1 << 6
			return data
		}(), "a page header is damaged"},
		"a column of another name": {columns, columns.assemble(columns.parts(), func(m *format.FileMetaData) {
			m.Schema[1].Name = "c"
		}), "column \"c\" is called \"a\" where its data are"},
		"data of another name": {columns, columns.assemble(columns.parts(), func(m *format.FileMetaData) {
			m.RowGroups[0].Columns[0].MetaData.PathInSchema = []string{"a", "b"}
		}), "column \"a\" is called \"a.b\" where its data are"},
		"names swapped": {columns, columns.assemble(columns.parts(), func(m *format.FileMetaData) {
			m.Schema[1].Name, m.Schema[2].Name = "b", "a"
		}), "column \"b\" is called \"a\" where its data are"},
		"a name that is no UTF-8": {columns, columns.assemble(columns.parts(), func(m *format.FileMetaData) {
			m.Schema[1].Name = "\xe1"
			m.RowGroups[0].Columns[0].MetaData.PathInSchema = []string{"\xe1"}
		}), "UTF-8"},
	} {
		if _, err := read(c.data, c.v.schema, new(parquet.Cursor)); !isDamaged(err) ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// victims are files of our making in many forms and, where they are there, small files of other writers.
func victims(t testing.TB) (out []*victim) {
	files := goodFiles(t)
	maps.Copy(files, smallCorpus(t, func(f corpusFile) bool { return f.Want == "read" }))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out = append(out, newVictim(t, name, files[name]))
	}
	return out
}

// smallCorpus are the files of other writers up to a size; none where there is no corpus.
func smallCorpus(t testing.TB, wanted func(corpusFile) bool) map[string][]byte {
	const most = 16 << 10
	small := map[string][]byte{}
	if _, ok := findVectors("data", "parquet"); !ok {
		return small
	}
	root, files := corpus(t)
	for _, f := range files {
		if data := load(t, root, f.File); wanted(f) && len(data) <= most {
			small[f.File] = data
		}
	}
	return small
}

func newVictim(t testing.TB, name string, data []byte) *victim {
	t.Helper()
	v := &victim{name: name, data: data, free: freeBytes}
	if strings.Contains(name, "brotli") {
		v.free += brotliWindow
	}
	r := bytes.NewReader(data)
	var err error
	if v.schema, _, err = parquet.Infer(r, r.Size(), name); err != nil {
		t.Fatal(err)
	}
	for i := range v.schema.Columns {
		v.schema.Columns[i].Optional = true // a column that is not found reads as null
	}
	if name == "list" {
		v.schema.Columns = append(v.schema.Columns, parameters(false)...)
	}
	if v.Anatomy, err = parquet.Dissect(data); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, whole := range [][]byte{v.assemble(v.parts(), nil), data} {
		rows, err := read(whole, v.schema, new(parquet.Cursor))
		if err != nil || v.want != nil && !sameRows(rows, v.want) {
			t.Fatalf("%s: put together again, it is not the same file: %v", name, err)
		}
		v.want = rows
	}
	return v
}

func sameRows(a, b [][]any) bool {
	return slices.EqualFunc(a, b, slices.Equal[[]any])
}

// judge reads a damaged file and says what came of it: an error, the same rows, or other rows where that cannot be
// known.
func (v *victim) judge(t *testing.T, number int, d damaged) string {
	t.Helper()
	watchdog := time.AfterFunc(mostTime, func() {
		panic(fmt.Sprintf("mutation %d of %s hangs: %s", number, v.name, d.how))
	})
	defer watchdog.Stop()
	var rows [][]any
	var err error
	before := allocated()
	rows, err = read(d.data, v.schema, new(parquet.Cursor))
	taken := allocated() - before
	if most := uint64(v.free + bytesPerByte*len(v.data)); taken > most {
		t.Errorf("mutation %d of %s, %s: %d bytes took %d bytes of memory", number, v.name, d.how, len(d.data), taken)
	}
	switch {
	case err != nil:
		if !isDamaged(err) || !strings.Contains(err.Error(), `"table"`) {
			t.Errorf("mutation %d of %s, %s: not a DamagedError of the object: %v", number, v.name, d.how, err)
		}
		return "an error"
	case sameRows(rows, v.want):
		return "the same rows"
	case d.exact:
		t.Errorf("mutation %d of %s, %s: other rows without an error", number, v.name, d.how)
	}
	return "other rows"
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
