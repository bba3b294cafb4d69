package pipeline

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

// partition is one folder of a log: a day, and the objects that count.
type partition struct {
	day     value.CivilDate // zero for a log that is not partitioned
	objects []store.Object
	success bool // it holds a _SUCCESS object
}

// partitions sorts a listing into days. Objects that writers leave beside their data do not count: names that begin
// with _ or a dot, that end in .tmp or .crc, and everything below _temporary/: half of an upload is no log.
func partitions(url string, p project.Partition, listing []store.Object) ([]partition, error) {
	byDay := map[value.CivilDate]*partition{}
	for _, o := range listing {
		day := value.CivilDate(0)
		if p.Key != "" {
			date, ok := folder(o.Key, p.Key)
			if !ok {
				if hidden(o.Key) {
					continue
				}
				return nil, fault.BadInput("PARTITION", fmt.Sprintf("list %s: object %s lies in no folder %s<date>", url, o.Key, p.Key),
					"move the object, or set partition: none for this source")
			}
			if day, ok = value.ParseDate(date); !ok {
				return nil, fault.BadInput("PARTITION", fmt.Sprintf("list %s: folder %s%s of object %s is no date such as 2026-04-01", url, p.Key, date, o.Key),
					"rename the folder, or set the partition key of this source")
			}
		}
		part := byDay[day]
		if part == nil {
			part = &partition{day: day}
			byDay[day] = part
		}
		switch {
		case path.Base(o.Key) == "_SUCCESS":
			part.success = true
		case !hidden(o.Key):
			part.objects = append(part.objects, o)
		}
	}
	out := make([]partition, 0, len(byDay))
	for _, part := range byDay {
		out = append(out, *part)
	}
	slices.SortFunc(out, func(a, b partition) int { return int(a.day) - int(b.day) })
	return out, nil
}

// folder returns what follows the partition key in the first folder that begins with it.
func folder(key, prefix string) (string, bool) {
	for part := range strings.SplitSeq(path.Dir(key), "/") {
		if v, ok := strings.CutPrefix(part, prefix); ok {
			return v, true
		}
	}
	return "", false
}

func hidden(key string) bool {
	for part := range strings.SplitSeq(key, "/") {
		if strings.HasPrefix(part, "_") || strings.HasPrefix(part, ".") {
			return true
		}
	}
	return strings.HasSuffix(key, ".tmp") || strings.HasSuffix(key, ".crc")
}

// start is the first instant of a partition's day.
func (p *partition) start(z *value.Zone) int64 { return z.Midnight(p.day) }

// within reports whether a partition can hold what is asked for: rows that arrived (or, partitioned by event, happened)
// in [from, before). A day more on each side is read, so a wrong zone loses nothing.
func (p *partition) within(z *value.Zone, from, before int64) bool {
	return p.day == 0 || p.start(z)+2*value.MicrosPerDay > from && p.start(z)-value.MicrosPerDay < before
}
