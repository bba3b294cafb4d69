package page

import (
	"fmt"
	"strings"
)

// Text is a paragraph. Mood is "", good, note or bad: bad ones stand out by a word before them as well as by colour.
type Text struct {
	Words string
	Mood  string
}

func (t Text) html(m *markup, _ *Page) { m.element("p", t.Words, "class", t.Mood) }

func (t Text) markdown(b *strings.Builder) {
	if t.Mood == "bad" {
		b.WriteString("**" + marked(t.Words) + "**\n")
		return
	}
	b.WriteString(marked(t.Words) + "\n")
}

// List is a list of short texts; depth indents a text below those before it.
type List struct{ Lines []Line }

// Line is one text of a list.
type Line struct {
	Text  string
	Note  string
	Depth int
}

func (l List) html(m *markup, _ *Page) {
	m.open("ul")
	for _, line := range l.Lines {
		class := ""
		if line.Depth > 0 {
			class = fmt.Sprintf("in%d", min(line.Depth, 4))
		}
		m.open("li", "class", class)
		m.text(line.Text)
		if line.Note != "" {
			m.element("small", " ("+line.Note+")")
		}
	}
	m.end("ul")
}

func (l List) markdown(b *strings.Builder) {
	for _, line := range l.Lines {
		b.WriteString(strings.Repeat("  ", line.Depth) + "- " + marked(line.Text))
		if line.Note != "" {
			b.WriteString(" (" + marked(line.Note) + ")")
		}
		b.WriteByte('\n')
	}
}

// Code is a text that is kept as it stands.
type Code struct{ Text string }

func (c Code) html(m *markup, _ *Page) {
	m.open("pre", "tabindex", "0")
	m.element("code", c.Text)
	m.end("pre")
}

func (c Code) markdown(b *strings.Builder) {
	fence := "```"
	for strings.Contains(c.Text, fence) {
		fence += "`"
	}
	b.WriteString(fence + "\n" + strings.TrimRight(Plain(c.Text), "\n") + "\n" + fence + "\n")
}

// Beside are blocks next to others, or under them where there is no room.
type Beside struct{ Left, Right []Block }

func (s Beside) html(m *markup, p *Page) {
	m.open("div", "class", "beside")
	for _, side := range [][]Block{s.Left, s.Right} {
		m.open("div")
		for _, b := range side {
			b.html(m, p)
		}
		m.end("div")
	}
	m.end("div")
}

func (s Beside) markdown(b *strings.Builder) {
	for _, block := range append(s.Left[:len(s.Left):len(s.Left)], s.Right...) {
		block.markdown(b)
		b.WriteByte('\n')
	}
}

// Fold hides blocks behind a line until somebody asks for them.
type Fold struct {
	Line   string
	Blocks []Block
	Open   bool
}

func (f Fold) html(m *markup, p *Page) {
	if f.Open {
		m.WriteString("<details open>")
	} else {
		m.open("details")
	}
	m.element("summary", f.Line)
	for _, b := range f.Blocks {
		b.html(m, p)
	}
	m.end("details")
}

func (f Fold) markdown(b *strings.Builder) {
	b.WriteString("### " + marked(f.Line) + "\n")
	for _, block := range f.Blocks {
		b.WriteByte('\n')
		block.markdown(b)
	}
}

// Table is a table. The first cell of a row is what the row is about.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]Cell
	Find    string // what the field is called by which rows are found; "": there is none
	None    string // what is said where no row is found
}

// Cell is one cell. Of a chart the text says the same.
type Cell struct {
	Text   string
	Number bool
	Mood   string // "", good, note or bad
	Chart  *Spark
	Code   bool
}

// C is a cell of words, N one of a number.
func C(text string) Cell { return Cell{Text: text} }

// N is a cell of a number.
func N(text string) Cell { return Cell{Text: text, Number: true} }

func (t *Table) html(m *markup, _ *Page) {
	if t.Find != "" {
		m.open("label", "class", "find")
		m.text(t.Find + " ")
		m.WriteString(`<input type="search" autocomplete="off">`)
		m.end("label")
		m.element("p", t.None, "class", "none", "role", "status", "aria-live", "polite")
	}
	m.open("div", "class", "wide", "tabindex", "0", "role", "region", "aria-label", t.Caption)
	m.open("table")
	m.element("caption", t.Caption)
	m.WriteString("<thead><tr>")
	for i, head := range t.Head {
		class := ""
		if len(t.Rows) > 0 && i < len(t.Rows[0]) && t.Rows[0][i].Number {
			class = "n"
		}
		if head == "" {
			m.WriteString("<td>")
			continue
		}
		m.open("th", "scope", "col", "class", class)
		m.text(head)
	}
	m.WriteString("<tbody>\n")
	for _, row := range t.Rows {
		m.open("tr")
		for i, c := range row {
			c.html(m, i == 0)
		}
		m.WriteByte('\n')
	}
	m.end("table")
	m.end("div")
}

// html leaves end tags out, as HTML allows: a page has thousands of cells.
func (c *Cell) html(m *markup, first bool) {
	class := c.Mood
	if c.Number {
		class = strings.TrimSpace("n " + class)
	}
	if first {
		m.open("th", "scope", "row", "class", class)
	} else {
		m.open("td", "class", class)
	}
	switch {
	case c.Chart != nil:
		c.Chart.draw(m, c.Text)
	case c.Code:
		m.element("code", c.Text)
	default:
		m.text(c.Text)
	}
}

func (t *Table) markdown(b *strings.Builder) {
	b.WriteString("*" + marked(t.Caption) + "*\n\n|")
	for _, head := range t.Head {
		b.WriteString(" " + marked(head) + " |")
	}
	b.WriteString("\n|")
	for i := range t.Head {
		if len(t.Rows) > 0 && i < len(t.Rows[0]) && t.Rows[0][i].Number {
			b.WriteString(" ---: |")
		} else {
			b.WriteString(" --- |")
		}
	}
	b.WriteByte('\n')
	for _, row := range t.Rows {
		b.WriteByte('|')
		for _, c := range row {
			b.WriteString(" " + c.markdown() + " |")
		}
		b.WriteByte('\n')
	}
}

// markdown keeps the lines of code apart.
func (c *Cell) markdown() string {
	if !c.Code {
		return marked(c.Text)
	}
	var lines []string
	for line := range strings.Lines(c.Text) {
		lines = append(lines, marked(line))
	}
	return strings.Join(lines, "<br>")
}

// Chart is a picture with what it shows as a title, in one sentence and as a table.
type Chart struct {
	Title    string
	Sentence string
	Picture  Picture
	Key      []Sign // what the colours mean
	Data     *Table
}

// Sign is a colour of a chart with its meaning.
type Sign struct{ Class, Meaning string }

// Picture is something drawn as SVG; name is said by who reads it aloud.
type Picture interface{ draw(m *markup, name string) }

func (c *Chart) html(m *markup, p *Page) {
	m.open("figure")
	m.open("figcaption")
	m.element("strong", c.Title)
	m.text(" " + c.Sentence)
	m.end("figcaption")
	m.open("div", "class", "wide", "tabindex", "0", "role", "region", "aria-label", c.Title)
	c.Picture.draw(m, c.Title+". "+c.Sentence)
	m.end("div")
	if len(c.Key) > 0 {
		m.open("ul", "class", "key")
		for _, s := range c.Key {
			m.open("li")
			m.open("svg", "width", "12", "height", "12", "aria-hidden", "true")
			m.shape("rect", "class", s.Class, "width", "12", "height", "12")
			m.end("svg")
			m.text(" " + s.Meaning)
		}
		m.end("ul")
	}
	if c.Data != nil {
		m.open("details")
		m.element("summary", p.Data+": "+c.Title)
		c.Data.html(m, p)
		m.end("details")
	}
	m.end("figure")
}

func (c *Chart) markdown(b *strings.Builder) {
	b.WriteString("**" + marked(c.Title) + "** " + marked(c.Sentence) + "\n")
	if c.Data != nil {
		b.WriteByte('\n')
		c.Data.markdown(b)
	}
}
