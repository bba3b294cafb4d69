package pipeline

import (
	"context"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// List is one segment at one destination.
type List struct {
	Segment     *rules.Segment
	Destination project.Destination
	Use         int
}

// uses finds who is asked for what: a use for each consent and level, and the lists that need them.
func (e *Evaluation) uses() ([]segments.Request, error) {
	e.Uses, e.Lists = nil, nil
	at := map[string]int{}
	number := func(u consent.Use) int {
		i, ok := at[u.Name]
		if !ok {
			i = len(e.Uses)
			at[u.Name] = i
			e.Uses = append(e.Uses, u)
		}
		return i
	}
	var out []segments.Request
	for world, of := range append([][]*rules.Segment{e.Segments}, e.beside...) {
		for _, s := range of {
			r := segments.Request{Segment: s, World: world, Hidden: world == 0 && slices.Contains(e.Job.Examine, s.Name), Places: world == 0 && s.Name == e.Job.place}
			customer := s.Level == rules.CustomerLevel
			if len(s.Deliver) == 0 {
				r.Uses = append(r.Uses, number(e.policy.Purposes.SegmentUse(customer)))
			}
			for _, name := range s.Deliver {
				d, _ := e.Job.Project.Destination(name) // the checker knows every destination
				u, err := e.listUse(d, customer)
				if err != nil {
					return nil, err
				}
				i := number(u)
				r.Uses = append(r.Uses, i)
				if world == 0 {
					e.Lists = append(e.Lists, List{s, d, i})
				}
			}
			slices.Sort(r.Uses)
			r.Uses = slices.Compact(r.Uses)
			out = append(out, r)
		}
	}
	return out, nil
}

// plan binds the requests of the run to what its sources cover.
func (e *Evaluation) plan(ctx context.Context) (*segments.Plan, error) {
	e.cover = &coverage{}
	for i := range e.Sources {
		if err := e.Sources[i].coverage(ctx, e.Job); err != nil {
			return nil, err
		}
		e.cover.sources = append(e.cover.sources, e.Sources[i].cover)
	}
	return e.planAsOf(e.Job.AsOf, e.cover)
}

// planAsOf is the plan for windows that end then, over data that cover that much, with more segments beside those of the run.
func (e *Evaluation) planAsOf(asOf int64, cover segments.Coverage, more ...segments.Request) (*segments.Plan, error) {
	requests, err := e.uses()
	if err != nil {
		return nil, err
	}
	e.requests = requests
	plan, err := segments.NewPlan(slices.Concat(requests, more), len(e.Uses), segments.Times{AsOf: asOf, SessionGap: project.Micros(e.Job.Project.SessionGap)}, builtin.Folds, cover)
	if err != nil {
		return nil, fault.New(fault.Invalid, "PLAN", err, "see docs/rules.md")
	}
	return plan, nil
}

// scanPlan is the plan as the scan sees it.
func (e *Evaluation) scanPlan(p *segments.Plan) *scan.Plan {
	s := &scan.Plan{
		Picks: p.Picks, Edges: p.Edges, KnownBy: e.Job.KnownBy, MaxSkew: project.Micros(e.Job.Project.MaxClockSkew),
		Blocked: e.Job.Project.Identity.Blocked, Customers: e.Job.Project.Identity.Linked, Labels: e.Job.InUse(),
		Compile: func(t *rules.Test, z *value.Zone) (kernel.Row, error) {
			row, err := builtin.CompileTest(t, z)
			return kernel.Row(row), err
		},
	}
	if sample := e.Job.sample; sample != nil {
		s.Draw = &scan.Draw{Customers: e.Job.sampled == identity.Customer, Anonymous: e.Job.Project.Identity.Linked, Draws: sample.Draws}
	}
	for i := range e.Uses {
		s.Customers = s.Customers || e.Uses[i].Customer
	}
	for _, w := range p.Wants() {
		s.Wants = append(s.Wants, scan.Want{Pick: w.Pick, From: w.From, Before: w.Before, Value: w.Value})
	}
	for _, v := range p.Values {
		s.Values = append(s.Values, scan.Value{Column: v.Column, Type: v.Type, Quantise: v.Quantise, Role: v.Role, Prefix: v.Prefix})
	}
	return s
}

// listUse is what rows are asked for where a list goes to a destination. The bank's own pages hand nobody over, so they ask
// no more than the segment does (docs/consent.md, Uses).
func (e *Evaluation) listUse(d project.Destination, customer bool) (consent.Use, error) {
	if d.Own {
		return e.policy.Purposes.SegmentUse(customer), nil
	}
	return e.policy.Purposes.ListUse(d.Activate, customer)
}
