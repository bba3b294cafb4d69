package pipeline_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
)

// nobodies writes one page view under each of so many ids that name nobody, who all consented.
func (b *bank) nobodies(name string, n int) {
	var v [6]parquet.Values
	var acts []act
	for i := range n {
		id := fmt.Sprintf("%0*d", 8+i, 0)
		for c, text := range map[int]string{0: fmt.Sprint("n", i), 3: "page_view", 4: id, 5: "/lainat/asunto"} {
			v[c].Text = append(v[c].Text, text)
		}
		v[1].Ints = append(v[1].Ints, instant(b.t, "2026-04-10T10:00:00Z"))
		v[2].Ints = append(v[2].Ints, instant(b.t, "2026-04-10T10:00:01Z"))
		for _, purpose := range []string{"profile", "activate:files"} {
			acts = append(acts, act{id, "grant", purpose, "2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z"})
		}
	}
	b.put(name, table(b.t, eventColumns(), n, v[:]))
	b.acts("consent/nobodies.parquet", acts)
}

func TestAListHasFiftyPeopleOrNobody(t *testing.T) {
	for name, c := range map[string]struct {
		devices, nobodies int
		late              bool // d7 withdraws while the list is written
		want              int
	}{
		"fifty":                          {50, 0, false, 50},
		"one less":                       {49, 0, false, 0},
		"ids that name nobody fill none": {49, 40, false, 0},
		"a late withdrawal makes it 49":  {50, 0, true, 0},
		"a late withdrawal leaves fifty": {51, 0, true, 50},
	} {
		b := newBank(t)
		b.events("events/dt=2026-04-10/part.parquet", 0, c.devices)
		if c.nobodies > 0 {
			b.nobodies("events/dt=2026-04-10/nobodies.parquet", c.nobodies)
		}
		if c.late {
			b.whileItWrites(func() {
				b.acts("consent/late.parquet", []act{
					{"d7", "withdraw", "*", "2026-04-10T21:59:00Z", "2026-04-10T21:59:30Z"},
				})
			})
		}
		report, err := b.run(night, "20260410T220000Z-000001")
		check(t, err)
		for _, kind := range []string{"snapshot", "adds"} {
			if got := b.list(report.RunID, kind); len(got) != c.want {
				t.Errorf("%s: %d in %s, want %d", name, len(got), kind, c.want)
			}
		}
	}
}

// What is written for sixty people is, object by object, as long as what is written for nobody.
func TestNoSizeOfAFileTellsHowManyPeopleAreInIt(t *testing.T) {
	var want map[string]int64
	for _, devices := range []int{0, 49, 60, 200} {
		b := newBank(t)
		b.consent("consent/more.parquet", "2026-04-10T20:59:00Z", 80, 200)
		b.events("events/dt=2026-04-10/part.parquet", 0, devices)
		b.viewsBy("events/dt=2026-04-10/others.parquet", "/kortit", "2026-04-10T10:00:00Z", 300, 700, "")
		report, err := b.run(night, "20260410T220000Z-000001")
		check(t, err)
		got := map[string]int64{}
		for place, below := range map[string]string{"mem://out/": "lists/" + report.RunID + "/files/", "mem://state/": ""} {
			objects, err := b.place(place).List(t.Context(), below)
			check(t, err)
			for _, o := range objects {
				got[place+o.Key] = o.Size
			}
		}
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) < 4 {
			t.Errorf("sizes with %d people differ from those with nobody:\n%s", devices, diff)
		}
	}
}
