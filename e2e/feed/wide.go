package feed

import (
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// wide is one of Snowplow's rows as text, by column; what is not there is the empty text.
type wide map[string]string

// readWide reads a table of Snowplow's test data.
func readWide(file string) ([]wide, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the table %s: %w", filepath.Base(file), err)
	}
	var out []wide
	for _, l := range lines[1:] {
		row := wide{}
		for i, name := range lines[0] {
			row[name] = strings.TrimSpace(l[i])
		}
		out = append(out, row)
	}
	return out, nil
}

// Snowplow's columns that are neither text nor, by their name, times.
var (
	wholes = strings.Fields(`txn_id domain_sessionidx page_urlport refr_urlport ti_quantity pp_xoffset_min pp_xoffset_max
		pp_yoffset_min pp_yoffset_max br_viewwidth br_viewheight dvce_screenwidth dvce_screenheight doc_width doc_height`)
	floats = strings.Fields(`geo_latitude geo_longitude se_value tr_total tr_tax tr_shipping ti_price tr_total_base
		tr_tax_base tr_shipping_base ti_price_base`)
	booleans = strings.Fields(`br_features_pdf br_features_flash br_features_java br_features_director
		br_features_quicktime br_features_realplayer br_features_windowsmedia br_features_gears br_features_silverlight
		br_cookies dvce_ismobile`)
)

const wideTime = "2006-01-02 15:04:05.999999"

// shape is how a column lies in Snowplow's Parquet; all of them may be missing.
func shape(column string) parquet.Node {
	node := parquet.String()
	switch {
	case strings.HasSuffix(column, "_tstamp"):
		node = parquet.Timestamp(parquet.Microsecond)
	case slices.Contains(wholes, column):
		node = parquet.Int(32)
	case slices.Contains(floats, column):
		node = parquet.Leaf(parquet.DoubleType)
	case slices.Contains(booleans, column):
		node = parquet.Leaf(parquet.BooleanType)
	}
	return parquet.Optional(node)
}

// cell is one value as Parquet stores it and as a content hash sees it; both are null for the empty text.
func (w wide) cell(column string) (stored parquet.Value, content []byte, err error) {
	text := w[column]
	number := func(n int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }
	switch {
	case text == "":
	case strings.HasSuffix(column, "_tstamp"):
		var at int64
		at, err = w.micros(column)
		return parquet.Int64Value(at), number(at), err
	case slices.Contains(wholes, column):
		var n int64
		n, err = strconv.ParseInt(text, 10, 32)
		return parquet.Int32Value(int32(n)), number(n), err
	case slices.Contains(floats, column):
		var x float64
		x, err = strconv.ParseFloat(text, 64)
		return parquet.DoubleValue(x), number(int64(math.Float64bits(x))), err
	case slices.Contains(booleans, column):
		var yes bool
		if yes, err = strconv.ParseBool(text); yes {
			return parquet.BooleanValue(yes), []byte{1}, err
		}
		return parquet.BooleanValue(yes), []byte{0}, err
	default:
		return parquet.ByteArrayValue([]byte(text)), []byte(text), nil
	}
	return parquet.NullValue(), nil, nil
}

func (w wide) micros(column string) (int64, error) {
	at, err := time.Parse(wideTime, w[column])
	return at.UnixMicro(), err
}

// optional is a value that may be missing.
func (w wide) optional(column string) *string {
	if text := w[column]; text != "" {
		return &text
	}
	return nil
}
