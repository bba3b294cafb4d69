package inspect

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/value"
)

// SourcePartitions is what lies in one source, and what a run would make of it. Days are those of the partitions' zone.
type SourcePartitions struct {
	Source     string       `json:"source"`
	URL        string       `json:"url"`
	Key        string       `json:"partition,omitempty"` // "" for a source without partitions
	Count      int          `json:"partitions"`
	First      string       `json:"first,omitempty"`
	Last       string       `json:"last,omitempty"`
	Objects    int          `json:"objects"`
	Bytes      int64        `json:"bytes"`
	Missing    []string     `json:"missing,omitempty"`    // days without a folder between the first one and as_of
	GapsEmpty  bool         `json:"gaps_empty"`           // the source says that nothing happened on them
	Awaited    string       `json:"awaited,omitempty"`    // yesterday, where it is not there yet and need not be
	Overdue    string       `json:"overdue,omitempty"`    // yesterday, where it should be there
	NotBegun   string       `json:"not_begun,omitempty"`  // today, where it should have begun; a run does not need it yet
	Empty      []string     `json:"empty,omitempty"`      // days whose folder holds no object that counts
	Incomplete []string     `json:"incomplete,omitempty"` // days that should be complete and lack their _SUCCESS
	Late       []LateObject `json:"late,omitempty"`       // newest day first
	Strange    []string     `json:"strange,omitempty"`    // objects in no folder of the key and a date
	Reads      Reads        `json:"reads"`
}

// LateObject is an object that was written long after its day ended.
type LateObject struct {
	Key     string `json:"key"`
	Day     string `json:"day"`
	Written string `json:"written"`
	Hours   int64  `json:"hours_after_the_day"`
}

// Reads is what a run at the default as_of could read; the windows of its segments decide how far back it goes.
type Reads struct {
	From      string   `json:"from,omitempty"` // first day that is covered
	Before    string   `json:"before"`         // as_of
	Objects   int      `json:"objects"`
	Bytes     int64    `json:"bytes"`
	Uncovered []string `json:"uncovered,omitempty"` // days of which nothing is known
}

// PartitionOptions say what counts as late.
type PartitionOptions struct {
	Sources []string      // names; empty: all
	Grace   time.Duration // after a day's end, within which its objects are in time
}

// Failed reports whether something is missing that a run would need.
func (s *SourcePartitions) Failed() bool {
	return len(s.Missing) > 0 && !s.GapsEmpty || s.Overdue != "" || len(s.Incomplete) > 0 || len(s.Strange) > 0 ||
		s.Objects == 0
}

// Partitions lists the sources of a job and says what is there, late and missing. It opens no object.
func Partitions(ctx context.Context, in decide.Inputs, o PartitionOptions) ([]SourcePartitions, error) {
	in, err := in.Resolve()
	if err != nil {
		return nil, err
	}
	sources, err := sourcesOf(in.Project, o.Sources)
	if err != nil {
		return nil, err
	}
	var out []SourcePartitions
	for _, conf := range sources {
		bucket, listing, err := in.List(ctx, conf.URL)
		if err != nil {
			return nil, err
		}
		s := &SourcePartitions{Source: conf.Name, URL: bucket.URL(), Key: conf.Partition.Key, GapsEmpty: conf.GapsEmpty}
		if err := s.list(ctx, &in, conf, bucket, listing, o.Grace); err != nil {
			return nil, err
		}
		out = append(out, *s)
	}
	return out, nil
}

// sourcesOf returns the sources of these names, or all.
func sourcesOf(p *project.Project, names []string) ([]project.Source, error) {
	if len(names) == 0 {
		return p.Sources, nil
	}
	var out []project.Source
	for _, name := range names {
		at := slices.IndexFunc(p.Sources, func(s project.Source) bool { return s.Name == name })
		if at < 0 {
			return nil, fault.New(fault.Usage, "SOURCE", fmt.Errorf("the project has no source %q", name),
				"see sources in malgrupp.yaml")
		}
		out = append(out, p.Sources[at])
	}
	return out, nil
}

func (s *SourcePartitions) list(ctx context.Context, in *decide.Inputs, conf project.Source, bucket *store.Bucket,
	listing []store.Object, grace time.Duration,
) error {
	if s.Key != "" {
		listing = slices.DeleteFunc(listing, func(o store.Object) bool {
			_, text, ok := conf.Partition.Locate(o.Key)
			if ok {
				return false
			}
			if text != "" || !folder.Hidden(o) {
				s.Strange = append(s.Strange, o.Key)
			}
			return true
		})
	}
	run, err := in.NewSource(conf, bucket, listing)
	if err != nil {
		return err
	}
	s.Reads.Before = secondText(in.AsOf)
	for i := range run.Parts {
		s.Objects += len(run.Parts[i].Objects)
		for _, o := range run.Parts[i].Objects {
			s.Bytes += o.Size
		}
	}
	before := in.KnownBy
	if conf.Partition.Event {
		before = in.AsOf
	}
	for _, o := range run.Objects(0, before) {
		s.Reads.Objects++
		s.Reads.Bytes += o.Size
	}
	if s.Key == "" || len(run.Parts) == 0 {
		return nil
	}
	s.days(in, run, grace)
	return s.covered(ctx, in, run)
}

// days goes through the folders: which are empty, late, missing, or not to be expected yet.
func (s *SourcePartitions) days(in *decide.Inputs, run *decide.Source, grace time.Duration) {
	zone, there := run.Partition.Zone, map[value.CivilDate]bool{}
	due := func(day value.CivilDate) int64 {
		if run.Expect.By != 0 {
			return in.Project.Zone.Midnight(day+1) + run.Expect.By
		}
		return zone.Midnight(day+1) + grace.Microseconds()
	}
	s.Count, s.First, s.Last = len(run.Parts), run.Parts[0].Day.String(), run.Parts[len(run.Parts)-1].Day.String()
	for _, p := range slices.Backward(run.Parts) {
		there[p.Day] = true
		if len(p.Objects) == 0 {
			s.Empty = append(s.Empty, p.Day.String())
		}
		end := zone.Midnight(p.Day + 1)
		if run.Complete == project.Success && !p.Success && in.KnownBy >= due(p.Day) {
			s.Incomplete = append(s.Incomplete, p.Day.String())
		}
		for _, o := range p.Objects {
			if after := o.ModTime.UnixMicro() - end; after > grace.Microseconds() {
				s.Late = append(s.Late, LateObject{o.Key, p.Day.String(), o.ModTime.UTC().Format(time.RFC3339), after / 3600e6})
			}
		}
	}
	slices.Reverse(s.Empty)
	slices.Reverse(s.Incomplete)
	var missing []value.CivilDate
	for day := run.Parts[0].Day; zone.Midnight(day+1) <= in.KnownBy; day++ {
		since := in.KnownBy - zone.Midnight(day+1)
		switch {
		case there[day], run.Silent(day, there):
		case since >= value.MicrosPerDay:
			missing = append(missing, day)
		case in.KnownBy >= due(day):
			s.Overdue = day.String()
		default:
			s.Awaited = day.String()
		}
	}
	s.Missing = stretches(missing)
	today := zone.Day(in.KnownBy)
	if !there[today] && in.KnownBy-zone.Midnight(today) >= grace.Microseconds() {
		s.NotBegun = today.String()
	}
}

// covered says what a run at the job's as_of would take as known.
func (s *SourcePartitions) covered(ctx context.Context, in *decide.Inputs, run *decide.Source) error {
	if err := run.FindCoverage(ctx, in); err != nil {
		return err
	}
	s.Reads.From = secondText(run.Cover.From)
	s.Reads.Uncovered = stretches(run.Cover.MissingDays(0, in.AsOf))
	return nil
}

// stretches writes ascending days, neighbours together: 2026-04-01..2026-04-03.
func stretches(days []value.CivilDate) (out []string) {
	for i := 0; i < len(days); {
		last := i
		for last+1 < len(days) && days[last+1] == days[last]+1 {
			last++
		}
		text := days[i].String()
		if last > i {
			text += ".." + days[last].String()
		}
		out = append(out, text)
		i = last + 1
	}
	return out
}
