package pipeline

import (
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// Platforms is what a project file may say about destinations.
func Platforms() project.Platforms {
	p := project.Platforms{Columns: columnNames(platform.Columns()), Country: func(code string) bool { return identifier.CountryOf(code) == code && code != "" }}
	for _, profile := range identifier.Profiles() {
		p.Profiles = append(p.Profiles, profile.ID())
	}
	for _, t := range platform.Types() {
		p.Kinds = append(p.Kinds, project.Kind{
			Type: t.Type, Own: t.Own, Send: columnNames(t.Send), Usual: columnNames(t.Usual), Together: columnNames(t.Together()),
			Account: t.Account, Accepts: t.Accepts,
		})
	}
	return p
}

func columnNames(columns []platform.Column) (out []string) {
	for _, c := range columns {
		out = append(out, c.String())
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

// destinations is what rules must know of the project's destinations.
func (l *Loaded) destinations() map[string]rules.Destination {
	out := map[string]rules.Destination{}
	for _, d := range l.Project.Destinations {
		place := rules.Destination{Purposes: []rules.Purpose{rules.Advertising}}
		if t, ok := platform.Of(d.Type); ok {
			place.Ads, place.RefusesNames, place.ByHand = t.Ads, t.RefusesNames, t.ByHand
			if t.Own {
				place.Purposes = []rules.Purpose{rules.Personalisation}
			}
		}
		out[d.Name] = place
	}
	return out
}

// listUse is what rows are asked for where a list goes to a destination. The bank's own pages hand nobody over, so they ask
// no more than the segment does (docs/consent.md, Uses).
func (e *Evaluation) listUse(d project.Destination, customer bool) (consent.Use, error) {
	if d.Own {
		return e.policy.Purposes.SegmentUse(customer), nil
	}
	return e.policy.Purposes.ListUse(d.Activate, customer)
}

// identifies reports whether some list goes to a platform that knows people by identifiers.
func (e *Evaluation) identifies() bool {
	return slices.ContainsFunc(e.Lists, func(l List) bool {
		t, ok := platform.Of(l.Destination.Type)
		return ok && t.Identifies()
	})
}
