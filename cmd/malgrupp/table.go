package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// fitted is a table that wraps the cells of its widest columns where the terminal is narrower. In a pipe or file
// nothing is wrapped and nothing cut: whoever reads there takes a line for a row.
type fitted struct {
	table.Writer
	columns int // of the terminal; 0: no terminal
	cells   [][]string
	configs []table.ColumnConfig
}

func newTable(w io.Writer, header ...any) table.Writer {
	t := &fitted{Writer: table.NewWriter(), columns: columnsOf(w), cells: make([][]string, len(header))}
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleDefault)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.note(header)
	t.AppendHeader(table.Row(header))
	return t
}

// columnsOf is how wide the terminal is that the writer ends at, 0 where it is none.
func columnsOf(w io.Writer) int {
	if out, ok := w.(*written); ok {
		return out.columns
	}
	return 0
}

func (t *fitted) note(row []any) {
	for i, cell := range row {
		t.cells[i] = append(t.cells[i], fmt.Sprint(cell))
	}
}

// AppendRow adds a row.
func (t *fitted) AppendRow(row table.Row, configs ...table.RowConfig) {
	t.note(row)
	t.Writer.AppendRow(row, configs...)
}

// SetColumnConfigs keeps how columns are aligned until they are fitted.
func (t *fitted) SetColumnConfigs(configs []table.ColumnConfig) { t.configs = configs }

// Render prints the table.
func (t *fitted) Render() string {
	widths := t.longest(func(cell string) []string { return strings.Split(cell, "\n") })
	if t.columns > 0 && sum(widths)+2*len(widths) > t.columns { // a blank on both sides
		t.Style().Box.PaddingLeft = ""
		for i, width := range t.fit(widths) {
			at := slices.IndexFunc(t.configs, func(c table.ColumnConfig) bool { return c.Number == i+1 })
			if at < 0 {
				at, t.configs = len(t.configs), append(t.configs, table.ColumnConfig{Number: i + 1})
			}
			t.configs[at].WidthMax, t.configs[at].WidthMaxEnforcer = width, wrap
		}
	}
	t.Writer.SetColumnConfigs(t.configs)
	return t.Writer.Render()
}

// fit returns how wide the columns may be: words are kept whole as long as that helps, then parts of names, then
// nothing.
func (t *fitted) fit(widths []int) []int {
	room := t.columns - len(widths)
	for _, least := range [][]int{t.longest(strings.Fields), t.longest(parts), make([]int, len(widths))} {
		widths = narrowed(widths, least, room)
	}
	return widths
}

// longest is, for each column, the widest piece of its cells.
func (t *fitted) longest(pieces func(string) []string) []int {
	out := make([]int, len(t.cells))
	for i, cells := range t.cells {
		for _, cell := range cells {
			for _, piece := range pieces(cell) {
				out[i] = max(out[i], utf8.RuneCountInString(strings.TrimRight(piece, " ")))
			}
		}
	}
	return out
}

// leastWidth is how narrow a column may become.
const leastWidth = 4

// narrowed takes from the widest columns until all have room together, from none more than to its least width.
func narrowed(widths, least []int, room int) []int {
	out := slices.Clone(widths)
	for over := sum(out) - room; over > 0; over-- {
		widest := -1
		for i := range out {
			if out[i] > max(least[i], leastWidth) && (widest < 0 || out[i] > out[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		out[widest]--
	}
	return out
}

func sum(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}

// parts cuts a text where it may be wrapped: behind blanks and what joins the words of names and paths.
func parts(cell string) (out []string) {
	for cell != "" {
		i := strings.IndexAny(cell, " -_/:,") + 1
		if i == 0 {
			i = len(cell)
		}
		out = append(out, cell[:i])
		cell = cell[i:]
	}
	return out
}

// placed are the pieces of a line: words, or the parts of one that is wider than that.
func placed(line string, width int) (out []string) {
	for word := range strings.SplitAfterSeq(line, " ") {
		if utf8.RuneCountInString(strings.TrimRight(word, " ")) > width {
			out = append(out, parts(word)...)
		} else {
			out = append(out, word)
		}
	}
	return out
}

// wrap writes a cell in lines of that width.
func wrap(cell string, width int) string {
	var b strings.Builder
	for n, line := range strings.Split(cell, "\n") {
		if n > 0 {
			b.WriteByte('\n')
		}
		used := 0
		for _, part := range placed(line, width) {
			for part != "" {
				long := utf8.RuneCountInString(strings.TrimRight(part, " "))
				if used > 0 && used+long > width {
					b.WriteByte('\n')
					used = 0
				}
				taken := text.Trim(part, width-used)
				b.WriteString(taken)
				used += utf8.RuneCountInString(taken)
				if part = part[len(taken):]; strings.TrimSpace(part) == "" {
					part = ""
				}
			}
		}
	}
	return b.String()
}
