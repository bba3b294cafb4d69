package pipeline

import (
	"context"
	"fmt"

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

// Facts decides all segments of a job and looks through the rows of its recent days, to learn what the linter asks of the
// logs. Nothing is written, and neither keys nor the state of earlier runs are needed: nobody stays from earlier runs.
func Facts(ctx context.Context, j *Job, o FactsOptions) (*lint.Facts, error) {
	if err := j.instants(); err != nil {
		return nil, err
	}
	own, loaded, ruled := *j, *j.Loaded, j.Segments
	own.Study, own.Loaded, own.Examine = true, &loaded, nil
	for _, s := range ruled {
		if s.Purpose == rules.Advertising && len(s.Deliver) > 0 {
			own.Examine = append(own.Examine, s.Name)
		}
	}
	loaded.Segments = append(ruled[:len(ruled):len(ruled)], everybodySeen(ruled, o.Days)...)
	e, err := Evaluate(ctx, &own)
	if err != nil {
		return nil, err
	}
	f := &lint.Facts{
		AsOf: j.AsOf, Days: o.Days, Show: func(people int) string { return shown.Count(people).String() },
		Sizes: map[string][]lint.Size{}, Lists: map[string][]lint.ListSize{}, Reach: e.reaches(ruled),
	}
	for i := range e.Audiences {
		if a := &e.Audiences[i]; a.Segment().Source != nil {
			f.Sizes[a.Segment().Name] = append(f.Sizes[a.Segment().Name], e.size(a))
		}
	}
	lists := e.lists()
	for _, l := range lists {
		least := max(j.Project.Guards.MinAudience, l.Destination.MinSize, l.Segment.MinSize)
		f.Lists[l.Segment.Name] = append(f.Lists[l.Segment.Name], lint.ListSize{Destination: l.Destination.Name, Members: l.audience.Len(), Least: least})
	}
	f.Pairs = pairs(lists)
	from := j.AsOf - int64(o.Days)*value.MicrosPerDay
	f.Rows, err = e.rowsOf(ctx, lint.Probes(loaded.Scope(0), ruled, j.AsOf, o.Days), from, j.AsOf)
	return f, err
}

// everybodySeen are segments of the program's own, whose members are all people of whom a use was given a row of the recent
// days: for each level one with the destinations of its segments, and one with none if some of them have none, so that every
// use is among theirs.
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

// size counts what a segment comes to in one use.
func (e *Evaluation) size(a *segments.Audience) lint.Size {
	waiting, unknown := a.Count()
	s := lint.Size{Members: a.Len(), Hidden: a.Hidden, Qualified: a.Qualified, Undecided: waiting + unknown, True: map[string]int{}}
	if study := a.Study(); study != nil {
		s.Matched, s.Excluded = study.Matched, study.Excluded
		for _, n := range study.Nodes {
			s.True[n.Path] = n.True
		}
	}
	for i := range e.Audiences {
		seen := &e.Audiences[i]
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
	List
	audience *segments.Audience
}

// lists are those that enabled destinations would be told.
func (e *Evaluation) lists() (out []counted) {
	for _, l := range e.Lists {
		if l.Segment.Source == nil || !l.Destination.Enabled {
			continue
		}
		for i := range e.Audiences {
			if a := &e.Audiences[i]; a.Segment() == l.Segment && a.Use() == l.Use {
				out = append(out, counted{l, a})
			}
		}
	}
	return out
}

// reaches says of every condition with a window how far back the logs go and how much is stored there.
func (e *Evaluation) reaches(segs []*rules.Segment) map[*rules.Condition]lint.WindowReach {
	cover := &coverage{}
	for i := range e.Sources {
		cover.sources = append(cover.sources, e.Sources[i].cover)
	}
	out := map[*rules.Condition]lint.WindowReach{}
	for _, s := range segs {
		for cond := range s.Conditions() {
			if cond.Window == nil {
				continue
			}
			r := lint.WindowReach{From: cover.From(cond)}
			from, before := cond.Window.Bounds(e.Job.AsOf, r.From, s.Zone)
			for i := range e.Sources {
				if source := &e.Sources[i]; source.cover.declares(cond) {
					for _, o := range source.objects(from, before) {
						r.Bytes += o.Size
					}
				}
			}
			out[cond] = r
		}
	}
	return out
}
