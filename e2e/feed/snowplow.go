package feed

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/pipeline/load"
)

func snowplowEvents(from string) ([]wide, error) {
	return readWide(filepath.Join(from, "source", "snowplow_web_events.csv"))
}

// writeSnowplow writes the events as Snowplow's loaders do: every column, its own type, a partition for each day of
// arrival.
func writeSnowplow(from, events string) error {
	rows, err := snowplowEvents(from)
	if err != nil {
		return err
	}
	days := map[string][]wide{}
	for _, r := range rows {
		at, err := r.micros("collector_tstamp")
		if err != nil {
			return fmt.Errorf("read when event %s arrived: %w", r["event_id"], err)
		}
		days[partition(at)] = append(days[partition(at)], r)
	}
	for day, of := range days {
		if err := writeWide(filepath.Join(events, day), of); err != nil {
			return fmt.Errorf("write the events of %s: %w", day, err)
		}
	}
	return nil
}

func writeWide(folder string, rows []wide) error {
	group := parquet.Group{}
	for column := range rows[0] {
		group[column] = shape(column)
	}
	var stored []parquet.Row
	for _, w := range rows {
		var row parquet.Row
		for i, column := range slices.Sorted(maps.Keys(w)) { // a group's columns lie in the order of their names
			v, _, err := w.cell(column)
			if err != nil {
				return fmt.Errorf("column %s: %w", column, err)
			}
			defined := 1
			if v.IsNull() {
				defined = 0
			}
			row = append(row, v.Level(0, defined, i))
		}
		stored = append(stored, row)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(folder, "part-00000.parquet"))
	if err != nil {
		return err
	}
	w := parquet.NewGenericWriter[any](f, parquet.NewSchema("events", group), parquet.Compression(&parquet.Zstd))
	_, err = w.WriteRows(stored)
	return errors.Join(err, w.Close(), f.Close())
}

// snowplowRows are the events under the names that the other logs have: the device is domain_userid, the customer
// user_id.
func snowplowRows(from string) ([]Row, error) {
	events, err := snowplowEvents(from)
	if err != nil {
		return nil, err
	}
	var out []Row
	for _, w := range events {
		at, err1 := w.micros("derived_tstamp")
		received, err2 := w.micros("collector_tstamp")
		content, err3 := w.content()
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("read event %s: %w", w["event_id"], err)
		}
		out = append(out, Row{
			ID: w["event_id"], Time: at, Received: received, Event: w["event_name"], Platform: w["platform"],
			Device: w["domain_userid"], Customer: w.optional("user_id"), Session: w.optional("domain_sessionid"),
			Country: w.optional("geo_country"), URL: w["page_url"], App: w.optional("app_id"), Content: content,
		})
	}
	return out, nil
}

// content is the content hash of a row (docs/language.md, Copies and late rows): SHA-256 over the columns of its schema
// in the order of their names, for each of them a zero, or a one, the length as eight bytes and the bytes of the value;
// numbers are little-endian.
func (w wide) content() (string, error) {
	schema, ok := load.Shipped("malgrupp-snowplow")
	if !ok {
		return "", errors.New("find the schema malgrupp-snowplow among those that come with the program")
	}
	var names []string
	for _, c := range schema.Columns {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	var all []byte
	for _, name := range names {
		v, value, err := w.cell(name)
		if err != nil {
			return "", fmt.Errorf("column %s: %w", name, err)
		}
		if v.IsNull() {
			all = append(all, 0)
			continue
		}
		all = binary.LittleEndian.AppendUint64(append(all, 1), uint64(len(value)))
		all = append(all, value...)
	}
	sum := sha256.Sum256(all)
	return string(sum[:]), nil
}

// snowplowAnswers are the answers of the consent events: scope statistics is for analytics, preferences for
// personalisation, marketing for ads. Who answered is the device: an answer says nothing about the customer who was
// logged in.
func snowplowAnswers(from string) ([]Event, error) {
	events, err := snowplowEvents(from)
	if err != nil {
		return nil, err
	}
	byID := map[string]wide{}
	for _, e := range events {
		byID[e["event_id"]] = e
	}
	said, err := readWide(filepath.Join(from, "source", "snowplow_web_consent_preferences.csv"))
	if err != nil {
		return nil, err
	}
	var answers []Answer
	for _, w := range said {
		a, err := w.answer(byID[w["root_id"]])
		if err != nil {
			return nil, fmt.Errorf("read the answer of event %s: %w", w["root_id"], err)
		}
		answers = append(answers, a)
	}
	slices.SortStableFunc(answers, func(a, b Answer) int { return cmp.Compare(a.At, b.At) })
	return Said(answers), nil
}

// answer reads a consent answer; event is the row that carried it.
func (w wide) answer(event wide) (Answer, error) {
	at, err1 := event.micros("derived_tstamp")
	recorded, err2 := event.micros("collector_tstamp")
	var scopes []string
	err3 := json.Unmarshal([]byte(w["consent_scopes"]), &scopes)
	version, err4 := strconv.ParseInt(strings.TrimSuffix(w["consent_version"], ".0"), 10, 32)
	return Answer{
		Kind: "device", Subject: event["domain_userid"], At: at, Recorded: recorded, Notice: version,
		Analytics:       slices.Contains(scopes, "statistics"),
		Personalisation: slices.Contains(scopes, "preferences"),
		Ads:             slices.Contains(scopes, "marketing"),
	}, errors.Join(err1, err2, err3, err4)
}
