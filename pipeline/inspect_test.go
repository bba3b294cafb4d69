package pipeline_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/inspect"
	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
)

// inspected looks at an object in memory.
func inspected(t *testing.T, key string, data []byte, o inspect.InspectOptions) (*inspect.Inspection, error) {
	t.Helper()
	b := &bank{t: t, memory: &store.Memory{}}
	b.put("events/"+key, data)
	stores := folder.NewStores(store.Options{Memory: b.memory})
	defer stores.Close()
	return inspect.Inspect(t.Context(), stores, "mem://events/", o)
}

// onDisk looks at what lies below a folder of this machine.
func onDisk(t *testing.T, place string, o inspect.InspectOptions) (*inspect.Inspection, error) {
	t.Helper()
	place, err := filepath.Abs(place)
	check(t, err)
	stores := folder.NewStores(store.Options{Roots: []string{filepath.Dir(place)}})
	defer stores.Close()
	return inspect.Inspect(t.Context(), stores, (&url.URL{Scheme: "file", Path: place}).String(), o)
}

// roles are the columns that a schema gives a role to, with where the file keeps them.
func roles(t *testing.T, text string) map[rules.Role]string {
	t.Helper()
	schema, found := rules.ParseSchema(&source.Source{Name: "proposal.yaml", Text: text})
	if len(found) > 0 {
		t.Fatalf("%s\n%s", found.Text(), text)
	}
	out := map[rules.Role]string{}
	for _, c := range schema.Columns {
		if c.Role != rules.RoleNone {
			out[c.Role] = strings.TrimSuffix(c.From+" "+c.Param, " ")
		}
	}
	return out
}

func TestAProposalForAKnownShapeIsAcceptedAndRuns(t *testing.T) {
	files, devices := gaFiles(t)
	logs := map[string]logOf{"snowplow": snowplowLog(t)}
	for form, data := range files {
		logs["ga4 "+form] = gaLog(data, devices)
	}
	want := map[string]map[rules.Role]string{
		"ga4": {
			rules.RoleEventTime: "event_timestamp", rules.RoleEventName: "event_name", rules.RoleDevice: "user_pseudo_id",
			rules.RoleCustomer: "user_id", rules.RoleSession: "event_params ga_session_id",
		},
		"snowplow": {
			rules.RoleEventTime: "derived_tstamp", rules.RoleReceivedAt: "collector_tstamp", rules.RoleEventID: "event_id",
			rules.RoleEventName: "event_name", rules.RoleDevice: "domain_userid", rules.RoleCustomer: "user_id",
			rules.RoleSession: "domain_sessionid",
		},
	}
	for name, l := range logs {
		in, err := inspected(t, l.object, l.data, inspect.InspectOptions{Name: "own-log"})
		check(t, err)
		shape, _, _ := strings.Cut(name, " ")
		if diff := cmp.Diff(want[shape], roles(t, in.Proposal.Text)); diff != "" {
			t.Errorf("%s: roles: %s", name, diff)
		}
		if !slices.Equal(in.LooksLike, []string{l.schema}) {
			t.Errorf("%s: looks like %q, want %s", name, in.LooksLike, l.schema)
		}
		members := l.members(t)
		l.schema, l.text = in.Proposal.Name, in.Proposal.Text
		// a proposal knows no step for sums
		l.match = strings.Replace(l.match, "metric: sum(se_value)", "metric: max(se_value)", 1)
		if diff := cmp.Diff(members, l.members(t)); diff != "" {
			t.Errorf("%s: members by the proposal: %s", name, diff)
		}
	}
}

func TestAProposalForARealLogIsAcceptedAndRuns(t *testing.T) {
	for _, c := range []struct{ name, path, now, window string }{
		{"eshop-2008", "eshop-2008/enriched/events/dt=2008-06-10", "2008-06-11T06:00:00Z", "30d"},
		{"webtrack-us", "webtrack-us/enriched/events.parquet", "2019-08-15T06:00:00Z", "180d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := vectors(t, "data", "clickstream", filepath.FromSlash(c.path))
			in, err := onDisk(t, file, inspect.InspectOptions{Name: "own-log", Rows: 1 << 30})
			check(t, err)
			want := map[rules.Role]string{
				rules.RoleEventTime: "event_time", rules.RoleReceivedAt: "received_at", rules.RoleEventID: "event_id",
				rules.RoleEventName: "event_name", rules.RoleDevice: "device_id", rules.RoleCustomer: "customer_id",
				rules.RoleSession: "source_session",
			}
			if diff := cmp.Diff(want, roles(t, in.Proposal.Text)); diff != "" {
				t.Error(diff)
			}
			if !strings.HasSuffix(file, ".parquet") {
				file = filepath.Join(file, in.Objects[0].Key)
			}
			data, err := os.ReadFile(file)
			check(t, err)
			devices := texts(t, data, "device_id")
			got := logOf{
				schema: "own-log", text: in.Proposal.Text, partition: "none", object: "part.parquet", data: data, devices: devices,
				now: c.now, match: fmt.Sprintf("{did: page_view, within: %s}", c.window),
			}.members(t)
			if diff := cmp.Diff(devices, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAProposalForRealEventsOfSnowplowRuns(t *testing.T) {
	l, want := realSnowplow(t)
	in, err := inspected(t, l.object, l.data, inspect.InspectOptions{Name: "own-log"})
	check(t, err)
	l.schema, l.text = in.Proposal.Name, in.Proposal.Text
	if diff := cmp.Diff(want, l.members(t)); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(in.LooksLike, []string{"malgrupp-snowplow"}) || len(in.Columns) != 135 {
		t.Errorf("%d columns that look like %q", len(in.Columns), in.LooksLike)
	}
}

// texts are the different values of a text column, sorted.
func texts(t *testing.T, data []byte, name string) (out []string) {
	t.Helper()
	schema := &rules.Schema{Columns: []rules.Column{{Name: name, Type: value.Type{Kind: value.Text}}}}
	f, err := parquet.Open(bytes.NewReader(data), int64(len(data)), name, schema, parquet.Limits{})
	check(t, err)
	var cursor parquet.Cursor
	for i := range f.RowGroups() {
		a, err := cursor.Move(f, i).Column(name)
		check(t, err)
		for row := range a.Len() {
			out = append(out,
				strings.Clone(a.(*array.Dictionary).Dictionary().ValueStr(a.(*array.Dictionary).GetValueIndex(row))))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestEveryFileOfTheCorpusGetsAProposalOrAReason(t *testing.T) {
	root := vectors(t, "data", "parquet")
	manifest, err := os.ReadFile(filepath.Join(root, "MANIFEST.jsonl"))
	check(t, err)
	for line := range strings.Lines(string(manifest)) {
		var f struct{ File, Want string }
		check(t, json.Unmarshal([]byte(line), &f))
		if f.Want != "read" {
			continue
		}
		in, err := onDisk(t, filepath.Join(root, f.File), inspect.InspectOptions{})
		switch {
		case err != nil:
			t.Errorf("%s: %v", f.File, err)
		case in.Proposal.Text != "":
			roles(t, in.Proposal.Text)
		case !strings.HasPrefix(in.Proposal.Problem, "no column says"):
			t.Errorf("%s: neither a proposal nor a reason: %q", f.File, in.Proposal.Problem)
		}
	}
}

// Whatever a file calls its columns, what is proposed for it can be read, and reads the file.
func TestAProposalIsAcceptedWhateverTheColumnsAreCalled(t *testing.T) {
	nodes := []upstream.Node{
		upstream.String(), upstream.Int(32), upstream.Leaf(upstream.Int64Type), upstream.Leaf(upstream.DoubleType),
		upstream.Leaf(upstream.BooleanType), upstream.Date(), upstream.Timestamp(upstream.Millisecond),
		upstream.TimestampAdjusted(upstream.Nanosecond, false), upstream.Decimal(2, 9, upstream.Int32Type),
		upstream.UUID(), upstream.Leaf(upstream.Int96Type), upstream.Repeated(upstream.String()),
	}
	rapid.Check(t, func(rt *rapid.T) {
		group := upstream.Group{"event_time": nodes[6], "event_name": nodes[0], "device_id": nodes[0]}
		for range rapid.IntRange(0, 6).Draw(rt, "columns") {
			name := rapid.OneOf(rapid.StringN(1, 8, -1),
				rapid.SampledFrom([]string{
					"and", "null", "Event-Time", "eventTime", "9lives", "a.b", "x: y", "#", "*a", "dnt",
				})).Draw(rt, "name")
			group[name] = upstream.Optional(rapid.SampledFrom(nodes[:len(nodes)-1]).Draw(rt, "node"))
		}
		var out bytes.Buffer
		w := upstream.NewWriter(&out, upstream.NewSchema("t", group))
		check(t, w.Close())
		in, err := inspected(t, "part.parquet", out.Bytes(), inspect.InspectOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		schema, found := rules.ParseSchema(&source.Source{Name: "proposal.yaml", Text: in.Proposal.Text})
		if len(found) > 0 {
			rt.Fatalf("%s\n%s\n%s", in.Proposal.Problem, found.Text(), in.Proposal.Text)
		}
		if _, err := parquet.Open(bytes.NewReader(out.Bytes()), int64(out.Len()), "t", schema, parquet.Limits{}); err != nil {
			rt.Fatal(err)
		}
	})
}

func TestAProposalForAVeryWideFileIsAccepted(t *testing.T) {
	group := upstream.Group{
		"zz_time": upstream.Timestamp(upstream.Millisecond), "zz.event_name": upstream.String(),
		"zz.device_id": upstream.String(),
	}
	for i := range 600 {
		group[fmt.Sprintf("column%d%s", i, strings.Repeat("-", 180))] = upstream.String()
		group[fmt.Sprintf("list%d%s", i, strings.Repeat("x", 180))] = upstream.Repeated(upstream.String())
	}
	group[strings.Repeat("l", 1000)] = upstream.String()
	var out bytes.Buffer
	check(t, upstream.NewWriter(&out, upstream.NewSchema("t", group)).Close())
	in, err := inspected(t, "part.parquet", out.Bytes(), inspect.InspectOptions{})
	check(t, err)
	want := map[rules.Role]string{
		rules.RoleEventTime: "zz_time", rules.RoleEventName: "zz.event_name", rules.RoleDevice: "zz.device_id",
	}
	if diff := cmp.Diff(want, roles(t, in.Proposal.Text)); diff != "" {
		t.Error(diff)
	}
}

func TestSamplesShowNothingButShapes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		secret := rapid.StringN(1, 40, -1).Draw(rt, "value")
		in, err := inspected(t, "part.parquet", written(t, []struct {
			Value string `parquet:"value"`
		}{{secret}}), inspect.InspectOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		for _, sample := range in.Columns[0].Samples {
			if len(sample) > 23 {
				rt.Fatalf("%q is longer than a shape", sample)
			}
			for _, r := range sample {
				if r != 'a' && r != '9' && !strings.ContainsRune(" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", r) {
					rt.Fatalf("%q shows %q", sample, r)
				}
			}
		}
	})
}

func TestAnInspectionSaysWhatItSaw(t *testing.T) {
	type row struct {
		Millis int64    `parquet:"event_ts"`
		Name   string   `parquet:"event,dict"`
		Device string   `parquet:"cookieId"`
		Mail   *string  `parquet:"mail,optional"`
		Tags   []string `parquet:"tags,list"`
	}
	mail := "Anna.8@bank.example"
	rows := []row{
		{1_775_815_200_000, "view", "c1", &mail, nil},
		{1_775_815_201_000, "view", "c2", nil, nil},
		{1_775_815_202_000, "login", "c3", nil, nil},
		{1_775_815_203_000, "view", "c1", nil, nil},
	}
	in, err := inspected(t, "dt=2026-04-10/part.parquet", written(t, rows), inspect.InspectOptions{})
	check(t, err)
	type line struct{ path, nulls, distinct, from, to, unit, samples string }
	var got []line
	for _, c := range in.Columns {
		l := line{c.Path, "?", c.Distinct, c.From, c.To, c.Unit, strings.Join(c.Samples, " ")}
		if c.NullShare != nil {
			l.nulls = fmt.Sprint(*c.NullShare)
		}
		got = append(got, l)
	}
	want := []line{
		{"event_ts", "0", "", "2026-04-10T10:00:00Z", "2026-04-10T10:00:03Z", "ms", ""},
		{"event", "0", "2", "", "", "", "aaaa aaaaa"},
		{"cookieId", "0", "3", "", "", "", "a9"},
		{"mail", "0.75", "1", "", "", "", "aaaa.9@aaaa.aaaaaaa"},
		{"tags.list.element", "?", "", "", "", "", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
		t.Error(diff)
	}
	if in.Partition != "dt=" || in.First != "2026-04-10" || in.Rows != 4 || in.Sampled != 4 {
		t.Errorf("partition %q from %q, %d rows, %d looked at", in.Partition, in.First, in.Rows, in.Sampled)
	}
	const text = `# Guessed by malgrupp data inspect from 4 rows of 1 object, 1 of which were opened.
# Somebody who knows the log has to look at roles, units, zones and what is optional.
# no event id was recognised: copies of an event will count as several
# no time of arrival was recognised: an old day cannot be computed again exactly
# no customer was recognised: there can be no customer segments
# left out: tags.list.element: a list, of which rules can name only keys and values
apiVersion: malgrupp/v1
kind: EventSchema
metadata: {name: events, version: 1}
spec:
  columns:
    # whole numbers that look like ms since 1970; event_time is a guess by its name
    event_ts: {type: timestamp, unit: ms, role: event_time}
    # event_name is a guess by its name; different values: 2
    event: {type: text, role: event_name}
    # device is a guess by its name; different values: <50 in <50 rows, <50 without
    cookie_id: {from: "cookieId", type: text, role: device}
    mail: {type: text, optional: true}
`
	if diff := cmp.Diff(text, in.Proposal.Text); diff != "" {
		t.Error(diff)
	}
	shown, err := inspected(t, "part.parquet", written(t, rows), inspect.InspectOptions{Values: true})
	check(t, err)
	if got := shown.Columns[3].Samples; !slices.Equal(got, []string{mail}) {
		t.Errorf("asked for values, samples are %q", got)
	}
}

// The magnitude of a number tells its unit, for every time from 1990 to 2099.
func TestTheUnitOfAnIntegerTimeIsRecognised(t *testing.T) {
	type row struct {
		At int64 `parquet:"ts"`
	}
	perSecond := map[string]int64{"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}
	rapid.Check(t, func(rt *rapid.T) {
		unit := rapid.SampledFrom([]string{"s", "ms", "us", "ns"}).Draw(rt, "unit")
		seconds := rapid.Int64Range(instant(t, "1990-01-01T00:00:00Z")/1e6, instant(t, "2099-12-31T23:59:59Z")/1e6)
		a, b := seconds.Draw(rt, "a")*perSecond[unit], seconds.Draw(rt, "b")*perSecond[unit]
		in, err := inspected(t, "part.parquet", written(t, []row{{a}, {b}}), inspect.InspectOptions{})
		if err != nil || in.Columns[0].Unit != unit {
			rt.Fatalf("unit is %q, %v", in.Columns[0].Unit, err)
		}
	})
}

func TestAListOfIDsHasNoKeys(t *testing.T) {
	type row struct {
		Seen map[string]int64 `parquet:"seen_by"`
	}
	r := row{map[string]int64{}}
	for i := range 300 {
		r.Seen[fmt.Sprintf("customer%d", i)] = 1
	}
	in, err := inspected(t, "part.parquet", written(t, []row{r}), inspect.InspectOptions{})
	check(t, err)
	if !slices.Equal(in.Crowded, []string{"seen_by"}) {
		t.Errorf("lists with too many keys: %q", in.Crowded)
	}
	if text, err := json.Marshal(in); err != nil || bytes.Contains(text, []byte("customer1")) {
		t.Errorf("an id is shown, or %v", err)
	}
}
