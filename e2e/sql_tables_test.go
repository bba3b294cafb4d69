package e2e_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/sql"
	"github.com/malgrupp/malgrupp/segments/consent"
	"github.com/malgrupp/malgrupp/segments/query"
)

// homes is the project that has what the others lack: a partner's log under a schema of its own, attributes of
// customers, lists of people who must not be targeted, and content that nobody may use. All of it is drawn from the
// shop's log.
type homes struct {
	*rand.Rand
	dir       string
	rows      []feed.Row
	devices   []string
	customers []string
}

const day = int64(24 * time.Hour / time.Microsecond)

func newHomes(t *testing.T) *homes {
	t.Helper()
	from := enriched(t)
	h := &homes{Rand: rand.New(rand.NewPCG(20080401, 3)), dir: t.TempDir()}
	events := filepath.Join(h.dir, "data", "events")
	check(t, feed.Shop.Deliver(from, events))
	h.rows = must(feed.Shop.Rows(from, events))(t)
	devices, customers := map[string]bool{}, map[string]bool{}
	for i := range h.rows {
		devices[strings.TrimSpace(h.rows[i].Device)] = true
		if c := h.rows[i].Customer; c != nil {
			customers[strings.TrimSpace(*c)] = true
		}
	}
	h.devices, h.customers = slices.Sorted(maps.Keys(devices)), slices.Sorted(maps.Keys(customers))
	check(t, feed.WriteDisturbed(filepath.Join(h.dir, "data", "partner"), "part-00001.parquet", h.partner(), true))
	acts := append(must(feed.Shop.Answers(from))(t), h.partnerData()...)
	check(t,
		feed.WriteConsent(filepath.Join(h.dir, "data", "consent"), "part-00000.parquet",
			append(acts, feed.Heartbeats(feed.Shop.Begin, feed.Shop.End)...)))
	h.attributes(t)
	return h
}

// one draws from a few.
func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// partner are visits to the other site: a third of the shop's, before or after, some with what the schemas label.
func (h *homes) partner() (out []feed.Row) {
	for i := range h.rows {
		if h.IntN(3) > 0 {
			continue
		}
		r := h.rows[i]
		shift := one[int64](h.Rand, -2, 0, 1, 3) * day / 2
		r.ID, r.Time, r.Received = "h-"+r.ID, r.Time+shift, r.Received+shift
		r.Event = one(h.Rand, "home_view", "home_view", "home_view", "home_view", "home_loan_refused")
		if h.IntN(4) > 0 {
			r.URL = "https://homes.example/flats?id=" + fmt.Sprint(i)
		}
		out = append(out, r)
	}
	return out
}

// partnerData are the answers about the partner's rows: most of them yes, at some day, some of them taken back.
func (h *homes) partnerData() (out []feed.Event) {
	say := func(kind, id, action string, at int64) {
		out = append(out, feed.Event{
			ID: fmt.Sprintf("%s:%s:%d:partner", kind, id, at), Kind: kind, Subject: id, Action: action, Purpose: "partner_data",
			At: at, Recorded: at, Source: "cmp",
		})
	}
	for kind, ids := range map[string][]string{"customer": h.customers, "device": h.devices} {
		for i, id := range ids {
			at := feed.Shop.Begin + int64(i*7%90)*day
			switch i % 10 {
			case 0:
			case 1:
				say(kind, id, "deny", at)
			case 2:
				say(kind, id, "grant", at)
				say(kind, id, "withdraw", at+20*day)
			default:
				say(kind, id, "grant", at)
			}
		}
	}
	return out
}

// attribute is a customer's record; some have none, some have two, and some records are nobody's.
type attribute struct {
	Customer string   `parquet:"customer"`
	Region   *string  `parquet:"region,optional"`
	VIP      *bool    `parquet:"vip,optional"`
	Points   *int64   `parquet:"points,optional"`
	Score    *float64 `parquet:"score,optional"`
	Since    *int32   `parquet:"since,optional,date"`
	Standing *string  `parquet:"standing,optional"`
}

func (h *homes) attributes(t *testing.T) {
	t.Helper()
	rows := []attribute{{Customer: "null"}, {Customer: ""}, {Customer: "nobody-knows-me"}}
	for _, c := range h.customers {
		for range one(h.Rand, 0, 1, 1, 1, 2) {
			a := attribute{Customer: one(h.Rand, c, c, c, " "+c+"\t")}
			if h.IntN(5) > 0 {
				a.Region, a.VIP, a.Points = pointer(one(h.Rand, "north", "south", "")), pointer(h.IntN(2) == 0),
					pointer(int64(h.IntN(100)))
				a.Score, a.Since = pointer(one(h.Rand, 0.25, 0.5, 0.75, -1)), pointer(int32(10_957+h.IntN(3500)))
			}
			if h.IntN(2) > 0 {
				a.Standing = pointer(one(h.Rand, "good", "fair", "overdue", ""))
			}
			rows = append(rows, a)
		}
	}
	writeTable(t, filepath.Join(h.dir, "data", "attributes", "part.parquet"), rows)
}

func pointer[T any](v T) *T { return &v }

func writeTable[T any](t *testing.T, file string, rows []T) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(file), 0o755))
	f := must(os.Create(file))(t)
	w := parquet.NewGenericWriter[T](f)
	_, err := w.Write(rows)
	check(t, errors.Join(err, w.Close(), f.Close()))
}

// entry is a line of a list with purposes, person one of a list without.
type (
	entry struct {
		Kind    string  `parquet:"subject_type"`
		ID      string  `parquet:"subject_id"`
		Purpose *string `parquet:"purpose,optional"`
		Reason  string  `parquet:"reason"`
	}
	person struct {
		Kind string `parquet:"subject_type"`
		ID   string `parquet:"subject_id"`
	}
)

// entries draws one in some of all people, with the purposes that lists have.
func (h *homes) entries(in int) (out []entry) {
	add := func(kind string, ids []string) {
		for _, id := range ids {
			if h.IntN(in) > 0 {
				continue
			}
			e := entry{
				Kind: kind, ID: one(h.Rand, id, id, " "+id+" "),
				Reason: one(h.Rand, "", "a minor; \"said so\", twice", "# two\nlines", "x|y\tz"),
			}
			if purpose := one(h.Rand, "-", "", "*", "activate:*", "activate:mail", "profile", "link", "partner_data", "measure",
				"activate:elsewhere"); purpose != "-" {
				e.Purpose = &purpose
			}
			out = append(out, e)
		}
	}
	add("device", h.devices)
	add("customer", h.customers)
	return out
}

// csvOf writes entries as CSV, with purposes or without.
func csvOf(t *testing.T, file string, entries []entry, purposes bool) {
	t.Helper()
	f := must(os.Create(file))(t)
	w := csv.NewWriter(f)
	header := []string{"reason", "subject_id", "subject_type", "purpose"}
	if !purposes {
		header = header[:3]
	}
	check(t, w.Write(header))
	for _, e := range entries {
		line := []string{e.Reason, e.ID, e.Kind, ""}
		if e.Purpose != nil {
			line[3] = *e.Purpose
		}
		check(t, w.Write(line[:len(header)]))
	}
	w.Flush()
	check(t, errors.Join(w.Error(), f.Close()))
}

// lists writes the two lists, one of them without purposes, and names them in the project.
func (h *homes) lists(t *testing.T, p *project.Project, swapped bool) {
	t.Helper()
	some, few := h.entries(12), h.entries(25)
	path := func(name string) string { return filepath.Join(h.dir, "data", name) }
	p.Consent.Suppression.URL, p.Consent.Protected.URL = "data/suppression.csv", "data/protected.parquet"
	if !swapped {
		csvOf(t, path("suppression.csv"), some, true)
		all := make([]person, len(few))
		for i, e := range few {
			all[i] = person{e.Kind, e.ID}
		}
		writeTable(t, path("protected.parquet"), all)
		return
	}
	p.Consent.Suppression.URL, p.Consent.Protected.URL = "data/suppression.parquet", "data/protected.csv"
	writeTable(t, path("suppression.parquet"), some)
	csvOf(t, path("protected.csv"), few, false)
}

func TestDuckDBAndTheEngineAgreeOnPartnersAttributesListsAndDroppedContent(t *testing.T) {
	t.Parallel()
	db, h := openDuckDB(t), newHomes(t)
	for _, c := range []struct {
		name          string
		asOf, knownBy string
		swapped       bool
	}{
		{"lists as CSV and Parquet", "2008-05-31T22:00:00Z", "2008-06-01T04:00:00Z", false},
		{"lists as Parquet and CSV", "2008-07-31T22:00:00Z", "2008-08-03T10:30:00Z", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := loadProject(t, filepath.Join("testdata", "homes"), "2008-06-01", h.dir, "")
			h.lists(t, l.Project, c.swapped)
			asOf, knownBy := instant(t, c.asOf), instant(t, c.knownBy)
			h.tries(t, l, asOf, knownBy)
			if met := agree(t, db, l, h.tables(l), asOf, knownBy); met["in"] == 0 || met["capped"] == 0 || met["control"] == 0 ||
				met["unknown"] == 0 {
				t.Errorf("verdicts %v: the project does not try what it should", met)
			}
		})
	}
}

// tables are those of a project, its lists named as the project names them.
func (h *homes) tables(l *load.Loaded) map[string]string {
	tables := tablesOf(h.dir, l)
	for name, list := range map[string]*project.List{
		"suppression": l.Project.Consent.Suppression, "protected": l.Project.Consent.Protected,
	} {
		tables[name], _ = query.FileTable(sql.DuckDB, filepath.ToSlash(filepath.Join(h.dir, list.URL)))
	}
	return tables
}

// tries fails where the engine refuses nobody for what the project is there for, or a list is empty.
func (h *homes) tries(t *testing.T, l *load.Loaded, asOf, knownBy int64) {
	t.Helper()
	e := evaluate(t, l, asOf, knownBy)
	for u := range e.Uses {
		for _, reason := range []consent.Reason{consent.SensitiveContent, consent.Suppressed} {
			if e.Roll.Tallies.Refused[u][reason] == 0 {
				t.Errorf("%s: no row is refused with %s", e.Uses[u].Name, reason)
			}
		}
	}
	for i := range e.Audiences {
		if a := &e.Audiences[i]; a.Len() == 0 {
			t.Errorf("segment %s has no members for %s", a.Segment().Name, e.Uses[a.Use()].Name)
		}
	}
}
