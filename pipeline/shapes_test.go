package pipeline_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/pipeline/decide"
	"github.com/malgrupp/malgrupp/pipeline/folder"
	"github.com/malgrupp/malgrupp/pipeline/load"
	"github.com/malgrupp/malgrupp/pipeline/store"
	"github.com/malgrupp/malgrupp/rules"
)

// logOf is a log of some shape, and the question that tells whether it was understood.
type logOf struct {
	schema    string // that the source names
	text      string // of a file in schemas/; "" where the schema comes with the program
	partition string
	object    string // key of the one object
	data      []byte
	devices   []string // who consented: all of them
	match     string   // of the segment
	now       string
}

// members loads a project that reads the log, and evaluates its one segment.
func (l logOf) members(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"malgrupp.yaml": fmt.Sprintf(`apiVersion: malgrupp/v1
kind: Project
metadata: {name: some-bank}
timezone: UTC
contacts: {team: {email: team@bank.example}}
sources:
  - {name: web, url: "mem://events/", schema: %s, partition: %s}
consent: {url: "mem://consent/", partition: none, protected: none}
keys: {master: "file:m", state: "file:s", recipients: "file:r", signing: "file:g"}
output: {url: "mem://out/", max_list_age: 400d}
destinations:
  files: {type: file_csv, processor: {agreement: OWN-USE, expires: 2099-12-31}}
`, l.schema, l.partition),
		"segments/asked.yaml": fmt.Sprintf(`apiVersion: malgrupp/v1
kind: Segment
metadata: {name: asked, owner: team, review_by: 2099-12-31}
spec:
  purpose: advertising
  identity: device
  deliver: [files]
  match: %s
`, l.match),
	}
	if l.text != "" {
		files["schemas/own.yaml"] = l.text
	}
	for name, text := range files {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	loaded, err := load.Load(dir, "", 0)
	check(t, err)
	if loaded.Findings.Failed() {
		t.Fatal(loaded.Findings.Text())
	}
	b := &bank{t: t, memory: &store.Memory{}}
	b.put("events/"+l.object, l.data)
	b.allGrant(l.devices, l.now)
	stores := folder.NewStores(store.Options{Memory: b.memory})
	defer stores.Close()
	e, err := decide.Selected(t.Context(), decide.Inputs{
		Loaded: loaded, Clock: func() time.Time {
			return time.UnixMicro(instant(t, l.now))
		}, Workers: 2, Stores: stores, Log: slog.New(slog.DiscardHandler),
	}, nil, decide.Options{})
	check(t, err)
	return slices.Collect(e.Audiences[0].Members())
}

// allGrant writes a consent log in which every device granted everything half a year ago.
func (b *bank) allGrant(devices []string, now string) {
	at := time.UnixMicro(instant(b.t, now))
	then, latest := at.AddDate(0, -6, 0).UTC().Format(time.RFC3339), at.Add(-time.Minute).UTC().Format(time.RFC3339)
	var acts []act
	for _, d := range devices {
		acts = append(acts, act{d, "grant", "profile", then, then}, act{d, "grant", "activate:files", then, then})
	}
	b.acts("consent/part.parquet", append(acts, act{"", "heartbeat", "", latest, latest}))
}

// Rows of the GA4 export, as far as they matter here. Its lists come in three forms, depending on who wrote the file.
type (
	gaValue struct {
		Text   *string  `parquet:"string_value,optional"`
		Int    *int64   `parquet:"int_value,optional"`
		Float  *float64 `parquet:"float_value,optional"`
		Double *float64 `parquet:"double_value,optional"`
	}
	gaParam struct {
		Key   string  `parquet:"key,optional"`
		Value gaValue `parquet:"value,optional"`
	}
	gaRow struct {
		Date      string  `parquet:"event_date,optional"`
		Timestamp int64   `parquet:"event_timestamp,optional"`
		Name      string  `parquet:"event_name,optional"`
		UserID    *string `parquet:"user_id,optional"`
		Pseudo    *string `parquet:"user_pseudo_id,optional"`
		Stream    string  `parquet:"stream_id,optional"`
		Platform  string  `parquet:"platform,optional"`
		Device    struct {
			Category string `parquet:"category,optional"`
			System   string `parquet:"operating_system,optional"`
		} `parquet:"device,optional"`
		Geo struct {
			Country string `parquet:"country,optional"`
		} `parquet:"geo,optional"`
		Source struct {
			Medium string `parquet:"medium,optional"`
			Source string `parquet:"source,optional"`
		} `parquet:"traffic_source,optional"`
		Items []struct {
			ID string `parquet:"item_id,optional"`
		} `parquet:"items,list"`
	}
	gaElement struct { // event_params.list.element
		gaRow
		Params []gaParam `parquet:"event_params,list"`
	}
	gaArray struct { // event_params.array
		gaRow
		Params struct {
			Array []gaParam `parquet:"array"`
		} `parquet:"event_params,optional"`
	}
	gaRepeated struct { // event_params, repeated itself
		gaRow
		Params []gaParam `parquet:"event_params"`
	}
)

// gaRows are views of two pages by sixty browsers; every other one is a phone, browser 7 has no id.
func gaRows(t *testing.T) (rows []gaRow, params [][]gaParam, devices []string) {
	text := func(key, value string) gaParam { return gaParam{key, gaValue{Text: &value}} }
	at := instant(t, "2026-04-10T10:00:00Z")
	for i := range 60 {
		id, row, amount, session := fmt.Sprintf("%d.17", i), gaRow{
			Date: "20260410", Name: "page_view", Stream: "1", Platform: "WEB",
		}, 2.5, int64(1_775_815_200)
		row.Timestamp = at + int64(i)*1e6
		row.Device.Category = []string{"mobile", "desktop"}[i%2]
		row.Geo.Country, row.Source.Medium = "Finland", "cpc"
		if i != 7 {
			row.Pseudo = &id
		}
		page := []string{"https://bank.example/lainat/asunto", "https://bank.example/kortit"}[i/3%2]
		rows = append(rows, row)
		params = append(params, []gaParam{
			text("page_title", "t"),
			{"ga_session_id", gaValue{Int: &session}},
			text("page_location", page),
			{"value", gaValue{Double: &amount}},
		})
		devices = append(devices, id)
	}
	return rows, params, devices
}

// written is a file of these rows by parquet-go's own writer.
func written[T any](t *testing.T, rows []T) []byte {
	t.Helper()
	var out bytes.Buffer
	check(t, upstream.Write(&out, rows))
	return out.Bytes()
}

// gaFiles is the same export in each form of its lists.
func gaFiles(t *testing.T) (files map[string][]byte, devices []string) {
	rows, params, devices := gaRows(t)
	var element []gaElement
	var array []gaArray
	var repeated []gaRepeated
	for i, row := range rows {
		element, repeated = append(element, gaElement{row, params[i]}), append(repeated, gaRepeated{row, params[i]})
		array = append(array, gaArray{gaRow: row})
		array[i].Params.Array = params[i]
	}
	return map[string][]byte{
		"list.element": written(t, element), "array": written(t, array), "repeated": written(t, repeated),
	}, devices
}

func gaLog(data []byte, devices []string) logOf {
	return logOf{
		schema: "malgrupp-ga4", partition: `{key: "dt=", of: event}`, object: "dt=2026-04-10/000.parquet", data: data,
		devices: devices, now: "2026-04-12T06:00:00Z",
		match: `{did: page_view, where: "page_location contains '/lainat' and device.category = 'mobile' and ` +
			`ga_session_id is not null and value = 2.5", within: 14d}`,
	}
}

func TestTheGA4ExportIsReadByItsShippedSchema(t *testing.T) {
	files, devices := gaFiles(t)
	var want []string
	for i, id := range devices {
		if i%2 == 0 && i/3%2 == 0 {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	for form, data := range files {
		if diff := cmp.Diff(want, gaLog(data, devices).members(t)); diff != "" {
			t.Errorf("lists as %s: %s", form, diff)
		}
	}
}

func TestAFlatLogIsReadByItsShippedSchema(t *testing.T) {
	type row struct {
		Time     time.Time `parquet:"event_time,timestamp(microsecond)"`
		Arrived  time.Time `parquet:"received_at,timestamp(microsecond)"`
		ID       string    `parquet:"event_id"`
		Name     string    `parquet:"event_name"`
		Device   string    `parquet:"device_id"`
		Customer *string   `parquet:"customer_id,optional"`
		Path     string    `parquet:"page_path"`
		Amount   int64     `parquet:"amount,decimal(2:18)"`
	}
	var rows []row
	var devices, want []string
	at := time.UnixMicro(instant(t, "2026-04-10T10:00:00Z"))
	for i := range 60 {
		rows = append(rows,
			row{at, at, fmt.Sprint("e", i), "calculator_used", fmt.Sprintf("d%02d", i), nil, "/lainat", int64(i) * 100_000})
		devices = append(devices, rows[i].Device)
		if i >= 10 {
			want = append(want, rows[i].Device)
		}
	}
	got := logOf{
		schema: "malgrupp-web-app", partition: `"dt="`, object: "dt=2026-04-10/part.parquet", data: written(t, rows),
		devices: devices, now: "2026-04-12T06:00:00Z",
		match: `{did: calculator_used, where: "amount >= 10000 and page_path = '/lainat'", within: 14d}`,
	}.members(t)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// vectors returns a file or folder of the shared vectors, or skips.
func vectors(t testing.TB, path ...string) string {
	t.Helper()
	root := os.Getenv("MALGRUPP_VECTORS")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	full := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("no vectors at %s: set MALGRUPP_VECTORS to their folder", full)
	}
	return full
}

func TestShippedSchemasStandAndAreReserved(t *testing.T) {
	names := load.ShippedNames()
	for _, name := range names {
		s, ok := load.Shipped(name)
		if !ok || s.Name != name {
			t.Fatalf("%s is not the schema of its file", name)
		}
		if _, found := rules.ParseSchema(s.Source); len(found) > 0 {
			t.Errorf("%s: %s", s.Name, found.Text())
		}
		for _, c := range s.Columns {
			if needed := c.Role == rules.RoleEventTime || c.Role == rules.RoleEventName || c.Role == rules.RoleDevice; !needed &&
				!c.Optional && s.Name != "malgrupp-snowplow" {
				t.Errorf("%s requires %s, without which a log can do", s.Name, c.Name)
			}
		}
	}
	first, _ := load.Shipped(names[0])
	taken := strings.Replace(first.Source.Text, "version: 1", "version: 2", 1)
	for text, want := range map[string]string{
		taken: "names that begin with malgrupp- belong to the schemas that come with the program",
		strings.Replace(taken, first.Name, "own", 1): "",
	} {
		dir := t.TempDir()
		check(t, os.Mkdir(filepath.Join(dir, "schemas"), 0o700))
		check(t, os.WriteFile(filepath.Join(dir, "schemas", "copy.yaml"), []byte(text), 0o600))
		check(t,
			os.WriteFile(filepath.Join(dir, "malgrupp.yaml"),
				[]byte("apiVersion: malgrupp/v1\nkind: Project\nmetadata: {name: some-bank}\n"), 0o600))
		loaded, err := load.Load(dir, "", 0)
		check(t, err)
		if loaded.Project == nil {
			t.Fatal(loaded.Findings.Text())
		}
		if got := loaded.Findings.Text(); strings.Contains(got, "E-DUPLICATE-NAME") != (want != "") ||
			!strings.Contains(got, want) {
			t.Errorf("want %q in:\n%s", want, got)
		}
	}
}
