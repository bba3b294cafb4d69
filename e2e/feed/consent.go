package feed

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
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
	Notice   int64  `parquet:"notice_version,optional"` // 0: not known
	TC       string `parquet:"tc_string,optional"`      // of action state
}

// Acts reads the events of a consent log.
func Acts(dir string) ([]Event, error) { return readTable[Event](dir) }

// Activations are the consents that the destinations of the example projects ask for.
var Activations = []string{"display", "mail"}

// Answer is what somebody said to the consent question, once.
type Answer struct {
	Kind, Subject                   string
	At, Recorded                    int64 // microseconds UTC
	Notice                          int64
	Analytics, Personalisation, Ads bool
}

// Said says answers, the oldest first, once for every purpose: analytics is measure; personalisation or ads is profile
// and link; ads is every activation.
func Said(answers []Answer) (out []Event) {
	granted := map[[3]string]bool{}
	for _, a := range answers {
		say := func(purpose string, yes bool) {
			key := [3]string{a.Kind, a.Subject, purpose}
			action := "deny"
			switch {
			case yes:
				action = "grant"
				granted[key] = true
			case granted[key]:
				action = "withdraw"
			}
			e := act(a.Kind, a.Subject, action, purpose, a.At)
			e.Recorded, e.Notice = a.Recorded, a.Notice
			out = append(out, e)
		}
		say("measure", a.Analytics)
		say("profile", a.Personalisation || a.Ads)
		say("link", a.Personalisation || a.Ads)
		for _, d := range Activations {
			say("activate:"+d, a.Ads)
		}
	}
	return out
}

// Answers reads an enriched consent feed, compressed or not.
func Answers(file string) ([]Event, error) {
	answers, err := ReadAnswers(file)
	if err != nil {
		return nil, fmt.Errorf("read the consent feed %s: %w", file, err)
	}
	return Said(answers), nil
}

// States are answers as a consent platform keeps them: one event with a TC string each.
func States(answers []Answer, texts []string) (out []Event) {
	for i, a := range answers {
		e := act(a.Kind, a.Subject, "state", "*", a.At)
		e.TC = texts[i]
		out = append(out, e)
	}
	return out
}

func act(kind, subject, action, purpose string, at int64) Event {
	return Event{
		ID:   kind + ":" + subject + ":" + strconv.FormatInt(at, 10) + ":" + purpose,
		Kind: kind, Subject: subject, Action: action, Purpose: purpose, At: at, Recorded: at, Source: "cmp",
	}
}

// ReadAnswers reads the answers of an enriched consent feed, the oldest first.
func ReadAnswers(file string) ([]Answer, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text := io.Reader(f)
	if strings.HasSuffix(file, ".gz") {
		if text, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	lines, err := csv.NewReader(text).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []Answer
	for _, l := range lines[1:] {
		at, err := time.Parse(time.RFC3339Nano, l[2])
		if err != nil {
			return nil, err
		}
		out = append(out, Answer{
			Kind: l[0], Subject: l[1], At: at.UnixMicro(), Recorded: at.UnixMicro(),
			Analytics: l[3] == "true", Personalisation: l[4] == "true", Ads: l[5] == "true",
		})
	}
	slices.SortStableFunc(out, func(a, b Answer) int { return cmp.Compare(a.At, b.At) })
	return out, nil
}

// reaffirm is how often an all-granting log repeats its grants, so that none ever runs out of age.
const reaffirm = 40 * 24 * time.Hour

// AllGranting returns a log in which every device and customer of the rows grants every purpose a second before its
// first row and says so again until an instant.
func AllGranting(rows []Row, until int64) []Event {
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
		for at -= time.Second.Microseconds(); at < until; at += reaffirm.Microseconds() {
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
		out = append(out, Event{
			ID: "heartbeat:" + strconv.FormatInt(at, 10), Action: "heartbeat", At: at, Recorded: at,
			Source: "exporter",
		})
	}
	return out
}
