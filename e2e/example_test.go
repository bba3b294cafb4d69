package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/malgrupp/malgrupp/e2e/feed"
	"github.com/malgrupp/malgrupp/e2e/oracle"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/value"
)

// example is an example project with its log and two consent logs, read once for the program and once for the oracle.
type example struct {
	*feed.Log
	zone      string
	segments  []*oracle.Segment
	today     string      // when its rules are read
	moments   [][2]string // as_of, at a local midnight, and known_by, hours or days later
	strict    [2]int      // days of a retention and of a consent age that both have something to refuse
	gapsEmpty bool
	speaks    bool // strings and signals stand on rows, strings in the log, people on lists; see speaking
	dir       string
	logs      map[string]*oracle.Log // by the consent log's URL
}

const (
	answers  = "data/consent/"
	granting = "data/granting/"
)

// open gives the test a copy of the project with the real log, or with that and everything added that it lacks. The
// copy is filled once for all tests.
func (x *example) open(t *testing.T, disturbed bool) *example {
	t.Helper()
	from := logSource(t, x.Log)
	one, _ := filled.LoadOrStore(fmt.Sprint(x.Name, disturbed, x.speaks), &filling{})
	f := one.(*filling)
	f.Lock()
	defer f.Unlock()
	if f.logs == nil {
		f.dir = must(os.MkdirTemp(shared, "data-"))(t)
		f.logs = x.fill(t, from, f.dir, disturbed)
	}
	x.dir, x.logs = t.TempDir(), f.logs
	check(t, os.CopyFS(filepath.Join(x.dir, "data"), os.DirFS(filepath.Join(f.dir, "data"))))
	return x
}

// filling is an example's data with its logs, which nobody changes.
type filling struct {
	sync.Mutex
	dir  string
	logs map[string]*oracle.Log
}

var (
	filled sync.Map // by the example's name, whether it is disturbed and speaks: *filling
	shared string   // a folder that lasts as long as the tests
)

func TestMain(m *testing.M) {
	var err error
	if shared, err = os.MkdirTemp("", "malgrupp-e2e-"); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(shared); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// fill writes the example's data into a folder and prepares its logs for the oracle, by the consent log's URL.
func (x *example) fill(t *testing.T, from, dir string, disturbed bool) map[string]*oracle.Log {
	t.Helper()
	logs := map[string]*oracle.Log{}
	events := filepath.Join(dir, "data", "events")
	check(t, x.Deliver(from, events))
	rows := must(x.Rows(from, events))(t)
	said := must(x.Answers(from))(t)
	days := must(feed.Days(events))(t)
	if disturbed {
		check(t, feed.WriteDisturbed(events, "part-00001.parquet", feed.Disturb(rows), len(days) > 0))
		rows = must(x.Rows(from, events))(t)
		days = must(feed.Days(events))(t)
		said = append(said, feed.DisturbConsent(said, rows)...)
	}
	var listed []feed.Listed
	if x.speaks {
		more, acts, suppressed, protected := feed.Speak(rows)
		check(t, feed.WriteDisturbed(events, "part-00002.parquet", more, len(days) > 0))
		writeLists(t, filepath.Join(dir, "data"), suppressed, protected)
		rows, days = must(x.Rows(from, events))(t), must(feed.Days(events))(t)
		said, listed = append(said, acts...), append(suppressed, protected...)
	}
	all := feed.AllGranting(rows, x.End)
	for url, acts := range map[string][]feed.Event{answers: said, granting: all} {
		folder := filepath.Join(dir, filepath.FromSlash(url))
		check(t, feed.WriteConsent(folder, "part-00000.parquet", append(acts, feed.Heartbeats(x.Begin, x.End)...)))
		l := &oracle.Log{
			Rows: rows, Acts: must(feed.Acts(folder))(t), Partitions: days, GapsEmpty: x.gapsEmpty, Listed: listed,
		}
		logs[url] = must(oracle.Prepare(l, x.segments, x.zone))(t)
	}
	return logs
}

// setting is how a project is run.
type setting struct {
	consent, profile string
	strict           bool // shorter retention and consent age, so that both have something to refuse
}

func (s setting) String() string {
	return fmt.Sprintf("%s %q strict=%v", filepath.Base(s.consent), s.profile, s.strict)
}

// load reads the example's project, set so.
func (x *example) load(t *testing.T, c setting) *load.Loaded {
	t.Helper()
	if x.speaks {
		speakingSchema(t, x.Name, x.dir)
	}
	l := loadProject(t, x.Name, x.today, x.dir, c.profile)
	p := l.Project
	if x.speaks {
		speaking(p)
	}
	x.set(p, c)
	return l
}

// set sets a project so.
func (x *example) set(p *project.Project, c setting) {
	p.Consent.URL = c.consent
	if c.strict {
		p.Retention, p.Consent.MaxConsentAge = value.Duration{N: x.strict[0], Unit: value.Day}, value.Duration{
			N: x.strict[1], Unit: value.Day,
		}
	}
}

// both decides once with the oracle and once with the engine.
func (x *example) both(t *testing.T, c setting, asOf, knownBy int64) (*oracle.Result, *decide.Decision) {
	t.Helper()
	l := x.load(t, c)
	want := x.logs[c.consent].Run(oracle.Settings{
		AsOf: asOf, KnownBy: knownBy, Linked: l.Project.Identity.Linked,
		MinNotice: int64(l.Project.Consent.MinNotice["profile"]), Retention: project.Micros(l.Project.Retention),
		MaxAge: project.Micros(l.Project.Consent.MaxConsentAge), Carriers: x.carriers(),
	})
	return want, evaluate(t, l, asOf, knownBy)
}

// settings are those that every example is run under.
var settings = []setting{
	{answers, "", false},
	{answers, "linked", false},
	{answers, "linked", true},
	{granting, "", false},
	{granting, "linked", false},
}

// matrix compares engine and oracle for every setting at every moment.
func (x *example) matrix(t *testing.T, settings []setting, see func(*oracle.Result)) {
	for _, c := range settings {
		for _, m := range x.moments {
			t.Run(c.String()+" "+m[0], func(t *testing.T) {
				want, got := x.both(t, c, instant(t, m[0]), instant(t, m[1]))
				compare(t, want, got)
				see(want)
			})
		}
	}
}
