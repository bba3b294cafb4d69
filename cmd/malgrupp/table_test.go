package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"pgregory.net/rapid"
)

func TestATableFitsItsTerminalAndIsWholeInAPipe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`[a-zä/0-9]{1,60}( [a-z]{1,30}){0,3}`)
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 4, 4), 1, 5).Draw(t, "rows")
		columns := rapid.SampledFrom([]int{0, 80, 120, 40}).Draw(t, "columns")
		var out bytes.Buffer
		w := newTable(&written{to: &out, columns: columns}, "one", "two", "three", "four")
		for _, row := range rows {
			w.AppendRow(table.Row{row[0], row[1], row[2], row[3]})
		}
		w.Render()
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if columns == 0 && len(lines) != len(rows)+1 {
			t.Errorf("a row is not a line:\n%s", out.String())
		}
		shown := map[rune]int{}
		for _, line := range lines[1:] {
			if n := utf8.RuneCountInString(line); columns > 0 && n > columns {
				t.Errorf("a line has %d columns of %d:\n%s", n, columns, out.String())
			}
			for _, r := range line {
				shown[r]++
			}
		}
		for _, row := range rows {
			for _, r := range strings.Join(row, "") {
				shown[r]--
			}
		}
		for r, n := range shown {
			if n != 0 && r != ' ' {
				t.Errorf("%q is shown %d times too often:\n%s", r, n, out.String())
			}
		}
	})
}
