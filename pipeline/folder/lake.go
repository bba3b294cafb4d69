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

// lakeTable says what kind of lakehouse table an object's name gives away, "" for none.
func lakeTable(key string) string {
	dir, name := path.Split(key)
	switch {
	case path.Base(dir) == "_delta_log":
		return "Delta"
	case path.Base(dir) == "metadata" && strings.HasSuffix(name, ".metadata.json"):
		return "Iceberg"
	case strings.Contains("/"+dir, "/.hoodie/"):
		return "Hudi"
	}
	return ""
}

// noTable refuses a place that holds a lakehouse table, or lies in one: plain reading would bring back rows that the
// table's own log has erased or replaced.
func (s *Stores) noTable(ctx context.Context, place string, listing []store.Object) error {
	for _, o := range listing {
		if kind := lakeTable(o.Key); kind != "" {
			return inTable(place, kind, o.Key)
		}
	}
	s.mu.Lock()
	known := s.plain[place]
	s.mu.Unlock()
	for at, ok := above(place); ok && !known; at, ok = above(at) {
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
				if kind := lakeTable(o.Key); kind != "" {
					return inTable(place, kind, bucket.URL()+o.Key)
				}
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plain[place] = true
	return nil
}

// above is the folder that a folder lies in; the root of a bucket lies in none.
func above(place string) (string, bool) {
	u, err := url.Parse(place)
	if err != nil {
		return "", false
	}
	at := strings.Trim(u.Path, "/")
	if at == "" {
		return "", false
	}
	parent := path.Dir("/" + at)
	u.Path, u.RawPath = strings.TrimSuffix(parent, "/")+"/", ""
	return u.String(), true
}

func inTable(place, kind, key string) error {
	return fault.BadInput("LAKE_TABLE",
		fmt.Sprintf("list %s: it belongs to %s table (%s), whose files are not its rows: some are erased or replaced", place,
			map[string]string{"Delta": "a Delta", "Iceberg": "an Iceberg", "Hudi": "a Hudi"}[kind], key),
		"export the table as plain Parquet to a folder of its own; snapshots of tables are not read in this version")
}
