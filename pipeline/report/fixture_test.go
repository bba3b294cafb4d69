package report

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/preview"
	"github.com/malgrupp/malgrupp/pipeline/record"
	"github.com/malgrupp/malgrupp/pipeline/sample"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/value"
)

// hostile is what somebody might call a thing to have a reader's browser do something, or a page read otherwise.
const hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202egpj.exe\x00`|[a](javascript:alert(3))"

func bank(t testing.TB) *load.Loaded {
	t.Helper()
	dir, today := filepath.Join(t.TempDir(), "bank"), time.Date(2026, 4, 15, 9, 0, 0, 0, time.UTC)
	o := sample.InitOptions{Template: "bank", Protected: "none", Now: today}
	if err := sample.Init(dir, o); err != nil {
		t.Fatal(err)
	}
	l, err := load.Load(dir, "", value.CivilDate(today.Unix()/86400))
	if err != nil || l.Findings.Failed() {
		t.Fatal(err, l.Findings)
	}
	return l
}

// story is the record of a bank over so many nights, newest first: lists that grow, one that a guard holds, one that is
// too small, days that are late and missing, a rule that was changed in the last night.
func story(l *load.Loaded, nights, segments int) []record.Line {
	var lines []record.Line
	first := time.Date(2026, 4, 15, 21, 0, 0, 0, time.UTC).AddDate(0, 0, -nights)
	for n := range nights {
		at := first.AddDate(0, 0, n+1)
		m := &record.Manifest{
			Schema: record.ManifestSchema, RunID: at.Add(6*time.Hour).Format("20060102T150405Z") + fmt.Sprintf("-%06x", n),
			Project: "example-bank", Status: record.StatusDone, GeneratedAt: at.Add(6 * time.Hour).Format(time.RFC3339),
			AsOf: at.Format(time.RFC3339), KnownBy: at.Add(6 * time.Hour).Format(time.RFC3339), After: int64(n),
			Config: strings.Repeat("c", 64), Rules: map[string]string{}, Texts: map[string]string{},
			Versions: map[string]string{"malgrupp": "0.1.0", "go": "go1.26"}, Key: strings.Repeat("e", 64),
			Consent: record.ConsentSeen{Rows: int64(40_000 + 800*n), Watermark: at.Add(5 * time.Hour).Format(time.RFC3339)},
			Sources: []record.SourceCount{{Name: "web", Dedupe: "within 7d", Rows: 1_812_130, Invalid: 120}},
		}
		m.Keys.Signing, m.Keys.Recipients = "6b0dff509b711519", "0be04c13f1902d7c"
		uses := map[string]bool{}
		for i := range segments {
			s := l.Segments[i%len(l.Segments)]
			name := s.Name
			if i >= len(l.Segments) {
				name = fmt.Sprintf("%s-%d", s.Name, i/len(l.Segments)+1)
			}
			text := strings.Replace(s.Source.Text, "name: "+s.Name, "name: "+name, 1)
			m.Rules[name], m.Texts[name] = hashText(s), text
			if i == 1 {
				m.Texts[name] = strings.Replace(text, "title: ", "title: <img src=x onerror=alert(4)> ", 1)
			}
			if n < nights-1 && i == 0 { // the rule as it was
				m.Texts[name] = strings.Replace(text, "30d", "14d", 1)
				m.Rules[name] = strings.Repeat("0", 64)
			}
			m.Segments = append(m.Segments, listOf(name, i, n, nights))
			uses[m.Segments[i].Use] = true
		}
		m.Segments = append(m.Segments, record.SegmentCount{ // delivered nowhere
			Segment: hostile, Use: "segment:device", Members: shown.Count(900 + 20*n),
		})
		for _, use := range slices.Sorted(maps.Keys(uses)) {
			m.Uses = append(m.Uses, record.UseCount{Use: use, People: 61_230, Refused: map[string]shown.Count{
				"NO_RECORD": 21_600, "DENIED": 10_500, "WITHDRAWN": 4500, "ROW_BEFORE_GRANT": 210,
			}})
		}
		m.Inputs = inputs(n, nights)
		m.Outputs = []record.Output{{
			Root: record.RootOutput, Name: "lists/" + m.RunID + "/files/a.adds.csv.age", Size: 65_600,
			SHA256: strings.Repeat("a", 64),
		}}
		lines = append(lines, record.Line{RunID: m.RunID, Valid: true, Manifest: m})
	}
	slices.Reverse(lines)
	last := lines[0].Manifest
	last.Status, last.Overlaps = record.StatusPartial, []record.Overlap{overlapped(last)}
	last.Labels = map[string]string{"airflow_dag_run_id": hostile}
	last.Overrides = []record.Override{{Guard: "first", Reason: hostile}}
	last.Sources[0].Skipped = []string{"dt=2026-04-09/" + hostile}
	last.Sources[0].Unwritable = map[string]shown.Count{hostile: 70}
	return lines
}

func listOf(name string, i, n, nights int) record.SegmentCount {
	s := record.SegmentCount{
		Segment: name, Destination: []string{"files", "meta", "files"}[i%3],
		Use:     "list:" + []string{"files", "meta", "files"}[i%3] + ":customer",
		Members: shown.Count(400 + 137*i%5000 + (i%7-1)*9*n), Additions: 90, Removals: shown.Count(60 * (i % 2)),
	}
	switch {
	case i == 1 && n > nights-4:
		s.Guard, s.Additions = "incomplete", 0
		s.Lacks = []decide.Lack{{Source: "web", Day: "2026-04-11"}}
	case i == 2:
		s.Members, s.Additions, s.Held = 20, 0, "SEGMENT_UNDER_K"
	case i == 3:
		s.Pending, s.Overdue, s.PendingSince = shown.Any(80), true, "2026-03-30T00:00:00Z"
		s.Identifiers = map[string]shown.Count{"email not_an_email": 130}
	case i == 4:
		s.Additions, s.Removals = 20, 10
	}
	return s
}

// inputs are thirty days of a log of which one is missing and one came three nights late.
func inputs(n, nights int) (out []folder.Input) {
	last, _ := value.ParseDate("2026-04-15")
	for d := range 30 {
		day := last - value.CivilDate(nights-1-n) - value.CivilDate(d)
		date := day.String()
		if date == "2026-04-11" || date == "2026-04-13" && n < nights-1 {
			continue
		}
		out = append(out, folder.Input{
			Source: "web", Key: "dt=" + date + "/part-0.parquet", Size: 1_600_000, ETag: date,
			Rows: 60_400,
		})
	}
	return out
}

func overlapped(m *record.Manifest) record.Overlap {
	o := record.Overlap{Use: m.Segments[0].Use, Anywhere: 9840}
	for i := range m.Segments {
		if s := &m.Segments[i]; s.Use == o.Use && !s.Members.Few() && len(o.Segments) < 50 {
			o.Segments, o.Members = append(o.Segments, s.Segment), append(o.Members, s.Members)
		}
	}
	for i := range o.Segments {
		row := []shown.Count{}
		for k := range i {
			row = append(row, min(o.Members[i], o.Members[k])*shown.Count((i*7+k*3)%11)/10)
		}
		o.Common = append(o.Common, row)
	}
	if len(o.Segments) < 3 {
		return o
	}
	o.Regions = []record.Region{{In: []int{0}, People: 410}, {In: []int{0, 2}, People: 320}, {In: []int{1}, People: 110}}
	return o
}

// full is a report with all that it can have.
func full(t testing.TB, nights, segments int) *Report {
	t.Helper()
	l := bank(t)
	lines := story(l, nights, segments)
	in, err := Gather(t.Context(), l, lines, lines[0], 60)
	if err != nil {
		t.Fatal(err)
	}
	in.Catalogue = &preview.Catalogue{Days: 7, AsOf: lines[0].Manifest.AsOf, Entries: []preview.Entry{
		{Source: "web", Event: "page_view", People: 10_000, Condition: "did: page_view\nwithin: 30d"},
		{
			Source: "web", Event: "page_view", Column: "page_path", Type: "text", Value: hostile, People: 200,
			Condition: "did: page_view\nwhere: page_path = '" + hostile + "'\nwithin: 30d",
		},
	}}
	return Of(in)
}

// refused is the report of a run that stopped.
func refused(t testing.TB) *Report {
	t.Helper()
	l := bank(t)
	lines := story(l, 3, 3)
	m := *lines[0].Manifest
	m.Status, m.RunID = record.StatusRefused, "20260416T043000Z-7f3a9c"
	m.Segments, m.Texts, m.Sources, m.Uses = nil, nil, nil, nil
	m.Refusal = &record.Refusal{Kind: fault.Consent, Reason: "FEED_STALE", Message: hostile}
	m.Overlaps, m.Inputs, m.Outputs = nil, nil, nil
	line := record.Line{RunID: m.RunID, Manifest: &m}
	in, err := Gather(t.Context(), l, append([]record.Line{line}, lines[1:]...), line, 60)
	if err != nil {
		t.Fatal(err)
	}
	return Of(in)
}
