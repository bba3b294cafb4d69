package parquet_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// TestFilesHoldTheContentsTheirProjectsAssert compares every value of every column that a schema can name.
func TestFilesHoldTheContentsTheirProjectsAssert(t *testing.T) {
	root, files := corpus(t)
	compared := 0
	for _, f := range files {
		if f.Expected == "" {
			continue
		}
		compared++
		t.Run(f.File, func(t *testing.T) {
			table, _, _ := strings.Cut(f.Expected, " ")
			want := expectedRows(t, root, table)
			data := load(t, root, f.File)
			schema, left, err := parquet.Infer(bytes.NewReader(data), int64(len(data)), f.File)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range left {
				t.Logf("not compared: %s is a list, or a map of many values, in which no rule can name one value per row", path)
			}
			compareColumns(t, data, schema.Columns, want)
		})
	}
	if compared < 14 {
		t.Errorf("the manifest names expected contents of %d files only", compared)
	}
}

// compareColumns compares columns, which are the first of the file, with rows of raw cells.
func compareColumns(t *testing.T, data []byte, columns []rules.Column, want [][]any) {
	t.Helper()
	got, err := read(data, &rules.Schema{Columns: columns}, new(parquet.Cursor))
	if err != nil {
		t.Fatal(err)
	}
	for i, column := range columns {
		cells := []any{}
		for _, row := range want {
			cells = append(cells, cell(t, place(row, i, column.From), column.Type.Kind))
		}
		if diff := cmp.Diff(cells, got[i]); diff != "" {
			t.Errorf("column %s: %s", column.Name, diff)
		}
	}
}

// place finds the cell of the i-th column in a row; a struct's field lies in the object that has it.
func place(row []any, i int, path string) any {
	_, field, nested := strings.Cut(path, ".")
	if !nested {
		return row[i]
	}
	for _, cell := range row {
		if object, ok := cell.(map[string]any); ok && object[field] != nil {
			return object[field]
		}
	}
	return nil
}

// cell turns a cell of JSON or CSV into what cells returns of a column of that kind.
func cell(t *testing.T, raw any, kind value.Kind) any {
	t.Helper()
	text := ""
	switch raw := raw.(type) {
	case nil:
		return nil
	case bool:
		return map[bool]any{false: int64(0), true: int64(1)}[raw]
	case string:
		text = raw
	case json.Number:
		text = raw.String()
	}
	var v any = text
	var err error
	switch kind {
	case value.Integer, value.Timestamp:
		v, err = strconv.ParseInt(text, 10, 64)
	case value.Float:
		v, err = strconv.ParseFloat(text, 64)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// expectedRows reads a table of JSON (rows of cells), CSV (empty is null) or, of INT96, the microseconds in a text.
func expectedRows(t *testing.T, root, name string) (rows [][]any) {
	t.Helper()
	data := load(t, root, name)
	switch filepath.Ext(name) {
	case ".json":
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&rows); err != nil {
			t.Fatal(err)
		}
	case ".csv":
		r := csv.NewReader(bytes.NewReader(data))
		if !strings.Contains(name, "_expect") {
			r.Comma = '|'
		}
		lines, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if r.Comma == ',' {
			lines = lines[1:]
		}
		for _, line := range lines {
			rows = append(rows, nullable(line, ""))
		}
	case ".md":
		for _, value := range nullable(strings.Split(string(regexp.MustCompile(`(?m)^\d+, .*$`).Find(data)), ", "), "null") {
			rows = append(rows, []any{value})
		}
	}
	return rows
}

// nullable turns texts into cells, of which one text means null.
func nullable(texts []string, null string) (row []any) {
	for _, text := range texts {
		if text == null {
			row = append(row, nil)
			continue
		}
		row = append(row, text)
	}
	return row
}

// TestAMapIsReadByItsKeys reads what Infer leaves out: a map is a list of key and value, of which param() takes one.
func TestAMapIsReadByItsKeys(t *testing.T) {
	root := vectors(t, "data", "parquet")
	var schema rules.Schema
	keys := []string{"k1", "k2", "k3"}
	for _, key := range keys {
		schema.Columns = append(schema.Columns, rules.Column{
			Name: key, From: "int_map", Param: key, Slot: "int", Type: value.Type{Kind: value.Integer},
		})
	}
	got, err := read(load(t, root, "nullable.impala.parquet"), &schema, new(parquet.Cursor))
	if err != nil {
		t.Fatal(err)
	}
	const mapColumn = 3
	for i, key := range keys {
		want := []any{}
		for _, row := range expectedRows(t, root, "expected/nullable.impala.json") {
			entries, _ := row[mapColumn].(map[string]any)
			want = append(want, cell(t, entries[key], value.Integer))
		}
		if diff := cmp.Diff(want, got[i]); diff != "" {
			t.Errorf("key %s: %s", key, diff)
		}
	}
}
