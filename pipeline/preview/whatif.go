package preview

import (
	"context"
	"maps"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/pipeline/state"
)

// WhatIf is what tonight's run would make of all lists with the settings as they are and as they would be. Numbers of
// people are the same or 50 apart, and so are those of rows.
type WhatIf struct {
	AsOf     string           `json:"as_of"`
	KnownBy  string           `json:"known_by"`
	Settings []SettingChanged `json:"settings"`
	Lists    []ListWhatIf     `json:"lists"`
	Uses     []UseWhatIf      `json:"uses"`
}

// SettingChanged is a setting in force that would be another one; "" where there is none.
type SettingChanged struct {
	Key  string `json:"key"`
	Now  string `json:"now"`
	Then string `json:"then"`
}

// ListWhatIf is one list, or a segment that is delivered nowhere. Who leaves and enters is the difference between what
// the list holds after a run with the settings as they are, and after one with the settings as they would be: what a
// guard holds, or a floor empties, is in it.
type ListWhatIf struct {
	Segment     string      `json:"segment"`
	Destination string      `json:"destination"`
	Part        string      `json:"part,omitempty"`
	Now         ListState   `json:"now"`
	Then        ListState   `json:"then"`
	Leaving     shown.Count `json:"leaving"`
	Entering    shown.Count `json:"entering"`
}

// ListState is what a run would say of a list.
type ListState struct {
	Use     string       `json:"use"`
	Members shown.Count  `json:"members"` // whom it would name, before anything is held back
	Held    string       `json:"held_back,omitempty"`
	Guard   record.Guard `json:"guard,omitempty"`
}

// UseWhatIf is how rows would fare at the gate for one use; nil where nothing asks for it.
type UseWhatIf struct {
	Use  string `json:"use"`
	Now  *Gate  `json:"now,omitempty"`
	Then *Gate  `json:"then,omitempty"`
}

// Gate counts whom a use was given rows of, and devices of which rows were refused.
type Gate struct {
	People  shown.Count            `json:"people"`
	Refused map[string]shown.Count `json:"refused_devices"` // by reason; not those that few have
}

// If tells what settings would do to all lists; then is the job's project with them (load.Loaded.Changed). Nothing is
// written.
func If(ctx context.Context, j *pipeline.Job, then *load.Loaded) (*WhatIf, error) {
	sides, err := pipeline.Sides(ctx, j, then)
	if err != nil {
		return nil, err
	}
	now := sides[0].Manifest
	return &WhatIf{
		AsOf: now.AsOf, KnownBy: now.KnownBy, Settings: SettingsChanged(j.Project, then.Project),
		Lists: listsWhatIf(sides[0].Lists, sides[1].Lists), Uses: usesWhatIf(now.Uses, sides[1].Manifest.Uses),
	}, nil
}

// SettingsChanged are the settings in force that differ, in the order of the reference.
func SettingsChanged(now, then *project.Project) []SettingChanged {
	was, out := map[string]string{}, []SettingChanged{}
	for _, s := range now.Settings {
		was[s.Key] = s.Value
	}
	for _, s := range then.Settings {
		if was[s.Key] != s.Value {
			out = append(out, SettingChanged{s.Key, was[s.Key], s.Value})
		}
	}
	return out
}

func listsWhatIf(now, then []pipeline.Becomes) []ListWhatIf {
	at, pairs := map[state.List]int{}, [][2]pipeline.Becomes{}
	for side, lists := range [][]pipeline.Becomes{now, then} {
		for _, l := range lists {
			if _, met := at[l.List]; !met {
				at[l.List] = len(pairs)
				pairs = append(pairs, [2]pipeline.Becomes{{List: l.List}, {List: l.List}})
			}
			pairs[at[l.List]][side] = l
		}
	}
	var apart shown.Apart
	people := func(n int) shown.Count { return shown.Count(apart.Tell(n)) }
	told := func(b *pipeline.Becomes) ListState {
		return ListState{b.Count.Use, people(int(b.Count.Members)), b.Count.Held, b.Count.Guard}
	}
	out := []ListWhatIf{}
	for i := range pairs {
		was, is := &pairs[i][0], &pairs[i][1]
		out = append(out, ListWhatIf{
			Segment: was.List.Segment, Destination: was.List.Destination, Part: was.List.Part, Now: told(was), Then: told(is),
			Leaving: people(missing(was.Holds, is.Holds)), Entering: people(missing(is.Holds, was.Holds)),
		})
	}
	return out
}

// missing is how many entries of a are not in b; both are in byte order.
func missing(a, b []string) (n int) {
	for _, entry := range a {
		if _, there := slices.BinarySearch(b, entry); !there {
			n++
		}
	}
	return n
}

func usesWhatIf(now, then []record.UseCount) []UseWhatIf {
	out := []UseWhatIf{}
	var apart shown.Apart
	people := func(n shown.Count) shown.Count { return shown.Count(apart.Tell(int(n))) }
	gate := func(of []record.UseCount, use string) *Gate {
		i := slices.IndexFunc(of, func(u record.UseCount) bool { return u.Use == use })
		if i < 0 {
			return nil
		}
		g := &Gate{People: people(of[i].People), Refused: map[string]shown.Count{}}
		for _, reason := range slices.Sorted(maps.Keys(of[i].Refused)) {
			g.Refused[reason] = people(of[i].Refused[reason])
		}
		return g
	}
	for _, u := range slices.Concat(now, then) {
		if !slices.ContainsFunc(out, func(o UseWhatIf) bool { return o.Use == u.Use }) {
			out = append(out, UseWhatIf{u.Use, gate(now, u.Use), gate(then, u.Use)})
		}
	}
	return out
}
