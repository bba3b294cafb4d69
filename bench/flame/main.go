// Command flame draws CPU profiles of Go programs as one SVG, each to the same scale, callers above callees: where the
// time of a run goes beside that of another. Arguments are LABEL=PROFILE; the picture goes to standard output.
package main

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// Sizes of the picture, in its own units.
const (
	width    = 1200
	line     = 16
	gap      = 34
	letter   = 6.1 // of the text
	smallest = 2   // narrower frames are left out
	deepest  = 14  // calls below are
)

// frame is a function called on one way from the top.
type frame struct {
	name  string
	spent int64 // nanoseconds of processor time, callees included
	calls []*frame
}

func main() {
	if err := draw(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "flame:", err)
		os.Exit(1)
	}
}

func draw(out io.Writer, args []string) error {
	var roots []*frame
	most := int64(1)
	for _, arg := range args {
		label, path, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("read %q: want LABEL=PROFILE", arg)
		}
		root, err := read(label, path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		roots, most = append(roots, root), max(most, root.spent)
	}
	p := picture{scale: width / float64(most)}
	y := 0
	for _, root := range roots {
		fmt.Fprintf(&p.body, "<text x=\"0\" y=\"%d\" class=\"label\">%s: %s of processor time</text>\n",
			y+line, html.EscapeString(root.name), seconds(root.spent))
		y += line + 6
		y = p.frame(root, root.calls, 0, y, deepest) + gap
	}
	_, err := fmt.Fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "+
		"font-family=\"sans-serif\" font-size=\"11\">\n"+
		"<style>.label{font-size:14px;font-weight:bold}rect{stroke:#fff}</style>\n"+
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n%s</svg>\n", width, y, width, y, p.body.String())
	return err
}

// read makes the tree of a profile. What calls our first function is the same everywhere, and left out.
func read(label, path string) (*frame, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	p, err := profile.Parse(f)
	if err != nil {
		return nil, err
	}
	value := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == "cpu" })
	if value < 0 {
		return nil, fmt.Errorf("it is no CPU profile")
	}
	root := &frame{name: label}
	for _, s := range p.Sample {
		root.spent += s.Value[value]
		at := root
		for _, name := range ours(stack(s)) {
			at = at.call(name)
			at.spent += s.Value[value]
		}
	}
	root.order()
	return root, nil
}

// stack are the functions of a sample, callers first.
func stack(s *profile.Sample) (names []string) {
	for _, l := range s.Location {
		for _, at := range l.Line { // inlined callees first
			names = append(names, at.Function.Name)
		}
	}
	slices.Reverse(names)
	return names
}

const home = "github.com/malgrupp/malgrupp/"

func ours(names []string) []string {
	first := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, home) })
	names = slices.Clone(names[max(0, first):])
	for i, n := range names {
		if rest, ok := strings.CutPrefix(n, home); ok {
			names[i] = rest
		} else {
			names[i] = n[strings.LastIndex(n, "/")+1:]
		}
	}
	return names
}

func (f *frame) call(name string) *frame {
	for _, c := range f.calls {
		if c.name == name {
			return c
		}
	}
	c := &frame{name: name}
	f.calls = append(f.calls, c)
	return c
}

func (f *frame) order() {
	slices.SortFunc(f.calls, func(a, b *frame) int {
		return cmp.Or(cmp.Compare(b.spent, a.spent), strings.Compare(a.name, b.name))
	})
	for _, c := range f.calls {
		c.order()
	}
}

type picture struct {
	body  strings.Builder
	scale float64 // units a nanosecond
}

// frame draws frames beside each other, and below each what it calls; it returns where the lowest ends.
func (p *picture) frame(root *frame, frames []*frame, x float64, y, deep int) (bottom int) {
	if bottom = y; deep == 0 {
		return y
	}
	for _, f := range frames {
		w := float64(f.spent) * p.scale
		if w < smallest {
			break // they come by size
		}
		name := html.EscapeString(f.name)
		fmt.Fprintf(&p.body, "<g><title>%s: %s, %d %%</title><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "+
			"fill=\"%s\"/>", name, seconds(f.spent), 100*f.spent/root.spent, x, y, w, line, colour(f.name))
		if fits := int((w - 4) / letter); fits > 3 {
			fmt.Fprintf(&p.body, "<text x=\"%.1f\" y=\"%d\">%s</text>", x+3, y+12, html.EscapeString(short(f.name, fits)))
		}
		p.body.WriteString("</g>\n")
		bottom = max(bottom, p.frame(root, f.calls, x, y+line, deep-1))
		x += w
	}
	return max(bottom, y+line)
}

// short is as much of a name as fits: all of it, what follows its room, the last word, or how that begins.
func short(name string, fits int) string {
	words := []string{name, name[strings.LastIndex(name, "/")+1:]}
	named := closure.ReplaceAllString(words[1], "")
	words = append(words, named[strings.LastIndex(named, ".")+1:])
	for _, w := range words {
		if len(w) <= fits {
			return w
		}
	}
	return words[len(words)-1][:fits-1] + "…"
}

// closure is what the name of a function within another ends in.
var closure = regexp.MustCompile(`(\.(func)?[0-9]+|-range[0-9]+)+$`)

func seconds(nanoseconds int64) string { return fmt.Sprintf("%.2f s", float64(nanoseconds)/1e9) }

// colour is that of the room a function stands in.
func colour(name string) string {
	for _, c := range [][2]string{
		{"segments/scan", "#a8d5a2"},
		{"segments/identity", "#a8d5a2"},
		{"segments/consent", "#f3b8b0"},
		{"segments", "#b9c9f0"},
		{"pipeline/parquet", "#f7dc9b"},
		{"pipeline/kept", "#d7bde8"},
		{"pipeline/decide", "#d5dbe2"},
		{"pipeline", "#c3e4e8"},
		{"bench", "#d5dbe2"},
		{"runtime", "#e8e2da"},
	} {
		if strings.HasPrefix(name, c[0]) {
			return c[1]
		}
	}
	return "#efe9c9"
}
