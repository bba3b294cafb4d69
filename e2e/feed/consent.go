package feed

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is one act of a consent log; times are microseconds UTC. An event without a subject is a heartbeat.
type Event struct {
	ID       string `parquet:"event_id"`
	Kind     string `parquet:"subject_type,optional"`
	Subject  string `parquet:"subject_id,optional"`
	Action   string `parquet:"action"`
	Purpose  string `parquet:"purpose,optional"`
	At       int64  `parquet:"at,timestamp(microsecond)"`
	Recorded int64  `parquet:"recorded_at,timestamp(microsecond)"`
	Source   string `parquet:"source,optional"`
}

// Acts reads the events of a consent log.
func Acts(dir string) ([]Event, error) { return readTable[Event](dir) }

// Activations are the consents that the destinations of the example project ask for.
var Activations = []string{"display", "mail"}

// The exporter's signs of life begin with the log's first day and go on after its last answer; microseconds UTC.
var (
	Begin = time.Date(2008, 4, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	End   = time.Date(2008, 10, 20, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// answer is one line of the enriched consent feed.
type answer struct {
	kind, subject                   string
	at                              int64
	analytics, personalisation, ads bool
}

// Answers reads the enriched consent feed and says each answer once for every purpose (consent/spec.md 13).
func Answers(file string) ([]Event, error) {
	answers, err := readAnswers(file)
	if err != nil {
		return nil, fmt.Errorf("read the consent feed %s: %w", file, err)
	}
	granted := map[[3]string]bool{}
	var out []Event
	for _, a := range answers {
		say := func(purpose string, yes bool) {
			key := [3]string{a.kind, a.subject, purpose}
			action := "deny"
			switch {
			case yes:
				action = "grant"
				granted[key] = true
			case granted[key]:
				action = "withdraw"
			}
			out = append(out, act(a.kind, a.subject, action, purpose, a.at))
		}
		say("measure", a.analytics)
		say("profile", a.personalisation || a.ads)
		say("link", a.personalisation || a.ads)
		for _, d := range Activations {
			say("activate:"+d, a.ads)
		}
	}
	return out, nil
}

func act(kind, subject, action, purpose string, at int64) Event {
	return Event{
		ID:   kind + ":" + subject + ":" + strconv.FormatInt(at, 10) + ":" + purpose,
		Kind: kind, Subject: subject, Action: action, Purpose: purpose, At: at, Recorded: at, Source: "cmp",
	}
}

func readAnswers(file string) ([]answer, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	lines, err := csv.NewReader(z).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []answer
	for _, l := range lines[1:] {
		at, err := time.Parse(time.RFC3339Nano, l[2])
		if err != nil {
			return nil, err
		}
		out = append(out, answer{l[0], l[1], at.UnixMicro(), l[3] == "true", l[4] == "true", l[5] == "true"})
	}
	slices.SortStableFunc(out, func(a, b answer) int { return cmp.Compare(a.at, b.at) })
	return out, nil
}

// reaffirm is how often an all-granting log repeats its grants, so that none ever runs out of age.
const reaffirm = 40 * 24 * time.Hour

// AllGranting returns a log in which every device and customer of the rows grants every purpose a second before its first
// row and says so again until End.
func AllGranting(rows []Row) []Event {
	first := map[[2]string]int64{}
	note := func(kind, id string, at int64) {
		key := [2]string{kind, strings.TrimSpace(id)}
		if key[1] == "" {
			return // nobody can grant for an id that is empty
		}
		if was, ok := first[key]; !ok || at < was {
			first[key] = at
		}
	}
	for i := range rows {
		r := &rows[i]
		note("device", r.Device, r.Time)
		if r.Customer != nil {
			note("customer", *r.Customer, r.Time)
		}
	}
	purposes := []string{"measure", "profile", "link"}
	for _, d := range Activations {
		purposes = append(purposes, "activate:"+d)
	}
	var out []Event
	for key, at := range first {
		for at -= time.Second.Microseconds(); at < End; at += reaffirm.Microseconds() {
			for _, p := range purposes {
				out = append(out, act(key[0], key[1], "grant", p, at))
			}
		}
	}
	return out
}

// Heartbeats are the exporter's sign of life for every full hour of [from, before).
func Heartbeats(from, before int64) []Event {
	const hour = int64(time.Hour / time.Microsecond)
	var out []Event
	for at := (from + hour - 1) / hour * hour; at < before; at += hour {
		out = append(out, Event{ID: "heartbeat:" + strconv.FormatInt(at, 10), Action: "heartbeat", At: at, Recorded: at, Source: "exporter"})
	}
	return out
}
