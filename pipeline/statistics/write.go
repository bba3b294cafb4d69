package statistics

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/malgrupp/malgrupp/pipeline/parquet"
	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// WriteCSV writes a table: period, total, the values, the measures. A number that is hidden is the word that says why;
// a text that a spreadsheet would take for a formula has an apostrophe before it.
func (t *Table) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	cells := []string{"period", "total"}
	for _, name := range append(append([]string{}, t.By...), t.Measures...) {
		cells = append(cells, unformulated(name))
	}
	if err := out.Write(cells); err != nil {
		return fmt.Errorf("write statistic %s as CSV: %w", t.Name, err)
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		cells = append(cells[:0], r.Period, fmt.Sprint(r.Total))
		for _, v := range r.Values {
			text := ""
			if v != nil {
				text = unformulated(*v)
			}
			cells = append(cells, text)
		}
		for _, n := range r.Cells {
			cells = append(cells, n.String())
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("write statistic %s as CSV: %w", t.Name, err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write statistic %s as CSV: %w", t.Name, err)
	}
	return nil
}

// unformulated is a text that no spreadsheet reads as a formula.
func unformulated(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n\x00", rune(text[0])) {
		return "'" + text
	}
	return text
}

// WriteParquet writes a table: period (text), total (boolean), the values (text), and of each measure a number, null
// where it is hidden, and beside it, as NAME_hidden, the word that says why.
func (t *Table) WriteParquet(w io.Writer) error {
	text, number := value.Type{Kind: value.Text}, value.Type{Kind: value.Integer}
	columns := []rules.Column{
		{Name: "period", Type: text}, {Name: "total", Type: value.Type{Kind: value.Boolean}},
	}
	n := len(t.Rows)
	values := []parquet.Values{{Text: make([]string, n)}, {Ints: make([]int64, n)}}
	for _, name := range t.By {
		columns = append(columns, rules.Column{Name: name, Type: text, Optional: true})
		values = append(values, parquet.Values{Text: make([]string, n), Null: make([]bool, n)})
	}
	for _, name := range t.Measures {
		columns = append(columns, rules.Column{Name: name, Type: number, Optional: true},
			rules.Column{Name: name + "_hidden", Type: text, Optional: true})
		values = append(values, parquet.Values{Ints: make([]int64, n), Null: make([]bool, n)},
			parquet.Values{Text: make([]string, n), Null: make([]bool, n)})
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		values[0].Text[i] = r.Period
		if r.Total {
			values[1].Ints[i] = 1
		}
		for k, v := range r.Values {
			if values[2+k].Null[i] = v == nil; v != nil {
				values[2+k].Text[i] = *v
			}
		}
		for k, c := range r.Cells {
			at := 2 + len(t.By) + 2*k
			values[at].Ints[i], values[at].Null[i] = c.N, c.Hidden != ""
			values[at+1].Text[i], values[at+1].Null[i] = c.Hidden, c.Hidden == ""
		}
	}
	out, err := parquet.NewWriter(w, columns, parquet.WriterOptions{})
	if err == nil && n > 0 {
		err = out.Write(n, values)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return fmt.Errorf("write statistic %s as Parquet: %w", t.Name, err)
	}
	return nil
}

// WriteJSON writes a table as one object.
func (t *Table) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(t); err != nil {
		return fmt.Errorf("write statistic %s as JSON: %w", t.Name, err)
	}
	return nil
}
