package platform

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/pipeline/identifier"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules"
)

// leastForm is the least form that there is.
func leastForm() project.Form {
	return project.Form{
		File: "csv", Profile: "meta.v1", Separator: ',', Rows: "objects",
		Columns: []project.FormColumn{{Name: "a", Of: "email"}},
	}
}

func TestAFormThatCannotBeReadBackIsRefused(t *testing.T) {
	columns := func(of ...string) func(f *project.Form) {
		return func(f *project.Form) {
			f.Columns = nil
			for _, o := range of {
				f.Columns = append(f.Columns, project.FormColumn{Name: o + string(rune('a'+len(f.Columns))), Of: o})
			}
		}
	}
	body := func(text string) func(f *project.Form) {
		return func(f *project.Form) { f.File, f.Body = "jsonl", text }
	}
	flat := leastForm()
	flat.File, flat.Body, flat.Rows = "jsonl", "$rows", "values"
	for want, change := range map[string]func(f *project.Form){
		"":                     func(*project.Form) {},
		"a column has no name": func(f *project.Form) { f.Columns[0].Name = "" },
		"two columns":          func(f *project.Form) { f.Columns = append(f.Columns, f.Columns[0]) },
		`read =1+1|x as a formula`: func(f *project.Form) {
			f.Columns = append(f.Columns, project.FormColumn{Name: "b", Text: "=1+1|x"})
		},
		`read =SUM(A1) as a formula`: func(f *project.Form) { f.Columns[0].Name = "=SUM(A1)" },
		"the word for adds":          func(f *project.Form) { f.Actions = map[string]string{"adds": "@SUM(1,2)"} },
		"identifiers need a profile": func(f *project.Form) { f.Profile = "" },
		"need a profile":             func(f *project.Form) { f.Profile = "nobody.v1" },
		"criteo.v1 does not take ph": func(f *project.Form) { f.Profile = "criteo.v1"; columns("email", "phone")(f) },
		"criteo.v1 does not take ma": func(f *project.Form) { f.Profile = "criteo.v1"; columns("email", "maid")(f) },
		"does not take maid_os":      columns("email", "maid_os"),
		"id once, and not both":      columns("email", "id"),
		"own id once":                func(f *project.Form) { f.Profile = ""; columns("id", "id")(f) },
		"own id once, and":           func(f *project.Form) { f.Profile = ""; columns("segment")(f) },
		"profile: is of identifiers": columns("id"),
		"alone are nobody":           columns("first_name", "city"),
		"a CSV has no body":          func(f *project.Form) { f.Body = "$rows" },
		"is of one column":           func(f *project.Form) { *f = flat; columns("email", "phone")(f) },
		"values needs a body":        func(f *project.Form) { body("")(f); f.Rows = "values" },
		"is no JSON":                 body(`{"a": "$action", "b": $rows}`),
		"no JSON":                    body(`{"a": $rows`),
		"is no JSON once":            body(`{"a": "$rows"}`),
		"is no JSON once its":        body(`{"a": 1$rows}`),
		`column "a\n" has a control`: func(f *project.Form) { f.Columns[0].Name = "a\n" },
		`column "b" has a control`: func(f *project.Form) {
			f.Columns = append(f.Columns, project.FormColumn{Name: "b", Text: "\t=1+1|x"})
		},
		"removes has the word": func(f *project.Form) {
			f.Actions = map[string]string{"adds": "ADD", "removes": "ADD", "snapshot": "SET"}
		},
		"removes has the word of":    func(f *project.Form) { f.Actions = map[string]string{"removes": "snapshot"} },
		"removes has the word of an": func(f *project.Form) { f.Actions = map[string]string{"adds": "removes"} },
		"has $rows once":             body(`{"a": $action}`),
		"$rows once":                 body(`[$rows, $rows]`),
		"beside it":                  body(`{"a": $rows, "b": $passwort}`),
	} {
		f := leastForm()
		change(&f)
		if why := Wrong(&f); !strings.Contains(why, want) || (want == "") != (why == "") {
			t.Errorf("want %q, it says %q", want, why)
		}
	}
	if _, ok := For(project.Destination{Type: "generic_file"}); ok || Wrong(nil) == "" {
		t.Error("a form that nobody describes is one")
	}
}

func TestWhatAFormSaysOfItsReceiver(t *testing.T) {
	id := func(f *project.Form) { f.Profile, f.Columns = "", []project.FormColumn{{Name: "=1+1|x", Of: "id"}} }
	type said struct {
		lasts, ads, refuses, byHand, devices bool
		rows, minimum, name                  int
	}
	for name, c := range map[string]struct {
		change func(f *project.Form)
		want   said
	}{
		"least":    {func(*project.Form) {}, said{ads: true, byHand: true}},
		"replaced": {func(f *project.Form) { f.Replaces = true }, said{ads: true, byHand: true, lasts: true}},
		"own": {
			func(f *project.Form) { f.Own, f.Refuses, f.Minimum, f.Names = true, true, 7, 8 },
			said{refuses: true, byHand: true, minimum: 7, name: 8},
		},
		"lines":    {func(f *project.Form) { f.File = "jsonl" }, said{ads: true}},
		"requests": {func(f *project.Form) { f.File, f.Body = "jsonl", "$rows" }, said{ads: true, rows: 1_000}},
		"ids":      {func(f *project.Form) { id(f); f.File = "jsonl" }, said{ads: true, devices: true}},
		"own ids":  {func(f *project.Form) { id(f); f.File, f.Own = "jsonl", true }, said{}},
		"texts that only a spreadsheet minds": {
			func(f *project.Form) {
				f.File, f.Actions = "jsonl", map[string]string{"adds": "=SUM(1,2)"}
				f.Columns = append(f.Columns, project.FormColumn{Name: "=A1 B", Text: "@SUM(1)"})
			},
			said{ads: true},
		},
		"a word that nobody minds": {
			func(f *project.Form) { f.Actions = map[string]string{"adds": "+ADD"} }, said{ads: true, byHand: true},
		},
	} {
		f := leastForm()
		c.change(&f)
		p, why := described(&f)
		if why != "" {
			t.Fatalf("%s: %s", name, why)
		}
		got := said{p.Lasting != "", p.Ads, p.RefusesNames, p.ByHand, p.Devices, p.Batch.Rows, p.Minimum, p.NameLength}
		if got != c.want || p.Ext != f.File || p.Profile != f.Profile {
			t.Errorf("%s says %+v, want %+v", name, got, c.want)
		}
	}
	f := leastForm()
	f.Profile, f.Columns[0].Of = "linkedin.v1", "maid"
	if p, _ := described(&f); !slices.Equal(p.Parts[0].Takes, []identifier.Field{identifier.AAID}) {
		t.Errorf("a profile without ids of iOS takes %v", p.Parts[0].Takes)
	}
}

// TestAColumnHoldsWhatItSaysAndNothingElse: one without a text is empty, and an id that looks like an identifier is one
// cell.
func TestAColumnHoldsWhatItSaysAndNothingElse(t *testing.T) {
	f := leastForm()
	f.Columns = append(f.Columns, project.FormColumn{Name: "b"}, project.FormColumn{Name: "c", Text: "x"})
	ids := project.Form{File: "csv", Separator: ',', Columns: []project.FormColumn{{Name: "who", Of: "id"}}}
	for want, c := range map[string]struct {
		form  *project.Form
		entry string
	}{
		"a,b,c\n" + sum("a") + ",,x\n": {&f, "email=" + sum("a")},
		"who\nphone=17\n":              {&ids, "phone=17"},
		"who\nemail=a\n":               {&ids, "email=a"},
	} {
		p, why := described(c.form)
		if why != "" {
			t.Fatal(why)
		}
		l := List{Segment: "savers", Action: Removes, Send: p.Send, Entries: []string{c.entry}}
		if diff := cmp.Diff(want, string(written(t, &p.Parts[0], l))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestNoDescribedCSVHasAFormula: of the subjects' own ids those that a spreadsheet would run are left out.
func TestNoDescribedCSVHasAFormula(t *testing.T) {
	for _, name := range []string{"generic_file.crm", "generic_file.crm_requests"} {
		p := tested()[name]
		a := audience(t, slices.Concat(formulas, harmless), customers)
		adds, dropped := Members(a, Source{Platform: p, Part: &p.Parts[0]})
		want := 0
		if p.Ext == "csv" {
			want = len(formulas)
		}
		if dropped.People != want {
			t.Errorf("%s leaves %d out, want %d", name, dropped.People, want)
		}
		l := List{Segment: "savers", Action: Adds, Consent: "list:crm:customer", Entries: adds.Entries()}
		got := union(receiverOf(t, p, &p.Parts[0]).read(t, "", Adds, written(t, &p.Parts[0], l)))["subject"]
		if diff := cmp.Diff(adds.Entries(), got); diff != "" {
			t.Errorf("%s (-entries +read):\n%s", name, diff)
		}
	}
}

func TestSomebodyToldByAColumnThatIsGoneIsRemovedByIt(t *testing.T) {
	entry := "phone=" + sum("+358401234567") + "\taddress=,," + sum("espoo") + ",,,,"
	for want, file := range map[string]string{
		"a,phone,city\n," + sum("+358401234567") + "," + sum("espoo") + "\n":            "csv",
		`{"phone":"` + sum("+358401234567") + `","city":"` + sum("espoo") + `"}` + "\n": "jsonl",
	} {
		f := leastForm()
		f.File = file
		p, why := described(&f)
		if why != "" {
			t.Fatal(why)
		}
		got := written(t, &p.Parts[0], List{Segment: "savers", Action: Removes, Send: p.Send, Entries: []string{entry}})
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	f := leastForm()
	f.Columns = append(f.Columns, project.FormColumn{Name: "phone", Text: "x"})
	p, _ := described(&f)
	got := written(t, &p.Parts[0], List{Action: Removes, Entries: []string{"phone=" + sum("1")}})
	if diff := cmp.Diff("a,phone,phone_\n,x,"+sum("1")+"\n", string(got)); diff != "" {
		t.Errorf("two columns have one name (-want +got):\n%s", diff)
	}
}

// TestNobodyIsTakenForRemovedWhomAFormCannotName: a list that leaves out whoever it has no place for would be
// acknowledged, and she would be told for ever.
func TestNobodyIsTakenForRemovedWhomAFormCannotName(t *testing.T) {
	flat, ids := leastForm(), leastForm()
	flat.File, flat.Rows, flat.Body = "jsonl", "values", "$rows"
	ids.Profile, ids.Columns[0].Of = "", "id"
	for name, c := range map[string]struct {
		form  project.Form
		entry string
		fails bool
	}{
		"another kind in a flat list":           {flat, "phone=" + sum("1"), true},
		"one of two kinds in a flat list":       {flat, "email=" + sum("a") + "\tphone=" + sum("1"), true},
		"a flat list of its own kind":           {flat, "email=" + sum("a"), false},
		"an id where identifiers are now":       {leastForm(), "c17", true},
		"identifiers where ids are now":         {ids, "email=" + sum("a") + "\tphone=" + sum("1"), true},
		"one identifier where ids are now":      {ids, "email=" + sum("a"), true},
		"an id that looks like a short address": {ids, "email=a", false},
	} {
		p, why := described(&c.form)
		if why != "" {
			t.Fatal(why)
		}
		err := p.Parts[0].Write(io.Discard, List{Action: Removes, Entries: []string{c.entry}})
		if (err != nil) != c.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARequestOfAFormSaysWhatTheListIs(t *testing.T) {
	p := tested()["generic_file.crm_requests"]
	l := savers
	l.Action, l.Name, l.Number, l.Entries = Removes, `Savers "new"`, "17", []string{"c1", `c"2`}
	want := `{"list": "new-savers", "name": "Savers \"new\"", "number": "17", "at": "2026-04-09T21:00:00Z", ` +
		`"do": "removes", "ids": ["c1","c\"2"]}` + "\n"
	if diff := cmp.Diff(want, string(written(t, &p.Parts[0], l))); diff != "" {
		t.Error(diff)
	}
}

// TestARequestSaysWhatTheListIsBehindItsRowsToo: words stand on either side of them.
func TestARequestSaysWhatTheListIsBehindItsRowsToo(t *testing.T) {
	f := leastForm()
	f.File, f.Rows, f.Body = "jsonl", "lists", "{\"r\": $rows,\n \"do\": $action, \"of\": $columns, \"list\": $segment}\n"
	p, why := described(&f)
	if why != "" {
		t.Fatal(why)
	}
	l := List{Segment: "savers", Action: Removes, Send: p.Send}
	l.Entries = []string{"email=" + sum("a"), "email=" + sum("b")}
	l.Batch.Rows = 1
	want := ""
	for _, who := range []string{"a", "b"} {
		want += `{"r": [["` + sum(who) + `"]],  "do": "removes", "of": ["a"], "list": "savers"}` + "\n"
	}
	if diff := cmp.Diff(want, string(written(t, &p.Parts[0], l))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestACustomersOwnIDIsNeverHandedToAnAdPlatform(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(tested())) {
		p := tested()[name]
		if !p.Ads || p.Identifies() {
			continue
		}
		for level, want := range map[rules.Level]int{devices: 2, customers: 0} {
			a := audience(t, []string{"c1", "c2"}, level)
			adds, dropped := Members(a, Source{Platform: p, Part: &p.Parts[0]})
			if adds.Len() != want || dropped.People != 2-want {
				t.Errorf("%s is told %d of two %ss", name, adds.Len(), level)
			}
		}
	}
}

// TestMicrosoftMakesAListOnceAndReplacesItOnce: only the first file of a snapshot of a list without a number makes it,
// and only the first of a snapshot replaces.
func TestMicrosoftMakesAListOnceAndReplacesItOnce(t *testing.T) {
	p, _ := Of("microsoft")
	for name, want := range map[string]string{"New savers": "New savers", "=1+1|x": "savers", "": "savers"} {
		l := List{Segment: "savers", Name: name, Action: Snapshot, Consent: "list:ms:customer", Entries: many(&p.Parts[0], 1)}
		_, rows := cells(t, written(t, &p.Parts[0], l))
		if got := rows[1][slices.Index(microsoftHeader, "Audience")]; got != want {
			t.Errorf("%q is called %q, want %q: no cell is a formula", name, got, want)
		}
	}
	type row struct{ ID, Client, Description, Scope, Audience, Action, Days string }
	for _, c := range []struct {
		number string
		action Action
		volume int
		want   row
	}{
		{"", Snapshot, 0, row{"-1", "", "Built by malgrupp", "Customer", "New savers", "Add", "180"}},
		{"", Snapshot, 1, row{ID: "-1", Action: "Add"}},
		{"", Adds, 0, row{ID: "-1", Action: "Add"}},
		{"", Removes, 0, row{ID: "-1", Action: "Remove"}},
		{"17", Snapshot, 0, row{ID: "17", Action: "Replace"}},
		{"17", Snapshot, 1, row{ID: "17", Action: "Add"}},
		{"17", Adds, 0, row{ID: "17", Action: "Add"}},
		{"17", Removes, 1, row{ID: "17", Action: "Remove"}},
	} {
		l := List{
			Segment: "savers", Name: "New savers", Action: c.action, Volume: c.volume, Number: c.number,
			Consent: "list:ms:customer", Entries: many(&p.Parts[0], 3),
		}
		header, rows := cells(t, written(t, &p.Parts[0], l))
		cell := func(r int, name string) string {
			if i := slices.Index(header, name); i >= 0 {
				return rows[r][i]
			}
			return ""
		}
		got := row{
			cell(1, "Id"), "", cell(1, "Description"), cell(1, "Scope"), cell(1, "Audience"), cell(1, "Action Type"),
			cell(1, "Membership Duration"),
		}
		if diff := cmp.Diff(c.want, got); diff != "" || cell(0, "Name") != "6.0" || len(rows) != 5 {
			t.Errorf("%+v (-want +got):\n%s", c, diff)
		}
		for r := 2; r < len(rows); r++ {
			if cell(r, "Parent Id") != got.ID || cell(r, "Client Id") == cell(r-1, "Client Id") {
				t.Errorf("item %d is of list %s", r, cell(r, "Parent Id"))
			}
		}
	}
}

func TestWhoSharesAnIDAtAdformSharesALine(t *testing.T) {
	p, _ := Of("adform")
	first, _ := Of("adform_first_party")
	for want, c := range map[string]struct {
		part    *Part
		entries []string
	}{
		"x\tloans,savers\ny\tloans\n":   {&p.Parts[0], []string{"aaid=x\tsavers", "aaid=x\tidfa=y\tloans"}},
		"x\tloans\ny\tloans\nz\tcars\n": {&p.Parts[0], []string{"aaid=x\tidfa=y\tloans", "aaid=x\tloans", "idfa=z\tcars"}},
		"a=b\tloans\nc\tsavers\n":       {&first.Parts[0], []string{"a=b\tloans", "c\tsavers"}},
	} {
		l := List{Action: Snapshot, Consent: "list:adform:device", Entries: c.entries}
		if diff := cmp.Diff(want, string(written(t, c.part, l))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	for id, safe := range map[string]bool{
		"fp-5d1f0a": true, "ab+/=:.": true, "a b": false, "a,b": false, `a"b`: false, "ä": false,
	} {
		if (first.Parts[0].Unsafe(id) == "") != safe {
			t.Errorf("%q is safe: %v", id, !safe)
		}
	}
	names := List{Action: Snapshot, Entries: []string{"savers\t=1+1|x", "loans\tLoans"}}
	taxonomy := string(written(t, first.Beside, names))
	if strings.Contains(taxonomy, "=") || !strings.Contains(taxonomy, "savers,savers,7,1,0,Active,malgrupp,1,\n") {
		t.Errorf("a name is a formula:\n%s", taxonomy)
	}
}

// FuzzForm makes a receiver of any column and body: it is refused, or its lists are JSON and rows of one width in which
// an unknown value has a place.
func FuzzForm(f *testing.F) {
	f.Add("csv", "meta.v1", "a", "email", "b", "phone", "", "", "objects")
	f.Add("jsonl", "x.v1", "a", "email", "b", "maid", `{"a": $action, "c": $columns, "r": $rows, "n": $name}`, "ADD",
		"lists")
	f.Add("jsonl", "", "a", "id", "b", "segment", "[$rows]", "\"\n", "values")
	f.Add("csv", "uid2.v1", "=a", "email", "b\"\n", "as_of", "$rows", "=1+1|x", "")
	f.Add("csv", "google.v1", "a", "country", "", "", "", "", "lists")
	f.Fuzz(func(t *testing.T, file, profile, a, ofA, b, ofB, body, word, rows string) {
		form := &project.Form{
			File: file, Profile: profile, Separator: ',', Rows: rows, Body: body, Actions: map[string]string{"adds": word},
			Columns: []project.FormColumn{{Name: a, Of: ofA}, {Name: b, Of: ofB}},
		}
		if !slices.Contains([]string{"csv", "jsonl"}, file) ||
			!slices.Contains([]string{"objects", "lists", "values"}, rows) || !utf8.ValidString(a+b+body+word) {
			return // the project file has none of these
		}
		p, why := described(form)
		if why != "" {
			return
		}
		l := List{Segment: "savers", Action: Adds, Consent: "list:x:customer", Send: p.Send, Entries: []string{
			"email=" + sum("a"), "email=" + sum("a") + "\tphone=" + sum("b"), "phone=" + sum("b"),
		}}
		if !p.Identifies() {
			l.Entries = []string{"c1", `c"2`}
		}
		list := written(t, &p.Parts[0], l)
		if file == "csv" {
			if all, err := csv.NewReader(bytes.NewReader(list)).ReadAll(); err != nil || len(all) != 1+len(l.Entries) {
				t.Fatalf("%d rows of %d: %v", len(all), len(l.Entries), err)
			}
			return
		}
		for line := range bytes.Lines(list) {
			if !json.Valid(line) {
				t.Fatalf("%q is no JSON", line)
			}
		}
	})
}
