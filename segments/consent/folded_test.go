package consent

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/segments/identity"
)

// said is a row of a log of the tests.
type said struct {
	who         string
	event       Event
	id, content uint64
}

// logObject is an object of such a log; of one that is not lasting nothing is kept.
type logObject struct {
	rows    []said
	lasting bool
}

// keptLedger is what a night leaves for later ones.
type keptLedger struct {
	seed    uint64
	objects []string
	parts   [Parts][]Folded
}

// nightly fills a ledger from objects and from what the state says beside them, going on from what was kept, if
// anything was; it returns what may be kept.
func nightly(p *Policy, log map[string]logObject, beside []said, was *keptLedger) (*Ledger, *keptLedger, error) {
	var names []string
	for name := range log {
		names = append(names, name)
	}
	slices.Sort(names)
	subjects := identity.NewSubjects()
	if was != nil {
		subjects = identity.SubjectsOf(was.seed)
	}
	f := Fill(p, subjects)
	f.strings = testStrings
	now := &keptLedger{seed: subjects.Seed(), objects: names}
	known := map[string]bool{}
	if was != nil {
		e := Earlier{Part: func(part int) ([]Folded, error) { return clones(was.parts[part]), nil }}
		for _, name := range was.objects {
			number := uint32(Gone)
			if i, there := slices.BinarySearch(names, name); there && log[name].lasting {
				number, known[name] = uint32(i), true
			}
			e.Objects = append(e.Objects, number)
		}
		f.GoOn(e)
	}
	lasting := make([]bool, len(names))
	loaders := []*Loader{f.Loader(), f.Loader()}
	for i, name := range names {
		lasting[i] = log[name].lasting
		if known[name] {
			continue
		}
		for k, row := range log[name].rows {
			if k < 2 {
				loaders[k].Begin(uint32(i))
			}
			l := loaders[k%2]
			l.Seen(row.id, row.content)
			l.Add(l.Subject(kindOf(row.who), []byte(row.who)), row.event)
		}
	}
	other := f.Loader()
	for _, row := range beside {
		other.Add(other.Subject(kindOf(row.who), []byte(row.who)), row.event)
	}
	var mu sync.Mutex
	f.Keep(lasting, func(part int, of []Folded) error {
		mu.Lock()
		defer mu.Unlock()
		now.parts[part] = clones(of)
		return nil
	})
	ledger, err := f.Seal(2)
	return ledger, now, err
}

// clones are columns of their own, as a storage would give them back.
func clones(of []Folded) []Folded {
	out := slices.Clone(of)
	for i := range out {
		for _, c := range out[i].Columns() {
			switch c := c.(type) {
			case *[]byte:
				*c = slices.Clone(*c)
			case *[]uint16:
				*c = slices.Clone(*c)
			case *[]uint32:
				*c = slices.Clone(*c)
			case *[]uint64:
				*c = slices.Clone(*c)
			case *[]int64:
				*c = slices.Clone(*c)
			}
		}
	}
	return out
}

// A ledger that goes on from what an earlier night folded is the one that a log read from its beginning gives, whatever
// came, went or was written anew in between.
func TestALedgerThatGoesOnIsTheOneReadFromTheBeginning(t *testing.T) {
	adopted := 0
	rapid.Check(t, func(t *rapid.T) {
		log, ids := map[string]logObject{}, uint64(0)
		var was *keptLedger
		night := int64(testNow - 3)
		for range rapid.IntRange(2, 5).Draw(t, "nights") {
			night += rapid.Int64Range(0, 3).Draw(t, "later")
			for range rapid.IntRange(0, 3).Draw(t, "objects") {
				o := logObject{lasting: rapid.IntRange(0, 4).Draw(t, "does not last") > 0}
				for range rapid.IntRange(0, 6).Draw(t, "rows") {
					ids++
					row := said{rapid.SampledFrom(foldedPeople).Draw(t, "who"), drawEvent(t, anyAct...), ids, ids}
					if row.event.Action == TCString && o.lasting {
						row.event.Action = Withdraw
					}
					if rapid.Bool().Draw(t, "a grant that ends soon") {
						at := night - testAge + rapid.Int64Range(0, 4).Draw(t, "ends in")
						row.event = Event{At: at, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true}
					}
					if rapid.IntRange(0, 60).Draw(t, "repeats") == 0 {
						row.id = rapid.Uint64Range(1, ids).Draw(t, "id")
					}
					o.rows = append(o.rows, row)
				}
				log[fmt.Sprint("part-", rapid.IntRange(0, 9).Draw(t, "name"))] = o
			}
			if rapid.IntRange(0, 3).Draw(t, "goes") == 0 {
				delete(log, fmt.Sprint("part-", rapid.IntRange(0, 9).Draw(t, "which")))
			}
			var beside []said
			for range rapid.IntRange(0, 2).Draw(t, "beside") {
				who := rapid.SampledFrom(append(foldedPeople, "dnobody")).Draw(t, "of the state")
				beside = append(beside, said{who: who, event: drawEvent(t, anyAct...)})
			}
			p := densePolicy(night)
			want, next, wantErr := nightly(p, log, beside, nil)
			got, more, err := nightly(p, log, beside, rewritten(was, log))
			if !errors.Is(err, wantErr) {
				t.Fatalf("it ends with %v, read from the beginning with %v", err, wantErr)
			}
			if err != nil {
				return
			}
			if was != nil {
				adopted++
			}
			for _, who := range append(slices.Clone(foldedPeople), "dnobody") {
				for purpose := range p.Purposes.Len() {
					if diff := gocmp.Diff(of(want, who, purpose), of(got, who, purpose), cmpopts.EquateEmpty()); diff != "" {
						t.Fatalf("%s, purpose %d (-from the beginning +going on):\n%s", who, purpose, diff)
					}
				}
			}
			for _, k := range []*keptLedger{next, more} {
				for _, of := range k.parts {
					for i := range of {
						if !of[i].Fits(p.Purposes.Len()) {
							t.Fatal("what is kept does not fit together")
						}
					}
				}
			}
			switch rapid.IntRange(0, 3).Draw(t, "kept") {
			case 0: // the night keeps nothing
			case 1:
				was = remembered(next, log)
			default:
				was = remembered(more, log)
			}
		}
	})
	if adopted < 50 {
		t.Fatalf("%d nights went on from an earlier one, want 50", adopted)
	}
}

var foldedPeople = []string{"d1", "d2", "d3", "d4", "c1", "c2"}

func of(l *Ledger, who string, purpose int) Timeline {
	n, known := l.subjects.Find(kindOf(who), who)
	if !known {
		return Timeline{}
	}
	return l.timeline(n, purpose)
}

// remembered forgets the objects that nothing was kept of, and rewritten those that were written anew since.
func remembered(k *keptLedger, log map[string]logObject) *keptLedger {
	k.objects = slices.Clone(k.objects)
	for i, name := range k.objects {
		k.objects[i] = fmt.Sprintf("%s of %d", name, digestOf(log[name]))
	}
	return k
}

func rewritten(k *keptLedger, log map[string]logObject) *keptLedger {
	if k == nil {
		return nil
	}
	out := *k
	out.objects = slices.Clone(k.objects)
	for i, object := range k.objects {
		for name := range log {
			if object == fmt.Sprintf("%s of %d", name, digestOf(log[name])) {
				out.objects[i] = name
			}
		}
	}
	return &out
}

func digestOf(o logObject) uint64 {
	h := uint64(math.MaxUint64)
	for _, r := range o.rows {
		h = h*31 + r.content
	}
	if o.lasting {
		return 2 * h
	}
	return 2*h + 1
}

// Columns that do not fit together are told before they are read.
func FuzzFolded(f *testing.F) {
	f.Add(uint8(0), uint16(0), uint32(1))
	f.Add(uint8(3), uint16(0), uint32(1<<31))
	f.Fuzz(func(t *testing.T, column uint8, at uint16, value uint32) {
		p := densePolicy(testNow)
		log := map[string]logObject{"part-1": {lasting: true, rows: []said{
			{"d1", Event{At: 3, Action: Grant, Pattern: Profile, Notice: 2, Trusted: true}, 1, 1},
			{"d1", Event{At: 5, Action: Withdraw, Pattern: EveryPurpose}, 2, 2},
			{"c1", Event{At: 4, Action: Grant, Pattern: Link, Notice: 2, Trusted: true}, 3, 3},
		}}}
		_, kept, err := nightly(p, log, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		fits := true
		for _, of := range kept.parts {
			for i := range of {
				columns := of[i].Columns()
				switch c := columns[int(column)%len(columns)].(type) {
				case *[]uint16:
					if len(*c) > 0 {
						(*c)[int(at)%len(*c)] = uint16(value)
					}
				case *[]uint32:
					if len(*c) > 0 {
						(*c)[int(at)%len(*c)] = value
					}
				case *[]int64:
					*c = append(*c, int64(value))
				case *[]byte:
					*c = (*c)[:len(*c)/2]
				}
				fits = fits && of[i].Fits(p.Purposes.Len())
			}
		}
		if fits { // then it can be read, whatever it says
			_, _, _ = nightly(p, log, nil, kept)
		}
	})
}
