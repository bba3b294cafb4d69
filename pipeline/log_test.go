package pipeline_test

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/fault"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/segments/consent"
)

// nulled is a log of two events of which the first lacks a column.
func nulled(t *testing.T, events []act, column int) []byte {
	v := actValues(t, "nulled", events)
	columns := decide.ConsentColumns()
	columns[column].Optional = true
	if v[column].Null == nil {
		v[column].Null = make([]bool, len(events))
	}
	v[column].Null[0] = true
	return table(t, columns, len(events), v)
}

// An event without what a denial would have stops the run, be it in the log before the run or come while it writes; a
// heartbeat needs its id and when it was recorded, and nobody to be about.
func TestARowThatLacksWhatADenialHasStopsTheRun(t *testing.T) {
	const at = "2026-04-10T21:00:00Z"
	event := []act{{"d7", "withdraw", "*", at, at}, {"d8", "withdraw", "*", at, at}}
	beat := []act{{"", "heartbeat", "", at, at}, {"", "heartbeat", "", at, at}}
	for column, c := range decide.ConsentColumns() {
		for _, late := range []bool{false, true} {
			for kind, rows := range map[string][]act{"event": event, "heartbeat": beat} {
				b := newBank(t)
				put := func() { b.put("consent/nulled.parquet", nulled(t, rows, column)) }
				if late {
					b.whileItWrites(put)
				} else {
					put()
				}
				_, err := b.run(night, runOne)
				f, _ := fault.Classify(err)
				needed := slices.Contains([]string{"event_id", "action", "recorded_at"}, c.Name) || kind == "event" &&
					slices.Contains([]string{"subject_type", "subject_id", "purpose", "at", "source"}, c.Name)
				if needed != (f != nil && f.Reason == "FEED_UNREADABLE") || !needed && err != nil {
					t.Errorf("%s without %s, late %t: the run ended with %v", kind, c.Name, late, err)
				}
			}
		}
	}
}

// A word that this program does not know may be a denial.
func TestAWordOfTheLogThatNobodyKnowsStopsTheRun(t *testing.T) {
	const at = "2026-04-10T21:00:00Z"
	for _, a := range []act{{"d7", "revoke", "*", at, at}, {"d7", "state", "*", at, at}, {"d7", "deny", "ads", at, at}} {
		for _, late := range []bool{false, true} {
			b := newBank(t)
			put := func() { b.acts("consent/word.parquet", []act{a}) }
			if late {
				b.whileItWrites(put)
			} else {
				put()
			}
			_, err := b.run(night, runOne)
			if f, ok := fault.Classify(err); !ok || f.Reason != "FEED_UNREADABLE" {
				t.Errorf("%s of %s, late %t: the run ended with %v", a.action, a.purpose, late, err)
			}
		}
	}
	for _, rows := range []string{"device,d7,ads\n", "household,d7,*\n"} {
		for _, late := range []bool{false, true} {
			b := newBank(t)
			conf := b.protected("device,d6\n")
			b.loaded.Project.Consent.Suppression = conf
			put := func() { b.put("lists/protected.csv", []byte("subject_type,subject_id,purpose\n"+rows)) }
			if late {
				b.whileItWrites(put)
			} else {
				put()
			}
			_, err := b.run(night, runOne)
			if f, ok := fault.Classify(err); !ok || f.Reason != "FEED_UNREADABLE" {
				t.Errorf("a list with %q, late %t: the run ended with %v", rows, late, err)
			}
		}
	}
}

// What comes while the run writes, and about whom and what: d7 leaves if it denies what the list asks, of d7 or of a
// person who was logged in on it; an erasure does whatever purpose it names; a grant, and a denial of another, change
// nothing.
func TestWhatComesLateCountsByWhatItSays(t *testing.T) {
	const at = "2026-04-10T21:59:00Z"
	for name, c := range map[string]struct {
		late   act
		leaves bool
	}{
		"an erasure of one purpose":            {act{"d7", "erase", "measure", at, at}, true},
		"an erasure of another's purpose":      {act{"d7", "erase", "activate:elsewhere", at, at}, true},
		"a withdrawal of the destination":      {act{"d7", "withdraw", "activate:files", at, at}, true},
		"a withdrawal of every destination":    {act{"d7", "withdraw", "activate:*", at, at}, true},
		"a withdrawal of the profile":          {act{"d7", "deny", "profile", at, at}, true},
		"a withdrawal of another destination":  {act{"d7", "withdraw", "activate:elsewhere", at, at}, false},
		"a withdrawal of measuring":            {act{"d7", "withdraw", "measure", at, at}, false},
		"a withdrawal of somebody else":        {act{"d70", "withdraw", "*", at, at}, false},
		"a grant":                              {act{"d7", "grant", "profile", at, at}, false},
		"a lift":                               {act{"d7", "lift", "*", at, at}, false},
		"an objection of whom it belonged to":  {act{"c7", "object", "*", at, at}, true},
		"an objection of somebody it did not":  {act{"c8", "object", "*", at, at}, false},
		"a browser's signal, dated far ahead":  {act{"d7", "browser", "*", "2026-05-10T00:00:00Z", at}, true},
		"a signal that was recorded long ago":  {act{"d7", "gpc", "*", "2026-03-31T00:00:00Z", "2026-03-31T00:00:00Z"}, true},
		"a heartbeat, which is about nobody":   {act{"", "heartbeat", "", at, at}, false},
		"an objection to one destination only": {act{"d7", "object", "activate:files", at, at}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, late := range []bool{true, false} {
				b := newBank(t)
				b.viewsBy("events/dt=2026-02-10/part.parquet", "/lainat/asunto", "2026-02-10T10:00:00Z", 7, 8, "c7")
				said := func() { b.acts("consent/late.parquet", []act{c.late}) }
				if late {
					b.whileItWrites(said)
				} else {
					said()
				}
				_, err := b.run(night, runOne)
				check(t, err)
				leaves := c.leaves
				if !late {
					leaves = leaves && c.late.device == "d7" && c.late.at != "2026-03-31T00:00:00Z" // before the grant
				}
				if got := b.list(runOne, "snapshot"); slices.Contains(got, "d7") == leaves || len(got) < 59 {
					t.Errorf("late %t: %d members, d7 among them: %t", late, len(got), slices.Contains(got, "d7"))
				}
			}
		})
	}
}

// Two events of one id say the same, or the run stops: one of them may be a denial that was changed.
func TestTwoEventsOfOneIDMustSayTheSame(t *testing.T) {
	const at = "2026-04-10T21:00:00Z"
	for column, c := range decide.ConsentColumns() {
		b := newBank(t)
		for i, name := range []string{"consent/one.parquet", "consent/two.parquet"} {
			v := actValues(t, "same", []act{{"d70", "withdraw", "measure", at, at}})
			for k := range v {
				v[k].Null = nil
			}
			if i == 1 && column > 0 {
				if v[column].Ints != nil {
					v[column].Ints[0]++
				} else {
					other := map[string]string{
						"subject_type": "customer", "subject_id": "d71", "action": "deny", "purpose": "link", "source": "bank_ui",
					}
					v[column].Text[0] = other[c.Name] + "+"
					if other[c.Name] != "" {
						v[column].Text[0] = other[c.Name]
					}
				}
			}
			b.put(name, table(t, decide.ConsentColumns(), 1, v))
		}
		_, err := b.run(night, runOne)
		if f, ok := fault.Classify(err); ok != (column > 0) || ok && f.Reason != "FEED_UNREADABLE" {
			t.Errorf("another %s: the run ended with %v", c.Name, err)
		}
	}
}

// A look says what it could not read, whichever call failed; but whether a list lies in a lakehouse table may be
// nobody's to look at.
func TestALookThatCannotReadSaysSo(t *testing.T) {
	b := newBank(t)
	b.loaded.Project.Consent.Protected = b.protected("device,d6\n")
	calls := 0
	for n := 0; n <= calls; n++ {
		at := 0
		failed := ""
		j := b.over(runOne, func(c *store.Call, do func() error) error {
			if at++; at == n {
				failed = c.Op + " " + c.URL + c.Key
				return errors.New("500 internal error")
			}
			return do()
		})
		var err error
		j.Inputs, err = j.Resolve()
		check(t, err)
		_, err = decide.Selected(t.Context(), j.Inputs, nil, decide.Options{})
		if n == 0 {
			check(t, err)
			calls = at
		} else if err == nil && !slices.Contains([]string{"_delta_log/", "metadata/", ".hoodie/"}, path.Base(failed)+"/") {
			t.Errorf("%s failed, call %d of %d, and nothing was said", failed, n, calls)
		}
	}
	for _, rows := range []string{"device,d7,ads\n", "household,d7,*\n"} {
		b.put("lists/protected.csv", []byte("subject_type,subject_id,purpose\n"+rows))
		j := b.job(night)
		if _, err := decide.Selected(t.Context(), j.Inputs, nil, decide.Options{}); err == nil {
			t.Errorf("a list with %q was read", rows)
		}
		j.Stores.Close()
	}
}

// A log in partitions names its first day in the record, and a day of it that an accepted run saw may not go.
func TestTheFirstDayOfTheLogIsOnRecord(t *testing.T) {
	b := newBank(t)
	utc, err := value.LoadZone("UTC")
	check(t, err)
	b.loaded.Project.Consent.Partition = project.Partition{Key: "dt=", Zone: utc}
	b.loaded.Project.Consent.URL = "mem://log/"
	grants := b.content("consent/part.parquet")
	b.put("log/dt=2026-04-08/part.parquet", grants)
	for _, day := range []string{"2026-04-07", "2026-04-09", "2026-04-10"} {
		at := day + "T20:00:00Z"
		b.acts("log/dt="+day+"/part.parquet", []act{{"", "heartbeat", "", at, at}})
	}
	report, err := b.run(night, runOne)
	check(t, err)
	if got := report.Manifest.Consent.FirstPartition; got != "2026-04-07" {
		t.Errorf("the first day is %q", got)
	}
	b.destroy("log/dt=2026-04-07/part.parquet")
	_, err = b.run(night, runTwo)
	if f, ok := fault.Classify(err); !ok || f.Kind != fault.Consent || !strings.Contains(err.Error(), "2026-04-07") {
		t.Errorf("its first day is gone, and the run ended with %v", err)
	}
}

// An objection of an id that stands for nobody in particular makes nobody of it, also when only the record has it.
func TestARememberedObjectionDoesNotMakeSomebodyOfABlockedID(t *testing.T) {
	b := newBank(t)
	b.viewsBy("events/dt=2026-04-10/more.parquet", "/lainat/asunto", "2026-04-10T10:00:00Z", 60, 61, "null")
	j := b.job(night)
	defer j.Stores.Close()
	at := instant(t, "2026-04-09T00:00:00Z")
	j.Seen.Acts = state.NewActs(state.Acts{
		{Kind: "customer", ID: "null", Action: "object", Purpose: "link", Source: "cmp", At: at},
		{Kind: "device", ID: "d7", Action: "object", Purpose: "*", Source: "cmp", At: at},
		{Kind: "device", ID: "d8", Action: "object", Purpose: "activate:elsewhere", Source: "cmp", At: at},
		{Kind: "device", ID: "d9", Action: "erase", Purpose: "activate:elsewhere", Source: "cmp", At: at},
		{Kind: "customer", ID: "d10", Action: "erase", Purpose: "*", Source: "cmp", At: at},
	})
	e, err := decide.Selected(t.Context(), j.Inputs, nil, decide.Options{})
	check(t, err)
	refused := e.Roll.Tallies.Refused[0]
	if refused[consent.BlockedCustomer] != 1 || refused[consent.Objected] != 1 || refused[consent.Erased] != 1 {
		t.Errorf("%d rows of blocked ids, %d objected, %d erased; want one each", refused[consent.BlockedCustomer],
			refused[consent.Objected], refused[consent.Erased])
	}
	for _, a := range []state.Act{
		{Kind: "device", ID: "d7", Action: "revoke", Purpose: "*"},
		{Kind: "device", ID: "d7", Action: "object", Purpose: "ads"},
	} {
		j.Seen.Acts = state.Acts{a}
		if _, err := decide.Selected(t.Context(), j.Inputs, nil, decide.Options{}); err == nil {
			t.Errorf("%s of %s was understood", a.Action, a.Purpose)
		}
	}
}
