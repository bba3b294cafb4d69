package pipeline_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/fault"
)

// The consent log may be written anew with the same rows, or more; a day that lost one, or a denial, stops the run.
func TestALogThatLostWhatARunSawStopsTheNext(t *testing.T) {
	said := []act{
		{"d7", "withdraw", "activate:files", "2026-04-09T20:00:00Z", "2026-04-09T20:00:00Z"},
		{"d8", "withdraw", "activate:other", "2026-04-09T20:00:00Z", "2026-04-09T20:00:00Z"},
		{"d9", "grant", "profile", "2026-04-09T21:00:00Z", "2026-04-09T21:00:00Z"},
		{"", "heartbeat", "", "2026-04-10T21:59:00Z", "2026-04-10T21:59:00Z"},
	}
	const that, other = "2026-04-09T20:00:00Z", "2026-04-10T20:00:00Z"
	beat := act{"", "heartbeat", "", "2026-04-11T21:59:00Z", "2026-04-11T21:59:00Z"}
	for name, c := range map[string]struct {
		then []act
		want string // of the refusal; "": none
	}{
		"as it was":        {append(slices.Clone(said), beat), ""},
		"in another order": {append([]act{beat}, said[3], said[2], said[1], said[0]), ""},
		"a row more": {
			append(slices.Clone(said), beat, act{"d1", "grant", "profile", that, that}), "",
		},
		"a grant less":                           {[]act{said[0], said[1], said[3], beat}, "2026-04-09"},
		"a heartbeat less":                       {[]act{said[0], said[1], said[2], beat}, "2026-04-10"},
		"a denial less":                          {[]act{said[1], said[2], said[3], beat}, "2026-04-09"},
		"one of a purpose that nobody asks less": {[]act{said[0], said[2], said[3], beat}, "2026-04-09"},
		"a denial that is a grant now": {
			[]act{{"d7", "grant", "activate:files", that, that}, said[1], said[2], said[3], beat}, "2026-04-09",
		},
		"a denial that is another's now": {
			[]act{{"d6", "withdraw", "activate:files", that, that}, said[1], said[2], said[3], beat}, "2026-04-09",
		},
		"a denial that was earlier now": {
			[]act{
				{"d7", "withdraw", "activate:files", "2026-03-01T00:00:00Z", that}, said[1], said[2], said[3], beat,
			}, "2026-04-09",
		},
		"a denial recorded on another day": {
			[]act{{"d7", "withdraw", "activate:files", that, other}, said[1], said[2], said[3], beat},
			"2026-04-09",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t)
			b.acts("consent/said.parquet", said)
			_, err := b.run(night, "20260410T220000Z-000001")
			check(t, err)
			b.acts("consent/said.parquet", c.then)
			report, err := b.run("2026-04-11T22:00:00Z", "20260411T220000Z-000002")
			if c.want == "" {
				check(t, err)
				if !report.NothingToDo && slices.Contains(b.list(report.RunID, "snapshot"), "d7") {
					t.Error("d7 is in the list")
				}
				return
			}
			f, ok := fault.Classify(err)
			if !ok || f.Reason != "FEED_SHRUNK" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the run ended with %v, want FEED_SHRUNK of %s", err, c.want)
			}
		})
	}
}

// A denial that only the last look saw has been seen, too.
func TestALogThatLostWhatTheLastLookSawStopsTheNext(t *testing.T) {
	b := newBank(t)
	b.whileItWrites(func() {
		b.acts("consent/late.parquet", []act{{"d7", "withdraw", "*", "2026-04-10T21:59:00Z", "2026-04-10T21:59:30Z"}})
	})
	_, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	b.acts("consent/late.parquet", []act{{"", "heartbeat", "", "2026-04-11T21:00:00Z", "2026-04-11T21:00:00Z"}})
	_, err = b.run("2026-04-11T22:00:00Z", "20260411T220000Z-000002")
	if f, ok := fault.Classify(err); !ok || f.Reason != "FEED_SHRUNK" {
		t.Errorf("the run ended with %v, want FEED_SHRUNK", err)
	}
}

// Days that nothing reaches back to any more may leave the log; an objection and an erasure in them hold all the same,
// until the objection is lifted.
func TestObjectionsAndErasuresOutliveTheirRows(t *testing.T) {
	b := newBank(t)
	const then = "2025-03-20T00:00:00Z"
	b.acts("consent/old.parquet", []act{
		{"d5", "object", "*", then, then},
		{"d6", "erase", "*", then, then},
		{"d7", "object", "*", then, then},
		{"d8", "withdraw", "*", then, then},
	})
	report, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	if got := b.list(report.RunID, "snapshot"); len(got) != 57 || !slices.Contains(got, "d8") {
		t.Fatalf("%d members, d8 among them: %t; want 57 with d8, who granted after he withdrew", len(got),
			slices.Contains(got, "d8"))
	}
	b.viewsBy("events/dt=2026-04-25/part.parquet", "/lainat/asunto", "2026-04-25T10:00:00Z", 0, 60, "")
	b.acts("consent/old.parquet", []act{{"", "heartbeat", "", "2026-04-25T21:00:00Z", "2026-04-25T21:00:00Z"}})
	report, err = b.run("2026-04-25T22:00:00Z", "20260425T220000Z-000002")
	check(t, err)
	got := b.list(report.RunID, "snapshot")
	for _, who := range []string{"d5", "d6", "d7"} {
		if slices.Contains(got, who) {
			t.Errorf("%s is in the list", who)
		}
	}
	b.acts("consent/lift.parquet", []act{
		{"d7", "lift", "*", "2026-04-25T22:10:00Z", "2026-04-25T22:10:00Z"},
		{"d7", "grant", "profile", "2026-04-25T22:11:00Z", "2026-04-25T22:11:00Z"},
		{"d7", "grant", "activate:files", "2026-04-25T22:11:00Z", "2026-04-25T22:11:00Z"},
	})
	b.viewsBy("events/dt=2026-04-26/part.parquet", "/lainat/asunto", "2026-04-26T10:00:00Z", 0, 60, "")
	b.acts("consent/beat.parquet", []act{{"", "heartbeat", "", "2026-04-26T21:00:00Z", "2026-04-26T21:00:00Z"}})
	report, err = b.run("2026-04-26T22:00:00Z", "20260426T220000Z-000003")
	check(t, err)
	if got := b.list(report.RunID, "snapshot"); !slices.Contains(got, "d7") || slices.Contains(got, "d5") {
		t.Errorf("d7, who lifted, is in the list: %t; d5: %t", slices.Contains(got, "d7"), slices.Contains(got, "d5"))
	}
}
