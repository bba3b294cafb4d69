package e20

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
)

// FloorColumns are the columns that a workload cannot do without: what its conditions test, who the row is of, and when
// it happened.
var FloorColumns = map[string][]string{
	"S1":   {"event", "page_path", "device_id", "customer_id", "event_time"},
	"S50":  {"event", "page_path", "device_id", "customer_id", "event_time", "site", "app", "value"},
	"S200": {"event", "page_path", "device_id", "customer_id", "event_time", "site", "app", "value"},
}

// Decode reads columns of all row groups of the log in a folder, with that many cursors, and does nothing with them:
// the floor. It returns how many rows there are.
func Decode(dir string, schema *rules.Schema, columns []string, cursors int) (rows int64, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "events", "dt=*", "*.parquet"))
	if err != nil {
		return 0, err
	}
	type unit struct {
		file  *parquet.File
		group int
	}
	var units []unit
	for _, name := range names {
		bytes, err := os.Open(name)
		if err != nil {
			return 0, fmt.Errorf("decode the log: %w", err)
		}
		defer bytes.Close()
		info, err := bytes.Stat()
		if err != nil {
			return 0, fmt.Errorf("decode the log: %w", err)
		}
		f, err := parquet.Open(bytes, info.Size(), name, schema, parquet.Limits{})
		if err != nil {
			return 0, err
		}
		rows += f.Rows()
		for i := range f.RowGroups() {
			units = append(units, unit{f, i})
		}
	}
	var next atomic.Int64
	var g errgroup.Group
	for range cursors {
		g.Go(func() error {
			var cursor parquet.Cursor
			for i := next.Add(1) - 1; i < int64(len(units)); i = next.Add(1) - 1 {
				group := cursor.Move(units[i].file, units[i].group)
				for _, name := range columns {
					if _, err := group.Column(name); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return rows, g.Wait()
}
