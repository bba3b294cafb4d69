package rules

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Statistic is one entry of `statistics:` in malgrupp.yaml (docs/how-to/statistics.md): which rows it looks at, what it
// counts of them and by what, or the steps of a funnel.
type Statistic struct {
	Name, Title string
	// Rows says which rows are looked at, as a condition of the verb did, or of a sequence for a funnel.
	Rows  *Condition
	Count []string // of Measures, in the order in which they are told
	Every string   // of Periods; "": the window as a whole
	By    []Dimension
	Zone  *value.Zone
	Asked bool // it stands in no file: somebody asks now
	src   *source.Source
}

// Dimension is one thing that a statistic counts by.
type Dimension struct {
	*DimensionKind
	Name     string    // as written: next(page_path)
	Term     Term      // the column that is read, and its function; none where the kind takes none
	Function *Function // of the column; nil: none
	// Topics are what the rows are sorted into, where the kind asks for them.
	Topics []*Topic
}

// DimensionKind is a sort of dimension. The engine's half of each stands in segments, under the same name.
type DimensionKind struct {
	Kind, Doc string
	Takes     bool // a column, in brackets
	Topics    bool // takes the project's topics
	Session   bool // looks through the session of a row
	Since     bool // depends on when somebody was seen first since the window began
	Every     bool // has no sense without periods
}

// Dimensions are the sorts there are. The first is that of a column alone.
var Dimensions = []DimensionKind{
	{Kind: "", Takes: true, Doc: "the value of a column, or of a function of it: page_path, host(referrer)"},
	{Kind: "entry", Takes: true, Session: true, Doc: "the value in the first counted row of the session: where it begins"},
	{Kind: "exit", Takes: true, Session: true, Doc: "the value in the last counted row of the session: where it ends"},
	{
		Kind: "next", Takes: true, Session: true,
		Doc: "the value in the next counted row of the session, none behind the last: where one goes from here",
	},
	{Kind: "topic", Topics: true, Doc: "each topic of the project that the row is of; a row may be of several"},
	{
		Kind: "newness", Since: true, Every: true,
		Doc: "new if the device is seen first, since the window began, in this period, else returning",
	},
	{Kind: "cohort", Since: true, Every: true, Doc: "the period in which the device is seen first since the window began"},
}

// Measure is something that is counted.
type Measure struct {
	Name, Doc string
	Session   bool // counts sessions, which are made of all rows of a device
	Often     bool // counts what one person may have done any number of times, which a question is not told
}

// Measures are those there are.
var Measures = []Measure{
	{Name: "visits", Often: true, Doc: "rows: of page_view, visits of pages"},
	{Name: "visitors", Doc: "people: the customer where one is known on the row, else the device"},
	{Name: "sessions", Session: true, Often: true, Doc: "sessions with such a row, in the period in which they begin"},
	{Name: "devices", Doc: "devices"},
}

// Periods are what `every` may say.
var Periods = []string{"day", "week", "month"}

// maxDimensions is by how many things one statistic counts, maxTopics how many topics a project has.
const (
	maxDimensions = 3
	maxTopics     = 30
)

var statisticKeys = either(
	object(may("title", text), need("count", listOf(word(measureNames()...), 1)),
		need("of", events), may("where", whereText), need("within", window),
		may("every", word(Periods...)).Says("counted for each of these; default the window as a whole"),
		may("by", either(text, listOf(text, 1))).Says("columns, functions of columns, or dimensions; at most three")),
	object(may("title", text), need("funnel", listOf(object(need("did", events), may("where", whereText)), 2)),
		need("within", window),
		may("every", word(Periods...)).Says("counted for each of these, by when the first step was done")),
)

func measureNames() (out []string) {
	for _, m := range Measures {
		out = append(out, m.Name)
	}
	return out
}

// ReadStatistics reads what stands behind `statistics:`, in the order of the file. Statistics that are wrong are left
// out.
func (s *Scope) ReadStatistics(n yaml.Node) (out []*Statistic, found source.Findings) {
	o, ok := n.Apart().Object("statistics")
	if !ok {
		return nil, n.Document().Errors()
	}
	for key, member := range o.Fields() {
		if _, ok := key.Identifier(); !ok {
			continue
		}
		st, wrong := s.statistic(key.Name(), member)
		found = append(found, wrong...)
		if st != nil {
			out = append(out, st)
		}
	}
	return out, found
}

// statistic reads one entry; nil if it is wrong.
func (s *Scope) statistic(name string, n yaml.Node) (*Statistic, source.Findings) {
	n = n.Apart()
	c := s.checker(n.Document(), name)
	o, ok := n.Object("statistic " + name)
	if !ok {
		return nil, c.doc.Errors()
	}
	st := &Statistic{Name: name, Zone: s.Zone, src: c.doc.Source}
	rows := &Condition{Verb: "did", Path: name, Span: o.Span()}
	st.Rows = rows
	o.Call("statistic " + name)
	if funnel, is := o.Find("funnel"); is {
		rows.Verb = "sequence"
		o.Only(statisticKeys.Either[1])
		c.sequence(rows, funnel)
		if rows.Sequence != nil && len(rows.Sequence.Steps) < 2 && !c.doc.Found.Failed() {
			c.doc.Fail("E-SEQUENCE", funnel.Span(), "a funnel has two steps or more", source.Expected("- did: EVENT, in order"))
		}
		st.followed(c)
	} else {
		o.Only(statisticKeys.Either[0])
		st.counted(c, o)
	}
	st.Title = o.Text("title")
	if w, ok := o.Find("within"); ok {
		rows.Window = c.window(w)
	} else {
		c.missing(rows, "within")
	}
	if every, ok := o.Find("every"); ok {
		st.Every, _ = every.Word(Periods...)
	}
	for _, d := range st.By {
		if d.Every && st.Every == "" {
			c.doc.Fail("E-STATISTIC", o.Span(), d.Name+" tells periods apart, and there are none",
				source.Expected("every: "+strings.Join(Periods, ", every: ")))
		}
	}
	if c.doc.Found.Failed() {
		return nil, c.doc.Errors()
	}
	return st, c.doc.Errors()
}

// followed refuses what a sequence of rules may say of its steps and a funnel does not ask.
func (st *Statistic) followed(c *checker) {
	st.Count = []string{"visitors"}
	if st.Rows.Sequence == nil {
		return
	}
	for step := range st.Rows.Sequence.All() {
		if step.Limit != (value.Duration{}) || step.Without != nil {
			c.doc.Fail("E-STATISTIC", step.Span, "a step of a funnel follows whenever it does",
				source.Expected("did and where, nothing else"))
		}
	}
}

// counted reads the form that counts rows.
func (st *Statistic) counted(c *checker, o *yaml.Object) {
	if n, ok := o.Need("count"); ok {
		members, _ := n.List()
		for _, m := range members {
			if w, ok := m.Word(measureNames()...); ok && !slices.Contains(st.Count, w) {
				st.Count = append(st.Count, w)
			}
		}
		if len(members) == 0 {
			n.Wrong("a list of " + strings.Join(measureNames(), ", "))
		}
	}
	if n, ok := o.Need("of"); ok {
		c.events(st.Rows, n)
	}
	if n, ok := o.Find("where"); ok {
		st.Rows.Where = c.where(n, st.Rows.Events)
	}
	n, ok := o.Find("by")
	if !ok {
		return
	}
	members := []yaml.Node{n}
	if n.IsList() {
		members, _ = n.List()
	}
	if len(members) > maxDimensions {
		c.doc.Fail("E-STATISTIC", n.Span(), fmt.Sprintf("this counts by %d things", len(members)),
			source.Expected(fmt.Sprintf("at most %d", maxDimensions)))
	}
	for _, m := range members {
		d, ok := c.dimension(m)
		if slices.ContainsFunc(st.By, func(o Dimension) bool { return o.Name == d.Name }) {
			c.doc.Fail("E-STATISTIC", m.Span(), d.Name+" stands here twice")
		} else if ok {
			st.By = append(st.By, d)
		}
	}
}

// dimensionForm is a call, of a column or of a call in it, with a text where a function takes one.
var dimensionForm = regexp.MustCompile(`^([a-z_]+)\((.+)\)$`)

// dimension reads what a statistic counts by.
func (c *checker) dimension(n yaml.Node) (Dimension, bool) {
	text, ok := n.Text()
	if !ok {
		return Dimension{}, false
	}
	d := Dimension{Name: text, DimensionKind: &Dimensions[0]}
	inner := text
	if call := dimensionForm.FindStringSubmatch(text); call != nil {
		if k, ok := find(Dimensions, func(k *DimensionKind) bool { return k.Kind == call[1] && k.Takes }); ok {
			d.DimensionKind, inner = k, call[2]
		}
	} else if k, ok := find(Dimensions, func(k *DimensionKind) bool { return k.Kind == text && !k.Takes }); ok {
		d.DimensionKind = k
	}
	switch {
	case d.Topics != nil || d.DimensionKind.Topics:
		d.Topics = c.scope.Topics
		if d.Topics == nil {
			c.doc.Fail("E-STATISTIC", n.Span(), "the project has no topics", source.Expected("topics: in malgrupp.yaml"))
		}
		return d, d.Topics != nil
	case !d.Takes:
		return d, true
	}
	return d, c.countedTerm(&d, n, inner)
}

// countedTerm reads a column, or a function of one, whose values are told.
func (c *checker) countedTerm(d *Dimension, n yaml.Node, text string) bool {
	fail := func(code, message string, hints ...source.Hint) bool {
		c.doc.Fail(code, n.Span(), message, hints...)
		return false
	}
	column, key := text, ""
	var f *Function
	if call := dimensionForm.FindStringSubmatch(text); call != nil {
		var known bool
		if f, known = c.scope.function(call[1]); !known {
			return fail("E-UNKNOWN-FUNCTION", fmt.Sprintf("there is no function or dimension %q", call[1]),
				source.DidYouMean(call[1], append(c.scope.functionNames(), dimensionNames()...))...)
		}
		column = call[2]
		if before, quoted, ok := strings.Cut(column, ","); ok {
			quoted = strings.TrimSpace(quoted)
			column, key = before, strings.Trim(quoted, "'")
			if quoted != value.Quote(key) {
				return fail("E-STATISTIC", f.Name+" takes a text in quotes", source.Expected(f.Name+"(column, 'name')"))
			}
		}
		if f.HasKey != (key != "") || f.Result.Kind != value.Text || f.Apply == nil {
			return fail("E-STATISTIC", fmt.Sprintf("%q is nothing to count by", text),
				source.Expected("a column, or a function whose values are texts: host(referrer), query_param(url, 'ref')"))
		}
	}
	w, ok := c.words.Columns[column]
	if !ok {
		return fail("E-UNKNOWN-COLUMN", fmt.Sprintf("there is no column %q", column),
			append(source.DidYouMean(column, append(c.words.names(), dimensionNames()...)),
				c.words.columnHint(c.scope.Schemas, nil))...)
	}
	t := Term{Column: column, Key: key, Type: w.column.Type, Of: w.column.Type}
	if f != nil {
		if !slices.Contains(f.Of, t.Of.Kind) {
			return fail("E-TYPE", fmt.Sprintf("%s is %s, %s takes %s", column, t.Of.Describe(), f.Name,
				value.DescribeKinds(f.Of)))
		}
		t.Function, t.Type = f.Name, f.Result
	}
	d.Term, d.Function = t, f
	if role, schema, ok := w.idRole(); ok {
		c.doc.Fail("E-PERSON", n.Span(), column+" holds ids, and no single one may be told",
			source.Expected("count: [devices], or visitors")).Note = roleNote(role, schema)
		return false
	}
	if role, schema, ok := w.signal(); ok {
		c.doc.Fail("E-SIGNAL", n.Span(), column+" says what a visitor refused, and nothing may be counted by it").
			Note = roleNote(role, schema)
		return false
	}
	if !slices.Contains(countedKinds, t.Type.Kind) {
		return fail("E-TYPE", fmt.Sprintf("%s is %s and has too many values to count by", text, t.Type.Describe()),
			source.Expected("a column of "+value.DescribeKinds(countedKinds)))
	}
	return true
}

var countedKinds = []value.Kind{value.Text, value.Boolean, value.Integer, value.Date}

func dimensionNames() (out []string) {
	for _, k := range Dimensions[1:] {
		out = append(out, k.Kind)
	}
	return out
}

// Question reads a statistic that stands in no file: keys with their values as a file has them.
func (s *Scope) Question(text string) (*Statistic, source.Findings) {
	d := yaml.Read(&source.Source{Name: "the question", Text: text})
	if d.Found.Failed() {
		return nil, d.Errors()
	}
	st, found := s.statistic("question", d.Root())
	if st == nil {
		return nil, found
	}
	st.Asked = true
	for _, m := range Measures {
		if m.Often && slices.Contains(st.Count, m.Name) {
			d.Fail("E-STATISTIC", d.Root().Span(), m.Name+" are counted where the statistic stands in malgrupp.yaml: "+
				"one person may have many, which no crowd around her hides", source.Expected("count: visitors or devices"))
		}
	}
	if d.Found.Failed() {
		return nil, d.Errors()
	}
	return st, found
}

// Sessions reports whether the statistic looks at sessions.
func (st *Statistic) Sessions() bool {
	for _, name := range st.Count {
		if m, _ := find(Measures, func(m *Measure) bool { return m.Name == name }); m.Session {
			return true
		}
	}
	return slices.ContainsFunc(st.By, func(d Dimension) bool { return d.Session })
}

// Since reports whether it depends on when somebody was seen first.
func (st *Statistic) Since() bool {
	return slices.ContainsFunc(st.By, func(d Dimension) bool { return d.Since })
}

// Reads are the columns that it reads, sorted and distinct.
func (st *Statistic) Reads() (out []string) {
	out = Columns(st.Rows.Where)
	for step := range st.Rows.Sequence.All() {
		out = append(out, Columns(step.Where)...)
	}
	for i := range st.By {
		if d := &st.By[i]; d.Takes {
			out = append(out, d.Term.Column)
		}
		for _, t := range st.By[i].Topics {
			out = append(out, Columns(t.Where)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Segment is the statistic as a rule about whoever did one of these things, for those who judge rules.
func (st *Statistic) Segment() *Segment {
	return &Segment{
		Name: st.Name, Level: DeviceLevel, Zone: st.Zone, Match: st.Rows, Source: st.src,
		Hash: sha256.Sum256([]byte(st.Normal())),
	}
}

// Normal is what the statistic says, without its name and title.
func (st *Statistic) Normal() string {
	by := make([]string, len(st.By))
	for i := range st.By {
		by[i] = st.By[i].Name
		for _, t := range st.By[i].Topics {
			by[i] += " " + t.Name + ": " + Key(t.Where)
		}
	}
	return fmt.Sprintf("%s\ncount: %q\nevery: %s\nby: %q", st.Rows.Normal(), st.Count, st.Every, by)
}
