package pipeline_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/keys"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/store"
)

var allPlaces = []string{"out", "state", "audit", "heads"}

// threeNights is a bank with three markers, a refused run in between, and a head for each.
func threeNights(t *testing.T) *bank {
	b := newBank(t)
	b.loaded.Project.Head = "mem://heads/"
	_, err := b.night(runAhead, nil, nil)
	check(t, err)
	b.events("events/dt=2026-04-10/more.parquet", 60, 65)
	_, err = b.night(runPlain, nil, nil)
	check(t, err)
	b.put("events/dt=2026-04-10/bad.parquet", []byte("no Parquet"))
	if _, err = b.night(runStray, nil, nil); err == nil {
		t.Fatal("a damaged object was read")
	}
	check(t, b.place("mem://events/").Delete(t.Context(), "dt=2026-04-10/bad.parquet"))
	b.events("events/dt=2026-04-10/most.parquet", 65, 70)
	_, err = b.night(runLast, nil, nil)
	check(t, err)
	b.events("events/dt=2026-04-10/new.parquet", 70, 75) // so that the next run has something to do
	return b
}

// copied is the bank with places of its own.
func (b *bank) copied(t *testing.T) *bank {
	c := &bank{
		t: t, memory: &store.Memory{}, ring: b.ring, opens: b.opens, loaded: b.loaded, keysDir: b.keysDir,
	}
	for _, place := range append([]string{"events", "consent"}, allPlaces...) {
		for _, key := range b.keys("mem://"+place+"/", "") {
			data, err := b.place("mem://"+place+"/").ReadAll(context.Background(), key, 1<<24)
			check(t, err)
			c.put(place+"/"+key, data)
		}
	}
	return c
}

func (b *bank) content(name string) []byte {
	place, key, _ := strings.Cut(name, "/")
	data, err := b.place("mem://"+place+"/").ReadAll(b.t.Context(), key, 1<<24)
	check(b.t, err)
	return data
}

func (b *bank) destroy(names ...string) {
	for _, name := range names {
		place, key, _ := strings.Cut(name, "/")
		check(b.t, b.place("mem://"+place+"/").Delete(b.t.Context(), key))
	}
}

func (b *bank) swap(one, two string) {
	first, second := b.content(one), b.content(two)
	b.put(one, second)
	b.put(two, first)
}

func (b *bank) edit(name, from, to string) {
	data := b.content(name)
	if !bytes.Contains(data, []byte(from)) {
		b.t.Fatalf("%s does not hold %q", name, from)
	}
	b.put(name, bytes.Replace(data, []byte(from), []byte(to), 1))
}

func (b *bank) flip(name string) {
	data := b.content(name)
	data[len(data)/2] ^= 1
	b.put(name, data)
}

// unsigned takes the signature from a signed document.
func (b *bank) unsigned(name string) {
	data := b.content(name)
	b.put(name, append(data[:bytes.LastIndex(data, []byte(`,"signature":"`))], '}'))
}

// relined writes and signs another line for a run.
func (b *bank) relined(run string) {
	m, err := record.ReadLine(b.content("audit/" + run + ".json"))
	check(b.t, err)
	m.GeneratedAt = "2026-04-10T22:00:09Z"
	line, err := m.Line(b.ring)
	check(b.t, err)
	b.put("audit/"+run+".json", line)
}

// verify walks the record.
func (b *bank) verify(with record.Check) *record.Verdict {
	at := record.Places{
		Whose: b.loaded.Project.Name, Output: b.place("mem://out/"), State: b.place("mem://state/"),
		Audit: b.place("mem://audit/"),
		Heads: b.place("mem://heads/"),
	}
	if b.loaded.Project.Head == "" {
		at.Heads = nil
	}
	var told [][2]int64
	with.Tell = func(done, markers int64) { told = append(told, [2]int64{done, markers}) }
	v, err := record.Verify(b.t.Context(), at, b.ring, with)
	check(b.t, err)
	if n := int64(len(told)) - 1; n < 0 || told[0] != [2]int64{0, n} || told[n] != [2]int64{n, n} {
		b.t.Errorf("the walk tells %v", told)
	}
	if !slices.IsSortedFunc(v.Findings, func(x, y record.Finding) int { return strings.Compare(x.Object, y.Object) }) {
		b.t.Errorf("the findings are not sorted: %+v", v.Findings)
	}
	return v
}

// ringOf opens the keys of a folder.
func ringOf(t *testing.T, dir string) *keys.Ring {
	t.Helper()
	ring, err := keys.Open(keys.Source{Dir: dir}, keys.Config{
		Master: map[int]string{1: "file:master.key"},
		State:  "file:state.key", Recipients: "file:recipients.txt", Signing: "file:signing.key",
	})
	check(t, err)
	return ring
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
