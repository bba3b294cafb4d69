package rules

import (
	"slices"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// The clauses of the verbs that there are; a verb may have others of its own.
var (
	ClauseOf          = Clause{Key: need("of", events), read: (*checker).of}
	ClauseWhere       = Clause{Key: may("where", whereText), read: (*checker).rows}
	ClauseWithin      = Clause{Key: need("within", window), Outside: true, read: (*checker).within}
	ClauseHas         = Clause{Key: hasKey, read: (*checker).picked}
	ClauseLasting     = Clause{Key: may("lasting_at_least", length), read: (*checker).lasting}
	ClauseSpan        = Clause{Key: spanKey, chain: true, read: (*checker).maxSpan}
	ClauseSameSession = Clause{Key: may("same_session", truth), Outside: true, chain: true, read: (*checker).sameSession}
	ClauseTies        = Clause{Key: may("ties", tieWord), chain: true, read: (*checker).ties}
)

var (
	hasKey  = need("has", whereText).Says("what the picked event is tested for")
	spanKey = may("span", length).Says("from the first step to the last at most")
	tieWord = word("any", "strict")
)

// clauses reads what stands beside the verb.
func (c *checker) clauses(cond *Condition, o *yaml.Object) {
	for i := range cond.Kind.Clauses {
		clause := &cond.Kind.Clauses[i]
		n, ok := o.Find(clause.Name)
		switch {
		case !ok && clause.Needed && !(clause.Outside && c.inSession) && !misnamed(o, cond.Kind, clause.Name) &&
			!(clause.Name == "of" && c.countsEvent(o, cond.Kind)):
			c.missing(cond, clause.Name)
		case !ok, clause.chain && cond.Sequence == nil:
		case clause.read != nil:
			clause.read(c, cond, o.KeySpan(clause.Name), n)
		default:
			if v, ok := clause.Read(n); ok {
				cond.Keep(clause.Name, v)
			}
		}
	}
}

// misnamed reports whether a clause stands under a word of another tool, which has been reported.
func misnamed(o *yaml.Object, verb *Verb, clause string) bool {
	known := verb.Beside()
	return slices.ContainsFunc(o.Keys(), func(key yaml.Node) bool {
		name := key.Name()
		return name != verb.Name && !slices.Contains(known, name) && slices.Contains(source.Suggest(name, known), clause)
	})
}

// countsEvent reports whether the call of a metric names the event, count(page_view), which has been reported.
func (c *checker) countsEvent(o *yaml.Object, verb *Verb) bool {
	n, ok := o.Find(verb.Name)
	call := callForm.FindStringSubmatch(n.Value())
	return ok && verb.Takes == TakesMetric && call != nil && slices.Contains(c.words.events, call[2])
}

func (c *checker) of(cond *Condition, _ source.Span, n yaml.Node) { c.events(cond, n) }

func (c *checker) rows(cond *Condition, _ source.Span, n yaml.Node) {
	cond.Where = c.where(n, cond.Events)
}

func (c *checker) picked(cond *Condition, _ source.Span, n yaml.Node) {
	cond.Has = c.where(n, cond.Events)
}

func (c *checker) lasting(cond *Condition, _ source.Span, n yaml.Node) {
	cond.Lasting, _ = ReadLength(n)
}

func (c *checker) maxSpan(cond *Condition, _ source.Span, n yaml.Node) {
	cond.Sequence.MaxSpan, _ = ReadLength(n)
}

func (c *checker) ties(cond *Condition, _ source.Span, n yaml.Node) {
	word, _ := n.Word(tieWord.Words...)
	cond.Sequence.Strict = word == "strict"
}

// within reads the window. Inside a session there is none: the session is the window.
func (c *checker) within(cond *Condition, at source.Span, n yaml.Node) {
	if c.inSession {
		c.doc.Fail("E-WINDOW", at, "inside a session there is no window: the session's own events are looked at",
			source.Expected("within beside session"))
		return
	}
	cond.Window = c.window(n)
}

func (c *checker) sameSession(cond *Condition, at source.Span, n yaml.Node) {
	cond.Sequence.SameSession, _ = n.Bool()
	if c.inSession && cond.Sequence.SameSession {
		c.doc.Fail("E-SEQUENCE", at, "inside a session every chain is in one session",
			source.Expected("no same_session here"))
	}
}

// Beside are the keys that may stand beside the verb, as messages list them.
func (v *Verb) Beside() []string {
	var keys []string
	for _, c := range v.Clauses {
		keys = append(keys, c.Name)
	}
	if v.Comparators {
		keys = append(keys, comparators...)
	}
	return keys
}
