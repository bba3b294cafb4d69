package folder_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/scan"
)

func TestADamagedObjectIsNamedWithItsFirstDamagedRowGroup(t *testing.T) {
	var out bytes.Buffer
	column := rules.Column{Name: "n", Type: value.Type{Kind: value.Float}}
	w, err := parquet.NewWriter(&out, []rules.Column{column}, parquet.WriterOptions{RowsPerGroup: 1})
	if err != nil {
		t.Fatal(err)
	}
	floats := []float64{1, 1, 1, 1.5, 1.5, 1.5, 1.5, 1.5}
	if err := errors.Join(w.Write(len(floats), []parquet.Values{{Floats: floats}}), w.Close()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.parquet"), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	bucket, err := store.Open(t.Context(), "file://"+dir, store.Options{Roots: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := bucket.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	column.Type.Kind = value.Integer
	schema := &rules.Schema{Columns: []rules.Column{column}}
	r := folder.Reading{Bucket: bucket, Objects: objects, Schema: schema, Workers: 4}
	for range 20 {
		err := r.Each(t.Context(), func(_ int, u scan.Unit, g *parquet.RowGroup) error {
			if u.RowGroup == 3 {
				time.Sleep(5 * time.Millisecond) // the workers of later row groups fail before
			}
			_, err := g.Column("n")
			return err
		})
		if bad, ok := errors.AsType[*folder.BadObject](err); !ok || !strings.Contains(bad.Error(), "row group 3:") {
			t.Fatal(err)
		}
	}
}
