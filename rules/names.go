package rules

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// checkNames looks for words that ad platforms refuse in what they see of a segment: its platform_name, or its name
// where it has none, and its name again where lists are carried there by hand under their file's name
// (docs/platforms.md, Names).
func (c *checker) checkNames(o *yaml.Object) {
	if c.seg.Purpose != Advertising {
		return
	}
	for _, key := range []string{"name", "platform_name"} {
		n, ok := o.Find(key)
		if !ok {
			continue
		}
		text, _ := n.Text()
		if d, found := DelicateIn(text); found {
			c.delicateName(key, n, text, d)
		}
	}
}

// delicateName reports a name once: as an error if a destination refuses it, else as a warning if one sees it.
func (c *checker) delicateName(key string, n yaml.Node, text string, d Delicate) {
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
	hints := []source.Hint{source.Expected(d.Instead), source.Fix("platform_name: a name for the platforms")}
	if key == "platform_name" || c.seg.PlatformName != "" {
		hints = hints[:1]
	}
	message := fmt.Sprintf("%q in %q speaks of %s", d.Word, text, d.About)
	switch {
	case len(refusing) > 0:
		c.doc.Fail("E-PLATFORM-NAME", n.Span(), message+"; "+strings.Join(refusing, " and ")+" would switch the audience off",
			hints...)
	case len(seeing) > 0:
		c.doc.Warn("W-PLATFORM-NAME", n.Span(), message+"; "+strings.Join(seeing, " and ")+" would see it", hints...)
	}
}

//go:embed names.yaml
var namesFile string

// Delicate is a word that platforms refuse in the name of a list; plain is how names have it.
type Delicate struct{ Word, plain, About, Instead string }

// delicateWords reads the word lists, once: they are data, so that a bank's policy people can review them.
var delicateWords = sync.OnceValue(func() (out []Delicate) {
	d := yaml.Read(&source.Source{Name: "names.yaml", Text: namesFile})
	groups, _ := d.Root().List()
	for _, g := range groups {
		o, ok := g.Object("a group of words")
		if !ok {
			continue
		}
		group := Delicate{}
		for key, to := range map[string]*string{"about": &group.About, "instead": &group.Instead} {
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
				group.Word, group.plain = w, plainWords(w)
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
	words := strings.FieldsFunc(undotted.Replace(strings.ToLower(name)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return " " + strings.Join(words, " ")
}

// DelicateIn returns the first word that platforms refuse in a name.
func DelicateIn(name string) (Delicate, bool) {
	plain := plainWords(name)
	for _, d := range delicateWords() {
		if strings.Contains(plain, d.plain) {
			return d, true
		}
	}
	return Delicate{}, false
}
