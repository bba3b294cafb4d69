package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules/source"
)

// oddRow is a page view that differs from a good one; what is empty is as usual.
type oddRow struct{ time, received, page string }

// odd writes 140 page views of people without a name here, the first of them odd ones: with newBank's the log has 200.
func (b *bank) odd(rows []oddRow) {
	var v [6]parquet.Values
	const all = 140
	for i := range all {
		r := oddRow{"2026-04-10T11:00:00Z", "2026-04-10T11:00:01Z", "/kortit"}
		if i < len(rows) {
			r = rows[i]
		}
		for c, text := range map[int]string{0: fmt.Sprintf("odd%d", i), 3: "page_view", 4: fmt.Sprintf("x%d", i), 5: r.page} {
			v[c].Text = append(v[c].Text, text)
		}
		v[1].Null = append(v[1].Null, r.time == "")
		if r.time == "" {
			r.time = r.received
		}
		v[1].Ints, v[2].Ints = append(v[1].Ints, instant(b.t, r.time)), append(v[2].Ints, instant(b.t, r.received))
	}
	columns := eventColumns()
	columns[1].Optional = true
	b.put("events/dt=2026-04-10/odd.parquet", table(b.t, columns, all, v[:]))
}

func TestMoreThanOneInAHundredAbsurdRowsStopTheRun(t *testing.T) {
	const usual, arrived = "2026-04-10T11:00:00Z", "2026-04-10T11:00:01Z"
	long := strings.Repeat("x", 64<<10+1)
	epoch := oddRow{"1970-01-21T13:00:00Z", arrived, "/kortit"}
	future := oddRow{"2099-01-01T00:00:00Z", arrived, "/kortit"}
	timeless := oddRow{"", arrived, "/kortit"}
	large := oddRow{usual, arrived, long}
	both := oddRow{"1970-01-21T13:00:00Z", arrived, long}
	unseen := oddRow{"2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z", long}
	ahead := oddRow{"2026-04-10T13:00:00Z", arrived, "/lainat"}
	for name, c := range map[string]struct {
		rows []oddRow
		want []string // of the message; nothing: the run goes on
	}{
		"none":             {nil, nil},
		"one in a hundred": {[]oddRow{epoch, epoch}, nil},
		"more from 1970": {
			[]oddRow{epoch, epoch, epoch},
			[]string{"source web", "about 2 % of its 200 rows", "event_time (column event_time)"},
		},
		"more from the future":            {[]oddRow{future, future, future}, []string{"event_time"}},
		"more without a time":             {[]oddRow{timeless, timeless, timeless}, []string{"event_time"}},
		"one in a hundred too large":      {[]oddRow{large, large}, nil},
		"more too large":                  {[]oddRow{large, large, large}, []string{"source web", "above 64 KiB", "in page"}},
		"some of both":                    {[]oddRow{epoch, timeless, large}, []string{"event_time", "in page"}},
		"both in one row count once":      {[]oddRow{both, both}, nil},
		"what had not arrived is unseen":  {[]oddRow{unseen, unseen, unseen, unseen}, nil},
		"a clock ahead is not impossible": {[]oddRow{ahead, ahead, ahead, ahead}, nil},
	} {
		b := newBank(t)
		b.odd(c.rows)
		r, err := b.run(night, "1")
		if len(c.want) == 0 {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if shown := len(c.rows) == 2; (r.Manifest.Sources[0].Invalid+r.Manifest.Sources[0].Oversized > 0) != shown {
				t.Errorf("%s: the manifest counts %+v", name, r.Manifest.Sources[0])
			}
			continue
		}
		f, ok := fault.Classify(err)
		if !ok || f.Kind != fault.Input || f.Reason != "ABSURD_VALUES" || !strings.Contains(f.Hint, "schemas.md") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "xxx") {
				t.Errorf("%s: the message lacks %q: %v", name, part, err)
			}
		}
		if b.marker() != "" {
			t.Errorf("%s: something was published", name)
		}
	}
}

func TestEveryInputReasonHasAPage(t *testing.T) {
	for _, code := range []string{"ABSURD_VALUES", "DAMAGED", "INPUT_MISSING", "PARTITION"} {
		if page, ok := source.Explain(code); !ok || page == "" {
			t.Errorf("%s has no page", code)
		}
	}
	if page, _ := source.Explain("ABSURD_VALUES"); !strings.Contains(page, "1990") {
		t.Error(page)
	}
}
