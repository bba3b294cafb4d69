package rules

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

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
	words := strings.FieldsFunc(undotted.Replace(strings.ToLower(name)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
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
