package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/malgrupp/malgrupp/rules/source"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
	"github.com/malgrupp/malgrupp/rules/yaml"
)

// Role is the part a column plays for the program itself; one column per role, most columns have none.
type Role string

// The roles (docs/how-to/schemas.md). Several columns may be signals of one sort (gpc, browser_deny).
const (
	RoleNone        Role = ""
	RoleEventTime   Role = "event_time"
	RoleReceivedAt  Role = "received_at"
	RoleEventID     Role = "event_id"
	RoleEventName   Role = "event_name"
	RoleDevice      Role = "device"
	RoleCustomer    Role = "customer"
	RoleSession     Role = "session"
	RoleSeq         Role = "seq"
	RoleGPC         Role = "gpc"
	RoleBrowserDeny Role = "browser_deny"
	RoleTCString    Role = "tc_string"
)

// Column is one name of the analysts' vocabulary and where a log keeps it.
type Column struct {
	Name     string
	From     string // where the file has the column (where.ParsePath), default the name
	Param    string // with param(path, key, slot): the key; From is then the path of the key-value list
	Slot     string // string, int, float or double; text or number for whichever is filled
	Value    string // of the event's name: what every row has, the file having no such column
	Encoding string // hex or uuid: how the bytes of a binary column are written
	Type     value.Type
	Unit     string // s, ms, us or ns: how a plain integer counts time
	Role     Role
	Enum     []string
	Denies   []string // of a signal that is a text: the values that refuse
	Min, Max *int64   // of an integer or a decimal, in units of its scale; nil: any that the type holds
	// MaxLength is how many characters a text has at most; zero: as many as any text may have.
	MaxLength int
	Labels    []Label
	Optional  bool
	Quantise  *value.Number // the step of a float column that may be summed
	Zone      string        // zone of a zoneless timestamp
	INT96     string        // "utc" allows INT96 as event time
	Since     string        // first and last date (inclusive, of arrival) on which files carry the column
	Until     string
	Span      source.Span
}

// Path is where the file has the column, as the schema writes it.
func (c *Column) Path() string {
	if c.From == "" {
		return c.Name
	}
	return c.From
}

// AnySlot reports whether the column takes whichever slot of an entry is filled.
func (c *Column) AnySlot() bool { return c.Slot == "number" || c.Slot == "text" }

// samePlace reports whether two columns read the same place of a file; how its name is quoted is no matter.
func (c *Column) samePlace(o *Column) bool {
	if c.From == "" || o.From == "" || c.Param != o.Param {
		return false
	}
	a, _ := where.ParsePath(c.From)
	b, _ := where.ParsePath(o.From)
	return where.Flat(a) == where.Flat(b)
}

// Schema maps the columns of one event log to the names that rules use.
type Schema struct {
	Name        string
	Version     int
	Owner       string
	EmptyIsNull bool
	Customers   bool                // rows are customers with their attributes, not events
	Columns     []Column            // in file order
	Events      map[string][]string // which event carries which columns; nil: not declared
	Source      *source.Source
	Hash        [32]byte // of the file's text
}

// Column returns the column of that name.
func (s *Schema) Column(name string) (*Column, bool) {
	return find(s.Columns, func(c *Column) bool { return c.Name == name })
}

// WithRole returns the column that plays the role.
func (s *Schema) WithRole(r Role) (*Column, bool) {
	return find(s.Columns, func(c *Column) bool { return c.Role == r })
}

// Fits reports a value of a file that the column cannot hold: one of another type, not among its values, or beyond
// them. What is not there or empty is no value.
func (c *Column) Fits(n yaml.Node) {
	kind := c.Type.Kind
	switch {
	case n.IsNull():
	case n.IsObject() || n.IsList():
		n.Wrong(exampleOf(kind))
	case kind == value.Text && !n.IsText():
		n.Text()
	case kind == value.Text:
		text := n.Value()
		if c.Enum != nil && !slices.Contains(c.Enum, text) {
			n.Word(c.Enum...)
		} else if c.MaxLength > 0 && utf8.RuneCountInString(text) > c.MaxLength {
			n.Document().Fail("E-RANGE", n.Span(), fmt.Sprintf("%s has %d letters", n.Name(), utf8.RuneCountInString(text)),
				source.Expected(fmt.Sprintf("at most %d: max_length of the schema", c.MaxLength)))
		}
	default:
		c.fitsTyped(n)
	}
}

// fitsTyped reports a value that is no number, date or the like of the column.
func (c *Column) fitsTyped(n yaml.Node) {
	v, ok := value.ParseValue(c.Type, n.Value())
	switch {
	case ok && (c.Min != nil && v.Int < *c.Min || c.Max != nil && v.Int > *c.Max):
		n.Document().Fail("E-RANGE", n.Span(), fmt.Sprintf("%s is %s", n.Name(), n.Value()),
			source.Expected("a number within min and max of the schema"))
	case ok:
	case (c.Type.Kind == value.Integer || c.Type.Kind == value.Decimal) && value.IsNumber(n.Value()):
		n.Document().Fail("E-RANGE", n.Span(), fmt.Sprintf("%s is %s, which %v does not hold", n.Name(), n.Value(), c.Type),
			source.Expected(fmt.Sprintf("a number with at most %d digits behind the point", c.Type.Scale)))
	default:
		l := where.Literal{Kind: where.LiteralText, Text: n.Value()}
		var hints []source.Hint
		if meant := meantBy(l, boundTerm{Term: Term{Type: c.Type}}); meant != "" {
			hints = []source.Hint{{Label: source.LabelDidYouMean, Text: unworded(meant)}}
		}
		n.Wrong(unworded(exampleOf(c.Type.Kind)), hints...)
	}
}

// unworded is a literal of a where as files write it: without the word and the quotes.
func unworded(literal string) string {
	if _, text, ok := strings.Cut(literal, " '"); ok {
		text, _, _ = strings.Cut(text, "'")
		return text
	}
	return literal
}
