package platform

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/rules"
)

// The suite judges every destination type there is by what its platform asks; it knows the types by their declarations
// alone, and some by a receiver of their own.

func TestEveryDestinationTypeIsDeclaredInFull(t *testing.T) {
	for _, p := range tested() {
		switch {
		case p.Doc == "" || p.Ext == "" || len(p.Parts) == 0 || p.Parts[0].Name != "":
			t.Errorf("%s lacks a text, an extension or a first part without a name", p.Type)
		case p.Own && (p.Ads || p.RefusesNames || p.Identifies()):
			t.Errorf("%s stays with the bank and is an ad platform", p.Type)
		case p.Ads && p.Account == nil:
			t.Errorf("%s: an ad platform has accounts", p.Type)
		case p.Identifies() != (len(p.Send) > 0), p.Identifies() != (len(p.Usual) > 0):
			t.Errorf("%s: what it is sent does not fit to the profile %q", p.Type, p.Profile)
		}
		seen := map[string]bool{}
		for i := range p.Parts {
			name := p.Parts[i].Name
			if found, ok := p.Part(name); !ok || found != &p.Parts[i] || seen[name] {
				t.Errorf("%s has two parts %q", p.Type, name)
			}
			seen[name] = true
		}
	}
}

func TestWhatAnAdPlatformIsSentUnlessTold(t *testing.T) {
	for _, p := range Types() {
		if !p.Ads || p.Described {
			continue
		}
		keys := slices.DeleteFunc(slices.Clone(p.Send), func(c Column) bool { return slices.Contains(metaAddress, c) })
		if diff := cmp.Diff(keys, p.Usual); diff != "" {
			t.Errorf("%s: names, addresses, birth dates and gender go only where somebody asks for them:\n%s", p.Type, diff)
		}
		if len(slices.Compact(slices.Sorted(slices.Values(p.Send)))) != len(p.Send) || slices.Contains(p.Send, MAIDOS) {
			t.Errorf("%s sends %v", p.Type, p.Send)
		}
		for _, c := range slices.Concat(p.Usual, p.Together()) {
			if !slices.Contains(p.Send, c) {
				t.Errorf("%s cannot be sent %s", p.Type, c)
			}
		}
	}
}

func TestEveryIdentifierThatIsSentHasAPlaceAndARule(t *testing.T) {
	for _, p := range tested() {
		if !p.Identifies() {
			continue
		}
		profile, ok := identifier.ProfileOf(p.Profile)
		if !ok {
			t.Errorf("%s: there is no profile %s", p.Type, p.Profile)
			continue
		}
		var taken []identifier.Field
		for _, part := range p.Parts {
			taken = append(taken, part.Takes...)
			for _, c := range part.Address {
				if slices.Contains(p.Send, c) { // a described receiver knows all kinds of earlier lists
					taken = append(taken, fields[c])
				}
			}
		}
		for _, f := range taken {
			if !profile.Takes(f) {
				t.Errorf("%s takes %s, which %s has no rule for", p.Type, f, p.Profile)
			}
		}
		for _, c := range p.Send {
			if c != MAID && !slices.Contains(taken, fields[c]) || c == MAID && !slices.Contains(taken, identifier.AAID) {
				t.Errorf("%s is sent %s and no part takes it", p.Type, c)
			}
		}
	}
}

func TestAnAccountIsWrittenAsItsPlatformWritesIt(t *testing.T) {
	for _, c := range []struct {
		kind      string
		good, bad []string
	}{
		{
			"google_data_manager",
			[]string{"1", "1234567890", "123456789012", "123-456-7890"},
			[]string{"", "-", "act_1", "123 456", "1234567890123", "12345678901234567890", "１２３", "123/", "123:"},
		},
		{"google_customer_match_csv", []string{"123-456-7890"}, []string{"my account"}},
		{
			"meta_csv",
			[]string{"act_1234567890123"},
			[]string{"", "act_", "1234567890", "act_12a", "act_12/", "act_12:", "ACT_12"},
		},
	} {
		p, _ := Of(c.kind)
		for _, account := range c.good {
			if why := p.Account(account); why != "" {
				t.Errorf("%s: %q is refused: %s", c.kind, account, why)
			}
		}
		for _, account := range c.bad {
			if p.Account(account) == "" {
				t.Errorf("%s: %q is taken", c.kind, account)
			}
		}
	}
}

// entriesOf are the entries of drawn people in a part and what each is to be read as.
func entriesOf(t *testing.T, rt *rapid.T, p *Platform, part *Part) (l List, want map[string]record) {
	l = List{
		Segment: "savers", Action: rapid.SampledFrom([]Action{Adds, Removes, Snapshot}).Draw(rt, "action"),
		Consent: "list:x:customer",
	}
	if p.Identifies() {
		l.Send = drawSend(rt, p)
		want = entriesOfPeople(t, rt, Source{Platform: p, Part: part, Send: l.Send, Consent: l.Consent})
		if p.Merged {
			in := map[string]record{}
			for entry, r := range want {
				in[entry+"\tloans\tsavers"] = r
			}
			want = in
		}
		if l.Action == Removes {
			l.Send = drawSend(rt, p) // people were told under earlier settings
		}
	} else {
		want = entriesOfSubjects(rt, p, part)
	}
	l.Entries = slices.Sorted(maps.Keys(want))
	return l, want
}

func entriesOfSubjects(t *rapid.T, p *Platform, part *Part) map[string]record {
	want := map[string]record{}
	for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom(harmless), rapid.ID[string]).Draw(t, "subjects") {
		if part.Unsafe != nil && part.Unsafe(id) != "" {
			continue
		}
		entry, r := id, record{"subject": {id}}
		if p.Merged {
			for _, segment := range []string{"a", "b", "c"}[rapid.IntRange(0, 3).Draw(t, "first segment"):] {
				entry += "\t" + segment
				r["segment"] = append(r["segment"], segment)
			}
		}
		want[entry] = r
	}
	return want
}

// entriesOfPeople draws people, makes them members and joins their identifiers.
func entriesOfPeople(t *testing.T, rt *rapid.T, s Source) map[string]record {
	level := rapid.SampledFrom([]rules.Level{rules.CustomerLevel, rules.DeviceLevel}).Draw(rt, "level")
	people := drawPeople(rt)
	a := audience(t, ids(people), level)
	s.Contacts = plainTable(level, "FI", people...)
	adds, dropped := Members(a, s)
	meant := map[string]record{}
	silent := 0
	for _, p := range people {
		if meant[p.id] = expected(s, level, p); len(meant[p.id]) == 0 {
			silent++
		}
	}
	if dropped.People != silent {
		rt.Fatalf("%d people are left out, %d have nothing to be told by", dropped.People, silent)
	}
	s.Contacts = shuffled(rt, level, people)
	again, _ := Members(a, s)
	if diff := cmp.Diff(adds.Entries(), again.Entries()); diff != "" {
		rt.Fatalf("another order of rows is another list:\n%s", diff)
	}
	want := map[string]record{}
	for entry, id := range adds.Told() {
		want[entry] = meant[id]
	}
	return want
}

// shuffled is a table with the rows of people in any order, read in two parts.
func shuffled(t *rapid.T, level rules.Level, people []someone) *Contacts {
	var rows []someone
	for _, p := range people {
		for _, row := range p.rows {
			rows = append(rows, someone{p.id, []Contact{row}})
		}
	}
	rows = rapid.Permutation(rows).Draw(t, "order")
	cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
	c := plainTable(level, "FI", rows[:cut]...)
	c.Merge(plainTable(level, "FI", rows[cut:]...))
	return c
}

func TestEveryListIsReadBackAsItWasMeant(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		receiver := receiverOf(t, p, part)
		rapid.Check(t, func(rt *rapid.T) {
			l, want := entriesOf(t, rt, p, part)
			list := written(rt, part, l)
			if p.Ext != "parquet" {
				text(rt, list)
			}
			if !bytes.Equal(list, written(rt, part, l)) {
				rt.Fatal("the same list has other bytes the second time")
			}
			var records []record
			for _, entry := range l.Entries {
				alone := l
				alone.Entries = []string{entry}
				own := receiver.read(rt, part.Name, l.Action, written(rt, part, alone))
				if meant := want[entry]; receiver.places {
					if diff := cmp.Diff(apart(part, meant), union(own)); diff != "" {
						rt.Fatalf("what is told of a person (-want +got):\n%s", diff)
					}
				} else {
					whole(rt, receiver, meant, own)
				}
				records = append(records, own...)
			}
			if diff := cmp.Diff(records, receiver.read(rt, part.Name, l.Action, list), cmpopts.EquateEmpty()); diff != "" {
				rt.Fatalf("people are not told one after the other as they are alone:\n%s", diff)
			}
		})
	})
}

// whole says that the records of one person hold all that is to be told about her, and none leaves out a kind that she
// has.
func whole(t *rapid.T, r receiver, want record, records []record) {
	if diff := cmp.Diff(want, union(records)); diff != "" {
		t.Fatalf("what is told of a person (-want +got):\n%s", diff)
	}
	if !r.rows && len(records) != 1 {
		t.Fatalf("one person is %d records", len(records))
	}
	if r.rows {
		most := 0
		for _, values := range want {
			most = max(most, len(values))
		}
		if len(records) > most {
			t.Fatalf("%d records for at most %d values of a kind", len(records), most)
		}
	}
	for _, one := range records {
		if len(one) != len(want) {
			t.Fatalf("a record has %d kinds of the person's %d", len(one), len(want))
		}
	}
}

func TestEveryListOfNobodyIsStillAList(t *testing.T) {
	each(t, func(t *testing.T, p *Platform, part *Part) {
		for _, action := range []Action{Adds, Removes, Snapshot} {
			l := List{Segment: "savers", Action: action, Send: p.Send}
			if got := receiverOf(t, p, part).read(t, part.Name, action, written(t, part, l)); len(got) != 0 {
				t.Errorf("%s: %v", action, got)
			}
		}
	})
}
