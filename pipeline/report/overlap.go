package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/malgrupp/malgrupp/pipeline/page"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/shown"
)

// Overlap is who shares people, use by use, as the record has it.
type Overlap struct {
	Uses []record.Overlap `json:"uses"`
}

func overlapOf(in *Input) Part {
	if len(in.Run.Manifest.Overlaps) == 0 {
		return nil
	}
	return &Overlap{in.Run.Manifest.Overlaps}
}

// How many segments a map has room for, and how many pairs a table.
const (
	mostMapped = 24
	mostPairs  = 40
)

func (o *Overlap) tell(w *words) (out []page.Block) {
	out = append(out, page.Text{Words: w.say("Told in fifties, rounded down, so that nobody can reckon how many are " +
		"left beside them.")})
	for i := range o.Uses {
		u := &o.Uses[i]
		pairs := pairsOf(u)
		out = append(out, heatMap(w, u, pairs))
		if len(u.Regions) > 0 {
			out = append(out, upSet(w, u))
		}
	}
	return out
}

// pair is two segments and the share of the smaller one's people that the other has, too, in per cent.
type pair struct {
	a, b   int
	common shown.Count
	share  int
}

func pairsOf(u *record.Overlap) (out []pair) {
	for a := range u.Segments {
		for b, common := range u.Common[a] {
			if !common.Few() {
				smaller := min(u.Members[a].Told(), u.Members[b].Told())
				out = append(out, pair{a, b, common, 100 * min(common.Told(), smaller) / smaller})
			}
		}
	}
	slices.SortFunc(out, func(x, y pair) int {
		return cmp.Or(cmp.Compare(y.share, x.share), cmp.Compare(y.common, x.common), cmp.Compare(x.a, y.a),
			cmp.Compare(x.b, y.b))
	})
	return out
}

func heatMap(w *words, u *record.Overlap, pairs []pair) *page.Chart {
	c := &page.Chart{
		Title:    w.say("Pairs for %s", u.Use),
		Sentence: w.say("No two lists share 50 people."),
		Key:      []page.Sign{{Class: "l0", Meaning: w.say("fewer than 50 people")}},
	}
	for level := 1; level <= 5; level++ {
		c.Key = append(c.Key, page.Sign{
			Class: fmt.Sprintf("l%d", level), Meaning: w.say("%d to %d %%", 20*(level-1), 20*level),
		})
	}
	if len(pairs) > 0 {
		p := pairs[0]
		c.Sentence = w.say("Of the smaller of each two lists, the share that the other has, too. Most alike: %s and %s, "+
			"with %s people in both (%d %%).", u.Segments[p.a], u.Segments[p.b], w.people(p.common), p.share)
	}
	shownOf := mapped(u, pairs)
	heat, place := page.Heat{}, map[int]int{}
	for i, at := range shownOf {
		place[at] = i
		heat.Labels = append(heat.Labels, u.Segments[at])
		heat.Levels = append(heat.Levels, make([]int, i))
	}
	for _, p := range pairs {
		i, a := place[p.a]
		k, b := place[p.b]
		if a && b {
			heat.Levels[max(i, k)][min(i, k)] = min(5, 1+p.share/20)
		}
	}
	if less := len(u.Segments) - len(shownOf); less > 0 {
		c.Sentence += " " + w.say("Not drawn: %s that share less.", w.count(less, "one segment", "%s segments"))
	}
	c.Picture = heat
	c.Data = &page.Table{
		Caption: w.say("Pairs that share 50 people or more, the most alike first"),
		Head: []string{
			w.say("Segment"), w.say("Other"), w.say("In both"), w.say("Share of the smaller"),
		},
	}
	for _, p := range pairs[:min(len(pairs), mostPairs)] {
		c.Data.Rows = append(c.Data.Rows, []page.Cell{
			page.C(u.Segments[p.a]), page.C(u.Segments[p.b]), page.N(w.people(p.common)), page.N(fmt.Sprintf("%d %%", p.share)),
		})
	}
	return c
}

// mapped are the segments that a map shows: those that share most, in the order of their sizes.
func mapped(u *record.Overlap, pairs []pair) (out []int) {
	add := func(i int) {
		if len(out) < mostMapped && !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	for _, p := range pairs {
		add(p.b)
		add(p.a)
	}
	for i := range u.Segments {
		add(i)
	}
	slices.Sort(out)
	return out
}

func upSet(w *words, u *record.Overlap) *page.Chart {
	c := &page.Chart{
		Title: w.say("Combinations for %s", u.Use),
		Data: &page.Table{
			Caption: w.say("People who are in exactly these lists"), Head: []string{w.say("Lists"), w.say("People")},
		},
	}
	sets := 0
	for _, r := range u.Regions {
		sets = max(sets, r.In[len(r.In)-1]+1)
	}
	picture := page.UpSet{}
	for i := range sets {
		picture.Sets = append(picture.Sets, page.Bar{Label: u.Segments[i]})
	}
	name := func(r record.Region) string {
		var names []string
		for _, i := range r.In {
			names = append(names, u.Segments[i])
		}
		return w.several(names, len(names))
	}
	for _, r := range u.Regions {
		picture.Regions = append(picture.Regions, page.Region{In: r.In, Value: int64(r.People.Told()), Text: short(r.People)})
		c.Data.Rows = append(c.Data.Rows, []page.Cell{page.C(name(r)), page.N(w.people(r.People))})
	}
	c.Picture = picture
	c.Sentence = w.say("A column is people who are in the lists with a dot and in no other of the largest ones; most, "+
		"%s, are in %s alone. Combinations that would show fewer than 50 people are left out.", w.people(u.Regions[0].People),
		name(u.Regions[0]))
	return c
}

// short is a number with room for three or four characters.
func short(n shown.Count) string {
	switch told := n.Told(); {
	case told >= 1_000_000:
		return fmt.Sprintf("%dM", told/1_000_000)
	case told >= 10_000:
		return fmt.Sprintf("%dk", told/1000)
	case told >= 1000:
		return fmt.Sprintf("%d.%dk", told/1000, told%1000/100)
	}
	return n.String()
}
