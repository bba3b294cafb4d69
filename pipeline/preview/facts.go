package preview

import (
	"context"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/lint"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
)

// FactsOptions say what of the logs counts as recent.
type FactsOptions struct {
	Days int // before as_of, at least 1
}

// Facts decides all segments of a job, and what the linter asks of the rows of its recent days as if it were segments,
// so that it learns of nobody whom the gate does not let their uses see. Nothing is written, and neither keys nor the
// state of earlier runs are needed: nobody stays from earlier runs.
func Facts(ctx context.Context, in decide.Inputs, o FactsOptions) (*lint.Facts, error) {
	in, err := in.Resolve()
	if err != nil {
		return nil, err
	}
	ruled := in.Segments
	probes := lint.Probes(in.Scope(0), ruled, in.AsOf, o.Days)
	seen := everybodySeen(ruled, o.Days)
	asked, about := probing(probes, seen)
	requests := decide.Ask(slices.Concat(ruled, seen, asked))
	for i := range requests {
		s := requests[i].Segment
		requests[i].Hidden = s.Source != nil && s.Purpose == rules.Advertising && len(s.Deliver) > 0
	}
	d, err := decide.Decide(ctx, in, requests, decide.Options{Breakdown: true})
	if err != nil {
		return nil, err
	}
	f := &lint.Facts{
		AsOf: d.AsOf, Days: o.Days, Show: told, Sizes: map[string][]lint.Size{}, Lists: map[string][]lint.ListSize{},
		Reach: reaches(d, ruled), Had: map[string]int{},
	}
	for i := range d.Audiences {
		a := &d.Audiences[i]
		s := a.Segment()
		if s.Source != nil {
			f.Sizes[s.Name] = append(f.Sizes[s.Name], sizeOf(d, a, seen))
		} else if probe, ok := about[s]; ok {
			f.Had[probe] = max(f.Had[probe], coarse(a.Qualified))
		}
	}
	lists := listsOf(d)
	for _, l := range lists {
		least := d.Project.Least(l.Destination, l.Segment.MinSize)
		f.Lists[l.Segment.Name] = append(f.Lists[l.Segment.Name], lint.ListSize{
			Destination: l.Destination.Name, Members: coarse(l.audience.Len()), Least: least,
		})
	}
	f.Pairs = pairs(lists)
	return f, nil
}

// coarse is a number of people as the linter may know it.
func coarse(people int) int { return shown.Count(people).Told() }

// told is how a coarse number is written: below the floor nobody knows how many there are, and whether there is one.
func told(people int) string {
	if people < shown.Floor {
		people = 1
	}
	return shown.Count(people).String()
}

// probing are segments of the program's own that ask for people with such rows: all probes for each of those whom
// somebody may be in; about says by its key which one each is.
func probing(probes []lint.Probe, seen []*rules.Segment) (out []*rules.Segment, about map[*rules.Segment]string) {
	about = map[*rules.Segment]string{}
	for _, of := range seen {
		for i, p := range probes {
			asked := *of
			match := *of.Match
			match.AnyEvent, match.Events, match.Where = p.Pick.Any || p.Pick.Events == nil, p.Pick.Events, p.Pick.Where
			asked.Name, asked.Match = fmt.Sprintf("(rows %d of %s)", i, of.Name), &match
			out, about[&asked] = append(out, &asked), p.Key()
		}
	}
	return out, about
}

// everybodySeen are segments of the program's own, whose members are all people of whom a use was given a row of the
// recent days: for each level one with the destinations of its segments, and one with none if some of them have none,
// so that every use is among theirs.
func everybodySeen(segs []*rules.Segment, days int) (out []*rules.Segment) {
	for _, level := range []rules.Level{rules.DeviceLevel, rules.CustomerLevel} {
		told := map[string]bool{}
		var zone *value.Zone
		var deliver []string
		analysed := false
		for _, s := range segs {
			if s.Level != level {
				continue
			}
			zone, analysed = s.Zone, analysed || len(s.Deliver) == 0
			for _, name := range s.Deliver {
				if !told[name] {
					told[name] = true
					deliver = append(deliver, name)
				}
			}
		}
		if zone == nil {
			continue
		}
		seen := func(name string, deliver []string) *rules.Segment {
			return &rules.Segment{Name: name, Level: level, Zone: zone, Deliver: deliver, Match: &rules.Condition{
				Verb: "did", Path: "match", AnyEvent: true, Window: &rules.Window{From: value.Duration{N: days, Unit: value.Day}},
				Compare: &rules.Compare{Op: rules.AtLeast, Bound: value.Number{Int: 1}},
			}}
		}
		if analysed {
			out = append(out, seen(fmt.Sprintf("(every %s for analysis)", level), nil))
		}
		if deliver != nil {
			out = append(out, seen(fmt.Sprintf("(every %s)", level), deliver))
		}
	}
	return out
}

// sizeOf counts what a segment comes to in one use.
func sizeOf(d *decide.Decision, a *segments.Audience, everybody []*rules.Segment) lint.Size {
	waiting, unknown := a.Count()
	s := lint.Size{
		Members: coarse(a.Len()), Hidden: coarse(a.Hidden), Qualified: coarse(a.Qualified),
		Undecided: coarse(waiting + unknown), True: map[string]int{},
	}
	if breakdown := a.Breakdown(); breakdown != nil {
		s.Matched, s.Excluded = coarse(breakdown.Matched), coarse(breakdown.Excluded)
		for _, n := range breakdown.Nodes {
			s.True[n.Path] = coarse(n.True)
		}
	}
	for i := range d.Audiences {
		seen := &d.Audiences[i]
		if !slices.Contains(everybody, seen.Segment()) || seen.Use() != a.Use() || seen.Segment().Level != a.Segment().Level {
			continue
		}
		among := 0
		for id := range a.Members() {
			if seen.Has(id) {
				among++
			}
		}
		for id := range a.Control() {
			if seen.Has(id) {
				among++
			}
		}
		s.Recent, s.Among = coarse(seen.Len()), coarse(among)
	}
	return s
}

// counted is a list with the people it would hold.
type counted struct {
	decide.List
	audience *segments.Audience
}

// listsOf are those that enabled destinations would be told.
func listsOf(d *decide.Decision) (out []counted) {
	for _, l := range d.Lists {
		if l.Segment.Source == nil || !l.Destination.Enabled {
			continue
		}
		for i := range d.Audiences {
			if a := &d.Audiences[i]; a.Segment() == l.Segment && a.Use() == l.Use {
				out = append(out, counted{l, a})
			}
		}
	}
	return out
}

// reaches says of every condition with a window how far back the logs go and how much is stored there.
func reaches(d *decide.Decision, segs []*rules.Segment) map[*rules.Condition]lint.WindowReach {
	out := map[*rules.Condition]lint.WindowReach{}
	for _, s := range segs {
		for cond := range s.Conditions() {
			if cond.Window == nil {
				continue
			}
			r := lint.WindowReach{From: d.CoveredFrom(cond)}
			from, before := cond.Window.Bounds(d.AsOf, r.From, s.Zone)
			for i := range d.Sources {
				if source := &d.Sources[i]; source.Cover.Declares(cond) {
					for _, o := range source.Objects(from, before) {
						r.Bytes += o.Size
					}
				}
			}
			out[cond] = r
		}
	}
	return out
}
