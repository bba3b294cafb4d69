package pipeline_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/rules/value"
)

// stateMap reads an export in which each answer replaces the last one.
func stateMap() *project.ConsentMap {
	return &project.ConsentMap{
		State: true, Delimiter: ',', Kind: "device", Subject: "who", Purpose: "topic", Answer: "said",
		Purposes: map[string][]string{"ads": {"profile"}, "mail": {"activate:files"}},
		Answers:  map[string]string{"yes": "grant", "no": "deny"}, At: project.MappedTime{Column: "at"}, Source: "cmp",
	}
}

// states is such an export: devices d0 to d79 said yes in April's first night, others say what the rows say.
func states(rows ...string) []byte {
	var b strings.Builder
	b.WriteString("who,topic,said,at\n")
	said := map[string]bool{}
	for _, row := range rows {
		cells := strings.Split(row, ",")
		said[cells[0]+","+cells[1]] = true
		if cells[2] != "" {
			b.WriteString(row + "\n")
		}
	}
	for i := range 80 {
		for _, topic := range []string{"ads", "mail"} {
			if who := fmt.Sprintf("d%d,%s", i, topic); !said[who] {
				b.WriteString(who + ",yes,2026-04-01T00:00:00Z\n")
			}
		}
	}
	return []byte(b.String())
}

// An export of states may replace an answer by a later one, and by nothing else.
func TestAnExportOfStatesMayOnlyAnswerADenialLater(t *testing.T) {
	const denied, fresh = "d7,mail,no,2026-04-09T20:00:00Z", "x,ads,yes,2026-04-10T20:00:00Z"
	const again = "x,ads,yes,2026-04-11T20:00:00Z"
	for name, c := range map[string]struct {
		row    string
		shrunk bool
	}{
		"as it was":                 {denied, false},
		"denied again":              {"d7,mail,no,2026-04-11T09:00:00Z", false},
		"granted a second later":    {"d7,mail,yes,2026-04-09T20:00:01Z", false},
		"granted within the second": {"d7,mail,yes,2026-04-09T20:00:00.9Z", true},
		"denied within the second":  {"d7,mail,no,2026-04-09T20:00:00.9Z", false},
		"granted before":            {"d7,mail,yes,2026-04-02T20:00:00Z", true},
		"denied before":             {"d7,mail,no,2026-04-02T20:00:00Z", true},
		"gone":                      {"d7,mail,,", true},
		"another's":                 {"d8,mail,no,2026-04-09T20:00:00Z", true},
		"of another purpose":        {"d7,ads,no,2026-04-09T20:00:00Z", true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t)
			b.loaded.Project.Consent.Map = stateMap()
			b.put("consent/part.parquet", states(denied, fresh))
			report, err := b.run(night, "20260410T220000Z-000001")
			check(t, err)
			if got := b.list(report.RunID, "snapshot"); len(got) != 59 || slices.Contains(got, "d7") {
				t.Fatalf("%d members, d7 among them: %t", len(got), slices.Contains(got, "d7"))
			}
			rows := []string{c.row, again}
			if c.row[:2] != "d7" || strings.HasPrefix(c.row, "d7,ads") {
				rows = append(rows, "d7,mail,yes,2026-04-01T00:00:00Z")
			}
			b.put("consent/part.parquet", states(rows...))
			_, err = b.run("2026-04-11T22:00:00Z", "20260411T220000Z-000002")
			f, _ := fault.Classify(err)
			if c.shrunk != (err != nil) || c.shrunk && f.Reason != "FEED_SHRUNK" {
				t.Errorf("the run ended with %v, want FEED_SHRUNK: %t", err, c.shrunk)
			}
		})
	}
}

// Whoever was deleted in the platform after a denial may stand on a list of people instead, for that purpose or for
// all.
func TestAListOfPeopleAnswersForWhoWasDeletedInThePlatform(t *testing.T) {
	for purpose, stops := range map[string]bool{"": false, "activate:files": false, "profile": true} {
		b := newBank(t)
		b.loaded.Project.Consent.Map = stateMap()
		b.put("consent/part.parquet", states("d7,mail,no,2026-04-09T20:00:00Z", "x,ads,yes,2026-04-10T20:00:00Z"))
		_, err := b.run(night, "20260410T220000Z-000001")
		check(t, err)
		b.put("consent/part.parquet", states("d7,mail,,", "d7,ads,,", "x,ads,yes,2026-04-11T20:00:00Z"))
		b.put("lists/protected.csv", []byte("subject_type,subject_id,purpose\ndevice,d7,"+purpose+"\n"))
		b.loaded.Project.Consent.Protected = &project.List{
			URL: "mem://lists/protected.csv", MaxAge: value.Duration{N: 9999, Unit: value.Day},
		}
		_, err = b.run("2026-04-11T22:00:00Z", "20260411T220000Z-000002")
		if f, _ := fault.Classify(err); stops != (err != nil) || stops && f.Reason != "FEED_SHRUNK" {
			t.Errorf("listed for %q: the run ended with %v", purpose, err)
		}
	}
}

// A denial that was answered is owed no more: the next answer may come and go.
func TestAnAnswerThatReplacedADenialIsWhatTheNextExportOwes(t *testing.T) {
	b := newBank(t)
	b.loaded.Project.Consent.Map = stateMap()
	for i, c := range []struct {
		row, fresh, now string
		members         int
	}{
		{"d7,mail,no,2026-04-09T20:00:00Z", "x,ads,yes,2026-04-10T20:00:00Z", night, 59},
		{"d7,mail,yes,2026-04-10T09:00:00Z", "x,ads,yes,2026-04-11T20:00:00Z", "2026-04-11T22:00:00Z", 60},
		{"d7,mail,yes,2026-04-10T09:00:01Z", "x,ads,yes,2026-04-12T20:00:00Z", "2026-04-12T22:00:00Z", 60},
	} {
		b.put("consent/part.parquet", states(c.row, c.fresh))
		report, err := b.run(c.now, fmt.Sprintf("2026041%dT220000Z-000001", i))
		check(t, err)
		if got := b.list(report.RunID, "snapshot"); len(got) != c.members {
			t.Errorf("night %d: %d members, want %d", i, len(got), c.members)
		}
	}
}

// Late denials of an export that is rewritten while a run writes are heard like those of a log.
func TestADenialInAnExportThatIsRewrittenBeforePublicationIsHeard(t *testing.T) {
	b := newBank(t)
	b.loaded.Project.Consent.Map = stateMap()
	b.put("consent/part.parquet", states("x,ads,yes,2026-04-10T20:00:00Z"))
	b.whileItWrites(func() {
		b.put("consent/part.parquet", states("d7,mail,no,2026-04-10T21:59:00Z", "x,ads,yes,2026-04-10T20:00:00Z"))
	})
	report, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	if got := b.list(report.RunID, "snapshot"); len(got) != 59 || slices.Contains(got, "d7") {
		t.Errorf("%d members, d7 among them: %t", len(got), slices.Contains(got, "d7"))
	}
	b.put("consent/part.parquet", states("d7,mail,yes,2026-04-01T00:00:00Z", "x,ads,yes,2026-04-11T20:00:00Z"))
	_, err = b.run("2026-04-11T22:00:00Z", "20260411T220000Z-000002")
	if f, ok := fault.Classify(err); !ok || f.Reason != "FEED_SHRUNK" {
		t.Errorf("the run ended with %v, want FEED_SHRUNK: the last look saw a denial that is gone", err)
	}
}

// A log in our columns and an export in a platform's, with the same answers, come to the same list.
func TestAMappedLogDecidesLikeTheLogItself(t *testing.T) {
	words := map[string]string{
		"grant": "ja", "deny": "nej", "withdraw": "inte längre", "object": "aldrig", "lift": "igen", "gpc": "signal",
	}
	m := stateMap()
	m.State, m.EventID, m.Recorded = false, "nr", project.MappedTime{Column: "recorded"}
	m.Answers = map[string]string{}
	for action, word := range words {
		m.Answers[word] = action
	}
	rapid.Check(t, func(rt *rapid.T) {
		acts := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) act {
			day, hour := rapid.IntRange(1, 10).Draw(rt, "day"), rapid.IntRange(0, 20).Draw(rt, "hour")
			at := time.Date(2026, 4, day, hour, 0, 0, 0, time.UTC)
			return act{
				fmt.Sprintf("d%d", rapid.IntRange(0, 63).Draw(rt, "who")),
				rapid.SampledFrom(slices.Sorted(maps.Keys(words))).Draw(rt, "action"),
				rapid.SampledFrom([]string{"profile", "activate:files"}).Draw(rt, "purpose"),
				at.Format(time.RFC3339), at.Format(time.RFC3339),
			}
		}), 0, 60).Draw(rt, "acts")
		for i := range 64 {
			for _, purpose := range []string{"profile", "activate:files"} {
				first := "2026-04-01T00:00:00Z"
				acts = append(acts, act{fmt.Sprintf("d%d", i), "grant", purpose, first, first})
			}
		}
		acts = append(acts, act{"late", "grant", "profile", "2026-04-10T20:59:00Z", "2026-04-10T20:59:00Z"})
		var lists [2][]string
		for i := range lists {
			b := newBank(t)
			if i == 0 {
				b.acts("consent/part.parquet", acts)
			} else {
				b.loaded.Project.Consent.Map = m
				b.put("consent/part.parquet", exported(acts, words))
			}
			report, err := b.run(night, "20260410T220000Z-000001")
			if err != nil {
				rt.Fatal(err)
			}
			lists[i] = b.list(report.RunID, "snapshot")
		}
		if !slices.Equal(lists[0], lists[1]) {
			rt.Errorf("the log: %q\nthe export: %q", lists[0], lists[1])
		}
	})
}

// exported writes acts as a platform does.
func exported(acts []act, words map[string]string) []byte {
	var b strings.Builder
	b.WriteString("nr,who,topic,said,at,recorded\n")
	topics := map[string]string{"profile": "ads", "activate:files": "mail"}
	for i, a := range acts {
		fmt.Fprintf(&b, "%d,%s,%s,%s,%s,%s\n", i, a.device, topics[a.purpose], words[a.action], a.at, a.recorded)
	}
	return []byte(b.String())
}
