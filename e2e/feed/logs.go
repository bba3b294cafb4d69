package feed

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Log is one of the real logs and how a project comes by it.
type Log struct {
	Name   string // of the project's folder
	Folder string // of the log, below clickstream/
	// microseconds UTC: the exporter shows signs of life from the first day on until well after the last answer
	Begin, End int64

	deliver func(from, events string) error
	rows    func(from, events string) ([]Row, error)
	answers func(from string) ([]Event, error)
}

// Shop is a clothing shop of 2008: many people, partitions by day of arrival.
var Shop = &Log{
	Name: "eshop", Folder: filepath.Join("eshop-2008", "enriched"),
	Begin: midnight(2008, time.April, 1), End: midnight(2008, time.October, 20),
	deliver: func(from, events string) error {
		from = filepath.Join(from, "events")
		days, err := Days(from)
		if err == nil && len(days) == 0 {
			err = fmt.Errorf("no partitions dt=... in %s: give the folder of the enriched log", from)
		}
		if err != nil {
			return err
		}
		return CopyDays(from, events, days)
	},
	rows:    func(_, events string) ([]Row, error) { return Rows(events) },
	answers: func(from string) ([]Event, error) { return Answers(filepath.Join(from, "consent.csv.gz")) },
}

// Webtrack is everything that five people read in the web, each on two devices: one object without partitions.
var Webtrack = &Log{
	Name: "webtrack", Folder: filepath.Join("webtrack-us", "enriched"),
	Begin: midnight(2019, time.February, 27), End: midnight(2019, time.October, 1),
	deliver: func(from, events string) error {
		if err := os.MkdirAll(events, 0o755); err != nil {
			return fmt.Errorf("make the folder of events: %w", err)
		}
		const object = "events.parquet"
		data, err := os.ReadFile(filepath.Join(from, object))
		if err != nil {
			return fmt.Errorf("copy the events, which should be one object %s: %w", object, err)
		}
		return os.WriteFile(filepath.Join(events, object), data, 0o644)
	},
	rows:    func(_, events string) ([]Row, error) { return Rows(events) },
	answers: func(from string) ([]Event, error) { return Answers(filepath.Join(from, "consent.csv")) },
}

// Snowplow is the input of a web analytics package's own tests: canonical events, each with an oddity.
var Snowplow = &Log{
	Name: "snowplow", Folder: "snowplow-web",
	Begin: midnight(2020, time.July, 1), End: midnight(2021, time.May, 1),
	deliver: writeSnowplow,
	rows:    func(from, _ string) ([]Row, error) { return snowplowRows(from) },
	answers: snowplowAnswers,
}

func midnight(y int, m time.Month, d int) int64 {
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMicro()
}

// Logs returns all logs.
func Logs() []*Log { return []*Log{Shop, Webtrack, Snowplow} }

// Deliver writes the log's events into a folder, as its exporter would; from is the folder of the log.
func (l *Log) Deliver(from, events string) error { return l.deliver(from, events) }

// Rows reads what was delivered into a folder.
func (l *Log) Rows(from, events string) ([]Row, error) { return l.rows(from, events) }

// Answers are what people said to the consent question.
func (l *Log) Answers(from string) ([]Event, error) { return l.answers(from) }

// Fill fills the folder data/ of the log's project: events/, and consent/ with the real answers or, with all, a log in
// which everybody grants everything.
func (l *Log) Fill(from, data string, all bool) error {
	events := filepath.Join(data, "events")
	if err := l.Deliver(from, events); err != nil {
		return err
	}
	acts, err := l.Answers(from)
	if all {
		var rows []Row
		rows, err = l.Rows(from, events)
		acts = AllGranting(rows, l.End)
	}
	if err != nil {
		return err
	}
	acts = append(acts, Heartbeats(l.Begin, l.End)...)
	return WriteConsent(filepath.Join(data, "consent"), "part-00000.parquet", acts)
}
