package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments"
)

// change is what one list becomes: everybody the destination shall hold, and the difference to what it holds.
type change struct {
	list    state.List
	to      decide.List // zero of a list that is gone
	kind    *platform.Platform
	part    *platform.Part
	use     string
	send    []platform.Column
	members platform.Additions // whom the list would name, all denials heard
	full    platform.Additions
	adds    platform.Additions
	removes platform.Removals
	stay    *platform.Removals // what a guard leaves the destination with; nil: full
	control []string
	count   record.SegmentCount
}

// after are the entries that the destination shall hold.
func (c *change) after() []string {
	if c.stay != nil {
		return c.stay.Entries()
	}
	return c.full.Entries()
}

// differences compares the audiences with what was last told. lost are people, by use, who must leave because of
// denials that came in late.
func (r *run) differences(ctx context.Context, lost [][]string) ([]change, error) {
	out, err := r.compare(ctx, lost, "")
	stopped := func(c change) bool { return c.count.Guard != "" }
	if err == nil && r.Project.Guards.StopAll && slices.ContainsFunc(out, stopped) {
		out, err = r.compare(ctx, lost, guardOther)
	}
	if err != nil {
		return nil, err
	}
	r.manifest.Segments = r.manifest.Segments[:0]
	for i := range out {
		r.manifest.Segments = append(r.manifest.Segments, out[i].count)
	}
	r.manifest.Segments = append(r.manifest.Segments, undelivered(r.decision)...)
	if !r.Replay() {
		r.manifest.ToldLacking = r.toldLacking(out)
	}
	return out, nil
}

// compare is differences with a guard that holds every list, "" for none.
func (r *run) compare(ctx context.Context, lost [][]string, whole record.Guard) (out []change, err error) {
	current := map[state.List]bool{}
	for _, l := range r.decision.Lists {
		kind, ok := platform.For(l.Destination)
		if !ok {
			return nil, fault.New(fault.Invalid, "DESTINATION",
				fmt.Errorf("destination %s: no such type %q", l.Destination.Name, l.Destination.Type), "see malgrupp validate")
		}
		for i := range kind.Parts {
			c, _ := r.difference(l, kind, &kind.Parts[i], lost)
			if err := r.guarded(ctx, &c, whole); err != nil {
				return nil, err
			}
			current[c.list] = true
			r.owes(&c)
			if i == 0 || len(c.after())+len(r.toRemove(&c)) > 0 || c.count.Members > 0 {
				out = append(out, c)
			}
		}
	}
	for _, held := range r.holdings.Lists() {
		if !current[held] && (len(r.Job.Select) == 0 || !r.known(held.Segment)) {
			c := r.gone(held)
			r.owes(&c)
			out = append(out, c)
		}
	}
	return out, nil
}

// gone removes everybody who is held from a segment that is gone, or is not delivered there any more in that form.
func (r *run) gone(held state.List) change {
	c := change{list: held, removes: platform.Held(r.holdings, held)}
	d, there := r.Project.Destination(held.Destination)
	if !there || d.Type != held.Kind {
		d = project.Destination{Type: held.Kind}
	}
	var ok bool
	if c.kind, ok = platform.For(d); ok && c.kind.Merged {
		c.part = &c.kind.Parts[0]
	} else if ok {
		c.part, ok = c.kind.Part(held.Part)
	}
	if !ok { // of a form this version no longer writes, removals still go out
		c.kind, _ = platform.Of("file_csv")
		c.part = &c.kind.Parts[0]
	}
	c.count = record.SegmentCount{
		Segment: held.Segment, Destination: held.Destination, Part: held.Part, Held: heldGone,
		Removals: shown.Count(c.removes.Len()),
	}
	return c
}

// undelivered are the sizes of segments that are delivered nowhere.
func undelivered(d *decide.Decision) (out []record.SegmentCount) {
	for i := range d.Audiences {
		a := &d.Audiences[i]
		if len(a.Segment().Deliver) > 0 {
			continue
		}
		out = append(out, undeliveredCount(d, a))
	}
	return out
}

func undeliveredCount(d *decide.Decision, a *segments.Audience) record.SegmentCount {
	waiting, unknown := a.Count()
	return record.SegmentCount{
		Segment: a.Segment().Name, Use: d.Uses[a.Use()].Name, Members: shown.Count(a.Len()), Unknown: shown.Count(unknown),
		Wait: shown.Count(waiting),
	}
}

// known reports whether a segment exists in the project, though this run does not select it.
func (r *run) known(segment string) bool {
	return slices.ContainsFunc(r.Segments, func(s *rules.Segment) bool { return s.Name == segment }) &&
		!slices.ContainsFunc(r.decision.Decided(), func(s *rules.Segment) bool { return s.Name == segment })
}

// difference compares one part of a list with what was last told; beside it stands everybody whom it would name.
func (r *run) difference(l decide.List, kind *platform.Platform, part *platform.Part,
	lost [][]string,
) (change, platform.Additions) {
	a := r.decision.Audience(l)
	c := change{to: l, kind: kind, part: part, use: r.decision.Uses[l.Use].Name, send: sentColumns(l.Destination)}
	c.list = state.List{Destination: l.Destination.Name, Segment: l.Segment.Name, Kind: kind.Type, Part: part.Name}
	if kind.Merged {
		c.list.Part = string(l.Segment.Level)
	}
	all, dropped := platform.Members(a, platform.Source{
		Platform: kind, Part: part, Send: c.send, Contacts: r.contacts, Consent: c.use,
		Workers: r.Workers,
	})
	c.members = all
	if lost != nil {
		c.members = all.Without(lost[l.Use])
	}
	held := platform.Held(r.holdings, c.list)
	waiting, unknown := a.Count()
	c.control = slices.Collect(a.Control())
	if lost != nil {
		c.control = slices.DeleteFunc(c.control, func(id string) bool {
			_, gone := slices.BinarySearch(lost[l.Use], id)
			return gone
		})
	}
	c.count = record.SegmentCount{
		Segment: l.Segment.Name, Destination: l.Destination.Name, Part: part.Name, Use: c.use,
		Members: shown.Count(c.members.Len()), Control: shown.Count(len(c.control)), Unknown: shown.Count(unknown),
		Wait: shown.Count(waiting), Dropped: shown.Count(dropped.People), Identifiers: droppedValues(dropped),
	}
	c.take(r.holdBack(l, c.members.Len()), held)
	if r.Replay() {
		c.adds = platform.Additions{} // nobody is told of an old day
	}
	c.tally()
	return c, all
}

// tally counts whom the list gains and loses.
func (c *change) tally() {
	c.count.Additions, c.count.Removals = shown.Count(c.adds.Len()), shown.Count(c.removes.Len())
}

// droppedValues are the identifiers that were not sent, by what they were and why.
func droppedValues(d platform.Dropped) map[string]shown.Count {
	var out map[string]shown.Count
	for v, n := range d.Values {
		if shown.Count(n).Few() {
			continue // that there is such a reason would say that somebody has it
		}
		if out == nil {
			out = map[string]shown.Count{}
		}
		out[strings.TrimSpace(v.Field+" "+v.Reason)] = shown.Count(n)
	}
	return out
}

// sentColumns are the identifiers a destination is sent; the project file was checked.
func sentColumns(d project.Destination) (out []platform.Column) {
	for _, name := range d.Send {
		c, _ := platform.ColumnOf(name)
		out = append(out, c)
	}
	return out
}

// take says who is added and who leaves. Where an agreement ran out nobody is added any more, and whoever is held and
// still qualifies stays; for every other reason to hold a list back everybody leaves.
func (c *change) take(held string, before platform.Removals) {
	c.count.Held = held
	switch held {
	case "":
		c.full, c.adds = c.members, c.members.New(before)
	case heldAgreement:
		c.full = c.members.Kept(before)
	}
	c.removes = before.Gone(c.full)
}
