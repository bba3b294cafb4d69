package parquet_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// named reads a file's inferred columns by name.
func named(t *testing.T, data []byte) map[string][]any {
	t.Helper()
	schema, _, err := parquet.Infer(bytes.NewReader(data), int64(len(data)), "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(data, schema, new(parquet.Cursor))
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]any{}
	for i, c := range schema.Columns {
		columns[c.Name] = got[i]
	}
	return columns
}

// TestTablesOfImpalaFollowFromTheirIDs reads the table that Impala tests with in four encodings: every column but the
// order of its rows is a function of the id.
func TestTablesOfImpalaFollowFromTheirIDs(t *testing.T) {
	root := vectors(t, "data", "parquet")
	for name, perDay := range map[string]int64{
		"alltypes_plain.parquet": 2, "alltypes_plain.snappy.parquet": 2, "alltypes_dictionary.parquet": 2,
		"alltypes_tiny_pages.parquet": 10,
	} {
		got := named(t, load(t, root, name))
		want := map[string][]any{}
		for _, id := range got["id"] {
			for column, v := range impalaRow(id.(int64), perDay) {
				want[column] = append(want[column], v)
			}
		}
		if perDay == 10 { // its times went through the zone of the machine that wrote it, which nobody recorded
			delete(got, "timestamp_col")
			delete(want, "timestamp_col")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		slices.SortFunc(got["id"], func(a, b any) int { return int(a.(int64) - b.(int64)) })
		if len(slices.Compact(got["id"])) != len(got["bool_col"]) {
			t.Errorf("%s: an id comes twice", name)
		}
	}
}

// impalaRow is the row of an id. The small tables have two rows a month, the large one ten a day with the partition's
// year and month.
func impalaRow(id, per int64) map[string]any {
	n := id % per
	day := time.Date(2009, 1, 1+int(id/per), 0, 0, 0, 0, time.UTC)
	if per == 2 {
		day = time.Date(2009, time.Month(1+id/per), 1, 0, 0, 0, 0, time.UTC)
	}
	row := map[string]any{
		"id": id, "bool_col": 1 - id%2, "tinyint_col": n, "smallint_col": n, "int_col": n, "bigint_col": 10 * n,
		"float_col": float64(float32(1.1 * float64(n))), "double_col": 10.1 * float64(n),
		"date_string_col": day.Format("01/02/06"), "string_col": strconv.FormatInt(n, 10),
		"timestamp_col": day.Add(time.Duration(n) * time.Minute).UnixMicro(),
	}
	if per == 10 {
		row["year"], row["month"] = int64(day.Year()), int64(day.Month())
	}
	return row
}

func TestFilesWithTheSameRowsReadTheSame(t *testing.T) {
	root := vectors(t, "data", "parquet")
	plain, snappy := named(t, load(t, root, "alltypes_plain.parquet")),
		named(t, load(t, root, "alltypes_plain.snappy.parquet"))
	for column := range plain {
		if diff := cmp.Diff(plain[column][2:4], snappy[column]); diff != "" { // ids 6 and 7
			t.Errorf("%s: %s", column, diff)
		}
	}
	if diff := cmp.Diff(named(t, load(t, root, "brotli_compressed.parquet")),
		named(t, load(t, root, "lz4_raw_compressed.parquet"))); diff != "" {
		t.Errorf("brotli and LZ4: %s", diff)
	}
}

func TestFilesThatCountAreComplete(t *testing.T) {
	root := vectors(t, "data", "parquet")
	for name, c := range map[string]struct {
		column string
		n      int
		value  func(i int) any
	}{
		"concatenated_gzip_members.parquet": {"long_col", 513, func(i int) any { return int64(i + 1) }},
		"fastparquet_test.parquet":          {"f", 1000, func(i int) any { return float64(i) }},
		"repeated_no_annotation.parquet":    {"id", 6, func(i int) any { return int64(i + 1) }},
		"delta_length_byte_array.parquet": {"FRUIT", 1000, func(i int) any {
			return fmt.Sprintf("apple_banana_mango%d", i*i)
		}},
		"nulls.snappy.parquet":                      {"b_struct.b_c_int", 8, func(int) any { return nil }},
		"nested_maps.snappy.parquet":                {"c", 6, func(int) any { return 1.0 }},
		"dict-page-offset-zero.parquet":             {"l_partkey", 39, func(int) any { return int64(1552) }},
		"datapage_v2_empty_datapage.snappy.parquet": {"value", 1, func(int) any { return nil }},
	} {
		want := []any{}
		for i := range c.n {
			want = append(want, c.value(i))
		}
		if diff := cmp.Diff(want, named(t, load(t, root, name))[c.column]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestPartitionsOfSparkHoldEachNumberOnce: 48 files of one table, whose other columns are in the path only.
func TestPartitionsOfSparkHoldEachNumberOnce(t *testing.T) {
	paths := parquetFiles(t, filepath.Join(vectors(t, "data", "parquet"), "spark_hive_partitioned"))
	seen := map[any]bool{}
	rows := 0
	for _, path := range paths {
		nums := named(t, load(t, "", path))["num"]
		rows += len(nums)
		for _, n := range nums {
			seen[n] = true
		}
	}
	for n := range int64(2000) {
		if !seen[n] {
			t.Errorf("number %d is missing", n)
		}
	}
	if len(paths) != 48 || rows != 2000 {
		t.Errorf("%d files with %d rows, want 48 with 2,000", len(paths), rows)
	}
}

// TestClicksAreThoseOfTheirTable compares 165,474 real clicks with the CSV from which the file was made.
func TestClicksAreThoseOfTheirTable(t *testing.T) {
	root := vectors(t, "data", "clickstream", "eshop-2008")
	got := named(t, load(t, root, "eshop-2008.parquet"))
	z, err := gzip.NewReader(bytes.NewReader(load(t, root, "eshop-2008.csv.gz")))
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.Comma, r.ReuseRecord = ';', true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	header, lines := lines[0], lines[1:]
	if len(header) != len(got) {
		t.Errorf("%d columns, want %d", len(got), len(header))
	}
	for i, name := range header {
		if len(got[name]) != len(lines) {
			t.Fatalf("%s: %d rows, want %d", name, len(got[name]), len(lines))
		}
		for row, line := range lines {
			if fmt.Sprint(got[name][row]) != line[i] {
				t.Fatalf("%s, row %d: %v, want %s", name, row, got[name][row], line[i])
			}
		}
	}
}

// TestForeignFilesReadThroughASchemaOfOurs: columns under other names, and forms that need the schema's word.
func TestForeignFilesReadThroughASchemaOfOurs(t *testing.T) {
	root := vectors(t, "data", "parquet")
	timestamp, money := value.Type{Kind: value.Timestamp}, value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}
	const requests = "http_requests/date=2023-04-13/part-00000-e853fe2e-6f42-450c-8af1-4145b73a96c7-c000.snappy.parquet"
	for _, c := range []struct {
		file   string
		column rules.Column
		want   []any // the first rows
	}{
		{"aws_dms.parquet", rules.Column{From: "my_numeric", Type: money}, []any{int64(142713184759), int64(127264981981)}},
		{"aws_dms.parquet", rules.Column{From: "my_money", Type: money}, []any{int64(4763296975854), int64(1266405351171)}},
		{"parquet_net_decimals.parquet", rules.Column{
			From: "weight measure:WEIGHT(KG, 0)", Type: money,
		}, []any{int64(9300), int64(15500)}},
		{"aws_dms.parquet", rules.Column{
			From: "my_timestamp", Type: timestamp, Role: rules.RoleEventTime,
		}, []any{int64(1635694452458000), int64(1648945527534000)}},
		{"aws_dms.parquet", rules.Column{From: "id", Type: timestamp, Unit: "s"}, []any{int64(1_000_000), int64(2_000_000)}},
		{"aws_dms.parquet", rules.Column{From: "my_int", Type: money}, []any{int64(129849808100), int64(53143049300)}},
		{"test-timezone.parquet", rules.Column{
			From: "date", Type: timestamp,
		}, []any{int64(1701696000000000), int64(1701696300000000)}},
		{requests, rules.Column{
			From: "EdgeStartTimestamp", Type: timestamp, Zone: "UTC",
		}, []any{int64(1681430390000000), int64(1681430396000000)}},
		{requests, rules.Column{
			From: "EdgeStartTimestamp", Type: timestamp, Zone: "Europe/Helsinki",
		}, []any{int64(1681419590000000), int64(1681419596000000)}},
		{requests, rules.Column{From: "ClientRequestURI", Type: value.Type{Kind: value.Text}}, []any{"/", "/"}},
		{"mr_times.parq", rules.Column{
			From: "date_added", Type: timestamp, Role: rules.RoleEventTime, INT96: "utc",
		}, []any{int64(1470092881000000), int64(1470179282000000)}},
		{"parquet_net_decimals.parquet", rules.Column{
			From: "EventDate", Type: timestamp, INT96: "utc",
		}, []any{int64(1376956800000000), int64(1270080000000000)}},
		{"int96_from_spark.parquet", rules.Column{
			From: "a", Type: timestamp, INT96: "utc",
		}, []any{int64(1704141296123456), int64(1704070800000000)}},
		{"databricks_photon.zstd.parquet", rules.Column{
			From: "col-3877fd94-0973-4941-ac6b-646849a1ff65", Type: value.Type{Kind: value.Text},
		}, []any{"Mr. Daniel Ferguson MD", "Stephanie Mcgrath"}},
		{"nulls.snappy.parquet", rules.Column{
			From: "b_struct.b_c_int", Type: value.Type{Kind: value.Integer},
		}, []any{nil, nil}},
	} {
		c.column.Name = "ours"
		got, err := readColumn(load(t, root, c.file), c.file, c.column)
		if err != nil {
			t.Errorf("%s of %s: %v", c.column.From, c.file, err)
		} else if diff := cmp.Diff(c.want, got[:2]); diff != "" {
			t.Errorf("%s of %s: %s", c.column.From, c.file, diff)
		}
	}
}

func TestForeignFilesThatASchemaMisreadsAreRefusedByName(t *testing.T) {
	root := vectors(t, "data", "parquet")
	timestamp := value.Type{Kind: value.Timestamp}
	const requests = "http_requests/date=2023-04-13/part-00000-e853fe2e-6f42-450c-8af1-4145b73a96c7-c000.snappy.parquet"
	for _, c := range []struct {
		file   string
		column rules.Column
		want   string
	}{
		{"aws_dms.parquet", rules.Column{
			From: "my_money", Type: value.Type{Kind: value.Decimal, Precision: 18},
		}, "raise the scale"},
		{"parquet_net_decimals.parquet", rules.Column{
			From: "weight measure:WEIGHT(KG, 0)", Type: value.Type{Kind: value.Decimal, Precision: 18, Scale: 18},
		}, "lower the scale"},
		{"aws_dms.parquet", rules.Column{
			From: "my_numeric", Type: value.Type{Kind: value.Decimal, Precision: 6, Scale: 2},
		}, "widen the type"},
		{"aws_dms.parquet", rules.Column{From: "id", Type: timestamp}, "say with `unit`"},
		{requests, rules.Column{From: "EdgeStartTimestamp", Type: timestamp}, "say which with `zone`"},
		{"mr_times.parq", rules.Column{From: "date_added", Type: timestamp, Role: rules.RoleEventTime}, "say `int96: utc`"},
		{"nested_lists.snappy.parquet", rules.Column{From: "a", Type: value.Type{Kind: value.Text}}, "a group or a list"},
		{"aws_dms.parquet", rules.Column{From: "absent", Type: timestamp}, "no column \"absent\""},
	} {
		c.column.Name = "ours"
		_, err := readColumn(load(t, root, c.file), c.file, c.column)
		if !isDamaged(err) {
			t.Errorf("%s of %s: %v", c.column.From, c.file, err)
			continue
		}
		for _, part := range []string{c.file, `column "ours"`, c.want} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the refusal does not name %s: %v", part, err)
			}
		}
	}
}

// readColumn reads one column of a file through a schema of that column alone.
func readColumn(data []byte, name string, column rules.Column) ([]any, error) {
	f, err := parquet.Open(bytes.NewReader(data), int64(len(data)), name, &rules.Schema{
		Columns: []rules.Column{column},
	}, parquet.Limits{})
	if err != nil {
		return nil, err
	}
	var cursor parquet.Cursor
	out := []any{}
	for i := range f.RowGroups() {
		a, err := cursor.Move(f, i).Column(column.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, cells(a)...)
	}
	return out, nil
}
