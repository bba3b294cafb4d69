// Package page is how a page of the program is made: from blocks of text, tables and charts come one HTML file that
// asks nobody for anything, and the same as Markdown.
//
// In come words and numbers that may be told; out come bytes, the same for the same page. The package draws its own
// SVG. It knows no segment, no person and no storage, and hides no number: whoever fills a page has done that.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"strings"
)

// Page is a whole page. Words are in its language.
type Page struct {
	Lang     string // of the words, such as en
	Title    string
	Lead     []string // under the title
	Sections []Section
	Data     string // what the table behind a chart is called
	Contents string // what the list of sections is called
	Foot     string
}

// Section is one part of a page. ID is a word of the program's own.
type Section struct {
	ID, Title string
	Blocks    []Block
}

// Block is a piece of a section.
type Block interface {
	html(m *markup, p *Page)
	markdown(b *strings.Builder)
}

var (
	//go:embed page.css
	style string
	//go:embed find.js
	script string
)

// HTML is the page as one file. Nothing in it leaves the file: no image, font, style or script is fetched, which its
// own policy forbids as well.
func (p *Page) HTML() []byte {
	m := new(markup)
	scripts := "'none'"
	if p.finds() {
		scripts = hashed(script)
	}
	m.WriteString("<!DOCTYPE html>\n")
	m.open("html", "lang", p.Lang)
	m.open("head")
	m.open("meta", "charset", "utf-8")
	m.open("meta", "http-equiv", "Content-Security-Policy", "content", "default-src 'none'; style-src "+hashed(style)+
		"; script-src "+scripts+"; img-src data:; base-uri 'none'; form-action 'none'")
	m.open("meta", "name", "viewport", "content", "width=device-width, initial-scale=1")
	m.open("meta", "name", "color-scheme", "content", "light dark")
	m.open("meta", "name", "referrer", "content", "no-referrer")
	m.open("link", "rel", "icon", "href", "data:,")
	m.element("title", p.Title)
	m.open("style")
	m.WriteString(style)
	m.end("style")
	m.end("head")
	m.open("body")
	m.open("header")
	m.element("h1", p.Title)
	for _, line := range p.Lead {
		m.element("p", line)
	}
	m.end("header")
	p.contents(m)
	m.open("main")
	for _, s := range p.Sections {
		m.open("section", "id", s.ID, "aria-labelledby", s.ID+"-title")
		m.element("h2", s.Title, "id", s.ID+"-title")
		for _, b := range s.Blocks {
			b.html(m, p)
		}
		m.end("section")
		m.WriteByte('\n')
	}
	m.end("main")
	m.open("footer")
	m.element("p", p.Foot)
	m.end("footer")
	if p.finds() {
		m.open("script")
		m.WriteString(script)
		m.end("script")
	}
	m.end("body")
	m.end("html")
	m.WriteByte('\n')
	return []byte(m.String())
}

func (p *Page) contents(m *markup) {
	m.open("nav", "aria-label", p.Contents)
	m.open("ul")
	for _, s := range p.Sections {
		m.open("li")
		m.element("a", s.Title, "href", "#"+s.ID)
		m.end("li")
	}
	m.end("ul")
	m.end("nav")
}

// finds reports whether some table of the page can be searched, which alone needs a script.
func (p *Page) finds() bool {
	for _, s := range p.Sections {
		for _, b := range s.Blocks {
			if t, ok := b.(*Table); ok && t.Find != "" {
				return true
			}
		}
	}
	return false
}

// hashed is what a policy calls an inline style or script.
func hashed(text string) string {
	h := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
}

// Markdown is the page for a mail or a ticket: the words and the tables, without pictures.
func (p *Page) Markdown() []byte {
	var b strings.Builder
	b.WriteString("# " + marked(p.Title) + "\n")
	for _, line := range p.Lead {
		b.WriteString("\n" + marked(line) + "\n")
	}
	for _, s := range p.Sections {
		b.WriteString("\n## " + marked(s.Title) + "\n")
		for _, block := range s.Blocks {
			b.WriteByte('\n')
			block.markdown(&b)
		}
	}
	b.WriteString("\n---\n\n" + marked(p.Foot) + "\n")
	return []byte(b.String())
}

// special are the characters that Markdown, or HTML in it, reads as more than themselves.
var special = func() *strings.Replacer {
	var pairs []string
	for _, r := range "\\`*_[]<>#|~&!" {
		pairs = append(pairs, string(r), "\\"+string(r))
	}
	return strings.NewReplacer(append(pairs, "\n", " ", "\t", " ")...)
}()

func marked(s string) string { return special.Replace(Plain(s)) }
