// Package inspect says what lies in a log: how its objects are written, what columns hold, which days are there, where
// a log departs from its schema, and what the linter asks the logs.
//
// In come Parquet objects, with a schema or without one; out come profiles, partitions, drifts, a proposed schema and
// counts of rows, never a value of a person unless values were asked for. It decides about nobody and writes nothing.
package inspect

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/value"
)

// InspectOptions say how much of a log is looked at.
type InspectOptions struct {
	Objects int    // newest objects that are opened; 0 means 1
	Rows    int64  // rows of each object whose values are looked at, by whole row groups; at least one row group is
	Values  bool   // samples are values as they stand, not masked
	Name    string // of the proposed schema; "" takes it from the URL
	Watch   func(decide.Progress)
}

// Inspection is what was found in a log. Unless values were asked for it holds none but times, and keys of key-value
// lists.
type Inspection struct {
	URL         string            `json:"url"`
	Listed      int               `json:"listed_objects"` // without those that writers leave beside their data
	ListedBytes int64             `json:"listed_bytes"`
	Partition   string            `json:"partition,omitempty"` // what date folders begin with, such as dt=
	First       string            `json:"first_partition,omitempty"`
	Last        string            `json:"last_partition,omitempty"`
	Objects     []InspectedObject `json:"objects"` // that were opened, newest first
	Rows        int64             `json:"rows"`    // of these
	Sampled     int64             `json:"rows_looked_at"`
	Columns     []InspectedColumn `json:"columns"`
	Crowded     []string          `json:"lists_with_too_many_keys,omitempty"`
	LooksLike   []string          `json:"looks_like,omitempty"` // shipped schemas that fit as they are
	Proposal    Proposal          `json:"proposal"`
}

// InspectedObject is an object that was opened.
type InspectedObject struct {
	Key       string `json:"key"`
	Size      int64  `json:"size"`
	Modified  string `json:"modified"`
	Writer    string `json:"writer"`
	Rows      int64  `json:"rows"`
	RowGroups int    `json:"row_groups"`
}

// InspectedColumn is a column of the opened objects, or a key of one of their key-value lists.
type InspectedColumn struct {
	Path      string   `json:"path"`
	Type      string   `json:"type"`
	List      bool     `json:"list,omitempty"`
	Codecs    []string `json:"codecs,omitempty"`
	Encodings []string `json:"encodings,omitempty"`
	Stored    int64    `json:"stored_bytes,omitempty"`
	NullShare *float64 `json:"null_share,omitempty"` // of the rows looked at; absent where values cannot be read
	Distinct  string   `json:"distinct,omitempty"`   // different texts among them: "17", or ">10000"
	From      string   `json:"from,omitempty"`       // earliest and latest time, UTC
	To        string   `json:"to,omitempty"`
	Partly    bool     `json:"partly,omitempty"` // of the rows looked at only
	Unit      string   `json:"unit,omitempty"`   // what an integer that is a time seems to count
	Samples   []string `json:"samples,omitempty"`
	Fault     string   `json:"fault,omitempty"` // why its values cannot be read
}

// Inspect looks at an object, or at the newest objects below a prefix, with no schema but what their footers say, and
// proposes a schema. Damaged objects are errors.
func Inspect(ctx context.Context, stores *folder.Stores, place string, o InspectOptions) (*Inspection, error) {
	bucket, listing, err := found(ctx, stores, place)
	if err != nil {
		return nil, err
	}
	in := &Inspection{URL: bucket.URL(), Listed: len(listing)}
	for _, object := range listing {
		in.ListedBytes += object.Size
	}
	in.partitioned(listing)
	newestFirst(listing, in.Partition)
	look := newLook(o)
	for i, object := range listing[:min(max(o.Objects, 1), len(listing))] {
		if o.Watch != nil {
			o.Watch(decide.Progress{Phase: "read", Done: int64(i), Total: int64(max(o.Objects, 1)), Rows: in.Sampled})
		}
		opened, err := look.object(ctx, bucket, object)
		if err != nil {
			return nil, err
		}
		in.Objects = append(in.Objects, opened)
		in.Rows += opened.Rows
		in.Sampled = look.rows
	}
	for _, s := range look.columns {
		in.Columns = append(in.Columns, s.shown())
	}
	in.Crowded, in.LooksLike = look.crowded, look.fitting()
	in.Proposal = look.propose(schemaName(o.Name, place), in)
	return in, nil
}

// found lists what a URL names: one object, or all that count below a prefix.
func found(ctx context.Context, stores *folder.Stores, place string) (*store.Bucket, []store.Object, error) {
	u, err := url.Parse(place)
	if err == nil && strings.Trim(u.Path, "/") != "" && !strings.HasSuffix(u.Path, "/") {
		parent := *u
		parent.Path, parent.RawPath = path.Dir(u.Path), ""
		if bucket, err := stores.Open(ctx, parent.String()); err == nil {
			if object, err := bucket.Stat(ctx, path.Base(u.Path)); err == nil {
				return bucket, []store.Object{object}, nil
			}
		}
	}
	bucket, err := stores.Open(ctx, place)
	if err != nil {
		return nil, nil, err
	}
	listing, err := bucket.List(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	listing = slices.DeleteFunc(listing, func(o store.Object) bool { return folder.Hidden(o.Key) })
	if len(listing) == 0 {
		return nil, nil, fault.BadInput("INPUT_MISSING", fmt.Sprintf("inspect %s: no object lies there", bucket.URL()),
			"check the path; names that begin with _ or a dot do not count")
	}
	return bucket, listing, nil
}

// partitioned finds out whether every object lies in a folder <key>=<date>.
func (in *Inspection) partitioned(listing []store.Object) {
	for _, o := range listing {
		key, day := dateFolder(o.Key)
		if key == "" || in.Partition != "" && key != in.Partition {
			in.Partition, in.First, in.Last = "", "", ""
			return
		}
		in.Partition = key
		if text := day.String(); in.First == "" || text < in.First {
			in.First = text
		}
		in.Last = max(in.Last, day.String())
	}
}

// dateFolder finds the first folder of a key that is named <key>=<date>.
func dateFolder(key string) (string, value.CivilDate) {
	for part := range strings.SplitSeq(path.Dir(key), "/") {
		if name, date, ok := strings.Cut(part, "="); ok && name != "" {
			if day, ok := value.ParseDate(date); ok {
				return name + "=", day
			}
		}
	}
	return "", 0
}

// newestFirst sorts by partition day, where there is one, then by time of writing.
func newestFirst(objects []store.Object, partition string) {
	day := func(o store.Object) value.CivilDate {
		if partition == "" {
			return 0
		}
		date, _ := folder.After(o.Key, partition)
		d, _ := value.ParseDate(date)
		return d
	}
	slices.SortFunc(objects, func(a, b store.Object) int {
		if by := int(day(b)) - int(day(a)); by != 0 {
			return by
		}
		if by := b.ModTime.Compare(a.ModTime); by != 0 {
			return by
		}
		return strings.Compare(b.Key, a.Key)
	})
}
