// Package engine has the program decide what the reference decides: a log becomes Parquet objects in memory, and a
// whole run reads them, with a consent log in which everybody granted everything.
//
// In come a log and checked segments, out comes what became of everybody. It judges nothing.
package engine

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/malgrupp/malgrupp/e2e/reference"
	"github.com/malgrupp/malgrupp/e2e/reference/draw"
	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/project"
	"github.com/malgrupp/malgrupp/pipeline/state"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/builtin"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Schema is the schema of every log.
func Schema() (*rules.Schema, error) {
	text, at := value.Type{Kind: value.Text}, value.Type{Kind: value.Timestamp}
	s := &rules.Schema{Name: "log", Version: 1, Columns: []rules.Column{
		{Name: "event_time", Type: at, Role: rules.RoleEventTime},
		{Name: "received_at", Type: at, Role: rules.RoleReceivedAt},
		{Name: "seq", Type: value.Type{Kind: value.Integer}, Role: rules.RoleSeq},
		{Name: "event_id", Type: text, Role: rules.RoleEventID},
		{Name: "event", Type: text, Role: rules.RoleEventName},
		{Name: "device_id", Type: text, Role: rules.RoleDevice, Optional: true},
		{Name: "customer_id", Type: text, Role: rules.RoleCustomer, Optional: true},
		{Name: "session_id", Type: text, Role: rules.RoleSession, Optional: true},
	}}
	for _, c := range draw.Columns {
		t, ok := value.ParseType(c.Type)
		if !ok {
			return nil, fmt.Errorf("make the schema: there is no type %q", c.Type)
		}
		s.Columns = append(s.Columns, rules.Column{Name: c.Name, Type: t, Optional: true})
	}
	return s, nil
}

// Check has the program read one rule.
func Check(s *rules.Schema, zone *value.Zone, name, text string) (*rules.Segment, source.Findings) {
	doc := yaml.Read(&source.Source{Name: name, Text: text})
	if errs := doc.Errors(); errs.Failed() {
		return nil, errs
	}
	scope := &rules.Scope{
		Language: builtin.Language(), Schemas: []*rules.Schema{
			s,
		}, Zone: zone, AnyEvent: true, Salt: "log", Destinations: map[string]rules.Destination{},
	}
	return scope.Spec(name, doc.Root())
}

// Run decides segments, which stand in the order of their references. Dice choose how the rows are shuffled and stored.
// People who are simply out are not in the answer.
func Run(ctx context.Context, l *draw.Log, schema *rules.Schema, segs []*rules.Segment, zone *value.Zone,
	dice *rand.Rand,
) (map[string]map[string]string, error) {
	stores := folder.NewStores(store.Options{Memory: &store.Memory{}})
	defer stores.Close()
	events, err := logObjects(l, schema, dice)
	if err != nil {
		return nil, err
	}
	granted, err := grants(l, segs)
	if err != nil {
		return nil, err
	}
	for url, objects := range map[string]map[string][]byte{
		"mem://events/": events, "mem://consent/": {"part.parquet": granted},
	} {
		b, err := stores.Open(ctx, url)
		if err != nil {
			return nil, err
		}
		for key, data := range objects {
			if err := b.UploadBytes(ctx, key, data, "application/octet-stream"); err != nil {
				return nil, err
			}
		}
	}
	in := decide.Inputs{
		Loaded: &load.Loaded{
			Project: settings(l, zone), Schemas: map[string]*rules.Schema{schema.Name: schema}, Segments: segs,
		},
		AsOf: l.AsOf, KnownBy: l.KnownBy, Clock: func() time.Time {
			return time.UnixMicro(l.KnownBy)
		}, Workers: 1 + dice.IntN(2), Stores: stores,
		Log: slog.New(slog.DiscardHandler), Stay: stays(l, segs),
	}
	e, err := decide.Selected(ctx, in, nil, decide.Options{})
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	out := map[string]map[string]string{}
	for i := range e.Audiences {
		of := map[string]string{}
		for id, o := range e.Audiences[i].Outcomes(0) {
			of[id] = string(o)
		}
		out[e.Audiences[i].Segment().Name] = of
	}
	return out, nil
}

// stays are the stay records of the log, as an earlier run would have left them.
func stays(l *draw.Log, segs []*rules.Segment) (out state.StayRecord) {
	for _, s := range segs {
		for person, last := range l.Stays[s.Name] {
			out = append(out, state.Stay{
				Segment: s.Name, Use: "segment:" + string(s.Level), ID: person, Entered: last, Last: last,
				Definition: hex.EncodeToString(s.Hash[:]),
			})
		}
	}
	return out
}

// logObjects shuffles the rows and deals them to objects, by key.
func logObjects(l *draw.Log, schema *rules.Schema, dice *rand.Rand) (map[string][]byte, error) {
	byObject := map[string][][]any{}
	files := 1 + dice.IntN(3)
	for _, i := range dice.Perm(len(l.Rows)) {
		r := &l.Rows[i]
		key := fmt.Sprintf("part-%d.parquet", dice.IntN(files))
		if l.Partitioned {
			key = day(r.Received) + key
		}
		byObject[key] = append(byObject[key], cells(r, schema.Columns))
	}
	out := map[string][]byte{}
	for key, rows := range byObject {
		data, err := table(schema.Columns, rows, dice)
		if err != nil {
			return nil, err
		}
		out[key] = data
	}
	if l.Partitioned {
		for at := l.DataFrom; at < l.KnownBy; at += reference.Day {
			if !l.Lacks(at) {
				out[day(at)+"_SUCCESS"] = nil
			}
		}
	}
	return out, nil
}

func day(us int64) string { return "dt=" + time.UnixMicro(us).UTC().Format(time.DateOnly) + "/" }

// settings are a project that reads the log: identity off, no floors, no lists.
func settings(l *draw.Log, zone *value.Zone) *project.Project {
	days := func(n int) value.Duration { return value.Duration{N: n, Unit: value.Day} }
	minutes := func(us int64) value.Duration {
		return value.Duration{N: int(us / reference.Minute), Unit: value.Minute}
	}
	log := project.Source{
		Name: "events", URL: "mem://events/", Schema: "log", Dedupe: days(7), CoversFrom: l.DataFrom,
		Expect:   project.Expect{Every: days(4000)},
		Complete: project.Listed, OnBadObject: project.Stop,
	}
	if l.Partitioned {
		log.CoversFrom, log.Partition, log.Expect = 0, project.Partition{Key: "dt=", Zone: utc}, project.Expect{}
	}
	return &project.Project{
		Name: "reference", Zone: zone, Retention: days(761), MaxClockSkew: minutes(l.MaxSkew),
		SessionGap: minutes(l.SessionGap), Sources: []project.Source{log},
		Consent: project.Consent{
			URL: "mem://consent/", MaxFeedAge: days(1), MaxConsentAge: days(390), TrustedSources: []string{"cmp"},
		},
		Text: &source.Source{Name: "reference"},
	}
}

var utc = func() *value.Zone {
	z, err := value.LoadZone("UTC")
	if err != nil {
		panic(err)
	}
	return z
}()

// grants is a consent log in which everybody granted everything before the first row.
func grants(l *draw.Log, segs []*rules.Segment) ([]byte, error) {
	people := map[[2]string]bool{}
	for i := range l.Rows {
		people[[2]string{"device", l.Rows[i].Device}] = true
		people[[2]string{"customer", l.Rows[i].Customer}] = true
	}
	for _, s := range segs {
		for person := range l.Stays[s.Name] {
			people[[2]string{string(s.Level), person}] = true
		}
	}
	var rows [][]any
	now := l.KnownBy - reference.Minute
	for s := range people {
		if s[1] == "" {
			continue
		}
		for _, purpose := range []string{"measure", "profile", "link", "partner_data"} {
			for _, at := range []int64{now - 300*reference.Day, now} {
				rows = append(rows,
					[]any{
						fmt.Sprintf("%s %s %s %d", s[0], s[1], purpose, at), s[0], s[1], "grant", purpose, at, at, "cmp", nil, nil, nil,
					})
			}
		}
	}
	rows = append(rows, []any{"heartbeat", nil, nil, "heartbeat", nil, now, now, "exporter", nil, nil, nil})
	return own(decide.ConsentColumns(), rows, parquet.WriterOptions{})
}
