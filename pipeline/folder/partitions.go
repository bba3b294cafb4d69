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

// Partition is one folder of a log: a day, and the objects that count.
type Partition struct {
	Day     value.CivilDate // zero for a log that is not partitioned
	Objects []store.Object
	Success bool // it holds a _SUCCESS object
}

// Partitions sorts a listing into days. Objects that writers leave beside their data do not count: names that begin
// with _ or a dot, that end in .tmp or .crc, and everything below _temporary/: half of an upload is no log.
func Partitions(url string, p project.Partition, listing []store.Object) ([]Partition, error) {
	byDay := map[value.CivilDate]*Partition{}
	for _, o := range listing {
		day := value.CivilDate(0)
		if p.Key != "" {
			date, ok := After(o.Key, p.Key)
			if !ok {
				if Hidden(o.Key) {
					continue
				}
				return nil, fault.BadInput("PARTITION",
					fmt.Sprintf("list %s: object %s lies in no folder %s<date>", url, o.Key, p.Key),
					"move the object, or set partition: none for this source")
			}
			if day, ok = value.ParseDate(date); !ok {
				return nil, fault.BadInput("PARTITION",
					fmt.Sprintf("list %s: folder %s%s of object %s is no date such as 2026-04-01", url, p.Key, date, o.Key),
					"rename the folder, or set the partition key of this source")
			}
		}
		part := byDay[day]
		if part == nil {
			part = &Partition{Day: day}
			byDay[day] = part
		}
		switch {
		case path.Base(o.Key) == "_SUCCESS":
			part.Success = true
		case !Hidden(o.Key):
			part.Objects = append(part.Objects, o)
		}
	}
	out := make([]Partition, 0, len(byDay))
	for _, part := range byDay {
		out = append(out, *part)
	}
	slices.SortFunc(out, func(a, b Partition) int { return int(a.Day) - int(b.Day) })
	return out, nil
}

// After returns what follows the partition key in the first folder that begins with it.
func After(key, prefix string) (string, bool) {
	for part := range strings.SplitSeq(path.Dir(key), "/") {
		if v, ok := strings.CutPrefix(part, prefix); ok {
			return v, true
		}
	}
	return "", false
}

func Hidden(key string) bool {
	for part := range strings.SplitSeq(key, "/") {
		if strings.HasPrefix(part, "_") || strings.HasPrefix(part, ".") {
			return true
		}
	}
	return strings.HasSuffix(key, ".tmp") || strings.HasSuffix(key, ".crc")
}

// Start is the first instant of a partition's day.
func (p *Partition) Start(z *value.Zone) int64 { return z.Midnight(p.Day) }

// Within reports whether a partition can hold what is asked for: rows that arrived (or, partitioned by event, happened)
// in [from, before). A day more on each side is read, so a wrong zone loses nothing.
func (p *Partition) Within(z *value.Zone, from, before int64) bool {
	return p.Day == 0 || p.Start(z)+2*value.MicrosPerDay > from && p.Start(z)-value.MicrosPerDay < before
}
