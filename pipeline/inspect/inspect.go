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
	"github.com/malgrupp/malgrupp/pipeline/project"
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

	csv bool // objects may be CSV
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
	s, err := newSurvey(ctx, stores, place, o)
	if err != nil {
		return nil, err
	}
	in := s.Inspection
	in.Crowded, in.LooksLike = s.look.crowded, s.look.fitting()
	in.Proposal = s.look.propose(schemaName(o.Name, place), in)
	return in, nil
}

// survey is what was seen of the newest objects of a place.
type survey struct {
	*Inspection
	look   *look
	bucket *store.Bucket
	opens  []store.Object
}

func newSurvey(ctx context.Context, stores *folder.Stores, place string, o InspectOptions) (*survey, error) {
	bucket, listing, err := found(ctx, stores, place)
	if err != nil {
		return nil, err
	}
	in := &Inspection{URL: bucket.URL(), Listed: len(listing)}
	for _, object := range listing {
		in.ListedBytes += object.Size
	}
	in.partitioned(listing)
	newestFirst(listing, project.Partition{Key: in.Partition})
	look := newLook(o)
	opens := listing[:min(max(o.Objects, 1), len(listing))]
	tell := func(done int) {
		if o.Watch != nil {
			o.Watch(decide.Progress{
				Phase: "read", Unit: decide.Objects, Done: int64(done), Total: int64(len(opens)), Rows: look.rows,
			})
		}
	}
	tell(0)
	for i, object := range opens {
		opened, err := look.object(ctx, bucket, object)
		if err != nil {
			return nil, err
		}
		in.Objects = append(in.Objects, opened)
		in.Rows += opened.Rows
		in.Sampled = look.rows
		tell(i + 1)
	}
	for _, s := range look.columns {
		in.Columns = append(in.Columns, s.shown())
	}
	return &survey{in, look, bucket, opens}, nil
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
	bucket, listing, err := stores.List(ctx, place)
	if err != nil {
		return nil, nil, err
	}
	listing = slices.DeleteFunc(listing, func(o store.Object) bool { return folder.Hidden(o) })
	if len(listing) == 0 {
		return nil, nil, fault.BadInput("INPUT_MISSING", fmt.Sprintf("inspect %s: no object lies there", bucket.URL()),
			"check the path; names that begin with _ or a dot do not count")
	}
	return bucket, listing, nil
}

// shapes are the ways in which folders are usually named, besides <key>=<date>.
var shapes = []string{
	"year={yyyy}/month={MM}/day={dd}/hour={HH}", "year={yyyy}/month={MM}/day={dd}", "{yyyy}/{MM}/{dd}/{HH}",
	"{yyyy}/{MM}/{dd}", "{yyyy}-{MM}-{dd}", "{yyyy}{MM}{dd}", "events_{yyyy}{MM}{dd}",
}

// partitioned finds out whether every object lies in a folder of a day.
func (in *Inspection) partitioned(listing []store.Object) {
	keys := slices.Clone(shapes)
	for part := range strings.SplitSeq(path.Dir(listing[0].Key), "/") {
		if name, _, ok := strings.Cut(part, "="); ok && name != "" {
			keys = slices.Insert(keys, 0, name+"=", name+"={yyyy}{MM}{dd}")
		}
	}
	for _, key := range keys {
		p := project.Partition{Key: key}
		var first, last value.CivilDate
		if !slices.ContainsFunc(listing, func(o store.Object) bool {
			at, _, ok := p.Locate(o.Key)
			if first == 0 || at.Day < first {
				first = at.Day
			}
			last = max(last, at.Day)
			return !ok
		}) {
			in.Partition, in.First, in.Last = key, first.String(), last.String()
			return
		}
	}
}

// newestFirst sorts by partition day, where there is one, then by time of writing.
func newestFirst(objects []store.Object, partition project.Partition) {
	day := func(o store.Object) value.CivilDate {
		if partition.Key == "" {
			return 0
		}
		at, _, _ := partition.Locate(o.Key)
		return at.Day
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
