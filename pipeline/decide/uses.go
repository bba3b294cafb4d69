package decide

import (
	"context"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/kernel"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/scan"
)

// List is one segment at one destination.
type List struct {
	Segment     *rules.Segment
	Destination project.Destination
	Use         int
}

// policy is the project's consent settings as of known_by.
func (in *Inputs) policy() (*consent.Policy, error) {
	var activations []string
	for _, d := range in.Project.Destinations {
		if !d.Own {
			activations = append(activations, d.Activate...)
		}
	}
	purposes, err := consent.NewPurposes(activations)
	if err != nil {
		return nil, fault.New(fault.Invalid, "BAD_PURPOSE", err, "rename the destination")
	}
	conf := in.Project.Consent
	p := &consent.Policy{
		Now: in.KnownBy, Retention: project.Micros(in.Project.Retention), MaxConsentAge: project.Micros(conf.MaxConsentAge),
		Purposes: purposes,
	}
	for i := range purposes.Len() {
		name := purposes.Name(i)
		if _, fixed := conf.MinNotice[name]; !fixed {
			name = "activate"
		}
		p.MinNotice = append(p.MinNotice, int32(conf.MinNotice[name]))
		p.TCF = append(p.TCF, in.carrier(purposes.Name(i)))
	}
	if p.GPCDenies, err = purposes.Denied(conf.GPCDenies); err == nil {
		p.BrowserDenies, err = purposes.Denied(conf.BrowserDenies)
	}
	return p, err
}

// carrier says where TC strings carry a purpose.
func (in *Inputs) carrier(purpose string) (c consent.Carrier) {
	own := in.Project.Consent.TCF[purpose]
	c.Own, c.Custom = uint32(setOf(own.Purposes)), setOf(own.Custom)
	for _, d := range in.Project.Destinations {
		if v := d.Vendor; !d.Own && v.ID != 0 && slices.Contains(d.Activate, strings.TrimPrefix(purpose, "activate:")) {
			c.Vendor, c.Purposes, c.Interests = v.ID, uint32(setOf(v.Purposes)), uint32(setOf(v.InterestPurposes()))
		}
	}
	return c
}

// setOf are the purposes of a TC string as a set: purpose p is bit p-1.
func setOf(purposes []int) (out uint64) {
	for _, p := range purposes {
		out |= 1 << (p - 1)
	}
	return out
}

// listUse is what rows are asked for where a list goes to a destination. The bank's own pages hand nobody over, so they
// ask no more than the segment does (docs/consent.md, Uses).
func (in *Inputs) listUse(p *consent.Policy, d project.Destination, customer bool) (consent.Use, error) {
	if d.Own {
		return p.Purposes.SegmentUse(customer), nil
	}
	u, err := p.Purposes.ListUse(customer, d.Activate...)
	if customer && in.Project.Consent.OwnGrant && len(d.Send) > 0 {
		u = u.Owned()
	}
	return u, err
}

// usesOf are the uses that a segment is asked for: one for each destination, or that of the segment itself.
func (d *Decision) usesOf(s *rules.Segment) (uses []consent.Use, to []project.Destination, err error) {
	customer := s.Level == rules.CustomerLevel
	if len(s.Deliver) == 0 {
		return []consent.Use{d.policy.Purposes.SegmentUse(customer)}, nil, nil
	}
	for _, name := range s.Deliver {
		at, _ := d.Project.Destination(name) // the checker knows every destination
		u, err := d.listUse(d.policy, at, customer)
		if err != nil {
			return nil, nil, err
		}
		uses, to = append(uses, u), append(to, at)
	}
	return uses, to, nil
}

// ask finds who is asked for what: a use for each consent and level, and the lists that need them.
func (d *Decision) ask() error {
	number := func(u consent.Use) int {
		i := slices.IndexFunc(d.Uses, func(o consent.Use) bool { return o.Name == u.Name })
		if i < 0 {
			i = len(d.Uses)
			d.Uses = append(d.Uses, u)
		}
		return i
	}
	for _, q := range d.Requests {
		r := segments.Request{Segment: q.Segment, World: q.World, Hidden: q.Hidden, Absent: q.Absent}
		uses, to, err := d.usesOf(q.Segment)
		if err != nil {
			return err
		}
		for i, u := range uses {
			n := number(u)
			r.Uses = append(r.Uses, n)
			if q.World == 0 && to != nil {
				d.Lists = append(d.Lists, List{q.Segment, to[i], n})
			}
		}
		slices.Sort(r.Uses)
		r.Uses = slices.Compact(r.Uses)
		d.asked = append(d.asked, r)
	}
	if d.Reports = -1; len(d.Count) > 0 {
		d.Reports = number(d.policy.Purposes.ReportUse())
	}
	return nil
}

// Decided are the segments of the project that were asked for.
func (d *Decision) Decided() (out []*rules.Segment) {
	for _, r := range d.Requests {
		if r.World == 0 {
			out = append(out, r.Segment)
		}
	}
	return out
}

// plan binds the requests to what the sources cover.
func (d *Decision) plan(ctx context.Context) (*segments.Plan, error) {
	d.cover = &coverages{}
	for i := range d.Sources {
		if err := d.Sources[i].FindCoverage(ctx, &d.Inputs); err != nil {
			return nil, err
		}
		d.cover.sources = append(d.cover.sources, d.Sources[i].Cover)
	}
	return d.planAsOf(d.AsOf, d.cover)
}

// Plan is what the decision computed.
func (d *Decision) Plan() (*segments.Plan, error) { return d.planAsOf(d.AsOf, d.cover) }

// planAsOf is the plan for windows that end then, over data that cover that much, with more segments beside those asked
// for.
func (d *Decision) planAsOf(asOf int64, cover segments.Coverage, more ...segments.Request) (*segments.Plan, error) {
	times := segments.Times{AsOf: asOf, SessionGap: project.Micros(d.Project.SessionGap)}
	counts := make([]segments.Count, len(d.Count))
	for i, s := range d.Count {
		counts[i] = segments.Count{Statistic: s, Use: d.Reports}
	}
	plan, err := segments.NewPlan(slices.Concat(d.asked, more), len(d.Uses), times, builtin.Folds, cover, counts...)
	if err != nil {
		return nil, fault.New(fault.Invalid, "PLAN", err, "see docs/rules.md")
	}
	return plan, nil
}

// scanPlan is the plan as the scan sees it.
func (d *Decision) scanPlan(p *segments.Plan) *scan.Plan {
	s := &scan.Plan{
		Picks: p.Picks, Wants: p.Wants(), Values: p.Values, Edges: p.Edges, KnownBy: d.KnownBy,
		MaxSkew: project.Micros(d.Project.MaxClockSkew), Blocked: d.Project.Identity.Blocked,
		Customers: d.Project.Identity.Linked, Labels: d.InUse(),
		Compile: func(t *rules.Test, z *value.Zone) (kernel.Row, error) {
			row, err := builtin.CompileTest(t, z)
			return kernel.Row(row), err
		},
	}
	for i := range d.Uses {
		s.Customers = s.Customers || d.Uses[i].Customer || d.Uses[i].Person
	}
	return s
}
