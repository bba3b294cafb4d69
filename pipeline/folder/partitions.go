// Package folder is a folder of Parquet objects in some storage: which of them count, what days they are of, and
// reading their row groups on several goroutines. It knows no columns, no people and no rules.
package folder

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Partition is one day of a log, and the objects that count.
type Partition struct {
	Day     value.CivilDate // zero for a log that is not partitioned
	Objects []store.Object
	Success bool   // it holds a _SUCCESS object; where folders go by hours, each of its hours does
	Hours   uint32 // where folders go by hours: those that are there, as bits
	whole   uint32 // hours with a _SUCCESS object
}

// Partitions sorts a listing into days. Objects that writers leave beside their data do not count (Hidden).
func Partitions(url string, p project.Partition, listing []store.Object) ([]Partition, error) {
	byDay := map[value.CivilDate]*Partition{}
	for _, o := range listing {
		at := project.Place{Hour: -1}
		if p.Key != "" {
			var text string
			var ok bool
			if at, text, ok = p.Locate(o.Key); !ok {
				if Hidden(o) || stub(o, p) {
					continue
				}
				return nil, strange(url, p, o.Key, text)
			}
		}
		if Marker(o) {
			continue
		}
		part := byDay[at.Day]
		if part == nil {
			part = &Partition{Day: at.Day}
			byDay[at.Day] = part
		}
		part.add(o, at.Hour)
	}
	out := make([]Partition, 0, len(byDay))
	for _, part := range byDay {
		if part.Hours != 0 {
			part.Success = part.whole == part.Hours
		}
		out = append(out, *part)
	}
	slices.SortFunc(out, func(a, b Partition) int { return int(a.Day) - int(b.Day) })
	return out, nil
}

func (p *Partition) add(o store.Object, hour int) {
	bit := uint32(0)
	if hour >= 0 {
		bit = 1 << hour
	}
	switch {
	case success(o):
		p.Success = true
		p.whole |= bit
	case Hidden(o):
		return
	default:
		p.Objects = append(p.Objects, o)
	}
	p.Hours |= bit
}

// Written reports a day of which there is something, or of which the writer says that there is nothing. Where only what
// writers leave beside their data lies, somebody may be writing it.
func (p *Partition) Written() bool { return len(p.Objects) > 0 || p.Success }

// success reports the object by which a writer says that a folder is complete.
func success(o store.Object) bool {
	dir, name := path.Split(o.Key)
	return name == "_SUCCESS" && !Hidden(store.Object{Key: dir + name[1:]})
}

// stub reports an object without content under the very name of a day's folder, as stores of files in folders list one
// that is still empty.
func stub(o store.Object, p project.Partition) bool {
	_, _, ok := p.Locate(o.Key + "/")
	return ok && o.Size == 0
}

// withoutStubs is a listing without the objects that stand for a folder in which others lie: without content and under
// its name.
func withoutStubs(listing []store.Object) []store.Object {
	folders := map[string]bool{}
	for _, o := range listing {
		for dir := path.Dir(o.Key); dir != "." && dir != "/" && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	return slices.DeleteFunc(listing, func(o store.Object) bool { return o.Size == 0 && folders[o.Key] })
}

// strange is the error about an object in no folder of a date.
func strange(url string, p project.Partition, key, text string) error {
	what := fmt.Sprintf("list %s: object %q lies in no folder such as %s", url, key, p.Folder(oneDay))
	if text != "" {
		what = fmt.Sprintf("list %s: folder %q of object %q is no date such as 2026-04-01", url, text, key)
	}
	if _, _, ok := p.Locate(text + "/"); ok {
		what = fmt.Sprintf("list %s: object %q lies in folders of two days, of which %q is the second", url, key, text)
	}
	return fault.BadInput("PARTITION", what, "move the object, or say how folders are named: "+
		"partition: \"dt=\", a pattern such as \"{yyyy}/{MM}/{dd}\", or none")
}

// oneDay is the day of examples.
var oneDay, _ = value.ParseDate("2026-04-01")

// Marker reports an object without content that stands for a folder, as consoles and Hadoop leave them: dt=2026-04-01/,
// dt=2026-04-01_$folder$, or the name of the listed place itself.
func Marker(o store.Object) bool {
	return o.Size == 0 && (o.Key == "" || strings.HasSuffix(o.Key, "/") || strings.HasSuffix(o.Key, "_$folder$"))
}

// Hidden reports an object that writers leave beside their data: markers of folders; names, of folders too, that begin
// with _ or a dot; names that end in .tmp or .crc, or in ._COPYING_, for half of an upload is no log.
func Hidden(o store.Object) bool {
	for part := range strings.SplitSeq(o.Key, "/") {
		if strings.HasPrefix(part, "_") || strings.HasPrefix(part, ".") {
			return true
		}
	}
	for _, end := range []string{".tmp", ".crc", "._COPYING_"} {
		if strings.HasSuffix(o.Key, end) {
			return true
		}
	}
	return Marker(o)
}

// Start is the first instant of a partition's day.
func (p *Partition) Start(z *value.Zone) int64 { return z.Midnight(p.Day) }

// Within reports whether a partition can hold what is asked for: rows that arrived (or, partitioned by event, happened)
// in [from, before). A day more on each side is read, so a wrong zone loses nothing.
func (p *Partition) Within(z *value.Zone, from, before int64) bool {
	return p.Day == 0 || p.Start(z)+2*value.MicrosPerDay > from && p.Start(z)-value.MicrosPerDay < before
}
