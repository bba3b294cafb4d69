package pipeline_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/shown"
	"github.com/malgrupp/malgrupp/rules/value"
)

// TestDeliveriesAndCountsAreAsThePaperSays judges the decisions of the vectors folder about what is delivered and
// shown.
func TestDeliveriesAndCountsAreAsThePaperSays(t *testing.T) {
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(root, "consent", "decisions.csv"))
	if err != nil {
		t.Skipf("vectors are not there (set MALGRUPP_VECTORS): %v", err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	check(t, err)
	judged := map[string]int{}
	for _, row := range rows[1:] {
		id, ask, expect := row[0], row[1], row[12]
		set := map[string]string{}
		for _, kv := range strings.Split(row[11], ";") {
			k, v, _ := strings.Cut(kv, "=")
			set[k] = v
		}
		var got string
		switch ask {
		case "delivery":
			got = delivered(t, set)
		case "segment":
			got = audienceOf(t, set)
		case "report":
			if set["cells"] != "" || set["cell"] == "0" {
				continue // of tables, which there are none of; 0 is told as <50 everywhere else
			}
			got = map[bool]string{true: "suppress", false: "show"}[shown.Count(number(t, set["cell"])).Few()]
		default:
			continue
		}
		if judged[ask]++; got != expect {
			t.Errorf("%s: %s, want %s (%s)", id, got, expect, row[11])
		}
	}
	t.Logf("judged: %v", judged)
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	check(t, err)
	return n
}

// audienceOf says whether a list of so many people names anybody.
func audienceOf(t *testing.T, set map[string]string) string {
	b := newBank(t)
	b.loaded.Project.Guards.MinAudience = number(t, set["min_audience"])
	b.events("events/dt=2026-04-10/part.parquet", 0, number(t, set["members"]))
	_, err := b.run(night, "20260410T220000Z-000001")
	check(t, err)
	if len(b.list("20260410T220000Z-000001", "adds")) == 0 {
		return "empty"
	}
	return "full"
}

// delivered is what becomes of d7, who was told the night before and then is no member any more, or withdraws while
// lists are written.
func delivered(t *testing.T, set map[string]string) string {
	const first, second = "20260410T220000Z-000001", "20260411T220000Z-000002"
	b := newBank(t)
	b.loaded.Project.Destinations[0].Waits = true
	b.loaded.Project.Consent.MaxFeedAge = value.Duration{N: 30, Unit: value.Day}
	late := act{"d7", "withdraw", "*", "2026-04-11T21:59:00Z", "2026-04-11T21:59:30Z"}
	gone := act{"d7", "withdraw", "*", "2026-04-11T08:00:00Z", "2026-04-11T08:00:00Z"}
	if set["erased"] == "1" {
		gone.action = "erase"
	}
	_, err := b.run(night, first)
	check(t, err)
	switch {
	case set["recheck_feed_age_h"] != "":
		b.loaded.Project.Consent.MaxFeedAge = value.Duration{N: 26, Unit: value.Hour}
		b.acts("consent/beat.parquet", []act{{"", "heartbeat", "", "2026-04-11T21:00:00Z", "2026-04-11T21:00:00Z"}})
		age := time.Duration(number(t, set["recheck_feed_age_h"])) * time.Hour
		b.watch = func(p decide.Progress) {
			if p.Phase == "write" {
				b.later.Store(int64(age - time.Hour))
			}
		}
		if _, err := b.run("2026-04-11T22:00:00Z", second); err != nil {
			return "stop"
		}
		return "run"
	case set["event"] != "":
		b.whileItWrites(func() { b.acts("consent/late.parquet", []act{late}) })
	default:
		b.acts("consent/gone.parquet", []act{gone})
		_, err := b.run("2026-04-11T22:00:00Z", "20260411T220000Z-000003")
		check(t, err)
		if set["ack"] != "none" {
			b.put("out/acknowledged/files/20260411T220000Z-000003", nil)
		}
		_, err = b.run("2026-04-12T22:00:00Z", "20260412T220000Z-000004")
		check(t, err)
		if slices.Contains(b.list("20260412T220000Z-000004", "removes"), "d7") {
			return "remove"
		}
		return "none"
	}
	_, err = b.run("2026-04-11T22:00:00Z", second)
	check(t, err)
	if slices.Contains(b.list(second, "removes"), "d7") {
		return "remove"
	}
	return "none"
}
