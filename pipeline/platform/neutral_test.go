package platform

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// listed is one line of a list as a receiver reads it.
type listed struct {
	Subject, Segment string
	AsOf             int64 // microseconds UTC
}

// neutral are the forms that hold the subjects' own ids; each is read back with another reader than the one that is
// judged.
var neutral = map[string]func(t rapid.TB, list []byte) []listed{
	"file_csv": func(t rapid.TB, list []byte) (out []listed) {
		t.Helper()
		if bytes.ContainsRune(list, '\r') || !utf8.Valid(list) || !bytes.HasSuffix(list, []byte("\n")) {
			t.Errorf("%q is not UTF-8 with LF at the end of each line", list)
		}
		records, err := csv.NewReader(bytes.NewReader(list)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"subject", "segment", "as_of"}, records[0]); diff != "" {
			t.Error(diff)
		}
		for _, r := range records[1:] {
			at, err := time.Parse("2006-01-02T15:04:05Z", r[2])
			if err != nil {
				t.Error(err)
			}
			out = append(out, listed{r[0], r[1], at.UnixMicro()})
		}
		return out
	},
	"file_parquet": parseParquet,
}

func parseParquet(t rapid.TB, list []byte) (out []listed) {
	t.Helper()
	text := value.Type{Kind: value.Text}
	schema := &rules.Schema{Columns: []rules.Column{
		{Name: "subject", Type: text},
		{Name: "segment", Type: text},
		{Name: "as_of", Type: value.Type{Kind: value.Timestamp}},
	}}
	f, err := parquet.Open(bytes.NewReader(list), int64(len(list)), "list", schema, parquet.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var cursor parquet.Cursor
	for i := range f.RowGroups() {
		g := cursor.Move(f, i)
		column := func(name string) func(row int) string {
			a, err := g.Column(name)
			if err != nil {
				t.Fatal(err)
			}
			d := a.(*array.Dictionary)
			return func(row int) string { return strings.Clone(d.Dictionary().(*array.String).Value(d.GetValueIndex(row))) }
		}
		subject, segment := column("subject"), column("segment")
		at, err := g.Column("as_of")
		if err != nil {
			t.Fatal(err)
		}
		for r := range g.Rows() {
			out = append(out, listed{subject(r), segment(r), int64(at.(*array.Timestamp).Value(r))})
		}
	}
	return out
}

// formulas are ids that do something once a spreadsheet opens them.
var formulas = []string{
	`=1+1|cmd`, `=HYPERLINK("http://x.example","y")`, `=cmd|' /C calc'!A0`, `+SUM(A1:A2)`, `-2+3+cmd|' /C calc'!A0`,
	`@SUM(1,2)`, `@A1!x`, `=IMPORTXML("http://x.example")`, `-A1 B2`, `+"x"`, `="a"`, `=a;b`,
	`a;=1+1|cmd`, `a,@SUM(1)`, `a|b|+"x"`, ` =1+1|cmd`, "\u00a0-A1 B2", `＝1+1|cmd`, `a;＠SUM(1)`,
}

// harmless ids look a little like formulas and do nothing.
var harmless = []string{
	"d-1", "k1.T9rSBS_C55xmPzfW2u-yvw", "+358401234567", "-17", "=ab==", "user@bank.example", "0012", "a,b", `a"b`, "ä ö",
	"日本", "x=1+1|cmd", "1-2 3", "a;b", "'quoted'", "a;-1",
}

// savers is a list without people.
var savers = List{
	Segment: "new-savers", Action: Snapshot, AsOf: time.Date(2026, 4, 9, 21, 0, 0, 0, time.UTC).UnixMicro(),
}

// write writes a list with these entries in the first form of a type.
func write(t *testing.T, kind string, l List, entries []string) []byte {
	t.Helper()
	p, ok := Of(kind)
	if !ok {
		t.Fatalf("there is no type %s", kind)
	}
	var out bytes.Buffer
	l.Entries = entries
	if err := p.Parts[0].Write(&out, l); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatIsWrittenIsWhatAReceiverReads(t *testing.T) {
	for kind, parse := range neutral {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				id := rapid.OneOf(rapid.SampledFrom(harmless), rapid.StringMatching(`[ -~åäöÅ€漢]{1,20}`))
				subjects := rapid.SliceOfDistinct(id, rapid.ID[string]).Draw(rt, "subjects")
				slices.Sort(subjects)
				l := List{Segment: "s", AsOf: rapid.Int64Range(0, 4e9).Draw(rt, "as_of") * 1_000_000}
				var want []listed
				for _, s := range subjects {
					want = append(want, listed{s, l.Segment, l.AsOf})
				}
				list := write(t, kind, l, subjects)
				if diff := cmp.Diff(want, parse(t, list)); diff != "" {
					rt.Fatal(diff)
				}
				if !bytes.Equal(list, write(t, kind, l, subjects)) {
					rt.Fatal("the same list has other bytes the second time")
				}
			})
		})
	}
}

func TestNoFormulaEntersACSV(t *testing.T) {
	p, _ := Of("file_csv")
	unsafe := p.Parts[0].Unsafe
	for _, id := range formulas {
		if unsafe(id) == "" {
			t.Errorf("%q would be written", id)
		}
	}
	for _, id := range harmless {
		if why := unsafe(id); why != "" {
			t.Errorf("%q would be left out: %s", id, why)
		}
	}
	if other, _ := Of("file_parquet"); other.Parts[0].Unsafe != nil {
		t.Error("Parquet has no formulas, and leaves ids out for them")
	}
}

// unprintable ids are in no list of any form.
var unprintable = []string{"a\x00", "\ta", "a\nb", "a\r", "a\x1b[1m", "a\x7f", "a\u0085", "a\u009b", "a\xffb"}

func TestWhoCannotBeWrittenIsLeftOutAndCounted(t *testing.T) {
	a := audience(t, slices.Concat(harmless, formulas, unprintable), rules.DeviceLevel)
	for kind, want := range map[string]int{
		"file_csv": len(formulas) + len(unprintable), "file_parquet": len(unprintable),
	} {
		p, _ := Of(kind)
		adds, dropped := Members(a, Source{Platform: p, Part: &p.Parts[0]})
		if dropped.People != want || adds.Len()+dropped.People != a.Len() {
			t.Errorf("%s: %d of %d people are left out, want %d", kind, dropped.People, a.Len(), want)
		}
		var got []string
		for _, l := range neutral[kind](t, write(t, kind, savers, adds.Entries())) {
			got = append(got, l.Subject)
		}
		if diff := cmp.Diff(adds.Entries(), got); diff != "" {
			t.Error(diff)
		}
		for _, id := range unprintable {
			if slices.Contains(got, id) {
				t.Errorf("%s: %q is written", kind, id)
			}
		}
	}
}

func TestASpecimenOfEachNeutralForm(t *testing.T) {
	want := "subject,segment,as_of\n\"a,b\",new-savers,2026-04-09T21:00:00Z\nd1,new-savers,2026-04-09T21:00:00Z\n"
	if diff := cmp.Diff(want, string(write(t, "file_csv", savers, []string{"a,b", "d1"}))); diff != "" {
		t.Error(diff)
	}
	fraction := List{Segment: "s", AsOf: savers.AsOf + 123_456}
	if diff := cmp.Diff([]listed{{"d1", "s", fraction.AsOf}},
		parseParquet(t, write(t, "file_parquet", fraction, []string{"d1"}))); diff != "" {
		t.Error(diff)
	}
}

func TestAListWithoutPeopleIsStillAList(t *testing.T) {
	for kind, parse := range neutral {
		if got := parse(t, write(t, kind, savers, nil)); len(got) != 0 {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

func TestTheFeedOfOwnPagesSaysWhoseSegmentsChanged(t *testing.T) {
	before := map[string][]string{"a": {"d1", "d2", "d3"}, "b": {"d2"}}
	after := map[string][]string{"a": {"d1", "d2"}, "b": {"d2", "d4"}, "c": {"d1"}}
	adds, removes, snapshot := Merge(before, after)
	if diff := cmp.Diff([][]string{{"d1\ta\tc", "d4\tb"}, {"d3"}, {"d1\ta\tc", "d2\ta\tb", "d4\tb"}},
		[][]string{adds, removes, snapshot}); diff != "" {
		t.Error(diff)
	}
	want := `{"subject":"d1","segments":["a","c"],"as_of":"2026-04-09T21:00:00Z"}
{"subject":"<d\"3>","segments":[],"as_of":"2026-04-09T21:00:00Z"}
`
	if diff := cmp.Diff(want,
		string(write(t, "personalisation_feed", savers, []string{"d1\ta\tc", `<d"3>`}))); diff != "" {
		t.Error(diff)
	}
}
