package e20

import (
	"fmt"
	"strings"
)

// Workloads are the names of the workloads, and for each the pattern that selects its segments in a project that Make
// wrote: S1 is one counting segment, S50 and S200 are so many distinct ones, Q10 is ten sequences.
var Workloads = map[string]string{"S1": "count-all", "S50": "p0[0-4]?", "S200": "p*", "Q10": "sequence-*"}

// Segments are the segments of a workload; nil of one that does not exist.
func Segments(workload string) []Segment {
	switch workload {
	case "S1":
		return []Segment{s1()}
	case "S50":
		return distinctSegments(50)
	case "S200":
		return distinctSegments(200)
	case "Q10":
		return sequences(10)
	}
	return nil
}

// Segment is a segment of a workload, as plain numbers and words: what whoever asks the same of another engine reads.
type Segment struct {
	Name   string `json:"name"`
	Event  string `json:"event"`
	Prefix string `json:"prefix"` // what the page path starts with
	Site   string `json:"site"`   // "" for any
	App    string `json:"app"`    // "" for any
	Days   int    `json:"days"`
	Metric string `json:"metric"` // "" for a count of rows
	Least  int    `json:"least"`

	Then    string `json:"then"`    // of a sequence: the event that follows within 24 hours; "" of other segments
	Without string `json:"without"` // of a sequence: the event that may not lie between
}

func s1() Segment {
	return Segment{Name: "count-all", Event: eventName(0), Prefix: section(0) + "/", Days: 30, Least: 3}
}

// where is the segment's condition about rows of its event.
func (s Segment) where() string {
	tests := []string{fmt.Sprintf("page_path starts_with '%s'", s.Prefix)}
	if s.Site != "" {
		tests = append(tests, fmt.Sprintf("site = '%s'", s.Site))
	}
	if s.App != "" {
		tests = append(tests, fmt.Sprintf("app = '%s'", s.App))
	}
	return strings.Join(tests, " and ")
}

// distinctSegments makes n segments with distinct predicates: an event and a section, for a third of them a folder in
// it, for every fourth a site, for every seventh an app. Of ten segments six count rows, two count distinct pages, two
// sum.
func distinctSegments(n int) []Segment {
	c := newChance()
	c.put(hash(0, ruleLabel))
	taken := map[string]bool{}
	var out []Segment
	for len(out) < n {
		s := distinctSegment(c, len(out))
		if key := s.Event + s.where(); !taken[key] {
			taken[key] = true
			out = append(out, s)
		}
	}
	return out
}

func distinctSegment(c chance, i int) Segment {
	event := min(c.IntN(eventNames), c.IntN(eventNames)) // rules are written about what happens often
	s := Segment{Name: fmt.Sprintf("p%03d", i), Event: eventName(event), Days: []int{7, 14, 30}[i%3]}
	s.Prefix = section(c.IntN(sections))
	if c.IntN(3) == 0 {
		s.Prefix += folder(c.IntN(folders))
	}
	s.Prefix += "/"
	if i%4 == 0 {
		s.Site = site(c.IntN(sites))
	}
	if i%7 == 0 {
		s.App = c.pick(apps)
	}
	switch s.Least = c.between(1, 3); {
	case i%10 >= 8:
		s.Metric, s.Least = "sum(value)", 100*s.Least
	case i%10 >= 6:
		s.Metric = "distinct(page_path)"
	}
	return s
}

// sequences makes up to ten segments of one event in a section, another one within 24 hours, and none of a third
// between them.
func sequences(n int) []Segment {
	var out []Segment
	for i := range n {
		out = append(out, Segment{
			Name: fmt.Sprintf("sequence-%d", i), Event: eventName(i % 4), Prefix: section(i) + "/", Days: []int{7, 14, 30}[i%3],
			Then: eventName(i%4 + 1 + i%2), Without: eventName(i%4 + 4 + i%3),
		})
	}
	return out
}

// Text is the segment's file.
func (s Segment) Text() string {
	return fmt.Sprintf(`apiVersion: malgrupp/v1
kind: Segment
metadata:
  name: %s
  title: Workload %[1]s
  owner: team-speed
  review_by: 2027-05-01
  reason: Part of a measured workload
spec:
  purpose: advertising
  identity: device
  match:
%s  deliver: [bench]
`, s.Name, s.match())
}

func (s Segment) match() string {
	if s.Then != "" {
		return fmt.Sprintf(`    sequence:
      - did: %s
        where: %s
      - did: %s
        within_previous: 24h
        without: {did: %s}
    within: %dd
`, s.Event, s.where(), s.Then, s.Without, s.Days)
	}
	did := "did: " + s.Event
	if s.Metric != "" {
		did = fmt.Sprintf("metric: %s\n    of: %s", s.Metric, s.Event)
	}
	return fmt.Sprintf("    %s\n    where: %s\n    within: %dd\n    at_least: %d\n", did, s.where(), s.Days, s.Least)
}
