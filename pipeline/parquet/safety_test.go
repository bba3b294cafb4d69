package parquet_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// goodFiles are small files of many forms, to be damaged.
func goodFiles(t testing.TB) map[string][]byte {
	var texts, ints []any
	for i := range 400 {
		texts = append(texts, strings.Repeat("ab", i%9))
		ints = append(ints, int64(i*i))
		if i%5 == 0 {
			texts[i] = nil
		}
	}
	text, word := upstream.Optional(upstream.String()), upstream.Leaf(upstream.Int64Type)
	files := map[string][]byte{
		"dictionary":   single(t, upstream.Encoded(text, &upstream.RLEDictionary), texts),
		"delta text":   single(t, upstream.Encoded(text, &upstream.DeltaByteArray), texts),
		"delta length": single(t, upstream.Encoded(text, &upstream.DeltaLengthByteArray), texts),
		"delta":        single(t, upstream.Encoded(word, &upstream.DeltaBinaryPacked), ints),
		"gzip":         single(t, upstream.Compressed(word, &upstream.Gzip), ints),
		"zstd":         single(t, upstream.Compressed(word, &upstream.Zstd), ints),
		"small pages": single(t, upstream.Compressed(text, &upstream.Snappy), texts, upstream.PageBufferSize(100),
			upstream.DataPageVersion(1)),
		"brotli": single(t, upstream.Compressed(text, &upstream.Brotli), texts),
		"lz4":    single(t, upstream.Compressed(text, &upstream.Lz4Raw), texts),
	}
	files["pages"] = single(t, upstream.Compressed(word, &upstream.Snappy), ints, upstream.PageBufferSize(500))
	files["dictionary and pages"] = single(t, upstream.Encoded(text, &upstream.RLEDictionary), texts,
		upstream.PageBufferSize(100))
	files["row groups"] = single(t, upstream.Encoded(word, &upstream.RLEDictionary), ints,
		upstream.MaxRowsPerRowGroup(150))
	files["columns"] = twoColumns(t, ints)
	var out bytes.Buffer
	if err := upstream.Write(&out,
		[]gaEvent{{Name: "a", Params: []parameter{texted("page", "/a"), counted("n", 1)}}, {Name: "b"}}); err != nil {
		t.Fatal(err)
	}
	files["list"] = out.Bytes()
	return files
}

// twoColumns is a file of two columns of one type, whose values and pages differ.
func twoColumns(t testing.TB, ints []any) []byte {
	word := upstream.Leaf(upstream.Int64Type)
	var rows []upstream.Row
	for i, n := range ints {
		rows = append(rows, upstream.Row{upstream.ValueOf(n).Level(0, 0, 0), upstream.ValueOf(-int64(i)).Level(0, 0, 1)})
	}
	schema := upstream.NewSchema("t", upstream.Group{"a": word, "b": word})
	return file(t, schema, rows, upstream.PageBufferSize(1000), upstream.DataPageVersion(1))
}

// parameters are columns that lie in the list of the file of that name.
func parameters(optional bool) []rules.Column {
	param := func(name, key, slot string, kind value.Kind) rules.Column {
		return rules.Column{
			Name: name, From: "event_params", Param: key, Slot: slot, Type: value.Type{Kind: kind}, Optional: optional,
		}
	}
	return []rules.Column{
		param("n", "n", "int", value.Integer), param("p", "page", "string", value.Text),
		param("any number", "n", "number", value.Float), param("any text", "page", "text", value.Text),
	}
}

// readDamaged reads all it can, lists included; it may fail, but only in a way that names the object.
func readDamaged(t testing.TB, data []byte) {
	_, err := readEverything(data, "damaged")
	if err != nil && (!isDamaged(err) || !strings.Contains(err.Error(), `"damaged"`)) {
		t.Errorf("not a DamagedError of the object: %v", err)
	}
	r := bytes.NewReader(data)
	f, err := parquet.Open(r, r.Size(), "damaged", &rules.Schema{Columns: parameters(true)}, parquet.Limits{})
	if err != nil {
		return
	}
	var cursor parquet.Cursor
	for i := range f.RowGroups() {
		g := cursor.Move(f, i)
		for _, c := range parameters(true) {
			f.Bounds(i, c.Name)
			if a, err := g.Column(c.Name); err == nil {
				cells(a)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	seeds := goodFiles(f)
	maps.Copy(seeds, smallCorpus(f, func(corpusFile) bool { return true }))
	for _, name := range slices.Sorted(maps.Keys(seeds)) {
		f.Add(seeds[name])
	}
	f.Fuzz(func(t *testing.T, data []byte) { readDamaged(t, data) })
}

func TestABombIsRefusedBeforeItIsUnpacked(t *testing.T) {
	zeros := make([]any, 4<<20)
	for i := range zeros {
		zeros[i] = int64(0)
	}
	node := upstream.Compressed(upstream.Encoded(upstream.Leaf(upstream.Int64Type), &upstream.Plain), &upstream.Zstd)
	bomb := single(t, node, zeros, upstream.PageBufferSize(32<<20))
	if _, err := readOne(t, bomb, column(value.Integer)); !isDamaged(err) || !strings.Contains(err.Error(), "200 times") {
		t.Errorf("a page of zeros, %d bytes stored: %v", len(bomb), err)
	}
	small := single(t, node, zeros[:1<<17], upstream.PageBufferSize(1<<20))
	r := bytes.NewReader(small)
	schema := &rules.Schema{Columns: []rules.Column{column(value.Integer)}}
	for limits, ok := range map[parquet.Limits]bool{{}: true, {PageBytes: 1 << 18}: false, {ChunkBytes: 1 << 19}: false} {
		f, err := parquet.Open(r, r.Size(), "small", schema, limits)
		if err == nil {
			_, err = new(parquet.Cursor).Move(f, 0).Column("c")
		}
		if (err == nil) != ok || err != nil && (!isDamaged(err) || !strings.Contains(err.Error(), "raise `limits`")) {
			t.Errorf("limits %+v: %v", limits, err)
		}
	}
}

func TestFilesThatAreNoParquetSayWhy(t *testing.T) {
	good := single(t, upstream.String(), []any{"a"})
	huge := bytes.Clone(good)
	binary.LittleEndian.PutUint32(huge[len(huge)-8:], 1<<31)
	encrypted := append(bytes.Clone(good[:len(good)-4]), "PARE"...)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":       {nil, "too few"},
		"text":        {[]byte("event_id,event_time\n"), "not begin with PAR1"},
		"cut short":   {good[:len(good)-3], "not end with PAR1"},
		"long footer": {huge, "footer claims"},
		"encrypted":   {encrypted, "encrypted"},
	} {
		_, err := readEverything(c.data, "web/dt=2026-11-23/part-0.parquet")
		damaged, ok := errors.AsType[*parquet.DamagedError](err)
		if !ok || !strings.Contains(damaged.Reason, c.want) || !strings.Contains(err.Error(), "part-0") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// failing is a storage that breaks down after the footer.
type failing struct {
	io.ReaderAt
	broken bool
}

var errStorage = errors.New("connection reset")

func (f *failing) ReadAt(p []byte, offset int64) (int, error) {
	if f.broken {
		return 0, errStorage
	}
	return f.ReaderAt.ReadAt(p, offset)
}

func TestAStoragesFailureIsNotTheObjectsFault(t *testing.T) {
	data := single(t, upstream.String(), []any{"a"})
	r := &failing{ReaderAt: bytes.NewReader(data)}
	f, err := parquet.Open(r, int64(len(data)), "object", &rules.Schema{
		Columns: []rules.Column{column(value.Text)},
	}, parquet.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r.broken = true
	var cursor parquet.Cursor
	if _, err := cursor.Move(f, 0).Column("c"); !errors.Is(err, errStorage) || isDamaged(err) {
		t.Error(err)
	}
}

func TestBuffersAreReusedFromRowGroupToRowGroup(t *testing.T) {
	var in []any
	for i := range 50_000 {
		in = append(in, int64(i%300))
	}
	data := single(t, upstream.Compressed(upstream.Leaf(upstream.Int64Type), &upstream.Snappy), in,
		upstream.MaxRowsPerRowGroup(10_000))
	f, err := parquet.Open(bytes.NewReader(data), int64(len(data)), "t", &rules.Schema{
		Columns: []rules.Column{column(value.Integer)},
	}, parquet.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var cursor parquet.Cursor
	decode := func() {
		for i := range f.RowGroups() {
			if _, err := cursor.Move(f, i).Column("c"); err != nil {
				t.Fatal(err)
			}
		}
	}
	decode()
	if perGroup := testing.AllocsPerRun(10, decode) / float64(f.RowGroups()); perGroup > 12 {
		t.Errorf("%.0f allocations for a row group of one column", perGroup)
	}
}

func TestAFileWithoutRowsReads(t *testing.T) {
	got, err := readOne(t, single(t, upstream.String(), nil), column(value.Text))
	if diff := cmp.Diff([]any{}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}
