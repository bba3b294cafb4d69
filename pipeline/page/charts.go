package page

import (
	"fmt"
	"slices"
	"strings"
)

// None is a value of a chart that nobody knows.
const None = -1

// Spark is a line of sizes, oldest first, the last one with a dot.
type Spark struct{ Values []int64 }

const sparkWide, sparkHigh = 124, 24

func (s *Spark) draw(m *markup, name string) {
	m.open("svg", "class", "spark", "role", "img", "aria-label", name)
	most := max(1, slices.Max(append([]int64{0}, s.Values...)))
	step := max(1, (sparkWide-6)/max(1, len(s.Values)-1))
	var line strings.Builder
	x, y, flat, drawn := 0, 0, 0, false
	level := func() { // what is flat is one stroke
		if flat > 0 {
			fmt.Fprintf(&line, "h%d", flat)
		}
		flat = 0
	}
	for i, v := range s.Values {
		if v == None {
			level()
			drawn = false
			continue
		}
		nx, ny := sparkWide-3-step*(len(s.Values)-1-i), sparkHigh-3-int(v*int64(sparkHigh-6)/most)
		switch {
		case !drawn:
			fmt.Fprintf(&line, "M%d %d", nx, ny)
		case ny == y:
			flat += nx - x
		default:
			level()
			fmt.Fprintf(&line, "l%d %d", nx-x, ny-y) // relative: half the bytes
		}
		x, y, drawn = nx, ny, true
	}
	level()
	m.shape("path", "d", line.String())
	if n := len(s.Values); n > 0 && s.Values[n-1] != None {
		m.shape("circle", "cx", px(x), "cy", px(y), "r", "2.5")
	}
	m.end("svg")
}

// Bar is one bar: how long it is of the longest, and what stands at it. Nothing is drawn of a value below 1.
type Bar struct {
	Label, Text string
	Value       int64
	Class       string // good, note, bad or ""
}

// Bars are horizontal bars, as wide as there is room.
type Bars []Bar

const barHigh = 34

func (b Bars) draw(m *markup, name string) {
	m.open("svg", "class", "bars", "role", "img", "aria-label", name, "width", "100%", "height", px(barHigh*len(b)))
	most := int64(1)
	for _, bar := range b {
		most = max(most, bar.Value)
	}
	for i, bar := range b {
		y := barHigh * i
		m.element("text", bar.Label, "x", "0", "y", px(y+14))
		m.element("text", bar.Text, "x", "100%", "y", px(y+14), "text-anchor", "end")
		m.shape("rect", "class", "rail", "y", px(y+19), "width", "100%", "height", "9", "rx", "2")
		if bar.Value > 0 {
			width := fmt.Sprintf("%.1f%%", max(0.5, 100*float64(bar.Value)/float64(most)))
			m.shape("rect", "class", "bar "+bar.Class, "y", px(y+19), "width", width, "height", "9", "rx", "2")
		}
	}
	m.end("svg")
}

// Calendar is days, a line for a month.
type Calendar []Month

// Month is one line. First is the number of its first day that is drawn, from 1 on.
type Month struct {
	Name  string
	First int
	Days  []Day
}

// Day is a day: its class, and a letter that says the same without colour.
type Day struct{ Class, Letter string }

const dayWide, dayLeft = 9, 52

func (c Calendar) draw(m *markup, name string) {
	m.open("svg", "class", "calendar", "role", "img", "aria-label", name, "width", px(dayLeft+31*dayWide),
		"height", px(14*len(c)+14))
	for _, n := range []int{1, 5, 10, 15, 20, 25, 30} {
		m.element("text", px(n), "x", px(dayLeft+dayWide*(n-1)+4), "y", "10", "text-anchor", "middle")
	}
	for i, month := range c {
		y := 14 + 14*i
		m.element("text", month.Name, "x", "0", "y", px(y+10))
		for k, d := range month.Days {
			x := dayLeft + dayWide*(month.First-1+k)
			m.shape("rect", "class", d.Class, "x", px(x), "y", px(y), "width", px(dayWide-1), "height", "12")
			if d.Letter != "" {
				m.element("text", d.Letter, "class", "on "+d.Class, "x", px(x+4), "y", px(y+9), "text-anchor", "middle")
			}
		}
	}
	m.end("svg")
}

// Heat is how much each two of some things have in common: Levels[i][k] for k < i, from 0 (nothing that is told) to 5.
type Heat struct {
	Labels []string
	Levels [][]int
}

const heatCell = 18

func (h Heat) draw(m *markup, name string) {
	left := labelWidth(h.Labels) + 26
	m.open("svg", "class", "heat", "role", "img", "aria-label", name, "width", px(left+heatCell*len(h.Labels)+4),
		"height", px(heatCell*(len(h.Labels)+1)))
	for i, label := range h.Labels {
		y := heatCell * i
		m.element("text", fmt.Sprintf("%d  %s", i+1, label), "x", "0", "y", px(y+13))
		for k := range i {
			m.shape("rect", "class", fmt.Sprintf("l%d", h.Levels[i][k]), "x", px(left+heatCell*k), "y", px(y),
				"width", px(heatCell-1), "height", px(heatCell-1))
		}
		m.element("text", px(i+1), "x", px(left+heatCell*i+8), "y", px(y+13), "text-anchor", "middle")
	}
	m.end("svg")
}

// labelWidth is room for labels, in pixels, at the width that letters of charts have at most.
func labelWidth(labels []string) int {
	most := 0
	for _, l := range labels {
		most = max(most, len([]rune(l)))
	}
	return most*13/2 + 14
}

// UpSet is how many people are in exactly these of several sets: a column for each region, its bar above, dots for the
// sets that it is in.
type UpSet struct {
	Sets    []Bar
	Regions []Region
}

// Region is one combination of sets, by their numbers.
type Region struct {
	In    []int
	Value int64
	Text  string
}

const upCell, upBars = 24, 90

func (u UpSet) draw(m *markup, name string) {
	var labels []string
	most := int64(1)
	for _, s := range u.Sets {
		labels = append(labels, s.Label)
	}
	for _, r := range u.Regions {
		most = max(most, r.Value)
	}
	left := labelWidth(labels)
	wide := left + upCell*len(u.Regions) + 12
	m.open("svg", "class", "upset", "role", "img", "aria-label", name, "width", px(wide),
		"height", px(upBars+20+upCell*len(u.Sets)))
	for i, s := range u.Sets {
		y := upBars + 12 + upCell*i
		if i%2 == 0 {
			m.shape("rect", "class", "rail", "x", "0", "y", px(y), "width", px(wide), "height", px(upCell))
		}
		m.element("text", s.Label, "x", "4", "y", px(y+16))
	}
	for k, r := range u.Regions {
		x := left + upCell*k + upCell/2
		high := max(1, int(r.Value*int64(upBars-18)/most))
		m.shape("rect", "class", "bar", "x", px(x-7), "y", px(upBars-high), "width", "14", "height", px(high))
		m.element("text", r.Text, "class", "small", "x", px(x), "y", px(upBars-high-4), "text-anchor", "middle")
		for i := range u.Sets {
			class := "off"
			if slices.Contains(r.In, i) {
				class = "dot"
			}
			m.shape("circle", "class", class, "cx", px(x), "cy", px(upBars+12+upCell*i+upCell/2), "r", "6")
		}
		if first, last := r.In[0], r.In[len(r.In)-1]; first != last {
			at := func(i int) string { return px(upBars + 12 + upCell*i + upCell/2) }
			m.shape("path", "class", "link", "d", fmt.Sprintf("M%d %sV%s", x, at(first), at(last)))
		}
	}
	m.end("svg")
}
