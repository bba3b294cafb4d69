package rules

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// ParseSchema reads a file of kind EventSchema. The schema is nil if there are errors.
func ParseSchema(src *Source) (*Schema, Errors) {
	d := Read(src)
	e, ok := d.Envelope(KindEventSchema)
	if !ok {
		return nil, d.Errors()
	}
	e.Top.Only("apiVersion", "kind", "metadata", "spec")
	e.Metadata.Only("name", "version", "owner", "title")
	r := &schemaReader{doc: d, schema: &Schema{Name: e.Name, Version: 1, Source: src, Hash: sha256.Sum256([]byte(src.Text))}}
	if n, ok := e.Metadata.Find("version"); ok {
		r.schema.Version, _ = n.Int(1, maxCount)
	}
	if n, ok := e.Metadata.Find("owner"); ok {
		r.schema.Owner, _ = n.Text()
	}
	if n, ok := e.Metadata.Find("title"); ok {
		n.Text()
	}
	if n, ok := e.Top.Need("spec"); ok {
		r.spec(n)
	}
	if found := d.Errors(); found.Failed() {
		return nil, found
	}
	return r.schema, d.Errors()
}

type schemaReader struct {
	doc    *Document
	schema *Schema
}

func (r *schemaReader) spec(n Node) {
	o, ok := n.Object("spec")
	if !ok {
		return
	}
	o.Only("columns", "events", "empty_is_null", "of")
	if n, ok := o.Find("of"); ok {
		word, _ := n.Word("events", "customers")
		r.schema.Customers = word == "customers"
	}
	if n, ok := o.Find("empty_is_null"); ok {
		r.schema.EmptyIsNull, _ = n.Bool()
	}
	if n, ok := o.Need("columns"); ok {
		r.columns(n)
	}
	if n, ok := o.Find("events"); ok {
		r.events(n)
	}
}

var (
	columnForm  = regexp.MustCompile(`^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$`)
	decimalForm = regexp.MustCompile(`^decimal\(([0-9]{1,3}), ?([0-9]{1,3})\)$`)
	paramForm   = regexp.MustCompile(`^param\(([^ ,()']+), ?'([^']+)', ?(string|int|float|double)\)$`)
)

func (r *schemaReader) columns(n Node) {
	o, ok := n.Object("columns")
	if !ok {
		return
	}
	for _, f := range o.fields {
		if !columnForm.MatchString(f.key.name) || reserved(f.key.name) {
			r.doc.fail("E-NAME", f.key.Span(), fmt.Sprintf("%q cannot be the name of a column", f.key.name),
				expected("small letters, digits and _, with dots between parts; another name in the file goes into from:"))
			continue
		}
		if c, ok := r.column(f); ok {
			r.schema.Columns = append(r.schema.Columns, c)
		}
	}
	r.checkRoles(o)
}

var columnKeys = []string{"from", "type", "unit", "role", "enum", "label", "optional", "quantise", "zone", "int96", "since", "until"}

func (r *schemaReader) column(f field) (Column, bool) {
	c := Column{Name: f.key.name, From: f.key.name, Span: f.key.Span()}
	o, ok := f.value.Object("column " + c.Name)
	if !ok {
		return c, false
	}
	o.Only(columnKeys...)
	if n, ok := o.Need("type"); ok {
		c.Type, _ = r.columnType(n)
	}
	if n, ok := o.Find("from"); ok {
		r.from(&c, n)
	}
	if n, ok := o.Find("role"); ok {
		r.role(&c, n)
	}
	if n, ok := o.Find("optional"); ok {
		c.Optional, _ = n.Bool()
	}
	for key, to := range map[string]*string{"since": &c.Since, "until": &c.Until} {
		if n, ok := o.Find(key); ok {
			date, _ := n.Date()
			*to = date.String()
		}
	}
	r.timeKeys(&c, o)
	r.valueKeys(&c, o)
	return c, true
}

func (r *schemaReader) columnType(n Node) (Type, bool) {
	text, ok := n.Text()
	if !ok {
		return Type{}, false
	}
	if parts := decimalForm.FindStringSubmatch(text); parts != nil {
		precision, _ := strconv.Atoi(parts[1]) // one to three digits
		scale, _ := strconv.Atoi(parts[2])
		t := Type{Kind: Decimal, Precision: precision, Scale: scale}
		switch {
		case precision == 0 || scale > precision:
			r.doc.fail("E-TYPE", n.Span(), text+" is not a type", expected("decimal(p,s) with p at least 1 and s at most p"))
		case precision > maxDigits:
			r.doc.fail("E-NOT-BUILT", n.Span(), text+" is not built in this version", expected("at most decimal(18,s)")).Missing = text
		default:
			return t, true
		}
		return Type{}, false
	}
	for kind, name := range typeNames {
		if name == text && kind != Decimal {
			return Type{Kind: kind}, true
		}
	}
	names := []string{"text", "integer", "decimal(p,s)", "float", "boolean", "date", "timestamp", "time"}
	r.doc.fail("E-TYPE", n.Span(), fmt.Sprintf("%q is not a type", text), append(didYouMean(text, names), expected("one of "+list(names)))...)
	return Type{}, false
}

// from reads where the file keeps the column: a path, or a key in a list of keys and values.
func (r *schemaReader) from(c *Column, n Node) {
	text, ok := n.Text()
	if !ok {
		return
	}
	c.From = text
	parts := paramForm.FindStringSubmatch(text)
	switch {
	case parts != nil:
		c.From, c.Param, c.Slot = parts[1], parts[2], parts[3]
	case !validPath(text):
		n.Wrong("a column path such as user.geo.country, or param(event_params, 'page_location', string)")
	}
}

var pathForm = regexp.MustCompile(`^[^\s(),'"]+$`)

func validPath(text string) bool { return pathForm.MatchString(text) }

// roleKinds are the roles and the types that may play them.
var roleKinds = map[Role][]Kind{
	RoleEventTime: {Timestamp}, RoleReceivedAt: {Timestamp}, RoleEventID: {Text, Integer}, RoleEventName: {Text},
	RoleDevice: {Text, Integer}, RoleCustomer: {Text, Integer}, RoleSession: {Text, Integer}, RoleSeq: {Integer},
	RoleGPC: {Boolean, Text, Integer}, RoleBrowserDeny: {Boolean, Text, Integer}, RoleTCString: {Text},
}

// signalRoles are columns whose values deny: a version that cannot hear them must not read the log.
var signalRoles = []Role{RoleGPC, RoleBrowserDeny, RoleTCString}

func roleNames() []string {
	names := make([]string, 0, len(roleKinds))
	for r := range roleKinds {
		names = append(names, string(r))
	}
	slices.Sort(names)
	return names
}

func (r *schemaReader) role(c *Column, n Node) {
	word, ok := n.Word(roleNames()...)
	if !ok {
		return
	}
	c.Role = Role(word)
	if slices.Contains(signalRoles, c.Role) {
		r.doc.fail("E-NOT-BUILT", n.Span(), "the role "+word+" is not built in this version: signals on rows would be left unheard",
			expected("no source with such signals, or the signals as events of the consent log (actions gpc and browser)")).Missing = "role " + word
	}
	if first, taken := r.schema.WithRole(c.Role); taken {
		r.doc.fail("E-ROLE", n.Span(), fmt.Sprintf("column %s has the role %s already", first.Name, word), expected("one column for each role"))
	}
	if kinds := roleKinds[c.Role]; c.Type.Kind != 0 && !slices.Contains(kinds, c.Type.Kind) {
		r.doc.fail("E-ROLE", n.Span(), fmt.Sprintf("%s is %s, the role %s takes %s", c.Name, c.Type.describe(), word, describeKinds(kinds)))
	}
}

// checkRoles asks for the roles without which no row can be used.
func (r *schemaReader) checkRoles(o *Object) {
	if r.doc.found.Failed() {
		return
	}
	if r.schema.Customers {
		r.checkCustomers(o)
		return
	}
	if _, ok := r.schema.WithRole(RoleEventTime); !ok {
		r.doc.fail("E-ROLE", o.Span(), "no column has the role event_time", expected("role: event_time at the column that says when the event happened"))
	}
	if _, ok := r.schema.WithRole(RoleEventName); !ok {
		r.doc.fail("E-ROLE", o.Span(), "no column has the role event_name", expected("role: event_name at the column that says what happened"))
	}
	if _, ok := r.schema.WithRole(RoleDevice); !ok {
		r.doc.fail("E-ROLE", o.Span(), "no column has the role device", expected("role: device at the column with the browser's or app's id: a row without one has no owner"))
	}
}

// checkCustomers asks that a table of customers says whose each row is, and nothing that only events have.
func (r *schemaReader) checkCustomers(o *Object) {
	if _, ok := r.schema.WithRole(RoleCustomer); !ok {
		r.doc.fail("E-ROLE", o.Span(), "no column has the role customer", expected("role: customer at the column with the customer's id"))
	}
	for i := range r.schema.Columns {
		if c := &r.schema.Columns[i]; c.Role != RoleNone && c.Role != RoleCustomer {
			r.doc.fail("E-ROLE", c.Span, fmt.Sprintf("a table of customers has no column with the role %s", c.Role), expected("role: customer, or none"))
		}
	}
	if r.schema.Events != nil {
		r.doc.fail("E-ROLE", o.Span(), "a table of customers has no events", expected("no key events"))
	}
}

// timeKeys reads what only times have.
func (r *schemaReader) timeKeys(c *Column, o *Object) {
	if n, ok := o.Find("unit"); ok && r.only(c, n, Timestamp, TimeOfDay) {
		c.Unit, _ = n.Word("s", "ms", "us", "ns")
	}
	if n, ok := o.Find("zone"); ok && r.only(c, n, Timestamp) {
		if z, ok := n.Zone(); ok {
			c.Zone = z.Name()
		}
	}
	if n, ok := o.Find("int96"); ok && r.only(c, n, Timestamp) {
		c.INT96, _ = n.Word("utc")
	}
}

// valueKeys reads what the schema says of values.
func (r *schemaReader) valueKeys(c *Column, o *Object) {
	if n, ok := o.Find("enum"); ok && r.only(c, n, Text) {
		c.Enum, _ = n.Texts()
		if n.IsList() && len(c.Enum) == 0 {
			n.Wrong("a list of at least one value")
		}
	}
	if n, ok := o.Find("quantise"); ok && r.only(c, n, Float) {
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
	members := []Node{n}
	if !n.IsObject() {
		members, _ = n.List()
	}
	for _, member := range members {
		r.label(c, member)
	}
}

// everywhere are the roles of columns that have a value in every row that can be used.
var everywhere = []Role{RoleEventTime, RoleEventName, RoleReceivedAt, RoleDevice}

func (r *schemaReader) label(c *Column, n Node) {
	o, ok := n.Object("label")
	if !ok {
		return
	}
	o.Only("value", "prefix", "is", "policy")
	var l Label
	for key, to := range map[string]*string{"value": &l.Value, "prefix": &l.Prefix} {
		if n, ok := o.Find(key); ok && r.only(c, n, Text) {
			*to, _ = n.Text()
		}
	}
	if l.Value != "" && l.Prefix != "" {
		r.doc.fail("E-UNKNOWN-KEY", o.KeySpan("prefix"), "a label has a value or a prefix, not both")
	}
	if n, ok := o.Need("is"); ok {
		l.Is, _ = n.Text()
	}
	if n, ok := o.Find("policy"); ok {
		l.Policy, _ = n.Word(policyDrop, policyNoAds)
		if l.Policy == policyDrop && l.whole() && slices.Contains(everywhere, c.Role) {
			r.doc.fail("E-ROLE", n.Span(), fmt.Sprintf("every row has a value in %s, so no row would ever be used", c.Name),
				expected("value: or prefix: beside policy: drop"))
		}
	} else if l.Is != accountData {
		o.Need("policy")
	}
	c.Labels = append(c.Labels, l)
}

// only reports a key that columns of another type cannot have.
func (r *schemaReader) only(c *Column, n Node, kinds ...Kind) bool {
	if c.Type.Kind == 0 || slices.Contains(kinds, c.Type.Kind) {
		return true
	}
	r.doc.fail("E-TYPE", n.Span(), fmt.Sprintf("%s is %s and has no %s", c.Name, c.Type.describe(), n.name),
		expected(n.name+" at a column of type "+describeKinds(kinds)))
	return false
}

// events reads which event carries which columns.
func (r *schemaReader) events(n Node) {
	o, ok := n.Object("events")
	if !ok {
		return
	}
	r.schema.Events = map[string][]string{}
	var names []string
	for _, c := range r.schema.Columns {
		names = append(names, c.Name)
	}
	for _, f := range o.fields {
		columns, _ := f.value.List()
		carried := []string{}
		for _, member := range columns {
			if name, ok := member.Text(); ok {
				if !slices.Contains(names, name) {
					r.doc.fail("E-UNKNOWN-COLUMN", member.Span(), fmt.Sprintf("there is no column %q", name),
						append(didYouMean(name, names), expected("a column of this schema"))...)
				}
				carried = append(carried, name)
			}
		}
		r.schema.Events[f.key.name] = carried
	}
}
