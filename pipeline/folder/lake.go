package folder

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// lakeTable says what kind of lakehouse table an object's name gives away, and the table's folder; "" for none.
func lakeTable(key string) (kind, folder string) {
	dir, name := path.Split(key)
	at := strings.TrimSuffix(dir, "/")
	switch path.Base(at) {
	case "_delta_log":
		return "Delta", path.Dir(at)
	case "metadata":
		// Old writers compress what they name: v3.metadata.json.gz.
		if stem := strings.TrimSuffix(name, ".gz"); strings.HasSuffix(stem, ".metadata.json") {
			return "Iceberg", path.Dir(at)
		}
	}
	if before, _, ok := strings.Cut("/"+dir, "/.hoodie/"); ok {
		return "Hudi", path.Clean("./" + before)
	}
	return "", ""
}

// noTable refuses a place that holds a lakehouse table, or lies in one: plain reading would bring back rows that the
// table's own log has erased or replaced.
func (s *Stores) noTable(ctx context.Context, place string, listing []store.Object) error {
	for _, o := range listing {
		if kind, _ := lakeTable(o.Key); kind != "" {
			return inTable(place, kind, o.Key)
		}
	}
	if at, ok := above(place); ok {
		return s.outside(ctx, place, at)
	}
	return nil
}

// Plain refuses a place that lies in a lakehouse table, where only some of its objects are read.
func (s *Stores) Plain(ctx context.Context, place string) error { return s.outside(ctx, place, place) }

// outside refuses a place if the folder at, or one above it, is that of a lakehouse table.
func (s *Stores) outside(ctx context.Context, place, at string) error {
	s.mu.Lock()
	known := s.plain[at]
	s.mu.Unlock()
	first := at
	for ok := !known; ok; at, ok = above(at) {
		bucket, err := s.Open(ctx, at)
		if err != nil {
			break // what lies above may be nobody's to look at
		}
		for _, log := range []string{"_delta_log/", "metadata/", ".hoodie/"} {
			objects, err := bucket.List(ctx, log)
			if err != nil {
				continue
			}
			for _, o := range objects {
				// Another table may lie below a folder of that name.
				if kind, folder := lakeTable(o.Key); kind != "" && folder == "." {
					return inTable(place, kind, bucket.URL()+o.Key)
				}
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plain[first] = true
	return nil
}

// above is the folder above a place.
func above(place string) (string, bool) {
	u, err := url.Parse(place)
	if err != nil {
		return "", false
	}
	query := u.Query()
	at := strings.Trim(u.Path+query.Get("prefix"), "/")
	if at == "" {
		return "", false
	}
	query.Del("prefix")
	parent := path.Dir("/" + at)
	u.Path, u.RawPath, u.RawQuery = strings.TrimSuffix(parent, "/")+"/", "", query.Encode()
	return u.String(), true
}

func inTable(place, kind, key string) error {
	return fault.BadInput("LAKE_TABLE",
		fmt.Sprintf("list %s: it belongs to %s table (%s), whose files are not its rows: some are erased or replaced", place,
			map[string]string{"Delta": "a Delta", "Iceberg": "an Iceberg", "Hudi": "a Hudi"}[kind], key),
		"export the table as plain Parquet to a folder of its own; snapshots of tables are not read in this version")
}
