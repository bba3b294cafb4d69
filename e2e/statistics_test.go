package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/malgrupp/malgrupp/e2e/duckdb"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/statistics"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
)

// counted is a project of which statistics are counted: its columns for a page and for something with few values, and a
// part of a page's address.
type counted struct {
	project           func() *example
	disturbed         bool
	setting           setting
	moment            int
	page, kind, begin string
}

var statisticsOf = map[string]counted{
	"the shop":                {shop, false, setting{answers, "", false}, 1, "page_url", "country", "/1/"},
	"the shop, strict":        {shop, false, setting{answers, "", true}, 0, "page_url", "price", "/2/"},
	"the shop, disturbed":     {shop, true, setting{answers, "", false}, 1, "page_url", "platform", "/1/"},
	"five people":             {webtrack, false, setting{granting, "", false}, 1, "page_url", "platform", "google"},
	"five people, disturbed":  {webtrack, true, setting{granting, "", false}, 2, "page_url", "platform", "google"},
	"odd events":              {snowplow, false, setting{answers, "", false}, 3, "page_url", "refr_medium", "/"},
	"odd events, all granted": {snowplow, false, setting{granting, "", false}, 1, "page_url", "mkt_source", "/"},
}

// stated is one statistic, as malgrupp.yaml has it and as SQL: what it counts by, over the rows that are counted, each
// with what precedes and follows it in its session.
type stated struct {
	name, yaml string
	every      string
	by         []string // SQL
	where      string   // SQL, of the rows that are counted; "": all
	steps      []string // SQL, of a funnel
}

// everyStatistic is asked of every project. PAGE, KIND and BEGIN stand for its columns.
var everyStatistic = []stated{
	{name: "days", yaml: "every: day", every: "day"},
	{
		name: "weeks", yaml: "every: week\n    where: PAGE contains 'BEGIN'", every: "week",
		where: "contains(c_PAGE, 'BEGIN')",
	},
	{name: "months", yaml: "every: month\n    by: KIND", every: "month", by: []string{"c_KIND"}},
	{name: "pages", yaml: "every: week\n    by: PAGE", every: "week", by: []string{"c_PAGE"}},
	{name: "kinds", yaml: "by: [KIND, PAGE]", by: []string{"c_KIND", "c_PAGE"}},
	{
		name: "entries", yaml: "by: [entry(PAGE), exit(PAGE)]\n    every: day", every: "day",
		by: []string{"entry", "leaving"},
	},
	{
		name: "entries-of", yaml: "by: entry(PAGE)\n    where: PAGE contains 'BEGIN'", by: []string{"entry"},
		where: "contains(c_PAGE, 'BEGIN')",
	},
	{name: "ways", yaml: "by: [PAGE, next(PAGE)]", by: []string{"c_PAGE", "following"}},
	{
		name: "ways-within", yaml: "by: [PAGE, next(PAGE)]\n    where: KIND is not null", by: []string{"c_PAGE", "following"},
		where: "c_KIND IS NOT NULL",
	},
	{
		name: "newness", yaml: "by: newness\n    every: week", every: "week",
		by: []string{"CASE WHEN first_period = p.name THEN 'new' ELSE 'returning' END"},
	},
	{name: "cohorts", yaml: "by: cohort\n    every: week", every: "week", by: []string{"first_period"}},
	{name: "topics", yaml: "by: topic", by: []string{"topic"}},
	{
		name: "funnel", steps: []string{"TRUE", "contains(c_PAGE, 'BEGIN')", "c_KIND IS NOT NULL"},
		yaml: "funnel:\n      - {did: any}\n      - {did: any, where: \"topic = 'begun'\"}\n" +
			"      - {did: any, where: KIND is not null}",
	},
	{
		name: "funnel-by-week", every: "week", steps: []string{"contains(c_PAGE, 'BEGIN')", "NOT contains(c_PAGE, 'BEGIN')"},
		yaml: "every: week\n    funnel:\n      - {did: any, where: \"topic = 'begun'\"}\n" +
			"      - {did: any, where: \"not PAGE contains 'BEGIN'\"}",
	},
}

// windowDays is how far back the statistics look.
const windowDays = 40

// DuckDB counts what the engine counts, cell by cell, before anything is hidden.
func TestDuckDBAndTheEngineCountTheSame(t *testing.T) {
	t.Parallel()
	openDuckDB(t) // or skip all
	for name, c := range statisticsOf {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logSource(t, c.project().Log)
			x := c.project()
			at := x.moments[c.moment]
			x.open(t, c.disturbed)
			l := x.counting(t, c)
			j := job(t, l)
			j.AsOf, j.KnownBy = instant(t, at[0]), instant(t, at[1])
			exact := must(statistics.Compute(context.Background(), j, l.Statistics))(t)
			db := openDuckDB(t)
			admittedRows(t, db, j.Inputs, tablesOf(x.dir, l))
			var cells atomic.Int64
			for i, s := range l.Statistics {
				a := everyStatistic[i]
				t.Run(a.name, func(t *testing.T) {
					got := engineCells(&exact[i])
					cells.Add(int64(len(got)))
					if diff := cmp.Diff(got, c.duckCells(t, db, a, s, j.Inputs)); diff != "" {
						t.Errorf("(-engine +duckdb):\n%.3000s", diff)
					}
				})
			}
			if cells.Load() < 30 {
				t.Errorf("only %d cells were compared: the test asks little", cells.Load())
			}
			t.Logf("%d cells agree", cells.Load())
		})
	}
}

// filled puts a project's columns into a text.
func (c counted) filled(text string) string {
	return strings.NewReplacer("PAGE", c.page, "KIND", c.kind, "BEGIN", c.begin).Replace(text)
}

// counting is the example's project with the statistics, and one segment whose statement says which rows are admitted.
func (x *example) counting(t *testing.T, c counted) *load.Loaded {
	t.Helper()
	x.load(t, c.setting)
	file := filepath.Join(x.dir, "malgrupp.yaml")
	text := string(must(os.ReadFile(file))(t))
	var b strings.Builder
	b.WriteString("\ntopics:\n  begun: PAGE contains 'BEGIN'\n  kind: KIND is not null\n  none: KIND is null\n")
	b.WriteString("statistics:\n")
	for _, a := range everyStatistic {
		fmt.Fprintf(&b, "  %s:\n    within: %dd\n    %s\n", a.name, windowDays, a.yaml)
		if a.steps == nil {
			b.WriteString("    count: [visits, visitors, sessions, devices]\n    of: any\n")
		}
	}
	head, profiles, has := strings.Cut(text, "\nprofiles:")
	if has {
		profiles = "\nprofiles:" + profiles
	}
	check(t, os.WriteFile(file, []byte(head+c.filled(b.String())+profiles), 0o644))
	folder := filepath.Join(x.dir, "segments")
	check(t, os.RemoveAll(folder))
	check(t, os.Mkdir(folder, 0o755))
	rule := fmt.Sprintf(`apiVersion: malgrupp/v1
kind: Segment
metadata: {name: everything, owner: %s, review_by: %s}
spec:
  purpose: analysis
  identity: device
  match:
    any:
      - {did: any, within: all}
      - {did: any, where: "%s is null or %s is null", within: all}
  deliver: []
`, contactOf(text), x.today, c.page, c.kind)
	check(t, os.WriteFile(filepath.Join(folder, "everything.yaml"), []byte(rule), 0o644))
	date, _ := value.ParseDate(x.today)
	l := must(load.Load(x.dir, c.setting.profile, date))(t)
	if l.Findings.Failed() {
		t.Fatal(l.Findings)
	}
	x.set(l.Project, c.setting)
	return l
}

// contactOf is the contact of a project.
func contactOf(text string) string {
	_, after, _ := strings.Cut(text, "contacts:\n  ")
	name, _, _ := strings.Cut(after, ":")
	return name
}

// admittedRows makes a table of the rows that may be used for the purpose of measuring.
func admittedRows(t *testing.T, db *duckdb.DB, in decide.Inputs, tables map[string]string) {
	t.Helper()
	statement := must(decide.Statement(context.Background(), in, "everything", decide.StatementOptions{
		Dialect: sql.DuckDB, Tables: tables,
	}))(t)
	before, _, found := strings.Cut(statement, ",\n-- everybody of whom something is admitted\n")
	if !found {
		t.Fatalf("the statement has no table of admitted rows:\n%s", statement)
	}
	must(db.Query("CREATE TABLE admitted AS\n" + strings.ReplaceAll(before, "'profile'", "'measure'") +
		"\nSELECT * FROM admitted"))(t)
}

// engineCells are the cells of a statistic: period, values and numbers behind one another.
func engineCells(e *statistics.Exact) map[string]string {
	out := map[string]string{}
	for _, p := range e.Periods {
		for _, k := range p.Cells {
			values := make([]string, len(k.Values))
			for i, v := range k.Values {
				if values[i] = "null"; v.There {
					values[i] = "=" + v.Text
				}
			}
			if len(e.Statistic.By) > 0 && k.Values == nil {
				values = []string{"all"}
			}
			numbers := fmt.Sprintf("visits %d, visitors %d, sessions %d, devices %d", k.Visits, k.Visitors, k.Sessions,
				k.Devices)
			if e.Statistic.Rows.Sequence != nil {
				values[0] = values[0][:2]
				numbers = fmt.Sprintf("visitors %d, devices %d, median %d", k.Visitors, k.Devices, k.Median)
			}
			out[p.Name+" "+strings.Join(values, " ")] = numbers
		}
	}
	return out
}

// periods is a VALUES list of the periods of the window: name, first instant, first instant after it.
func periods(every string, asOf int64, zone string) (text string, from int64) {
	z, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	end := time.UnixMicro(asOf).In(z)
	begin := time.Date(end.Year(), end.Month(), end.Day()-windowDays, 0, 0, 0, 0, z)
	from = begin.UnixMicro()
	day := begin
	switch every {
	case "":
		return fmt.Sprintf("('', %d, %d)", from, asOf), from
	case "week":
		day = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case "month":
		day = day.AddDate(0, 0, 1-day.Day())
	}
	var rows []string
	for ; day.Before(end); day = next(every, day) {
		rows = append(rows, fmt.Sprintf("('%s', %d, %d)", day.Format(time.DateOnly), day.UnixMicro(),
			next(every, day).UnixMicro()))
	}
	return strings.Join(rows, ", "), from
}

func next(every string, day time.Time) time.Time {
	switch every {
	case "week":
		return day.AddDate(0, 0, 7)
	case "month":
		return day.AddDate(0, 1, 0)
	}
	return day.AddDate(0, 0, 1)
}

// duckCells asks DuckDB for the cells of a statistic.
func (c counted) duckCells(t *testing.T, db *duckdb.DB, a stated, s *rules.Statistic, in decide.Inputs,
) map[string]string {
	t.Helper()
	spans, from := periods(a.every, in.AsOf, s.Zone.Name())
	told := "c_PAGE NULLS FIRST"
	if len(a.by) == 2 && a.by[0] == "c_KIND" {
		told = "c_KIND NULLS FIRST, " + told
	}
	where := "TRUE"
	if a.where != "" {
		where = a.where
	}
	head := string(must(os.ReadFile(filepath.Join("testdata", "statistics.sql")))(t))
	head = c.filled(strings.NewReplacer("$PERIODS", spans, "$FROM", fmt.Sprint(from), "$GAP", fmt.Sprint(30*60*1_000_000),
		"$AS_OF", fmt.Sprint(in.AsOf), "$WHERE", where, "$TOLD", told).Replace(head))
	if a.steps != nil {
		return c.duckFunnel(t, db, a, head, from)
	}
	seen := map[string][4]string{}
	count := func(by []string, moment, numbers string, into ...int) {
		for key, row := range c.grouped(t, db, head, by, moment, numbers, from) {
			if by == nil && a.by != nil {
				key += "all"
			}
			cell, known := seen[key]
			if !known {
				cell = [4]string{"0", "0", "0", "0"}
			}
			for i, at := range into {
				cell[at] = fmt.Sprint(row[i])
			}
			seen[key] = cell
		}
	}
	for _, by := range [][]string{a.by, nil} {
		count(by, "c.moment", "count(*), count(DISTINCT person), count(DISTINCT c.device)", 0, 1, 3)
		count(by, "c.started", "count(DISTINCT sitting)", 2)
	}
	out := map[string]string{}
	for key, n := range seen {
		out[key] = fmt.Sprintf("visits %s, visitors %s, sessions %s, devices %s", n[0], n[1], n[2], n[3])
	}
	return out
}

// grouped counts rows, or sessions by when they began, by period and values; the key is both, as engineCells says it.
func (c counted) grouped(t *testing.T, db *duckdb.DB, head string, by []string, moment, numbers string, from int64,
) map[string][]any {
	t.Helper()
	table, where := "counted AS c", fmt.Sprintf("%s >= %d", moment, from)
	if slices.Contains(by, "topic") {
		table += " CROSS JOIN (VALUES ('begun'), ('kind'), ('none')) AS o(topic)"
		where += " AND CASE topic WHEN 'begun' THEN contains(c_PAGE, 'BEGIN') WHEN 'kind' THEN c_KIND IS NOT NULL" +
			" ELSE c_KIND IS NULL END"
	}
	statement := head + c.filled(fmt.Sprintf(`
SELECT %s, %s
FROM %s LEFT JOIN since AS s ON s.device = c.device JOIN periods AS p ON %[4]s >= p.begins AND %[4]s < p.ends
WHERE %[5]s GROUP BY ALL`, strings.Join(append([]string{"p.name"}, by...), ", "), numbers, table, moment, where))
	out := map[string][]any{}
	for _, row := range must(db.Query(statement))(t) {
		values := make([]string, len(by))
		for i, v := range row[1 : 1+len(by)] {
			if values[i] = "null"; v != nil {
				values[i] = fmt.Sprintf("=%v", v)
			}
		}
		out[fmt.Sprint(row[0], " ", strings.Join(values, " "))] = row[1+len(by):]
	}
	return out
}

// duckFunnel asks for the steps of a funnel: the time of each is the first after that of the step before.
func (c counted) duckFunnel(t *testing.T, db *duckdb.DB, a stated, head string, from int64) map[string]string {
	t.Helper()
	head += fmt.Sprintf(`,
way1 AS (
  SELECT p.name, c.device, min(c.moment) AS t1
  FROM counted AS c JOIN periods AS p ON c.moment >= p.begins AND c.moment < p.ends
  WHERE c.moment >= %d AND (%s) GROUP BY ALL
)`, from, c.filled(a.steps[0]))
	owners := make([]string, len(a.steps))
	for i, step := range a.steps {
		step = c.filled(step)
		if k := i + 1; k > 1 {
			head += fmt.Sprintf(`,
way%[1]d AS (
  SELECT w.*, (SELECT min(c.moment) FROM counted AS c
    WHERE c.device = w.device AND c.moment > w.t%[2]d AND (%[3]s)) AS t%[1]d
  FROM way%[2]d AS w
)`, k, k-1, step)
		}
		owners[i] = fmt.Sprintf(`(
    SELECT CASE WHEN count(DISTINCT coalesce(customer, '')) = 1 THEN max(customer) END
    FROM counted AS c WHERE c.device = w.device AND c.moment = w.t%d AND (%s))`, i+1, step)
	}
	head += fmt.Sprintf(`,
whose AS (
  SELECT *, coalesce('c' || coalesce(%s), 'd' || device) AS person FROM way%d AS w
)`, strings.Join(owners, ", "), len(a.steps))
	out := map[string]string{}
	for k := 1; k <= len(a.steps); k++ {
		took := "0"
		if k > 1 {
			took = fmt.Sprintf("CAST(quantile_disc(t%d - t%d, 0.5) AS VARCHAR)", k, k-1)
		}
		statement := head + fmt.Sprintf("\nSELECT name, count(DISTINCT person), count(*), %s\nFROM whose "+
			"WHERE t%d IS NOT NULL GROUP BY name", took, k)
		for _, row := range must(db.Query(statement))(t) {
			out[fmt.Sprintf("%v =%d", row[0], k)] = fmt.Sprintf("visitors %v, devices %v, median %v", row[1], row[2], row[3])
		}
	}
	return out
}
