package statistics

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// table is a statistic by one column, in one period, of so many people.
func table(asked bool, total int64, people ...int64) *Exact {
	e := &Exact{
		Statistic: &rules.Statistic{
			Name: "pages", Count: []string{"visits", "visitors"}, Asked: asked,
			Rows: &rules.Condition{Verb: "did", AnyEvent: true, Window: &rules.Window{All: true}},
			By:   []rules.Dimension{{Name: "page", DimensionKind: &rules.Dimensions[0]}},
		},
		Periods: []Period{{Cells: []Cell{{Visits: 3 * total, Visitors: total, Devices: total}}}},
	}
	for i, n := range people {
		e.Periods[0].Cells = append(e.Periods[0].Cells, Cell{
			Values: []Value{{fmt.Sprintf("p%03d", i), true}}, Visits: 2 * n, Visitors: n, Devices: n,
		})
	}
	return e
}

// said are the numbers of visitors of a table, the total first, then by page.
func said(t Table) map[string]string {
	out := map[string]string{}
	for _, r := range t.Rows {
		name := "all"
		if !r.Total {
			name = *r.Values[0]
		}
		out[name] = r.Cells[1].String()
	}
	return out
}

func TestSmallCellsAreHiddenAndTheSmallestBesideThem(t *testing.T) {
	for name, c := range map[string]struct {
		of   *Exact
		want map[string]string
	}{
		"nothing to hide": {table(false, 140, 90, 50), map[string]string{"all": "140", "p000": "90", "p001": "50"}},
		"the next smallest goes, or the total gives it away": {
			table(false, 323, 200, 120, 3), map[string]string{"all": "320", "p000": "200", "p001": "hidden"},
		},
		"a total of few is hidden": {table(false, 49, 49), map[string]string{"all": "<50"}},
		"a zero is told":           {table(false, 0), map[string]string{"all": "0"}},
		"but not to a question":    {table(true, 0), map[string]string{"all": "<50"}},
	} {
		if diff := cmp.Diff(c.want, said(Tell(c.of))); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// What the vectors folder says of cells of reports, which is not part of the repository.
func TestReportsOfTheVectorsFolderAreTold(t *testing.T) {
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	file, err := os.Open(filepath.Join(root, "consent", "decisions.csv"))
	if err != nil {
		t.Skipf("vectors are not there (set MALGRUPP_VECTORS): %v", err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(lines[0], name) }
	asked := 0
	for _, line := range lines[1:] {
		if line[column("ask")] != "report" {
			continue
		}
		asked++
		setting := map[string]string{}
		for _, pair := range strings.Split(line[column("setting")], ";") {
			key, text, _ := strings.Cut(pair, "=")
			setting[key] = text
		}
		var cells []int64
		total := int64(0)
		for _, text := range strings.Split(setting["cell"]+setting["cells"], ",") {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			cells, total = append(cells, n), total+n
		}
		told := said(Tell(table(false, total, cells...)))
		hidden := told["all"] == Few || slices.Contains(slices.Collect(maps.Values(told)), Beside)
		if want := line[column("expect")] == "suppress"; hidden != want {
			t.Errorf("%s: %v is told as %v, want it suppressed: %t", line[0], cells, told, want)
		}
	}
	if asked == 0 {
		t.Error("the vectors ask nothing of reports")
	}
}

// Whoever subtracts all that is told from the total is left with nothing, or with 50 people or more in one cell.
func TestAHiddenCellCannotBeHadBySubtraction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(rapid.Int64Range(1, 120), 1, 12).Draw(t, "people")
		total := int64(0)
		for _, n := range people {
			total += n
		}
		told := said(Tell(table(false, total, people...)))
		left, most := 0, int64(0)
		for i, n := range people {
			text, named := told[fmt.Sprintf("p%03d", i)]
			if !named || text == Few || text == Beside {
				left, most = left+1, max(most, n)
			} else if n < shown.Floor {
				t.Fatalf("%d people are told as %s", n, text)
			}
		}
		if left > 0 && most < shown.Floor && told["all"] != Few && len(told) > 1 {
			t.Fatalf("of %v is told %v: what is left over has %d cells of at most %d people", people, told, left, most)
		}
	})
}

// Whoever is in a cell is in the whole, so a cell that has all but a few of it tells of those few.
func TestACellThatLacksAFewOfTheWholeIsHidden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(rapid.Int64Range(1, 300), 1, 6).Draw(t, "people")
		total := slices.Max(people) + rapid.Int64Range(0, 200).Draw(t, "more") // people may have several pages
		for name, text := range said(Tell(table(rapid.Bool().Draw(t, "asked"), total, people...))) {
			i, err := strconv.Atoi(strings.TrimPrefix(name, "p"))
			if n, told := strconv.Atoi(text); err != nil || told != nil || n == 0 {
				continue
			}
			if gone := total - people[i]; gone > 0 && gone < shown.Floor {
				t.Fatalf("%s of %d is told, of %d in all", text, people[i], total)
			}
		}
	})
}

// A question has one answer, whether there are a few people more or not.
func TestAQuestionIsAnsweredAlikeWhoeverIsTooFewToBeTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SliceOfN(rapid.Int64Range(5, 30), 1, 6).Draw(t, "people")
		total := int64(0)
		for i := range people {
			people[i] *= 10
			total += people[i]
		}
		few := rapid.Int64Range(1, 9).Draw(t, "few") // as many as the total's tens hide
		without, with := table(true, total, people...), table(true, total+few, append(people, few)...)
		for _, e := range []*Exact{without, with} {
			e.Statistic.Count = []string{"visitors"} // a question tells nothing else of people
		}
		if diff := cmp.Diff(Tell(without), Tell(with)); diff != "" {
			t.Fatalf("%d people more are seen:\n%s", few, diff)
		}
	})
}

// The steps of a funnel are parts of one another: two that are told are the same or the floor apart.
func TestAStepThatLosesAFewIsHidden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := table(rapid.Bool().Draw(t, "asked"), 0)
		n := rapid.IntRange(2, 6).Draw(t, "steps")
		e.Statistic.Count, e.Statistic.By = []string{"visitors"}, nil
		e.Statistic.Rows.Sequence = &rules.Sequence{Steps: make([]rules.Step, n)}
		e.Periods[0].Cells = nil
		left := rapid.Int64Range(0, 400).Draw(t, "first")
		for i := range n {
			name := fmt.Sprintf("%d ", i+1)
			e.Periods[0].Cells = append(e.Periods[0].Cells, Cell{
				Values: []Value{{name, true}}, Visitors: left, Devices: left,
			})
			left -= rapid.Int64Range(0, left).Draw(t, "lost")
		}
		last := int64(-1)
		for i, r := range Tell(e).Rows {
			exact := e.Periods[0].Cells[i].Visitors
			if r.Cells[0].Hidden != "" {
				continue
			}
			if exact > 0 && exact < shown.Floor || last >= 0 && exact != last && last-exact < shown.Floor {
				t.Fatalf("step %d tells %v behind %d: %v", i, exact, last, e.Periods[0].Cells)
			}
			last = exact
		}
	})
}

func TestATableIsTheSameInEveryForm(t *testing.T) {
	e := table(false, 400, 200, 120, 60, 3)
	e.Periods[0].Cells[1].Values[0] = Value{"=HYPERLINK(1)", true}
	e.Periods[0].Cells[2].Values[0] = Value{}
	slices.SortFunc(e.Periods[0].Cells, func(a, b Cell) int { return compareAll(a.Values, b.Values) })
	table := Tell(e)
	var text, doc, columns bytes.Buffer
	for _, err := range []error{table.WriteCSV(&text), table.WriteJSON(&doc), table.WriteParquet(&columns)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	lines, err := csv.NewReader(&text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"period", "total", "page", "visits", "visitors"},
		{"", "true", "", "1200", "400"},
		{"", "false", "'=HYPERLINK(1)", "400", "200"},
		{"", "false", "", "240", "120"},
		{"", "false", "p002", "hidden", "hidden"},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("CSV:\n%s", diff)
	}
	var back struct {
		Rows []struct {
			Values []*string
			Cells  []any
		}
	}
	if err := json.Unmarshal(doc.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	for i, r := range back.Rows {
		if got := strings.Join(lines[i+1][3:], " "); got != fmt.Sprintf("%v %v", r.Cells[0], r.Cells[1]) {
			t.Errorf("row %d is %s in CSV and %v in JSON", i, got, r.Cells)
		}
	}
	number := value.Type{Kind: value.Integer}
	schema := &rules.Schema{Columns: []rules.Column{
		{Name: "visitors", Type: number, Optional: true},
		{Name: "visitors_hidden", Type: value.Type{Kind: value.Text}, Optional: true},
	}}
	f, err := parquet.Open(bytes.NewReader(columns.Bytes()), int64(columns.Len()), "table", schema, parquet.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	g := new(parquet.Cursor).Move(f, 0)
	visitors, err := g.Column("visitors")
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := g.Text("visitors_hidden")
	if err != nil {
		t.Fatal(err)
	}
	for i := range table.Rows {
		got := hidden.At(i)
		if hidden.Null(i) {
			got = fmt.Sprint(visitors.(*array.Int64).Value(i))
		} else if !visitors.IsNull(i) {
			t.Errorf("row %d hides a number that is there", i)
		}
		if got != lines[i+1][4] {
			t.Errorf("row %d is %s in Parquet and %s in CSV", i, got, lines[i+1][4])
		}
	}
}
