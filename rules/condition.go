package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/value"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

var comparators = []string{string(AtLeast), string(AtMost), string(Exactly), string(MoreThan), string(LessThan)}

// condition checks one node of the tree; nil if it has no verb that could be checked.
func (c *checker) condition(n yaml.Node, path string) *Condition {
	if n.IsList() {
		n.Wrong("one condition", source.Fix("all: [...] if every one must hold, any: [...] if one is enough"))
		return nil
	}
	if n.IsText() && slices.Contains(c.words.events, n.Value()) {
		n.Wrong("one condition", source.Fix("{did: "+n.Value()+", within: ...}"))
		return nil
	}
	o, ok := n.Object("a condition")
	if !ok {
		return nil
	}
	key, verb := c.verbOf(o)
	if verb == nil {
		return nil
	}
	if c.inSession && !verb.Inner {
		c.doc.Fail("E-VERB", key.Span(), verb.Name+" cannot stand inside a session",
			source.Expected("a condition on the session's own events: did, did_not, metric, sequence, first, last"))
		return nil
	}
	o.Call(verb.Name)
	keys := verb.Beside()
	for _, other := range o.Keys() {
		if other.Name() == verb.Name || slices.Contains(keys, other.Name()) {
			continue
		}
		if value, _ := o.Find(other.Name()); verb.Comparators && c.between(o, verb, other, value) {
			continue
		}
		if c.asked(o, verb, other) {
			continue
		}
		o.Unknown(other, keys)
	}
	cond := &Condition{Verb: verb.Name, Kind: verb, Path: path, Span: key.Span()}
	operand, _ := o.Find(verb.Name)
	c.operand(cond, verb, operand)
	c.clauses(cond, o)
	if verb.Comparators {
		c.compare(cond, verb, o)
	}
	if m := cond.Metric; m != nil && m.Column != "" && c.words.Columns[m.Column].MissingOn(cond.Events) {
		c.doc.Warn("W-COLUMN-NOT-ON-EVENT", m.Span,
			fmt.Sprintf("the schema lists no column %s for %s, so there is nothing to measure", m.Column,
				strings.Join(cond.Events, ", ")))
	}
	return cond
}

// asked reports a column that stands as a key beside a verb, channel: web, which is a test of where.
func (c *checker) asked(o *yaml.Object, verb *Verb, key yaml.Node) bool {
	w, ok := c.words.Columns[key.Name()]
	n, _ := o.Find(key.Name())
	if !ok || !slices.Contains(verb.Beside(), "where") || n.IsObject() || n.IsList() ||
		source.Suggest(key.Name(), verb.Beside()) != nil {
		return false
	}
	if _, _, id := w.idRole(); id {
		return false // no rule asks for one person
	}
	text := n.Value()
	if w.column.Type.Kind == value.Text {
		text = value.Quote(text)
	}
	c.doc.Fail("E-UNKNOWN-KEY", key.Span(), fmt.Sprintf("%q is not a key of %s, it is a column", key.Name(), o.What()),
		source.Fix("where: "+key.Name()+" = "+text))
	return true
}

// verbOf finds the one key that is a verb; it reports none or two.
func (c *checker) verbOf(o *yaml.Object) (yaml.Node, *Verb) {
	var found []yaml.Node
	for _, key := range o.Keys() {
		if _, ok := c.scope.verb(key.Name()); ok {
			found = append(found, key)
		}
	}
	switch {
	case len(found) == 0:
		c.noVerb(o)
		return yaml.Node{}, nil
	case len(found) > 1:
		names := []string{found[0].Name(), found[1].Name()}
		hint := source.Expected("one verb; several conditions stand in all: [...] or any: [...]")
		if n, _ := o.Find(found[1].Name()); n.IsText() && edgeOf(n).length != "" {
			hint = source.Hint{Label: source.LabelDidYouMean, Text: "within: " + edgeOf(n).length}
		}
		c.doc.Fail("E-VERB", found[1].Span(), "one condition has two verbs: "+strings.Join(names, " and "), hint)
		return yaml.Node{}, nil
	}
	v, _ := c.scope.verb(found[0].Name())
	return found[0], v
}

func (c *checker) noVerb(o *yaml.Object) {
	names := c.scope.verbNames()
	at := o.Span()
	var hints []source.Hint
	for _, key := range o.Keys() {
		if c.beside(key.Name()) {
			continue
		}
		if near := source.DidYouMean(key.Name(), names); near != nil {
			at, hints = key.Span(), near
			break
		}
		if slices.Contains(c.words.events, key.Name()) {
			at, hints = key.Span(), []source.Hint{source.Fix("did: " + key.Name())}
			break
		}
	}
	c.doc.Fail("E-VERB", at, "this condition has no verb",
		append(hints, source.Expected("one of "+strings.Join(names, ", ")))...)
}

// beside reports whether a key stands beside some verb.
func (c *checker) beside(key string) bool {
	return slices.ContainsFunc(c.scope.Language.Verbs, func(v Verb) bool { return slices.Contains(v.Beside(), key) })
}

// operand reads what stands right of the verb.
func (c *checker) operand(cond *Condition, verb *Verb, n yaml.Node) {
	switch verb.Takes {
	case TakesConditions:
		c.children(cond, n)
	case TakesCondition:
		if verb.Sessions {
			c.session(cond, n)
		} else if child := c.condition(n, cond.Path+"."+verb.Name); child != nil {
			cond.Children = []*Condition{child}
		}
	case TakesSteps:
		c.sequence(cond, n)
	case TakesWhere:
		c.profile(cond, n)
	case TakesCountOf:
		c.countOf(cond, n)
	case TakesEvents:
		c.events(cond, n)
	case TakesMetric:
		cond.Metric = c.metric(n)
	case TakesSegment:
		cond.Segment, _ = n.Text()
		cond.NameSpan = n.Span()
	}
}

// session reads the condition on the events of one session.
func (c *checker) session(cond *Condition, n yaml.Node) {
	c.inSession = true
	child := c.condition(n, cond.Path+"."+cond.Verb)
	c.inSession = false
	if child != nil {
		cond.Children = []*Condition{child}
	}
}

// profile reads a condition on a customer's attributes. It has a vocabulary of its own: the columns of the project's
// table.
func (c *checker) profile(cond *Condition, n yaml.Node) {
	switch {
	case c.scope.Profile == nil:
		c.doc.Fail("E-PROFILE", cond.Span, "the project has no table of customers' attributes",
			source.Expected("profiles_of_customers: {url: ..., schema: ...} in malgrupp.yaml"))
		return
	case c.seg.Level != CustomerLevel:
		c.doc.Fail("E-PROFILE", cond.Span, "a device has no attributes of a customer", source.Expected("identity: customer"))
		return
	}
	own := *c
	own.scope = &Scope{Language: c.scope.Language, Schemas: []*Schema{c.scope.Profile}, ValueSets: c.scope.ValueSets}
	own.words = own.scope.Vocabulary()
	cond.Where = own.where(n, nil)
	c.patterns = own.patterns
}

func (c *checker) children(cond *Condition, n yaml.Node) {
	members, ok := n.List()
	if !ok {
		return
	}
	if len(members) == 0 {
		c.doc.Fail("E-VERB", n.Span(), cond.Verb+" has no conditions", source.Expected("a list of conditions"))
	}
	for i, member := range members {
		if child := c.condition(member, fmt.Sprintf("%s.%s[%d]", cond.Path, cond.Verb, i)); child != nil {
			cond.Children = append(cond.Children, child)
		}
	}
}

func (c *checker) countOf(cond *Condition, n yaml.Node) {
	o, ok := n.Object(cond.Verb)
	if !ok {
		return
	}
	o.Only(countOfKeys(nil))
	of, ok := o.Need("of")
	if ok {
		c.children(cond, of)
	}
	if count, ok := o.Need("count"); ok && of.IsList() {
		members, _ := of.List()
		cond.Count, _ = count.Int(1, max(1, len(members)))
	}
}

// events reads an event's name, a list of names, or any.
func (c *checker) events(cond *Condition, n yaml.Node) {
	if n.IsText() && n.Value() == "any" {
		cond.AnyEvent = true
		return
	}
	members := []yaml.Node{n}
	if n.IsList() {
		members, _ = n.List()
		if len(members) == 0 {
			n.Wrong("an event, a list of events, or any")
		}
	}
	for _, member := range members {
		name, ok := member.Text()
		if !ok {
			continue
		}
		c.checkEvent(member, name)
		cond.Events = append(cond.Events, name)
		if cond.EventAt == nil {
			cond.EventAt = map[string]source.Span{}
		}
		cond.EventAt[name] = member.Span()
	}
	slices.Sort(cond.Events)
	cond.Events = slices.Compact(cond.Events)
}

// checkEvent refuses an event that no schema declares and one that is labelled.
func (c *checker) checkEvent(n yaml.Node, name string) {
	for _, l := range c.words.eventLabels {
		if !l.whole() && l.Touches(where.OpEqual, name) {
			c.sensitiveAt(&c.doc.Report, l, n.Span())
		}
	}
	c.words.CheckEvent(n, name)
}

// missing reports a key that the verb needs.
func (c *checker) missing(cond *Condition, key string) {
	if key == "within" {
		c.doc.Fail("E-WINDOW-MISSING", cond.Span, "this condition does not say how far back it looks",
			source.Expected("within: 30d   (or within: {from: ..., to: ...}, or within: all)"))
		return
	}
	c.doc.Fail("E-MISSING-KEY", cond.Span, fmt.Sprintf("%s needs the key %q", cond.Verb, key),
		source.Expected(key+": ..."))
}

// checkAnchored refuses a match that people who were never seen could fulfil, naming the branch at fault.
func (c *checker) checkAnchored(match *Condition) {
	if match != nil && !c.doc.Found.Failed() && !c.anchored(match) {
		c.blame(match, nil)
	}
}

// anchored asks the verb whether only somebody who was seen can fulfil the condition.
func (c *checker) anchored(cond *Condition) bool {
	children := make([]bool, len(cond.Children))
	for i, child := range cond.Children {
		children[i] = c.anchored(child)
	}
	return cond.Kind.Anchored(cond, children)
}

// blame reports the innermost branches that make a condition unanchored: those of an alternative one by one, a
// conjunction as a whole.
func (c *checker) blame(cond, parent *Condition) {
	if cond.Kind.Logic == LogicAny || cond.Kind.Logic == LogicCount {
		for _, child := range cond.Children {
			if !c.anchored(child) {
				c.blame(child, cond)
			}
		}
		return
	}
	message, where := "this condition is true for people we have never seen", ""
	if parent != nil {
		message = fmt.Sprintf("this branch of `%s` is true for people we have never seen", parent.Verb)
		where = fmt.Sprintf(", in every branch of %s (%s starts at line %d)", parent.Verb, parent.Verb,
			c.doc.Source.Position(parent.Span.Start).Line)
	}
	e := c.doc.Fail("E-UNANCHORED", cond.Span, message,
		source.Expected("something the person did, or a profile condition"+where),
		source.Fix(fmt.Sprintf("put this %s into an `all` together with a `did`", cond.Verb)))
	e.Note = "needs no event at all"
}

// Pick says which rows a condition wants: those of some events that pass a `where`.
type Pick struct {
	Events []string // sorted, distinct; unused when Any
	Any    bool
	Where  Expr        // nil: every row
	Zone   *value.Zone // of local.* in Where; nil where it reads no local time
	// Record names what is kept of somebody between runs; no event is of such a pick.
	Record string
}

// Key is equal for equal picks, in every run.
func (p *Pick) Key() string {
	where := ""
	if p.Where != nil {
		where = Key(p.Where)
	}
	if p.Zone != nil {
		where = p.Zone.Name() + " " + where
	}
	return fmt.Sprintf("%t|%q|%s|%q", p.Any, p.Events, where, p.Record)
}

// Reading is a column that some condition reads of the rows it wants: by its name for a metric, by its role for what
// every log calls otherwise. It travels as one int64 a row: text as a number of the scan's names, floats so that they
// keep their order (or rounded to steps of Quantise, in units of its last place), everything else as its
// value.Value.Int.
type Reading struct {
	Column   string
	Type     value.Type
	Quantise *value.Number
	Role     Role
	// Function turns each text into another one before it is numbered, with Key where it takes one; nil: none.
	Function *Function
	Key      string
	// Prefix makes a number of eight bytes of a text, ordered as the bytes are: 1 of the first eight, 2 of the next.
	Prefix int
}

// Want is one kind of row of one condition, in numbers of a plan: rows of a pick whose time lies in [From, Before), and
// what is read of them.
type Want struct {
	Pick         int
	From, Before int64
	Value        int // -1 where no column is read
}
