package e20

import (
	"fmt"
	"strings"
)

// Workloads are the names of the workloads, and for each the pattern that selects its segments in a project that Make
// wrote: S1 is one counting segment, S50 and S200 are so many distinct ones.
var Workloads = map[string]string{"S1": "count-all", "S50": "p0[0-4]?", "S200": "p*"}

// workloadSegment is a segment of a workload.
type workloadSegment struct {
	name   string
	event  string
	where  []string
	days   int
	metric string // "" for a count of rows
	least  int
}

func s1() workloadSegment {
	return workloadSegment{name: "count-all", event: eventName(0), where: []string{starts(section(0))}, days: 30, least: 3}
}

func starts(prefix string) string { return fmt.Sprintf("page_path starts_with '%s/'", prefix) }

// distinctSegments makes n segments with distinct predicates: an event and a section, for a third of them a folder in
// it, for every fourth a site, for every seventh an app. Of ten segments six count rows, two count distinct pages, two
// sum.
func distinctSegments(n int) []workloadSegment {
	c := newChance()
	c.put(hash(0, ruleLabel))
	taken := map[string]bool{}
	var out []workloadSegment
	for len(out) < n {
		s := distinctSegment(c, len(out))
		if key := s.event + strings.Join(s.where, " "); !taken[key] {
			taken[key] = true
			out = append(out, s)
		}
	}
	return out
}

func distinctSegment(c chance, i int) workloadSegment {
	event := min(c.IntN(eventNames), c.IntN(eventNames)) // rules are written about what happens often
	s := workloadSegment{name: fmt.Sprintf("p%03d", i), event: eventName(event), days: []int{7, 14, 30}[i%3]}
	prefix := section(c.IntN(sections))
	if c.IntN(3) == 0 {
		prefix += folder(c.IntN(folders))
	}
	s.where = append(s.where, starts(prefix))
	if i%4 == 0 {
		s.where = append(s.where, fmt.Sprintf("site = '%s'", site(c.IntN(sites))))
	}
	if i%7 == 0 {
		s.where = append(s.where, fmt.Sprintf("app = '%s'", c.pick(apps)))
	}
	switch s.least = c.between(1, 3); {
	case i%10 >= 8:
		s.metric, s.least = "sum(value)", 100*s.least
	case i%10 >= 6:
		s.metric = "distinct(page_path)"
	}
	return s
}

// text is the segment's file.
func (s workloadSegment) text() string {
	did := "did: " + s.event
	if s.metric != "" {
		did = fmt.Sprintf("metric: %s\n    of: %s", s.metric, s.event)
	}
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
    %s
    where: %s
    within: %dd
    at_least: %d
  deliver: [bench]
`, s.name, did, strings.Join(s.where, " and "), s.days, s.least)
}
