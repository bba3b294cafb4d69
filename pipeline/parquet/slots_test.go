package parquet_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	upstream "github.com/parquet-go/parquet-go"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// anySlot is a parameter that takes whichever slot is filled.
func anySlot(c rules.Column) rules.Column {
	c.From, c.Param, c.Slot = "event_params", "k", "number"
	if c.Type.Kind == value.Text {
		c.Slot = "text"
	}
	return c
}

// slotted are events whose key k stands in one slot, between others.
func slotted(t *testing.T, values ...any) []byte {
	t.Helper()
	events := []gaEvent{{Name: "none"}}
	for _, v := range values {
		p := parameter{Key: "k"}
		switch v := v.(type) {
		case string:
			p.Value.Text = &v
		case int:
			wide := int64(v)
			p.Value.Int = &wide
		case float64:
			p.Value.Double = &v
		}
		events = append(events, gaEvent{Params: []parameter{texted("other", "1"), p, counted("k", 99)}})
	}
	var out bytes.Buffer
	if err := upstream.Write(&out, events); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAParameterTakesWhicheverSlotIsFilled(t *testing.T) {
	data := slotted(t, "2024", 2024, 1.5, "abc", nil, "-12.50", "007", "", 1<<53+1, math.NaN(), "1e3", "1")
	text := []any{
		nil, "2024", "2024", "1.5", "abc", nil, "-12.50", "007", "", "9007199254740993", nil, "1e3", "1",
	}
	got, err := readOne(t, data, anySlot(column(value.Text)))
	if diff := cmp.Diff(text, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	money := []any{
		nil, int64(202400), int64(202400), int64(150), nil, nil, int64(-1250), nil, nil, int64(900719925474099300), nil, nil,
		int64(100),
	}
	got, err = readOne(t, data, anySlot(dec(18, 2)))
	if diff := cmp.Diff(money, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	small := slotted(t, "2024", 7, 2.0, "2.5", "12345678901234567890")
	for _, c := range []struct {
		column rules.Column
		want   []any
	}{
		{column(value.Integer), []any{nil, int64(2024), int64(7), int64(2), nil, nil}},
		{column(value.Float), []any{nil, 2024.0, 7.0, 2.0, 2.5, nil}},
		{dec(3, 2), []any{nil, nil, int64(700), int64(200), int64(250), nil}},
	} {
		got, err := readOne(t, small, anySlot(c.column))
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", c.column.Type.Describe(), err, diff)
		}
	}
}

func TestASlotWithAValueThatTheTypeDoesNotHoldIsMissing(t *testing.T) {
	data := slotted(t, 1.5, 1<<53+1, 19.99, 1<<60, math.Inf(1), 1e300, "9.999", 0.1)
	for _, c := range []struct {
		column rules.Column
		want   []any
	}{
		{column(value.Integer), []any{nil, nil, int64(1<<53 + 1), nil, int64(1 << 60), nil, nil, nil, nil}},
		{column(value.Float), []any{nil, 1.5, nil, 19.99, float64(1 << 60), math.Inf(1), 1e300, 9.999, 0.1}},
		{dec(4, 2), []any{nil, int64(150), nil, int64(1999), nil, nil, nil, nil, int64(10)}},
	} {
		got, err := readOne(t, data, anySlot(c.column))
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", c.column.Type.Describe(), err, diff)
		}
	}
}

func TestAColumnWithAValueHasItInEveryRow(t *testing.T) {
	data := single(t, upstream.String(), []any{"a", "b", "a"}, upstream.MaxRowsPerRowGroup(2))
	event := rules.Column{Name: "event", Type: value.Type{Kind: value.Text}, Value: "page_view"}
	schema := &rules.Schema{Columns: []rules.Column{event, column(value.Text)}}
	var cursor parquet.Cursor
	got, err := read(data, schema, &cursor)
	want := [][]any{{"page_view", "page_view", "page_view"}, {"a", "b", "a"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	size := int64(len(data))
	d, err := parquet.Compare(bytes.NewReader(data), size, "t", schema)
	if err != nil || len(d.Misfits)+len(d.Lacking)+len(d.Unnamed) > 0 {
		t.Errorf("%+v %v", d, err)
	}
	f, err := parquet.Open(bytes.NewReader(data), size, "t", schema, parquet.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := f.NullCount(0, "event"); n != 0 || !ok {
		t.Error(n, ok)
	}
}

func TestSeveralKeysShareTheSlotsOfARowGroup(t *testing.T) {
	data := slotted(t, 5, "6")
	number, text := anySlot(column(value.Integer)), anySlot(column(value.Text))
	other := with(text, func(c *rules.Column) { c.Name, c.Param = "o", "other" })
	number.Name = "n"
	var cursor parquet.Cursor
	for range 2 { // the second time from used buffers
		got, err := read(data, &rules.Schema{Columns: []rules.Column{text, number, other}}, &cursor)
		want := [][]any{{nil, "5", "6"}, {nil, int64(5), int64(6)}, {nil, "1", "1"}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
}

func TestListsWithoutSlotsAreReadAsTextAndNumber(t *testing.T) {
	type row struct {
		Text  map[string]string  `parquet:"text"`
		Ints  map[string]int32   `parquet:"ints"`
		Reals map[string]float32 `parquet:"reals"`
	}
	var out bytes.Buffer
	err := upstream.Write(&out, []row{
		{map[string]string{"k": "12"}, map[string]int32{"k": -3}, map[string]float32{"k": 0.1}},
		{map[string]string{"k": "x"}, nil, nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string][2][]any{
		"text": {{"12", "x"}, {12.0, nil}}, "ints": {{"-3", nil}, {-3.0, nil}},
		"reals": {{"0.1", nil}, {float64(float32(0.1)), nil}},
	} {
		for i, kind := range []value.Kind{value.Text, value.Float} {
			c := anySlot(column(kind))
			c.From = list
			got, err := readOne(t, out.Bytes(), c)
			if diff := cmp.Diff(want[i], got); err != nil || diff != "" {
				t.Errorf("%s: %v %s", list, err, diff)
			}
		}
	}
}
