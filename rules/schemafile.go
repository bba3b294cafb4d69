package rules

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// ParseSchema reads a file of kind EventSchema. The schema is nil if there are errors.
func ParseSchema(src *source.Source) (*Schema, source.Findings) {
	d := yaml.Read(src)
	e, ok := d.Envelope(yaml.KindEventSchema)
	if !ok {
		return nil, d.Errors()
	}
	e.Top.Only(schemaKeys)
	e.Metadata.Only(schemaKeys.Behind("metadata"))
	r := &schemaReader{
		doc: d, schema: &Schema{Name: e.Name, Version: 1, Source: src, Hash: sha256.Sum256([]byte(src.Text))},
	}
	if _, ok := e.Metadata.Find("version"); ok {
		r.schema.Version = e.Metadata.Whole("version")
	}
	r.schema.Owner = e.Metadata.Text("owner")
	e.Metadata.Text("title")
	if n, ok := e.Top.Need("spec"); ok {
		r.spec(n)
	}
	if found := d.Errors(); found.Failed() {
		return nil, found
	}
	return r.schema, d.Errors()
}

type schemaReader struct {
	doc    *yaml.Document
	schema *Schema
}

func (r *schemaReader) spec(n yaml.Node) {
	o, ok := n.Object("spec")
	if !ok {
		return
	}
	o.Only(schemaKeys.Behind("spec"))
	r.schema.Customers, r.schema.EmptyIsNull = o.Word("of") == "customers", o.Truth("empty_is_null")
	if n, ok := o.Need("columns"); ok {
		r.columns(n)
	}
	if n, ok := o.Find("events"); ok {
		r.events(n)
	}
}

var (
	columnForm = regexp.MustCompile(`^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$`)
	slots      = []string{"string", "int", "float", "double", "number", "text"}
)

func (r *schemaReader) columns(n yaml.Node) {
	o, ok := n.Object("columns")
	if !ok {
		return
	}
	for key, value := range o.Fields() {
		if !columnForm.MatchString(key.Name()) || where.Reserved(key.Name()) {
			r.doc.Fail("E-NAME", key.Span(), fmt.Sprintf("%q cannot be the name of a column", key.Name()),
				source.Expected("small letters, digits and _, with dots between parts; another name in the file goes into from:"))
			continue
		}
		if c, ok := r.column(key, value); ok {
			r.schema.Columns = append(r.schema.Columns, c)
		}
	}
	r.checkRoles(o)
}

func (r *schemaReader) column(key, value yaml.Node) (Column, bool) {
	c := Column{Name: key.Name(), From: key.Name(), Span: key.Span()}
	o, ok := value.Object("column " + c.Name)
	if !ok {
		return c, false
	}
	if n, ok := o.Find("value"); ok {
		r.constant(&c, n, o)
		return c, true
	}
	o.Only(columnKeys)
	if n, ok := o.Need("type"); ok {
		c.Type, _ = r.columnType(n)
	}
	if n, ok := o.Find("from"); ok {
		r.from(&c, n)
	}
	if n, ok := o.Find("role"); ok {
		r.role(&c, n)
	}
	c.Optional = o.Truth("optional")
	for key, to := range map[string]*string{"since": &c.Since, "until": &c.Until} {
		if _, ok := o.Find(key); ok {
			*to = o.Date(key).String()
		}
	}
	r.timeKeys(&c, o)
	r.valueKeys(&c, o)
	r.denies(&c, o)
	return c, true
}

func (r *schemaReader) columnType(n yaml.Node) (value.Type, bool) {
	text, ok := n.Text()
	if !ok {
		return value.Type{}, false
	}
	t, ok := value.ParseType(text)
	switch {
	case ok:
		return t, true
	case t.Precision > value.MaxDigits && t.Scale <= t.Precision:
		r.doc.Fail("E-NOT-BUILT", n.Span(), text+" is not built in this version",
			source.Expected("at most decimal(18,s)")).Missing = text
		return value.Type{}, false
	case t.Kind == value.Decimal:
		r.doc.Fail("E-TYPE", n.Span(), text+" is not a type",
			source.Expected("decimal(p,s) with p at least 1 and s at most p"))
		return value.Type{}, false
	}
	names := []string{"text", "integer", "decimal(p,s)", "float", "boolean", "date", "timestamp", "time"}
	r.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%q is not a type", text),
		append(source.DidYouMean(text, names), source.Expected("one of "+strings.Join(names, ", ")))...)
	return value.Type{}, false
}

// from reads where the file keeps the column: a path, or a key in a list of keys and values.
func (r *schemaReader) from(c *Column, n yaml.Node) {
	text, ok := n.Text()
	if !ok {
		return
	}
	c.From = text
	if p, ok := where.ParseParam(text); ok && slices.Contains(slots, p.Slot) {
		c.From, c.Param, c.Slot = p.List, p.Key, p.Slot
		r.anySlot(c, n)
		return
	}
	if _, ok := where.ParsePath(text); !ok || strings.HasPrefix(text, "param(") {
		n.Wrong("a column such as Device ID, user.geo.country or `a.b`.c, or param(event_params, 'page_location', text) " +
			"with one of the slots " + strings.Join(slots, ", "))
	}
}

// anySlot asks that a column which takes whichever slot is filled has a type that can.
func (r *schemaReader) anySlot(c *Column, n yaml.Node) {
	kinds := map[string][]value.Kind{
		"text": {value.Text}, "number": {value.Integer, value.Decimal, value.Float},
	}[c.Slot]
	if c.AnySlot() && c.Type.Kind != 0 && !slices.Contains(kinds, c.Type.Kind) {
		r.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%s is %s and cannot take the slot %s", c.Name, c.Type.Describe(), c.Slot),
			source.Expected("type "+value.DescribeKinds(kinds)))
	}
}

// constant reads the name of the only event of a log that does not name its events.
func (r *schemaReader) constant(c *Column, n yaml.Node, o *yaml.Object) {
	o.Only(constantKeys)
	c.Type.Kind = value.Text
	var ok bool
	if c.Value, ok = n.Text(); ok && strings.TrimSpace(c.Value) == "" {
		n.Wrong("the name of the event that every row is, such as page_view")
	}
	if _, ok := o.Find("type"); ok {
		o.Word("type")
	}
	if role, ok := o.Find("role"); ok {
		o.Word("role")
		n = role
	}
	r.play(c, RoleEventName, n)
}

// roleKinds are the roles and the types that may play them.
var roleKinds = map[Role][]value.Kind{
	RoleEventTime: {value.Timestamp}, RoleReceivedAt: {value.Timestamp}, RoleEventID: {value.Text, value.Integer},
	RoleEventName: {value.Text}, RoleDevice: {value.Text, value.Integer}, RoleCustomer: {value.Text, value.Integer},
	RoleSession: {value.Text, value.Integer}, RoleSeq: {value.Integer},
	RoleGPC: {value.Boolean, value.Text, value.Integer}, RoleBrowserDeny: {value.Boolean, value.Text, value.Integer},
	RoleTCString: {value.Text},
}

func roleNames() []string {
	names := make([]string, 0, len(roleKinds))
	for r := range roleKinds {
		names = append(names, string(r))
	}
	slices.Sort(names)
	return names
}

func (r *schemaReader) role(c *Column, n yaml.Node) {
	word, ok := n.Word(columnKeys.Behind("role").Words...)
	if !ok {
		return
	}
	r.play(c, Role(word), n)
	if kinds := roleKinds[c.Role]; c.Type.Kind != 0 && !slices.Contains(kinds, c.Type.Kind) {
		r.doc.Fail("E-ROLE", n.Span(),
			fmt.Sprintf("%s is %s, the role %s takes %s", c.Name, c.Type.Describe(), word, value.DescribeKinds(kinds)))
	}
}

// play gives a column a role that no other has.
func (r *schemaReader) play(c *Column, role Role, n yaml.Node) {
	if first, taken := r.schema.WithRole(role); taken && role != RoleGPC && role != RoleBrowserDeny {
		r.doc.Fail("E-ROLE", n.Span(), fmt.Sprintf("column %s has the role %s already", first.Name, role),
			source.Expected("one column for each role"))
	}
	c.Role = role
}

// checkRoles asks for the roles without which no row can be used.
func (r *schemaReader) checkRoles(o *yaml.Object) {
	if r.doc.Found.Failed() {
		return
	}
	if r.schema.Customers {
		r.checkCustomers(o)
		return
	}
	if _, ok := r.schema.WithRole(RoleEventTime); !ok {
		r.doc.Fail("E-ROLE", o.Span(), "no column has the role event_time",
			source.Expected("role: event_time at the column that says when the event happened"))
	}
	if _, ok := r.schema.WithRole(RoleEventName); !ok {
		r.doc.Fail("E-ROLE", o.Span(), "no column has the role event_name",
			source.Expected("role: event_name at the column that says what happened; where every row is the same event, a "+
				"column with its name: event: {value: page_view}"))
	}
	if _, ok := r.schema.WithRole(RoleDevice); !ok {
		r.doc.Fail("E-ROLE", o.Span(), "no column has the role device",
			source.Expected("role: device at the column with the browser's or app's id: a row without one has no owner"))
	}
}

// checkCustomers asks that a table of customers says whose each row is, and nothing that only events have.
func (r *schemaReader) checkCustomers(o *yaml.Object) {
	if _, ok := r.schema.WithRole(RoleCustomer); !ok {
		r.doc.Fail("E-ROLE", o.Span(), "no column has the role customer",
			source.Expected("role: customer at the column with the customer's id"))
	}
	for i := range r.schema.Columns {
		if c := &r.schema.Columns[i]; c.Role != RoleNone && c.Role != RoleCustomer {
			r.doc.Fail("E-ROLE", c.Span, fmt.Sprintf("a table of customers has no column with the role %s", c.Role),
				source.Expected("role: customer, or none"))
		}
	}
	if r.schema.Events != nil {
		r.doc.Fail("E-ROLE", o.Span(), "a table of customers has no events", source.Expected("no key events"))
	}
}

// timeKeys reads what only times have.
func (r *schemaReader) timeKeys(c *Column, o *yaml.Object) {
	if n, ok := o.Find("unit"); ok && r.only(c, n, value.Timestamp, value.TimeOfDay) {
		c.Unit = o.Word("unit")
	}
	if n, ok := o.Find("zone"); ok && r.only(c, n, value.Timestamp) {
		if z, ok := n.Zone(); ok {
			c.Zone = z.Name()
		}
	}
	if n, ok := o.Find("int96"); ok && r.only(c, n, value.Timestamp) {
		c.INT96 = o.Word("int96")
	}
}

// valueKeys reads what the schema says of values.
func (r *schemaReader) valueKeys(c *Column, o *yaml.Object) {
	if n, ok := o.Find("encoding"); ok && r.only(c, n, value.Text) {
		c.Encoding = o.Word("encoding")
	}
	if n, ok := o.Find("enum"); ok && r.only(c, n, value.Text) {
		if c.Enum, ok = n.Texts(); ok && len(c.Enum) == 0 {
			n.Wrong("a list of at least one value")
		}
	}
	c.Min, c.Max = r.bound(c, o, "min"), r.bound(c, o, "max")
	if c.Min != nil && c.Max != nil && *c.Min > *c.Max {
		r.doc.Fail("E-RANGE", o.KeySpan("max"), "no number is above max and below min", source.Expected("max at least min"))
	}
	if n, ok := o.Find("max_length"); ok && r.only(c, n, value.Text) {
		c.MaxLength = o.Whole("max_length")
	}
	if n, ok := o.Find("quantise"); ok && r.only(c, n, value.Float) {
		step, ok := n.Number()
		if ok && step.Int <= 0 {
			n.Wrong("a number above 0, such as 0.01")
		}
		c.Quantise = &step
	}
	n, ok := o.Find("label")
	if !ok {
		return
	}
	members := []yaml.Node{n}
	if !n.IsObject() {
		members, _ = n.List()
	}
	for _, member := range members {
		r.label(c, member)
	}
}

// denies reads which values of a signal refuse: of a text somebody must say so.
func (r *schemaReader) denies(c *Column, o *yaml.Object) {
	signal := c.Role == RoleGPC || c.Role == RoleBrowserDeny
	n, ok := o.Find("denies")
	switch {
	case ok && (!signal || c.Type.Kind != value.Text):
		r.doc.Fail("E-ROLE", n.Span(), "denies is said of a column that is no signal, or no text",
			source.Expected("denies: of a text with role gpc or browser_deny; a boolean refuses by true, an integer by "+
				"all but 0"))
	case ok:
		if c.Denies, ok = n.Texts(); ok && len(c.Denies) == 0 {
			n.Wrong("a list of at least one value")
		}
	case signal && c.Type.Kind == value.Text:
		r.doc.Fail("E-ROLE", o.Span(), fmt.Sprintf("which values of %s refuse is not said", c.Name),
			source.Expected("denies: and all values that refuse, such as [\"No\"]"))
	}
}

// bound reads the least or the largest number of a column; nil if it has none.
func (r *schemaReader) bound(c *Column, o *yaml.Object, key string) *int64 {
	n, ok := o.Find(key)
	if !ok || !r.only(c, n, value.Integer, value.Decimal) {
		return nil
	}
	number, ok := n.Number()
	if !ok {
		return nil
	}
	units, exact, fits := number.AtScale(c.Type.Scale)
	if !exact || !fits {
		r.doc.Fail("E-RANGE", n.Span(), fmt.Sprintf("%v is not a value of %v", number, c.Type),
			source.Expected(fmt.Sprintf("a number with at most %d decimals", c.Type.Scale)))
		return nil
	}
	return &units
}

// everywhere are the roles of columns that have a value in every row that can be used.
var everywhere = []Role{RoleEventTime, RoleEventName, RoleReceivedAt, RoleDevice}

func (r *schemaReader) label(c *Column, n yaml.Node) {
	o, ok := n.Object("label")
	if !ok {
		return
	}
	o.Only(labelKeys)
	var l Label
	for key, to := range map[string]*string{"value": &l.Value, "prefix": &l.Prefix} {
		if n, ok := o.Find(key); ok && r.only(c, n, value.Text) {
			*to, _ = n.Text()
		}
	}
	if l.Value != "" && l.Prefix != "" {
		r.doc.Fail("E-UNKNOWN-KEY", o.KeySpan("prefix"), "a label has a value or a prefix, not both")
	}
	l.Is = o.Text("is")
	if n, ok := o.Find("policy"); ok {
		l.Policy = o.Word("policy")
		if l.Policy == policyDrop && l.whole() && slices.Contains(everywhere, c.Role) {
			r.doc.Fail("E-ROLE", n.Span(), fmt.Sprintf("every row has a value in %s, so no row would ever be used", c.Name),
				source.Expected("value: or prefix: beside policy: drop"))
		}
	} else if l.Is != accountData {
		o.Need("policy")
	}
	c.Labels = append(c.Labels, l)
}

// only reports a key that columns of another type cannot have.
func (r *schemaReader) only(c *Column, n yaml.Node, kinds ...value.Kind) bool {
	if c.Type.Kind == 0 || slices.Contains(kinds, c.Type.Kind) {
		return true
	}
	r.doc.Fail("E-TYPE", n.Span(), fmt.Sprintf("%s is %s and has no %s", c.Name, c.Type.Describe(), n.Name()),
		source.Expected(n.Name()+" at a column of type "+value.DescribeKinds(kinds)))
	return false
}

// events reads which event carries which columns.
func (r *schemaReader) events(n yaml.Node) {
	o, ok := n.Object("events")
	if !ok {
		return
	}
	r.schema.Events = map[string][]string{}
	var names []string
	for _, c := range r.schema.Columns {
		names = append(names, c.Name)
	}
	for event, list := range o.Fields() {
		columns, _ := list.List()
		carried := []string{}
		for _, member := range columns {
			if name, ok := member.Text(); ok {
				if !slices.Contains(names, name) {
					r.doc.Fail("E-UNKNOWN-COLUMN", member.Span(), fmt.Sprintf("there is no column %q", name),
						append(source.DidYouMean(name, names), source.Expected("a column of this schema"))...)
				}
				carried = append(carried, name)
			}
		}
		r.schema.Events[event.Name()] = carried
	}
}
