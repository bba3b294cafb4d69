package pipeline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

// resigned changes the newest marker and its line and signs both anew: a signature alone proves no chain.
func (b *bank) resigned(change func(m *record.Marker, line *record.Manifest)) {
	var m record.Marker
	const name = "out/markers/000000000003.json"
	check(b.t, json.Unmarshal(b.content(name), &m))
	line, err := record.ReadLine(m.Line)
	check(b.t, err)
	change(&m, line)
	if m.Line != nil {
		m.Line, err = line.Line(b.ring)
		check(b.t, err)
		b.put("audit/"+runLast+".json", m.Line)
	} else {
		m.Line = b.content("audit/" + runPlain + ".json")
	}
	data, err := m.Seal(b.ring)
	check(b.t, err)
	b.put(name, data)
}

func TestAMarkerThatIsSignedAndDoesNotFitIsFound(t *testing.T) {
	whole := threeNights(t)
	whole.loaded.Project.Head = ""
	for _, c := range []struct {
		name   string
		change func(m *record.Marker, line *record.Manifest)
		walk   string // what the walk finds of the marker; "": nothing
		run    string // what the next run says; "": nothing
	}{
		{"nothing", func(*record.Marker, *record.Manifest) {}, "", ""},
		{
			"it names no marker before", func(m *record.Marker, _ *record.Manifest) { m.Previous = "" },
			"names another marker 2 than there is", "markers/000000000002.json is not the one that marker 3 names",
		},
		{
			"it names itself", func(m *record.Marker, _ *record.Manifest) { m.Previous = record.Digest(m.Line) },
			"names another marker 2 than there is", "is not the one that marker 3 names",
		},
		{
			"its line names no line before", func(_ *record.Marker, l *record.Manifest) { l.Previous = "" },
			"its line names another line of marker 2 than there is", "",
		},
		{
			"its line comes after another marker", func(_ *record.Marker, l *record.Manifest) { l.After = 1 },
			"its line cannot be read, is not signed, or belongs to another marker", "",
		},
		{
			"its line is of a run that was refused",
			func(_ *record.Marker, l *record.Manifest) { l.Status = record.StatusRefused },
			"its line cannot be read, is not signed, or belongs to another marker", "",
		},
		{
			"it is of another run", func(m *record.Marker, _ *record.Manifest) { m.RunID = runPlain },
			"its line cannot be read, is not signed, or belongs to another marker",
			"marker 3 names no " + runPlain + "/lines.json",
		},
		{
			"its lock is older", func(m *record.Marker, _ *record.Manifest) { m.Fence = 0 },
			"was published under an older lock than marker 2", "",
		},
		{
			"keys are replaced without a reason", func(_ *record.Marker, l *record.Manifest) { l.Keys.Recipients = "others" },
			"replaced without a reason on record: the recipients", "the recipients of lists: not as in the last accepted run",
		},
		{
			"keys are replaced with one", func(_ *record.Marker, l *record.Manifest) {
				l.Keys.Recipients, l.Overrides = "others", []record.Override{{Guard: "keys", Reason: "new"}}
			},
			"", "the recipients of lists: not as in the last accepted run",
		},
		{
			"it is of a newer program", func(m *record.Marker, _ *record.Manifest) { m.Schema = "malgrupp.marker/v9" },
			"-", "this version reads malgrupp.marker/v1",
		},
		{
			"it names no lines", func(m *record.Marker, _ *record.Manifest) {
				m.Objects = slices.DeleteFunc(m.Objects, func(o record.Output) bool {
					return strings.HasSuffix(o.Name, record.LinesName)
				})
			},
			"", "marker 3 names no " + runLast + "/" + record.LinesName,
		},
		{
			"it names no holdings", func(m *record.Marker, _ *record.Manifest) {
				m.Objects = slices.DeleteFunc(m.Objects, func(o record.Output) bool {
					return strings.Contains(o.Name, "holdings")
				})
			},
			"", "the last marker names no holdings",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := whole.copied(t)
			b.resigned(c.change)
			if c.walk != "-" {
				var found []string
				for _, f := range b.verify(record.Check{}).Findings {
					if strings.HasPrefix(f.Object, "markers/") {
						found = append(found, f.What)
					}
				}
				if all := strings.Join(found, "\n"); !strings.Contains(all, c.walk) || c.walk == "" && all != "" {
					t.Errorf("the walk finds %q, want %q", all, c.walk)
				}
			}
			_, err := b.night(runNext, nil, nil)
			if said := text(err); !strings.Contains(said, c.run) || c.run == "" && said != "" {
				t.Errorf("the next run says %q, want %q", said, c.run)
			}
		})
	}
}

// A list that names another list, run, day or job inside its encryption was put in the place of another, however well
// the marker fits its bytes.
func TestAListThatSaysItIsAnotherIsFound(t *testing.T) {
	whole := threeNights(t)
	whole.loaded.Project.Head = ""
	others := newBank(t)
	const says = "its label says that it is another list"
	for name, c := range map[string]struct {
		change func(l *record.Label)
		says   string
	}{
		"as it was":   {func(*record.Label) {}, ""},
		"its name":    {func(l *record.Label) { l.Name = strings.Replace(l.Name, "adds", "removes", 1) }, says},
		"its run":     {func(l *record.Label) { l.RunID = runPlain }, says},
		"its day":     {func(l *record.Label) { l.AsOf = "2026-04-09T22:00:00Z" }, says},
		"its job":     {func(l *record.Label) { l.Key = "another" }, says},
		"its segment": {func(l *record.Label) { l.Segment = "another" }, ""}, // the name says it
		"its key":     {nil, "its label cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			b := whole.copied(t)
			b.resigned(func(m *record.Marker, line *record.Manifest) {
				for i, o := range m.Objects {
					if !strings.HasSuffix(o.Name, ".adds.csv.age") {
						continue
					}
					label := record.Label{
						Schema: record.LabelSchema, RunID: m.RunID, Name: o.Name, Destination: "files", Segment: "loan-visitors",
						Action: "adds", AsOf: line.AsOf, Key: line.Key,
					}
					ring := b.ring
					if c.change == nil {
						ring = others.ring
					} else {
						c.change(&label)
					}
					text, err := record.Encode(label)
					check(t, err)
					var sealed bytes.Buffer
					w, err := ring.EncryptList(&sealed, text)
					check(t, err)
					_, err = w.Write([]byte("id\nd1\n"))
					check(t, err)
					check(t, w.Close())
					b.put("out/"+o.Name, sealed.Bytes())
					m.Objects[i].Size, m.Objects[i].SHA256 = int64(sealed.Len()), record.Digest(sealed.Bytes())
				}
			})
			found := ""
			for _, f := range b.verify(record.Check{Opens: b.opens}).Findings {
				if strings.HasSuffix(f.Object, ".adds.csv.age") {
					found += f.What
				}
			}
			if !strings.Contains(found, c.says) || c.says == "" && found != "" {
				t.Errorf("found is %q, want %q", found, c.says)
			}
		})
	}
}

// A line of another history after the same marker is no line of this one.
func TestARefusedLineOfAnotherHistoryIsFound(t *testing.T) {
	b := threeNights(t)
	b.loaded.Project.Head = ""
	other := b.copied(t)
	other.resigned(func(_ *record.Marker, l *record.Manifest) { l.GeneratedAt = "2026-04-10T22:00:01Z" })
	other.put("events/dt=2026-04-10/bad.parquet", []byte("no Parquet"))
	const refused = "20260410T220000Z-0000fe"
	if _, err := other.night(refused, nil, nil); err == nil {
		t.Fatal("a damaged object was read")
	}
	b.put("audit/"+refused+".json", other.content("audit/"+refused+".json"))
	_, err := b.night(runNext, nil, nil)
	if f, ok := fault.Classify(err); !ok || f.Kind != fault.Audit ||
		!strings.Contains(text(err), "was written after another line of marker 3") {
		t.Errorf("the next run says %v", err)
	}
}

// What later markers say of a line must be what earlier ones said.
func TestAMarkerThatKnowsAnotherLineIsFound(t *testing.T) {
	b := threeNights(t)
	b.loaded.Project.Head = ""
	b.resigned(func(m *record.Marker, _ *record.Manifest) {
		for i, o := range m.Objects {
			if !strings.HasSuffix(o.Name, record.LinesName) {
				continue
			}
			digest := record.Digest(b.content("audit/" + runAhead + ".json"))
			lines := bytes.Replace(b.content("state/"+o.Name), []byte(digest), []byte(record.Digest(nil)), 1)
			b.put("state/"+o.Name, lines)
			m.Objects[i].SHA256 = record.Digest(lines)
		}
	})
	says := "knows another line of run " + runAhead + " than a marker before"
	if !slices.ContainsFunc(b.verify(record.Check{}).Findings, func(f record.Finding) bool { return f.What == says }) {
		t.Errorf("%q is not found", says)
	}
}

// A walk says what it could not read, whichever call failed.
func TestAWalkThatCannotReadSaysSo(t *testing.T) {
	b := threeNights(t)
	calls := 0
	for n := 0; n <= calls; n++ {
		at := 0
		j := b.over(runNext, func(_ *store.Call, do func() error) error {
			if at++; at == n {
				return errors.New("500 internal error")
			}
			return do()
		})
		places, err := j.Places(t.Context())
		check(t, err)
		v, err := record.Verify(t.Context(), places, b.ring, record.Check{Opens: b.opens})
		if n == 0 {
			check(t, err)
			calls = at
		} else if err == nil {
			t.Errorf("call %d of %d failed, and the walk says %+v", n, calls, v)
		}
	}
}

// Where nobody knows whether the marker was written, no line says that the run was refused.
func TestARunThatMayBePublishedHasNoLineThatItWasRefused(t *testing.T) {
	b := newBank(t)
	for _, done := range []bool{true, false} {
		id := map[bool]string{true: runOne, false: runTwo}[done]
		b.events("events/dt=2026-04-10/"+id+".parquet", 0, 60)
		clock := func() time.Time { return time.UnixMicro(instant(t, night)) }
		created := false
		_, err := b.perform(t.Context(), id, 0, clock, store.Options{
			Memory: b.memory, Around: func(c *store.Call, do func() error) error {
				switch {
				case c.Op == "create" && strings.HasPrefix(c.Key, "markers/"):
					created = true
					if done {
						return errors.Join(errReset, do())
					}
					return errReset
				case created && strings.HasPrefix(c.Key, "markers/"):
					return errReset
				}
				return do()
			},
		})
		if !strings.Contains(text(err), "it is not known whether the run is published") {
			t.Errorf("the run ended with %v", err)
		}
		if slices.Contains(b.keys("mem://audit/", ""), id+".json") {
			t.Error("a line says that the run was refused")
		}
		if b.published(id) != done {
			t.Errorf("published: %t, want %t", b.published(id), done)
		}
	}
}

// Lines come newest first by the number of their marker, whatever clocks said; they are found by name, beginning and
// place.
func TestLinesComeInTheOrderOfTheirMarkers(t *testing.T) {
	b := threeNights(t)
	lines, err := record.Lines(t.Context(), b.place("mem://audit/"), b.ring)
	check(t, err)
	want := []string{runLast, runStray, runPlain, runAhead}
	for i, l := range lines {
		if i >= len(want) || l.RunID != want[i] || !l.Valid {
			t.Fatalf("line %d is of run %s, valid %t; want %q", i, l.RunID, l.Valid, want)
		}
	}
	for name, id := range map[string]string{
		"latest": runLast, "latest~0": runLast, "latest~1": runStray, "latest~3": runAhead, "latest~4": "", "latest~-1": "",
		runPlain: runPlain, runAhead[:12]: runAhead, runPlain[:12]: "", "2027": "",
	} {
		if l, err := record.FindLine(lines, name); l.RunID != id || (err == nil) != (id != "") {
			t.Errorf("%s is run %q: %v; want %q", name, l.RunID, err, id)
		}
	}
}

// Of a list in a form that this version no longer writes, everybody who was told is told to leave all the same.
func TestAListOfAFormThatIsNoMoreIsEmptied(t *testing.T) {
	b := threeNights(t)
	b.loaded.Project.Head = ""
	old := state.Empty().Next(state.Told{RunID: runAhead})
	_, err := old.Set(state.List{Destination: "files", Segment: "loan-visitors", Kind: "ancient"}, "", func(
		yield func(entry, subject string) bool,
	) {
		_ = yield("d1", "d1") && yield("d2", "d2")
	}, b.ring)
	check(t, err)
	sealed, err := old.Write(b.ring)
	check(t, err)
	b.resigned(func(m *record.Marker, _ *record.Manifest) {
		for i, o := range m.Objects {
			if strings.Contains(o.Name, "holdings") {
				b.put("state/"+o.Name, sealed)
				m.Objects[i].Size, m.Objects[i].SHA256 = int64(len(sealed)), record.Digest(sealed)
			}
		}
	})
	_, err = b.night(runNext, nil, nil)
	check(t, err)
	if got := b.list(runNext, "ancient.removes"); !slices.Equal(got, []string{"d1", "d2"}) {
		t.Errorf("%q leave", got)
	}
	if got := b.list(runNext, "adds"); len(got) != 75 {
		t.Errorf("%d come, want 75", len(got))
	}
}

// What a storage tore while it was written behind the marker, the next run completes.
func TestTheNextRunCompletesWhatWasTorn(t *testing.T) {
	b := threeNights(t)
	whole := map[string][]byte{}
	for _, name := range []string{
		"audit/" + runLast + ".json", "heads/heads/000000000003.json", "out/lists/" + runLast + "/_SUCCESS.json",
	} {
		whole[name] = b.content(name)
		b.put(name, whole[name][:len(whole[name])/2])
	}
	_, err := b.night(runNext, nil, nil)
	check(t, err)
	for name, want := range whole {
		if !bytes.Equal(b.content(name), want) {
			t.Errorf("%s is not whole", name)
		}
	}
	if v := b.verify(record.Check{Opens: b.opens}); len(v.Findings) > 0 {
		t.Errorf("found %+v", v.Findings)
	}
}
