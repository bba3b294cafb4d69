package sets

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// maxWork bounds the letters that one question is walked through: beyond it the answer is Perhaps.
const maxWork = 200_000

// reader reads a text letter by letter and says, after each, whether the text up to there passes. A place stands for
// all that it remembers.
type reader interface {
	start() string
	// read goes on by one letter, or by one byte that belongs to none.
	read(at string, l letter) string
	passes(at string) bool
	// settled reports that no more letters change the answer.
	settled(at string) bool
}

// letter is a character, or a byte of a text that is not UTF-8.
type letter struct {
	char  rune // utf8.RuneError of a lone byte
	bytes string
}

func (l letter) lone() bool { return len(l.bytes) == 1 && l.bytes[0] >= utf8.RuneSelf }

func character(r rune) letter { return letter{r, string(r)} }

// judge is a reader with what is asked of it.
type judge struct {
	reader
	not bool
}

func (j judge) lost(at string) bool { return j.settled(at) && j.passes(at) == j.not }

// findText walks through texts, the shortest first, with all demands at once.
func findText(d Domain, demands []Demand) (value.Value, Answer) {
	judges, ok := judgesOf(d, demands)
	if !ok {
		return value.Value{}, Perhaps
	}
	for _, demand := range demands {
		if (demand.Op == where.OpEqual || demand.Op == where.OpIn) && !demand.Not {
			return listed(demand.Args, judges)
		}
	}
	if v, ok := named(d, demands, judges); ok {
		return v, Some
	}
	return walk(judges, alphabet(d, demands))
}

// named is the text that walk would find, where that is the empty one or a text which the demands name: no text is
// shorter than one that must begin with it, end with it or contain it, and no other one is as short.
func named(d Domain, demands []Demand, judges []judge) (value.Value, bool) {
	v := value.Value{Kind: value.Text}
	if passesAll(judges, v.Text) {
		return v, true
	}
	for _, demand := range demands {
		switch demand.Op {
		case where.OpStartsWith, where.OpEndsWith, where.OpContains:
		default:
			continue
		}
		v.Text = demand.Args[0].Text
		written := utf8.ValidString(v.Text) && !(d.OneLine && strings.Contains(v.Text, "\n"))
		if !demand.Not && written && passesAll(judges, v.Text) {
			return v, true
		}
	}
	return value.Value{}, false
}

// judgesOf makes a reader of every demand; false if one cannot be read.
func judgesOf(d Domain, demands []Demand) ([]judge, bool) {
	var judges []judge
	for _, demand := range demands {
		readers, ok := readersOf(demand)
		if !ok {
			return nil, false
		}
		for _, r := range readers {
			judges = append(judges, judge{r, demand.Not})
		}
		if demand.Op == where.OpMatches {
			judges = append(judges, judge{reader: wellFormed{}})
		}
	}
	if d.Pattern != "" {
		p, err := newPattern(d.Pattern)
		if err != nil {
			return nil, false
		}
		judges = append(judges, judge{reader: p})
	}
	return judges, true
}

// readersOf are the readers of a demand; all of them must pass, or with Not the only one fail.
func readersOf(d Demand) ([]reader, bool) {
	switch d.Op {
	case where.OpEqual, where.OpIn:
		return []reader{newList(d.Args)}, true
	case where.OpLess, where.OpLessEqual, where.OpGreater, where.OpGreaterEqual, where.OpStartsWith:
		return []reader{order{d.Args[0].Text, d.Args[0].Text, d.Op}}, true
	case where.OpBetween:
		return []reader{order{d.Args[0].Text, d.Args[1].Text, d.Op}}, true
	case where.OpContains, where.OpEndsWith:
		return []reader{newPart(d.Args[0].Text, d.Op == where.OpEndsWith)}, true
	case where.OpMatches:
		p, err := newPattern(d.Args[0].Text)
		return []reader{p}, err == nil
	}
	return nil, false
}

// listed looks for one of some texts that passes.
func listed(args []value.Value, judges []judge) (value.Value, Answer) {
	for _, v := range args {
		if passesAll(judges, v.Text) {
			return v, Some
		}
	}
	return value.Value{}, None
}

func passesAll(judges []judge, text string) bool {
	return !slices.ContainsFunc(judges, func(j judge) bool { return passesWhole(j.reader, text) == j.not })
}

func passesWhole(r reader, text string) bool { return r.passes(placeAfter(r, text)) }

// placeAfter is where a reader is when it has read a text.
func placeAfter(r reader, text string) string {
	at := r.start()
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRuneInString(text[i:])
		at = r.read(at, letter{c, text[i : i+n]})
		i += n
	}
	return at
}

// step is one way to a place: the letter that led to it from an earlier step.
type step struct {
	from   int
	letter letter
	places []string
	broken bool // some letter on the way is none
}

// walk looks for the shortest text that all judges let pass. Of one that is not UTF-8 it is not sure: bytes that are
// no letters may become one together.
func walk(judges []judge, letters []letter) (value.Value, Answer) {
	first := step{from: -1}
	for _, j := range judges {
		first.places = append(first.places, j.start())
	}
	steps, seen, work, answer := []step{first}, map[string]bool{string(key(nil, first)): true}, 0, None
	// Most letters lead nowhere, or where another one led: what they lead to is kept only if it is new.
	places, name := make([]string, len(judges)), []byte(nil)
	for at := 0; at < len(steps); at++ {
		s := steps[at]
		switch passes := passAll(judges, s.places); {
		case passes && !s.broken:
			return shown(steps, at), Some
		case passes:
			answer = Perhaps
		}
		for _, l := range letters {
			if work += len(judges); work > maxWork {
				return value.Value{}, Perhaps
			}
			if !goOn(places, judges, s.places, l) {
				continue
			}
			next := step{from: at, letter: l, places: places, broken: s.broken || l.lone()}
			if name = key(name[:0], next); !seen[string(name)] {
				seen[string(name)] = true
				next.places = slices.Clone(places)
				steps = append(steps, next)
			}
		}
	}
	return value.Value{}, answer
}

// goOn reads one letter with all judges; false if one of them can no longer be content.
func goOn(to []string, judges []judge, from []string, l letter) bool {
	for i, j := range judges {
		if to[i] = j.read(from[i], l); j.lost(to[i]) {
			return false
		}
	}
	return true
}

func passAll(judges []judge, places []string) bool {
	for i, j := range judges {
		if j.passes(places[i]) == j.not {
			return false
		}
	}
	return true
}

// shown is the text that led to a step.
func shown(steps []step, at int) value.Value {
	v := value.Value{Kind: value.Text}
	for ; steps[at].from >= 0; at = steps[at].from {
		v.Text = steps[at].letter.bytes + v.Text
	}
	return v
}

// key tells a step's places apart from any others.
func key(into []byte, s step) []byte {
	into = join(into, s.places)
	if s.broken {
		into = append(into, 0xff)
	}
	return into
}

// joined is one place made of several.
func joined(places []string) string { return string(join(nil, places)) }

func join(into []byte, places []string) []byte {
	for _, p := range places {
		into = append(binary.AppendUvarint(into, uint64(len(p))), p...)
	}
	return into
}

// Endless reports whether every text that begins with one which passes all demands passes them, too.
func Endless(d Domain, demands []Demand, v value.Value) bool {
	judges, ok := judgesOf(d, demands)
	return ok && d.Type.Kind == value.Text && !slices.ContainsFunc(judges, func(j judge) bool {
		return !j.settled(placeAfter(j.reader, v.Text))
	})
}

// Tells reports whether demands together tell texts with a beginning from texts that are alike but for it: there is a
// rest that passes behind the beginning and behind none of the others. With whole there is no rest. Where nobody knows,
// they do.
func Tells(demands []Demand, beginning string, others []string, whole bool) bool {
	judges, ok := judgesOf(Domain{}, demands)
	if !ok {
		return true
	}
	all := []judge{{reader: behind{together(judges), beginning}}}
	for _, other := range others {
		all = append(all, judge{behind{together(judges), other}, true})
	}
	letters := alphabet(Domain{}, demands)
	if whole {
		letters = nil
	}
	_, answer := walk(all, letters)
	return answer != None
}

// together reads with several judges and passes where all of them do.
type together []judge

func (t together) start() string {
	places := make([]string, len(t))
	for i, j := range t {
		places[i] = j.start()
	}
	return joined(places)
}

func (t together) read(at string, l letter) string {
	places := t.places(at)
	for i, j := range t {
		places[i] = j.read(places[i], l)
	}
	return joined(places)
}

func (t together) passes(at string) bool { return passAll(t, t.places(at)) }

func (t together) settled(at string) bool {
	settled := true
	for i, place := range t.places(at) {
		if t[i].lost(place) {
			return true
		}
		settled = settled && t[i].settled(place)
	}
	return settled
}

// places takes a joined place apart.
func (t together) places(at string) []string {
	places := make([]string, len(t))
	for i := range places {
		n, width := binary.Uvarint([]byte(at))
		places[i], at = at[width:width+int(n)], at[width+int(n):]
	}
	return places
}

// behind reads on behind a text.
type behind struct {
	reader
	text string
}

func (b behind) start() string { return placeAfter(b.reader, b.text) }
