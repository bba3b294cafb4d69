package e2e_test

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/e2e/duckdb"
	"github.com/malgrupp/malgrupp/e2e/reference"
	"github.com/malgrupp/malgrupp/e2e/reference/draw"
	"github.com/malgrupp/malgrupp/e2e/reference/engine"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/identity"
	"github.com/malgrupp/malgrupp/segments/query"
)

// MALGRUPP_LOGS asks for more logs of twelve rules each, MALGRUPP_SEED for those of an earlier run.
func TestDuckDBAndTheEngineAgreeOnRandomRulesAndHistories(t *testing.T) {
	db := openDuckDB(t)
	seed, compared, said := number(t, "MALGRUPP_SEED", int(time.Now().UnixNano()%1e9)), 0, map[string]int{}
	setFlag(t, "rapid.nofailfile", "true") // the seed says it all
	setFlag(t, "rapid.shrinktime", "1ns")
	setFlag(t, "rapid.seed", strconv.Itoa(seed))
	setFlag(t, "rapid.checks", strconv.Itoa(number(t, "MALGRUPP_LOGS", 6)))
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Custom(newArena).Draw(t, "arena")
		segs, errs := rules.Order(a.segs)
		if errs.Failed() {
			t.Fatal(errs)
		}
		want, err := engine.Run(context.Background(), a.log, a.schema, segs, a.zone, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Query(logTables(a.log, a.schema, segs)); err != nil {
			t.Fatal(err)
		}
		for _, s := range segs {
			compared += differs(t, db, a, segs, s, want[s.Name], said)
		}
	})
	t.Logf("seed %d: %d rules, verdicts %v", seed, compared, said)
}

// differs compares one segment. Whom only other rules of the run look at may be unknown to the engine and unseen here.
func differs(t *rapid.T, db *duckdb.DB, a *arena, segs []*rules.Segment, s *rules.Segment, want map[string]string,
	said map[string]int,
) int {
	statement, err := queryOf(a, segs, s).Statement()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(statement)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.Normal())
	}
	got := map[string]string{}
	for _, row := range rows {
		got[row[0].(string)] = row[1].(string)
		said[row[1].(string)]++
	}
	for id, outcome := range want {
		if got[id] != outcome && (got[id] != "" || outcome != "unknown") {
			t.Fatalf("%s: the engine says %s, duckdb %q\n%s%s", id, outcome, got[id], s.Normal(), history(a.log, id))
		}
	}
	for id, outcome := range got {
		if want[id] == "" {
			t.Fatalf("%s: the engine says out, duckdb %s\n%s%s", id, outcome, s.Normal(), history(a.log, id))
		}
	}
	return 1
}

// history are somebody's rows, for a message.
func history(l *draw.Log, id string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "as of %s, known by %s, from %s, missing %v\n", stamp(l.AsOf), stamp(l.KnownBy), stamp(l.DataFrom),
		l.Missing)
	for i := range l.Rows {
		if r := &l.Rows[i]; r.Device == id || r.Customer == id {
			fmt.Fprintf(&b, "%s %s seq %d %s %q %q %q %v\n", stamp(r.At), r.Event, r.Seq, r.ID, r.Device, r.Customer, r.Session,
				r.Values)
		}
	}
	return b.String()
}

func stamp(us int64) string { return time.UnixMicro(us).UTC().Format(time.RFC3339Nano) }

// covers is what a log covers.
type covers struct{ *draw.Log }

func (c covers) From(*rules.Condition) int64 { return c.DataFrom }

func (c covers) Covers(cond *rules.Condition, from, before int64) bool {
	return from >= before || len(c.Uncovered(cond, from, before)) == 0
}

func (c covers) Uncovered(_ *rules.Condition, from, before int64) (out []sql.Gap) {
	if c.DataFrom > from {
		out = append(out, sql.Gap{From: math.MinInt32, Before: c.DataFrom})
	}
	for _, m := range c.Missing {
		if m.From < before && from < m.Before {
			out = append(out, sql.Gap{From: m.From, Before: m.Before})
		}
	}
	return out
}

// queryOf asks about one segment of a log.
func queryOf(a *arena, all []*rules.Segment, s *rules.Segment) *query.Query {
	l := a.log
	purposes, _ := consent.NewPurposes(nil) // there are no destinations whose names could be wrong
	return &query.Query{
		Dialect: sql.DuckDB, Target: s.Name, Use: purposes.SegmentUse(s.Level == rules.CustomerLevel), Trusted: []string{
			"cmp",
		},
		Segments: all, Serves: func(o *rules.Segment) bool { return o.Level == s.Level },
		Policy: &consent.Policy{
			Now: l.KnownBy, Retention: 761 * reference.Day, MaxConsentAge: 390 * reference.Day, Purposes: purposes,
		},
		Times: segments.Times{AsOf: l.AsOf, SessionGap: l.SessionGap}, MaxSkew: l.MaxSkew, Blocked: identity.Placeholders(),
		Sources:  []query.EventTable{{Name: "events", Expr: "events_log", Schema: a.schema, Dedupe: l.Dedupe}},
		Tables:   query.Tables{Consent: "consent_log", Stay: "stay_record"},
		Coverage: covers{l}, Form: builtin.SQL, Test: builtin.CompileSQL,
	}
}

// logTables are the statements that make the tables of a log.
func logTables(l *draw.Log, schema *rules.Schema, segs []*rules.Segment) string {
	var events, said, stays []string
	people := map[[2]string]bool{}
	for i := range l.Rows {
		r := &l.Rows[i]
		people[[2]string{"device", r.Device}], people[[2]string{"customer", r.Customer}] = true, true
		cells := []string{
			moment(r.At), moment(r.Received), fmt.Sprint(r.Seq), textOrNull(r.ID), textOrNull(r.Event), textOrNull(r.Device),
			textOrNull(r.Customer), textOrNull(r.Session),
		}
		for _, c := range schema.Columns[len(cells):] {
			cells = append(cells, cellOf(r.Values[c.Name], c.Type))
		}
		events = append(events, "("+strings.Join(cells, ", ")+")")
	}
	for _, s := range segs {
		for id, last := range l.Stays[s.Name] {
			people[[2]string{string(s.Level), id}] = true
			stays = append(stays, stayRow(s.Name, "segment:"+string(s.Level), id, last, fmt.Sprintf("%x", s.Hash)))
		}
	}
	for p := range people {
		for _, purpose := range []string{"profile", "link"} {
			for _, at := range []int64{l.KnownBy - 300*reference.Day, l.KnownBy - reference.Minute} {
				said = append(said,
					fmt.Sprintf("('%s', %s, 'grant', '%s', %s, %s, 'cmp', NULL)", p[0], textOrNull(p[1]), purpose, moment(at),
						moment(at)))
			}
		}
	}
	var columns []string
	for _, c := range schema.Columns {
		kind := map[value.Kind]string{
			value.Text: "VARCHAR", value.Integer: "BIGINT", value.Decimal: "DECIMAL(18,2)", value.Float: "DOUBLE",
			value.Boolean: "BOOLEAN", value.Date: "DATE", value.Timestamp: "TIMESTAMP",
		}[c.Type.Kind]
		columns = append(columns, sql.DuckDB.Ident(c.Name)+" "+kind)
	}
	return tableOf("events_log", columns, events) +
		tableOf("consent_log",
			[]string{
				"subject_type VARCHAR", "subject_id VARCHAR", "action VARCHAR", "purpose VARCHAR", `"at" TIMESTAMP`,
				"recorded_at TIMESTAMP", "source VARCHAR", "notice_version INTEGER",
			}, said) +
		tableOf("stay_record", stayColumns, stays) + "SELECT 1"
}

var stayColumns = []string{
	"segment VARCHAR", `"use" VARCHAR`, "subject VARCHAR", "last_qualified TIMESTAMP", "definition VARCHAR",
}

// stayRow says that somebody qualified before.
func stayRow(segment, use, id string, last int64, definition string) string {
	return fmt.Sprintf("('%s', '%s', %s, %s, '%s')", segment, use, textOrNull(id), moment(last), definition)
}

func tableOf(name string, columns, rows []string) string {
	out := "CREATE OR REPLACE TABLE " + name + " (" + strings.Join(columns, ", ") + ");\n"
	if len(rows) > 0 {
		out += "INSERT INTO " + name + " VALUES " + strings.Join(rows, ",\n") + ";\n"
	}
	return out
}

func moment(us int64) string { return fmt.Sprintf("make_timestamp(%d)", us) }

func textOrNull(text string) string {
	if text == "" {
		return "NULL"
	}
	return sql.DuckDB.Quote(text)
}

// cellOf is a value of a free column; every absent float is not a number.
func cellOf(v any, t value.Type) string {
	switch v := v.(type) {
	case *big.Rat:
		if t.Kind == value.Float {
			f, _ := v.Float64()
			return sql.Float(f)
		}
		return v.FloatString(t.Scale)
	case bool:
		return fmt.Sprint(v)
	case reference.Instant:
		return moment(int64(v))
	case reference.Date:
		return fmt.Sprintf("DATE '1970-01-01' + %d", v)
	case string:
		return sql.DuckDB.Quote(v)
	}
	if t.Kind == value.Float {
		return "CAST('nan' AS DOUBLE)"
	}
	return "NULL"
}
