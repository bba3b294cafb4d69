package preview

import (
	"context"
	"fmt"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/inspect"
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

// Facts decides all segments of a job and looks through the rows of its recent days, to learn what the linter asks of
// the logs. Nothing is written, and neither keys nor the state of earlier runs are needed: nobody stays from earlier
// runs.
func Facts(ctx context.Context, in decide.Inputs, o FactsOptions) (*lint.Facts, error) {
	ruled := in.Segments
	requests := decide.Ask(append(ruled[:len(ruled):len(ruled)], everybodySeen(ruled, o.Days)...))
	for i := range requests {
		s := requests[i].Segment
		requests[i].Hidden = s.Purpose == rules.Advertising && len(s.Deliver) > 0
	}
	d, err := decide.Decide(ctx, in, requests, decide.Options{Breakdown: true})
	if err != nil {
		return nil, err
	}
	f := &lint.Facts{
		AsOf: d.AsOf, Days: o.Days, Show: func(people int) string { return shown.Count(people).String() },
		Sizes: map[string][]lint.Size{}, Lists: map[string][]lint.ListSize{}, Reach: reaches(d, ruled),
	}
	for i := range d.Audiences {
		if a := &d.Audiences[i]; a.Segment().Source != nil {
			f.Sizes[a.Segment().Name] = append(f.Sizes[a.Segment().Name], sizeOf(d, a))
		}
	}
	lists := listsOf(d)
	for _, l := range lists {
		least := d.Project.Least(l.Destination, l.Segment.MinSize)
		f.Lists[l.Segment.Name] = append(f.Lists[l.Segment.Name], lint.ListSize{
			Destination: l.Destination.Name, Members: l.audience.Len(), Least: least,
		})
	}
	f.Pairs = pairs(lists)
	probes := lint.Probes(d.Scope(0), ruled, d.AsOf, o.Days)
	f.Rows, err = inspect.Rows(ctx, d, probes, d.AsOf-int64(o.Days)*value.MicrosPerDay, d.AsOf)
	return f, err
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
func sizeOf(d *decide.Decision, a *segments.Audience) lint.Size {
	waiting, unknown := a.Count()
	s := lint.Size{
		Members: a.Len(), Hidden: a.Hidden, Qualified: a.Qualified, Undecided: waiting + unknown, True: map[string]int{},
	}
	if breakdown := a.Breakdown(); breakdown != nil {
		s.Matched, s.Excluded = breakdown.Matched, breakdown.Excluded
		for _, n := range breakdown.Nodes {
			s.True[n.Path] = n.True
		}
	}
	for i := range d.Audiences {
		seen := &d.Audiences[i]
		if seen.Segment().Source != nil || seen.Use() != a.Use() || seen.Segment().Level != a.Segment().Level {
			continue
		}
		s.Recent, s.Among = seen.Len(), 0
		for id := range a.Members() {
			if seen.Has(id) {
				s.Among++
			}
		}
		for id := range a.Control() {
			if seen.Has(id) {
				s.Among++
			}
		}
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
