package load

import (
	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/platform"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
)

// Platforms is what a project file may say about destinations.
func Platforms() project.Platforms {
	p := project.Platforms{
		Columns: columnNames(platform.Columns()), Country: func(code string) bool {
			return identifier.CountryOf(code) == code && code != ""
		},
		Accepts: func(d project.Destination, column, profile string) bool {
			t, ok := platform.For(d)
			return !ok || t.Accepts(column, profile) // what is wrong with a form is said elsewhere
		},
		Wrong: platform.Wrong,
	}
	for _, profile := range identifier.Profiles() {
		p.Profiles = append(p.Profiles, profile.ID())
	}
	for _, t := range platform.Types() {
		p.Kinds = append(p.Kinds, project.Kind{
			Type: t.Type, Own: t.Own, Send: columnNames(t.Send), Usual: columnNames(t.Usual),
			Together: columnNames(t.Together()), Account: t.Account, Numbered: t.Numbered != "" || t.Described,
			Batched: t.Described || t.Batch != project.Batch{}, Most: t.Most, Described: t.Described,
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

// destinations is what rules must know of the project's destinations.
func (l *Loaded) destinations() map[string]rules.Destination {
	out := map[string]rules.Destination{}
	for _, d := range l.Project.Destinations {
		place := rules.Destination{Purposes: []rules.Purpose{rules.Advertising}}
		if t, ok := platform.For(d); ok {
			place.Ads, place.RefusesNames, place.ByHand = t.Ads, t.RefusesNames, t.ByHand
			if t.Own {
				place.Purposes = []rules.Purpose{rules.Personalisation}
			}
		}
		out[d.Name] = place
	}
	return out
}
