package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Source is how the folders of a source are named.
type Source struct {
	Name      string
	Partition project.Partition
	GapsEmpty bool                // a day without a folder is one on which nothing happened
	Events    map[string][]string // that its rows may have; nil: any
}

// Days are the days of every partitioned source that the run read, and how each stood.
type Days struct {
	Sources []SourceDays `json:"sources"`
}

// SourceDays are the days of one source, oldest first.
type SourceDays struct {
	Source string `json:"source"`
	Days   []Day  `json:"days"`
}

// Day is one day of a log as the run had it. Late ones were there for no earlier run that would have read them.
type Day struct {
	Day     string      `json:"day"`
	State   dayState    `json:"state"`
	Objects int         `json:"objects"`
	Bytes   int64       `json:"bytes"`
	Rows    shown.Count `json:"rows"`
	Late    string      `json:"late_for,omitempty"` // the run that lacked some of it
}

type dayState string

const (
	dayComplete   dayState = "complete"
	dayLate       dayState = "late"
	dayIncomplete dayState = "incomplete"
	dayMissing    dayState = "missing"
)

func (s *SourceDays) count(state dayState) (n int) {
	for _, d := range s.Days {
		if d.State == state {
			n++
		}
	}
	return n
}

func daysOf(in *Input) Part {
	if of := daysIn(in); len(of) > 0 {
		return &Days{of}
	}
	return nil
}

// daysIn finds the days of what the run read.
func daysIn(in *Input) (out []SourceDays) {
	m := in.Run.Manifest
	for _, source := range in.Sources {
		counted := slices.IndexFunc(m.Sources, func(s record.SourceCount) bool { return s.Name == source.Name })
		if counted < 0 || source.Partition.Key == "" {
			continue
		}
		days := map[value.CivilDate]*Day{}
		for _, o := range m.Inputs {
			if at, _, ok := source.Partition.Locate(o.Key); ok && o.Source == source.Name {
				d := days[at.Day]
				if d == nil {
					d = &Day{Day: at.Day.String(), State: dayComplete}
					days[at.Day] = d
				}
				d.Objects, d.Bytes, d.Rows = d.Objects+1, d.Bytes+o.Size, d.Rows+shown.Count(o.Rows)
			}
		}
		if len(days) == 0 {
			continue
		}
		lateDays(in, source, days)
		for _, folder := range m.Sources[counted].Incomplete {
			for day := range days {
				if source.Partition.Folder(day) == folder {
					days[day].State = dayIncomplete
				}
			}
		}
		out = append(out, SourceDays{source.Name, inOrder(in, source, days)})
	}
	return out
}

// inOrder are the days from the first that was read to the moment of the run, those that are missing among them.
func inOrder(in *Input, source Source, days map[value.CivilDate]*Day) (out []Day) {
	first, last := value.CivilDate(1<<31-1), value.CivilDate(0)
	for day := range days {
		first, last = min(first, day), max(last, day)
	}
	asOf, _ := value.ParseTimestamp(in.Run.Manifest.AsOf)
	for source.Partition.Zone.Midnight(last+1) < asOf {
		last++
	}
	for day := first; day <= last; day++ {
		switch d := days[day]; {
		case d != nil:
			out = append(out, *d)
		case source.GapsEmpty:
			out = append(out, Day{Day: day.String(), State: dayComplete})
		default:
			out = append(out, Day{Day: day.String(), State: dayMissing})
		}
	}
	return out
}

// lateDays marks days of which an earlier run lacked something: one as of a moment after the day, which read older days
// of the source as well.
func lateDays(in *Input, source Source, days map[value.CivilDate]*Day) {
	type object struct{ key, etag string }
	for _, before := range in.Before {
		read, oldest := map[object]bool{}, value.CivilDate(1<<31-1)
		for _, o := range before.Manifest.Inputs {
			if at, _, ok := source.Partition.Locate(o.Key); ok && o.Source == source.Name {
				read[object{o.Key, o.ETag}], oldest = true, min(oldest, at.Day)
			}
		}
		asOf, _ := value.ParseTimestamp(before.Manifest.AsOf)
		for _, o := range in.Run.Manifest.Inputs {
			at, _, ok := source.Partition.Locate(o.Key)
			if !ok || o.Source != source.Name || at.Day < oldest || read[object{o.Key, o.ETag}] ||
				source.Partition.Zone.Midnight(at.Day+1) > asOf {
				continue
			}
			d := days[at.Day]
			d.State, d.Late = dayLate, before.RunID
		}
	}
}

// dayLook is how a state is drawn.
type dayLook struct {
	state                dayState
	class, letter, words string
}

var dayLooks = []dayLook{
	{dayComplete, "there", "", "complete"},
	{dayLate, "late", "L", "late: it came in, or was written anew, after a run that would have read it"},
	{dayIncomplete, "partly", "i", "not finished: its _SUCCESS is missing"},
	{dayMissing, "missing", "x", "missing"},
}

func (d *Days) tell(w *words) (out []page.Block) {
	for i := range d.Sources {
		out = append(out, d.Sources[i].chart(w))
	}
	return out
}

func (s *SourceDays) chart(w *words) *page.Chart {
	c := &page.Chart{
		Title: w.say("Source %s", s.Source),
		Sentence: w.say("%s from %s to %s: %s late, %s not finished, %s missing.", w.count(len(s.Days), "One day", "%s days"),
			s.Days[0].Day, s.Days[len(s.Days)-1].Day, w.number(int64(s.count(dayLate))),
			w.number(int64(s.count(dayIncomplete))), w.number(int64(s.count(dayMissing)))),
		Data: &page.Table{Caption: w.say("Days of source %s", s.Source), Head: []string{
			w.say("Day"), w.say("How it stands"), w.say("Objects"), w.say("Size"), w.say("Rows"),
		}},
	}
	var calendar page.Calendar
	for _, d := range s.Days {
		date, _ := value.ParseDate(d.Day)
		month := d.Day[:len("2026-04")]
		if n := len(calendar); n == 0 || calendar[n-1].Name != month {
			first, _ := value.ParseDate(month + "-01")
			calendar = append(calendar, page.Month{Name: month, First: int(date-first) + 1})
		}
		look := dayLooks[slices.IndexFunc(dayLooks, func(l dayLook) bool { return l.state == d.State })]
		of := &calendar[len(calendar)-1]
		of.Days = append(of.Days, page.Day{Class: look.class, Letter: look.letter})
		how := w.say(look.words)
		if d.Late != "" {
			how += fmt.Sprintf(" (%s)", d.Late)
		}
		c.Data.Rows = append(c.Data.Rows, []page.Cell{
			page.C(d.Day), page.C(how), page.N(w.number(int64(d.Objects))), page.N(w.size(d.Bytes)), page.N(w.people(d.Rows)),
		})
	}
	for _, l := range dayLooks {
		if s.count(l.state) > 0 {
			c.Key = append(c.Key, page.Sign{Class: l.class, Meaning: strings.TrimSpace(l.letter + " " + w.say(l.words))})
		}
	}
	c.Picture = calendar
	return c
}
