package decide

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Listing is what lies in the places that a decision reads, before a row of it is read.
type Listing struct {
	Objects []folder.Input // pinned: sources, consent log, lists of people, customers' attributes
	sources []Source
	log     *listedLog // nil: not listed
	// attributes are those of customers as they were listed; nil: they were not.
	attributes func() (folder.Table, error)
	lists      map[string]listedList
	feed       consent.Feed // without what only its rows tell
}

// NewListing lists the places of settled inputs.
func NewListing(ctx context.Context, in Inputs) (*Listing, error) {
	l := &Listing{lists: map[string]listedList{}}
	if err := l.listSources(ctx, &in); err != nil {
		return nil, err
	}
	for name, conf := range in.peopleLists() {
		bucket, object, err := in.findList(ctx, name, conf)
		if err != nil {
			return nil, err
		}
		l.lists[name] = listedList{bucket, object}
		l.Objects = append(l.Objects, folder.Pin(name, []store.Object{object}, nil)...)
	}
	if a := in.Project.Attributes; a != nil {
		bucket, objects, err := in.List(ctx, a.URL)
		if err != nil && store.CodeOf(err) != store.NotFound {
			return nil, err
		}
		if err == nil {
			l.attributes = func() (folder.Table, error) {
				return folder.TableOf(attributesSetting, in.Absolute(a.URL), bucket, objects)
			}
		}
		l.Objects = append(l.Objects, folder.Pin(attributesSetting, objects, nil)...)
	}
	// Last of all, so that what came in meanwhile is seen before somebody says that there is nothing to do.
	log := (&Decision{Inputs: in}).newLog(math.MaxInt64)
	if err := log.list(ctx, nil); err != nil {
		return nil, err
	}
	l.log, l.feed = &log.listedLog, log.feed
	l.Objects = append(l.Objects, folder.Pin("consent", log.objects, nil)...)
	if m := in.Project.Consent.Map; m != nil && m.Quiet.N > 0 && len(log.objects) > 0 {
		// That it was written again, with the same bytes, is news.
		newest := slices.MaxFunc(log.objects, func(a, b store.Object) int { return a.ModTime.Compare(b.ModTime) })
		written := newest.ModTime.UTC().Format(time.RFC3339)
		l.Objects = append(l.Objects, folder.Input{Source: "consent", Key: "written " + written})
	}
	return l, nil
}

// listSources lists every source and sorts it into days.
func (l *Listing) listSources(ctx context.Context, in *Inputs) error {
	for _, conf := range in.Project.Sources {
		bucket, listing, err := in.List(ctx, conf.URL)
		if err != nil {
			return err
		}
		s, err := in.NewSource(conf, bucket, listing)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(s.Parts, func(p folder.Partition) bool { return len(p.Objects) > 0 }) {
			return fault.BadInput("INPUT_MISSING", fmt.Sprintf("list source %s: %s holds no objects", conf.Name, s.bucket.URL()),
				"check the export and the url of the source in malgrupp.yaml")
		}
		l.sources = append(l.sources, *s)
		for _, p := range s.Parts {
			l.Objects = append(l.Objects, folder.Pin(s.Name, p.Objects, nil)...)
			if s.Complete == project.Success && p.Success {
				l.Objects = append(l.Objects, folder.Input{Source: s.Name, Key: p.Day.String() + " is complete"})
			}
		}
	}
	return nil
}

// listSources takes the sources of the inputs' listing, or lists them.
func (d *Decision) listSources(ctx context.Context) error {
	if d.Listing == nil {
		listing := &Listing{}
		if err := listing.listSources(ctx, &d.Inputs); err != nil {
			return err
		}
		d.Listing = listing
	}
	d.Sources = slices.Clone(d.Listing.sources)
	for i := range d.Sources {
		d.Sources[i].bad = maps.Clone(d.Sources[i].bad)
	}
	return nil
}

// Check judges a consent feed whose objects are those of an earlier run, which saw these rows and this watermark: it
// may have become stale since.
func (l *Listing) Check(in Inputs, rows, watermark int64) error {
	feed := l.feed
	feed.Rows, feed.Watermark, feed.Clock = rows, watermark, !in.given
	return consentFailure(feed.Check(in.feedLimits()))
}

// listedLog is a consent log before a row of it is read.
type listedLog struct {
	bucket  *store.Bucket
	objects []store.Object
	days    map[int64]bool
	first   value.CivilDate
}

func (in *Inputs) listLog(ctx context.Context) (*listedLog, error) {
	conf := in.Project.Consent
	bucket, listing, err := in.List(ctx, conf.URL)
	if err != nil {
		if store.CodeOf(err) != store.NotFound {
			return nil, err
		}
		listing = nil // a feed that is not there is FEED_MISSING, not a storage that does not answer
	}
	parts, err := folder.Partitions(conf.URL, conf.Partition, listing)
	if err != nil {
		misfit := consent.Unreadable(err.Error())
		if f, ok := fault.Classify(err); ok {
			misfit.Hint = f.Hint // which names consent.partition; nothing need be exported again
		}
		return nil, consentFailure(misfit)
	}
	l := &listedLog{bucket: bucket}
	if conf.Partition.Key != "" {
		l.days = map[int64]bool{}
	}
	for _, p := range parts {
		if len(p.Objects) == 0 {
			continue
		}
		l.objects = append(l.objects, p.Objects...)
		if l.days != nil {
			l.days[p.Day.Days()] = true
			if l.first == 0 {
				l.first = p.Day
			}
		}
	}
	return l, nil
}
