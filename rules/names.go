package rules

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode"
)

//go:embed names.yaml
var namesFile string

// delicate is a word that platforms refuse in the name of a list; plain is how names have it.
type delicate struct{ word, plain, about, instead string }

// delicateWords reads the word lists, once: they are data, so that a bank's policy people can review them.
var delicateWords = sync.OnceValue(func() (out []delicate) {
	d := Read(&Source{Name: "names.yaml", Text: namesFile})
	groups, _ := d.Root().List()
	for _, g := range groups {
		o, ok := g.Object("a group of words")
		if !ok {
			continue
		}
		group := delicate{}
		for key, to := range map[string]*string{"about": &group.about, "instead": &group.instead} {
			n, _ := o.Need(key)
			*to, _ = n.Text()
		}
		words, _ := o.Need("words")
		languages, ok := words.Object("words")
		if !ok {
			continue
		}
		for _, language := range languages.Keys() {
			n, _ := languages.Find(language.Name())
			texts, _ := n.Texts()
			for _, w := range texts {
				group.word, group.plain = w, plainWords(w)
				out = append(out, group)
			}
		}
	}
	if found := d.Errors(); found.Failed() {
		panic("rules: names.yaml: " + found.Text()) // cannot happen: a test reads it
	}
	return out
})

// undotted are the letters of Nordic words that names are written without.
var undotted = strings.NewReplacer("ä", "a", "å", "a", "ö", "o", "ø", "o", "æ", "ae", "é", "e")

// plainWords is a name as small letters without dots, its words apart by one blank and a blank before the first.
func plainWords(name string) string {
	words := strings.FieldsFunc(undotted.Replace(strings.ToLower(name)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return " " + strings.Join(words, " ")
}

// delicateIn returns the first word that platforms refuse in a name.
func delicateIn(name string) (delicate, bool) {
	plain := plainWords(name)
	for _, d := range delicateWords() {
		if strings.Contains(plain, d.plain) {
			return d, true
		}
	}
	return delicate{}, false
}

// checkNames looks for words that ad platforms refuse in what they see of a segment: its platform_name, or its name where
// it has none, and its name again where lists are carried there by hand under their file's name (formats.md 13).
func (c *checker) checkNames(o *Object) {
	if c.seg.Purpose != Advertising {
		return
	}
	for _, key := range []string{"name", "platform_name"} {
		n, ok := o.Find(key)
		if !ok {
			continue
		}
		text, _ := n.Text()
		if d, found := delicateIn(text); found {
			c.delicateName(key, n, text, d)
		}
	}
}

// delicateName reports a name once: as an error if a destination refuses it, else as a warning if one sees it.
func (c *checker) delicateName(key string, n Node, text string, d delicate) {
	var refusing, seeing []string
	for _, name := range c.seg.Deliver {
		place := c.scope.Destinations[name]
		switch {
		case key == "name" && c.seg.PlatformName != "" && !place.ByHand:
		case place.RefusesNames:
			refusing = append(refusing, name)
		default:
			seeing = append(seeing, name)
		}
	}
	hints := []Hint{expected(d.instead), fix("platform_name: a name for the platforms")}
	if key == "platform_name" || c.seg.PlatformName != "" {
		hints = hints[:1]
	}
	message := fmt.Sprintf("%q in %q speaks of %s", d.word, text, d.about)
	switch {
	case len(refusing) > 0:
		c.doc.fail("E-PLATFORM-NAME", n.Span(), message+"; "+strings.Join(refusing, " and ")+" would switch the audience off", hints...)
	case len(seeing) > 0:
		c.doc.warn("W-PLATFORM-NAME", n.Span(), message+"; "+strings.Join(seeing, " and ")+" would see it", hints...)
	}
}
