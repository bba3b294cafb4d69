package pipeline_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"
)

// snowplowNode is the type of a column of Snowplow's events table in Parquet.
func snowplowNode(column string) upstream.Node {
	switch {
	case strings.HasSuffix(column, "_tstamp"):
		return upstream.TimestampAdjusted(upstream.Microsecond, false)
	case slices.Contains([]string{"br_cookies", "dvce_ismobile"}, column) || strings.HasPrefix(column, "br_features_"):
		return upstream.Leaf(upstream.BooleanType)
	case slices.Contains([]string{"geo_latitude", "geo_longitude", "se_value"}, column):
		return upstream.Leaf(upstream.DoubleType)
	case slices.Contains([]string{
		"txn_id", "domain_sessionidx", "page_urlport", "refr_urlport", "ti_quantity", "pp_xoffset_min", "pp_xoffset_max",
		"pp_yoffset_min", "pp_yoffset_max", "br_viewwidth", "br_viewheight", "dvce_screenwidth", "dvce_screenheight",
		"doc_width", "doc_height",
	}, column):
		return upstream.Int(32)
	}
	return upstream.String()
}

func snowplowCell(t *testing.T, column, text string) any {
	t.Helper()
	switch node := snowplowNode(column); {
	case text == "":
		return nil
	case strings.HasSuffix(column, "_tstamp"):
		return instant(t, strings.Replace(text, " ", "T", 1)+"Z")
	case node.Type().Kind() == upstream.Boolean:
		return text == "true" || text == "1"
	case node.Type().Kind() == upstream.Double:
		f, err := strconv.ParseFloat(text, 64)
		check(t, err)
		return f
	case node.Type().Kind() == upstream.Int32:
		n, err := strconv.ParseFloat(text, 64) // some were exported as 443.0
		check(t, err)
		return int32(n)
	}
	return text
}

// snowplowFile makes Snowplow's events table of rows of text, every column optional.
func snowplowFile(t *testing.T, header []string, rows [][]string) []byte {
	t.Helper()
	group := upstream.Group{}
	for _, column := range header {
		group[column] = upstream.Optional(snowplowNode(column))
	}
	schema := upstream.NewSchema("events", group)
	at := map[string]int{}
	for i, path := range schema.Columns() {
		at[path[0]] = i
	}
	var out bytes.Buffer
	w := upstream.NewWriter(&out, schema)
	for _, cells := range rows {
		row := make(upstream.Row, len(header))
		for i, column := range header {
			level, cell := 0, snowplowCell(t, column, cells[i])
			if cell != nil {
				level = 1
			}
			row[at[column]] = upstream.ValueOf(cell).Level(0, level, at[column])
		}
		_, err := w.WriteRows([]upstream.Row{row})
		check(t, err)
	}
	check(t, w.Close())
	return out.Bytes()
}

// snowplowHeader are the columns of a small table that has the required ones and a few others.
var snowplowHeader = []string{
	"app_id", "platform", "etl_tstamp", "collector_tstamp", "dvce_created_tstamp", "event", "event_id", "name_tracker",
	"user_id", "domain_userid", "domain_sessionidx", "domain_sessionid", "geo_country", "page_url", "page_urlhost",
	"page_urlpath", "mkt_campaign", "se_category", "se_action", "se_value",
	"br_cookies", "dvce_type", "derived_tstamp", "event_name",
}

func snowplowLog(t *testing.T) logOf {
	var rows [][]string
	var devices []string
	for i := range 60 {
		device := fmt.Sprintf("d%02d", i)
		rows = append(rows, []string{
			"bank", "web", "2026-04-10 10:00:05.000", "2026-04-10 10:00:01.000", "2026-04-10 10:00:00.000", "struct",
			fmt.Sprintf("e%d", i), "t", "", device, "1", "s" + device, "FI", "https://bank.example/lainat", "bank.example",
			"/lainat", "", "loan", "calculate", fmt.Sprint(i), "true", "Mobile",
			"2026-04-10 10:00:00.000", "event",
		})
		devices = append(devices, device)
	}
	return logOf{
		schema: "malgrupp-snowplow", partition: `"dt="`, object: "dt=2026-04-10/part.parquet",
		data: snowplowFile(t, snowplowHeader, rows), devices: devices,
		now: "2026-04-12T06:00:00Z",
		match: `{metric: sum(se_value), of: event, where: "se_category = 'loan' and page_urlpath = '/lainat'", within: ` +
			`{from: 2026-04-10, before: 2026-04-11}, at_least: 20}`,
	}
}

func TestSnowplowsTableIsReadByItsShippedSchema(t *testing.T) {
	l := snowplowLog(t)
	if diff := cmp.Diff(l.devices[20:], l.members(t)); diff != "" {
		t.Error(diff)
	}
}

// realSnowplow is Snowplow's own sample of events, with the browsers that viewed a page.
func realSnowplow(t *testing.T) (l logOf, viewers []string) {
	t.Helper()
	f, err := os.Open(vectors(t, "data", "clickstream", "snowplow-web", "source", "snowplow_web_events.csv"))
	check(t, err)
	defer f.Close()
	table, err := csv.NewReader(f).ReadAll()
	check(t, err)
	header, rows := table[0], table[1:]
	field := func(row []string, name string) string { return row[slices.Index(header, name)] }
	var devices []string
	for _, row := range rows {
		device := field(row, "domain_userid")
		if device == "" {
			continue
		}
		devices = append(devices, device)
		if field(row, "event_name") == "page_view" && field(row, "derived_tstamp") != "" {
			viewers = append(viewers, device)
		}
	}
	slices.Sort(devices)
	slices.Sort(viewers)
	return logOf{
		schema: "malgrupp-snowplow", partition: "none", object: "events.parquet", data: snowplowFile(t, header, rows),
		devices: slices.Compact(devices), now: "2021-04-01T00:00:00Z", match: `{did: page_view, within: 60d}`,
	}, slices.Compact(viewers)
}

func TestRealEventsOfSnowplowAreReadByItsShippedSchema(t *testing.T) {
	l, want := realSnowplow(t)
	if diff := cmp.Diff(want, l.members(t)); diff != "" || len(want) == 0 {
		t.Errorf("%d viewers: %s", len(want), diff)
	}
}
