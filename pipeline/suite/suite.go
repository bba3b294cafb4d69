// Package suite runs tests of rules: files of kind ConformanceSuite and SegmentTest. Every case is a run in memory,
// through the same reader, gate and engine as a run on real logs.
//
// In come checked files, out go verdicts per person, which condition decided, what of a rule the tests have seen, and
// which small changes of it they would not notice. The package knows no command line and prints nothing.
package suite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Case is one rule, some people with events, and what should become of them.
type Case struct {
	ID, Title   string
	Place       string // file:line
	AsOf        int64  // microseconds
	KnownBy     int64
	DataFrom    int64 // where coverage begins; 0: with the first event
	MaxSkew     value.Duration
	SessionGap  value.Duration
	Zone        *value.Zone
	Level       rules.Level
	rule        yaml.Node // of a suite: the rule's spec
	name        string
	others      []named          // segments that the rule refers to
	attributes  *rules.Schema    // of customers; nil: the project has none
	segment     *rules.Segment   // of a SegmentTest: the project's own
	project     []*rules.Segment // and those it may refer to
	because     string           // path of the condition that decided; "": not asked
	ExpectError string
	Users       []User
}

type named struct {
	name string
	spec yaml.Node
}

// User is one person of a case.
type User struct {
	ID     string
	Events []Event
	Expect string
	Place  string
	stay   *stayRecord // nil: he never qualified before
	// attributes are his, by column; nil: he has no row.
	attributes map[string]yaml.Node
}

// stayRecord is when a person qualified last, and whether the rule was the same then.
type stayRecord struct {
	last int64
	same bool
}

// Event is one row of a case. Values holds the schema's columns that were written.
type Event struct {
	At, Received     int64
	Name, ID         string
	Device, Customer string
	Session          string
	Values           map[string]yaml.Node
}

// Suite is one checked file.
type Suite struct {
	Name    string
	Columns []rules.Column // of the cases' rows
	Events  []string       // that a row may have; nil: any
	Cases   []Case
	Hashes  []HashVector
}

// HashVector is a bucket that holdout must give.
type HashVector struct {
	Salt, ID string
	Bucket   int
}

// parser reads one file.
type parser struct {
	doc     *yaml.Document
	words   *rules.Vocabulary // of the rows
	columns []rules.Column
}

func (p *parser) position(n yaml.Node) string {
	return fmt.Sprintf("%s:%d", p.doc.Source.Name, n.Line())
}

// instant reads a timestamp with its offset, or the word as_of where that is known.
func (p *parser) instant(n yaml.Node, c *Case) (int64, bool) {
	text, ok := n.Text()
	if !ok {
		return 0, false
	}
	if text == "as_of" && c.AsOf != 0 {
		return c.AsOf, true
	}
	us, ok := value.ParseTimestamp(text)
	if !ok {
		n.Wrong("a timestamp such as 2026-04-15T00:00:00+03:00", meantTime(text, c.Zone)...)
		return 0, false
	}
	return us, true
}

// ParseSuite checks a file of kind ConformanceSuite: cases of rules, people and verdicts that another program can be
// asked, too.
func ParseSuite(src *source.Source) (*Suite, source.Findings) {
	p := &parser{doc: yaml.Read(src)}
	e, ok := p.doc.Envelope(yaml.KindConformanceSuite)
	if !ok {
		return nil, p.doc.Errors()
	}
	e.Top.Only(rules.SuiteKeys)
	e.Metadata.Only(rules.SuiteKeys.Behind("metadata"))
	s := &Suite{Name: e.Name, Columns: defaultColumns()}
	base := Case{
		Level: rules.DeviceLevel, MaxSkew: value.Duration{N: 5, Unit: value.Minute}, SessionGap: value.Duration{
			N: 30, Unit: value.Minute,
		},
	}
	base.Zone, _ = value.LoadZone("UTC")
	if n, ok := e.Top.Find("defaults"); ok {
		p.defaults(n, &base, s)
	}
	if n, ok := e.Top.Find("hash_vectors"); ok {
		s.Hashes = p.hashes(n)
	}
	p.words, p.columns = base.scope(s.schema()).Vocabulary(), s.Columns
	if n, ok := e.Top.Need("cases"); ok {
		list, _ := n.List()
		for _, item := range list {
			if c, ok := p.testCase(item, base); ok {
				s.Cases = append(s.Cases, c)
			}
		}
	}
	if s.Events == nil {
		p.unasked(e.Top)
	}
	return s, p.doc.Errors()
}

// unasked warns about events of rows that no rule of the suite asks for, though one asks for a name nearly like theirs:
// where a suite does not say which events there are, they are what its rules look at.
func (p *parser) unasked(top *yaml.Object) {
	cases, _ := top.Find("cases")
	asked := map[string]bool{}
	var rows []yaml.Node
	words(cases, "", func(key string, n yaml.Node) {
		switch key {
		case "e":
			rows = append(rows, n)
		case "did", "did_not", "of", "first", "last", "then_not":
			asked[n.Value()] = true
		}
	})
	names := slices.Sorted(maps.Keys(asked))
	for _, n := range rows {
		if asked[n.Value()] {
			continue
		}
		asked[n.Value()] = true // one warning a name
		if near := source.DidYouMean(n.Value(), names); near != nil {
			p.doc.Warn("W-UNKNOWN-EVENT", n.Span(), fmt.Sprintf("no rule of this suite asks for an event %q", n.Value()),
				near...)
		}
	}
}

// words visits the texts below a value, each with the key behind which it, or the list that holds it, stands.
func words(n yaml.Node, key string, visit func(key string, n yaml.Node)) {
	switch {
	case n.IsObject():
		o, _ := n.Object("")
		for k, v := range o.Fields() {
			words(v, k.Name(), visit)
		}
	case n.IsList():
		list, _ := n.List()
		for _, member := range list {
			words(member, key, visit)
		}
	case n.IsText():
		visit(key, n)
	}
}

// defaultColumns are those of the specification's suite: six texts and an amount, all of them nullable.
func defaultColumns() []rules.Column {
	var out []rules.Column
	for _, name := range []string{"product", "campaign", "page_path", "channel", "status"} {
		out = append(out, rules.Column{Name: name, Type: value.Type{Kind: value.Text}, Optional: true})
	}
	return append(out, rules.Column{
		Name: "amount", Type: value.Type{Kind: value.Decimal, Precision: 18, Scale: 2}, Optional: true,
	})
}

func (p *parser) defaults(n yaml.Node, base *Case, s *Suite) {
	o, ok := n.Object("defaults")
	if !ok {
		return
	}
	o.Only(rules.SuiteKeys.Behind("defaults"))
	if n, ok := o.Find("timezone"); ok {
		if z, ok := n.Zone(); ok {
			base.Zone = z
		}
	}
	p.times(o, base)
	if n, ok := o.Find("max_clock_skew"); ok {
		base.MaxSkew, _ = n.Duration()
	}
	if n, ok := o.Find("session_gap"); ok {
		base.SessionGap, _ = n.Duration()
	}
	if n, ok := o.Find("identity"); ok {
		w, _ := n.Word("device", "customer")
		base.Level = rules.Level(w)
	}
	if n, ok := o.Find("columns"); ok {
		s.Columns = p.declared(n)
	}
	if n, ok := o.Find("events"); ok {
		s.Events, _ = n.Texts()
	}
}

// declared reads `columns: {name: type}`; a column of a few values is `{type: text, enum: [...]}`.
func (p *parser) declared(n yaml.Node) []rules.Column {
	o, ok := n.Object("columns")
	if !ok {
		return nil
	}
	var out []rules.Column
	for k, v := range o.Fields() {
		column := rules.Column{Name: k.Name(), Optional: true}
		if v.IsObject() {
			spec, _ := v.Object("column " + k.Name())
			spec.Only(rules.SuiteColumnKeys)
			if _, ok := spec.Find("enum"); ok {
				column.Enum = spec.Texts("enum")
			}
			if v, ok = spec.Need("type"); !ok {
				continue
			}
		}
		text, isText := v.Text()
		if !isText {
			continue
		}
		if column.Type, ok = value.ParseType(text); !ok {
			v.Wrong("a type such as text, integer or decimal(18,2)")
			continue
		}
		out = append(out, column)
	}
	return out
}

// times reads the instants of defaults or of a case; known_by follows as_of unless it is written.
func (p *parser) times(o *yaml.Object, c *Case) {
	if n, ok := o.Find("as_of"); ok {
		if us, ok := p.instant(n, c); ok {
			c.AsOf, c.KnownBy = us, us
		}
	}
	if n, ok := o.Find("known_by"); ok {
		if us, ok := p.instant(n, c); ok {
			c.KnownBy = us
		}
	}
	if n, ok := o.Find("data_from"); ok {
		if us, ok := p.instant(n, c); ok {
			c.DataFrom = us
		}
	}
}

func (p *parser) hashes(n yaml.Node) []HashVector {
	list, _ := n.List()
	var out []HashVector
	for _, item := range list {
		o, ok := item.Object("hash vector")
		if !ok {
			continue
		}
		o.Only(rules.HashKeys)
		out = append(out, HashVector{Salt: o.Text("salt"), ID: o.Text("id"), Bucket: o.Whole("bucket")})
	}
	return out
}

func (p *parser) testCase(n yaml.Node, base Case) (Case, bool) {
	c := base
	c.Users = nil
	o, ok := n.Object("a case")
	if !ok {
		return c, false
	}
	o.Only(rules.SuiteCaseKeys)
	c.Place = p.position(n)
	c.ID, c.Title = o.Text("id"), o.Text("title")
	c.name = strings.ToLower(c.ID)
	if _, ok := o.Find("name"); ok {
		c.name = o.Text("name")
	}
	if n, ok := o.Find("timezone"); ok {
		if z, ok := n.Zone(); ok {
			c.Zone = z
		}
	}
	p.times(o, &c)
	if n, ok := o.Find("segments"); ok {
		if segs, ok := n.Object("segments"); ok {
			for k, spec := range segs.Fields() {
				c.others = append(c.others, named{k.Name(), spec})
			}
		}
	}
	c.rule, ok = o.Need("rule")
	if n, has := o.Find("expect_error"); has {
		c.ExpectError, _ = n.Text()
	} else if users, has := o.Need("users"); has {
		c.Users = p.users(users, c)
	}
	return c, ok
}

func (p *parser) users(n yaml.Node, c Case) []User {
	o, ok := n.Object("users")
	if !ok {
		return nil
	}
	var out []User
	for k, v := range o.Fields() {
		u, ok := v.Object("user " + k.Name())
		if !ok {
			continue
		}
		u.Only(rules.UserKeys)
		user := User{ID: k.Name(), Place: p.position(k), Expect: u.Word("expect")}
		if n, ok := u.Find("ledger"); ok {
			user.stay = p.stay(n, c)
		}
		if n, ok := u.Need("events"); ok {
			user.Events = p.events(n, user.ID, c, func(n yaml.Node) (int64, bool) { return p.instant(n, &c) })
		}
		out = append(out, user)
	}
	return out
}

// stay reads what earlier runs kept of a person.
func (p *parser) stay(n yaml.Node, c Case) *stayRecord {
	o, ok := n.Object("ledger")
	if !ok {
		return nil
	}
	o.Only(rules.LedgerKeys)
	r := &stayRecord{same: true}
	if n, ok := o.Need("last_qualified"); ok {
		r.last, _ = p.instant(n, &c)
	}
	if n, ok := o.Find("same_definition"); ok {
		r.same, _ = n.Bool()
	}
	return r
}

// row checks a row as rules are checked: its event, its columns and what they hold.
func (p *parser) row(o *yaml.Object) {
	var known []string
	for _, c := range p.columns {
		if c.Role == rules.RoleNone {
			known = append(known, c.Name)
		}
	}
	o.Only(rules.EventKeys, known...)
	o.Need("t")
	o.Need("e")
	for key, n := range o.Fields() {
		i := slices.IndexFunc(p.columns, func(c rules.Column) bool {
			return c.Name == key.Name() && c.Role == rules.RoleNone
		})
		switch {
		case key.Name() == "e" && n.IsText():
			p.words.CheckEvent(n, n.Value())
		case i >= 0:
			p.columns[i].Fits(n)
		}
	}
}

// events reads rows; instant says how their times are written.
func (p *parser) events(n yaml.Node, user string, c Case, instant func(yaml.Node) (int64, bool)) []Event {
	list, _ := n.List()
	var out []Event
	for i, item := range list {
		o, ok := item.Object("an event")
		if !ok {
			continue
		}
		p.row(o)
		e := Event{ID: fmt.Sprintf("%s %s %d", c.ID, user, i), Device: user, Values: map[string]yaml.Node{}}
		for k, v := range o.Fields() {
			switch k.Name() {
			case "t":
				e.At, _ = instant(v)
			case "r":
				e.Received, _ = instant(v)
			case "e":
				e.Name, _ = v.Text()
			case "id":
				e.ID, _ = v.Text()
			case "dev":
				e.Device, _ = v.Text()
			case "cust":
				e.Customer, _ = v.Text()
			case "sid":
				e.Session, _ = v.Text()
			default:
				e.Values[k.Name()] = v
			}
		}
		if _, ok := o.Find("r"); !ok {
			e.Received = e.At
		}
		out = append(out, e)
	}
	return out
}
