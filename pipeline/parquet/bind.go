package parquet

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
	"github.com/malgrupp/malgrupp/rules/where"
)

// binding says where a schema's column lies in one file and how its values become the schema's type.
type binding struct {
	column  rules.Column
	leaf    *node // nil: the file lacks the column, every row is null
	empty   bool  // the leaf holds nothing but nulls, whatever its type; reading makes sure
	key     *node // set for param(path, key, slot): keys of the list whose values leaf holds
	slots   []slot
	convert conversion
}

// binder finds columns in one file.
type binder struct {
	root   *node
	noRows bool // the file has none: nothing that it lacks is missed
}

// bind finds every column of the schema in the file.
func (b binder) bind(schema *rules.Schema) ([]binding, error) {
	bound := make([]binding, len(schema.Columns))
	for i, column := range schema.Columns {
		one, err := b.column(column)
		if err != nil {
			return nil, &columnError{column.Name, err}
		}
		bound[i] = one
	}
	return bound, nil
}

// columnError is a fault of one column.
type columnError struct {
	column string
	err    error
}

func (e *columnError) Error() string { return e.err.Error() }

// locate finds the node that a schema's column names; nil if the file has none.
func (b binder) locate(column rules.Column) *node {
	if column.From == "" {
		return b.root.find([]where.Step{{Name: column.Name}})
	}
	path, _ := where.ParsePath(column.From)
	return b.root.find(path)
}

func (b binder) column(column rules.Column) (binding, error) {
	bound := binding{column: column}
	if column.Value != "" {
		return bound, nil
	}
	may := column.Optional || column.Since != "" || column.Until != "" || b.noRows
	n := b.locate(column)
	if n == nil {
		if may {
			return bound, nil
		}
		return bound, faultf("the file has no column %q: correct `from`, or say `optional: true`", column.Path())
	}
	found, err := bindNode(bound, n)
	if at := n.emptiness(); err != nil && at != nil && may {
		return binding{column: column, leaf: at, empty: true}, nil
	}
	return found, err
}

func bindNode(b binding, n *node) (binding, error) {
	if b.column.Param != "" {
		return bindParam(b, n)
	}
	if n.leaf < 0 || n.maxRep > 0 {
		return b, faultf("%q is a group or a list in the file, expected one %s value per row", b.column.Path(),
			typeName(b.column.Type))
	}
	convert, err := newConversion(n, b.column)
	b.leaf, b.convert = n, convert
	return b, err
}

// bindParam finds key and value of a key-value list: a Parquet list or map, or a repeated group without either name.
func bindParam(b binding, n *node) (binding, error) {
	entry := n
	for entry.maxRep == n.maxRep && entry.repetition() != format.Repeated && len(entry.children) == 1 {
		entry = entry.children[0]
	}
	for entry.child("key") == nil && len(entry.children) == 1 {
		entry = entry.children[0]
	}
	key, value := entry.child("key"), entry.child("value")
	if key == nil || value == nil || entry.maxRep != 1 {
		return b, faultf("%q is no list of key and value in the file", b.column.From)
	}
	for _, part := range []*node{key, value} {
		if at := part.emptiness(); at != nil && at.maxRep == 1 {
			b.leaf, b.empty = at, true
			return b, nil
		}
	}
	if key.leaf < 0 || key.element.Type.V != format.ByteArray {
		return b, faultf("the keys of %q are no texts in the file", b.column.From)
	}
	b.key = key
	if b.column.AnySlot() {
		return bindSlots(b, value)
	}
	if value.leaf < 0 {
		slot := value.child(b.column.Slot + "_value")
		if slot == nil {
			return b, faultf("values of %q have no slot %s_value in the file", b.column.From, b.column.Slot)
		}
		value = slot
	}
	if value.leaf < 0 || value.maxRep != 1 {
		return b, faultf("values of %q are lists or groups in the file", b.column.From)
	}
	convert, err := newConversion(value, b.column)
	if b.leaf, b.convert = value, convert; err != nil && value.void {
		b.key, b.empty = nil, true
		return b, nil
	}
	return b, err
}

// newConversion decides how a leaf's values become the column's type, or that they cannot
// (docs/how-to/schemas.md, What a type reads).
func newConversion(n *node, column rules.Column) (conversion, error) {
	is := n.logical()
	mismatch := faultf("the file holds %s, expected %s", n, typeName(column.Type))
	c := conversion{kind: column.Type.Kind, physical: n.element.Type.V, length: int(n.element.TypeLength.V)}
	ok := false
	switch column.Type.Kind {
	case value.Text:
		ok = c.textual(is, column)
	case value.Integer, value.Decimal, value.Float:
		ok = c.number(is, column.Type)
	case value.Boolean:
		ok = c.physical == format.Boolean
	case value.Date:
		ok = c.day(is)
	case value.Timestamp:
		return c.timed(is, column, mismatch)
	}
	if !ok || c.physical == format.FixedLenByteArray && c.length <= 0 {
		return c, mismatch
	}
	return c, nil
}

// textual is about texts, and what is written as one in one way only. Integers are digits of an id, or of a parameter
// whose slots may differ; in other columns they are something else than was meant.
func (c *conversion) textual(is logical, column rules.Column) bool {
	binary := c.physical == format.ByteArray || c.physical == format.FixedLenByteArray
	switch {
	case binary && column.Encoding != "" && (is.meaning == plain || is.meaning == uuid):
		c.spelling = hexed
		if column.Encoding == "uuid" {
			c.spelling = hyphened
		}
		return c.spelling == hexed || c.physical == format.ByteArray || c.length == uuidBytes
	case c.physical == format.ByteArray && (is.meaning == textual || is.meaning == plain):
	case c.physical == format.FixedLenByteArray && is.meaning == uuid && c.length == uuidBytes:
		c.spelling = hyphened
	case (column.IsID() || column.AnySlot()) &&
		(isInteger(c.physical, is) || isDecimal(c.physical, is) && is.scale == 0):
		c.spelling, c.unsigned = digits, is.meaning == unsigned
	case c.day(is):
		c.spelling = dated
	default:
		return false
	}
	return true
}

// day is about dates, and times on some wall clock that are the midnight of one.
func (c *conversion) day(is logical) bool {
	if c.physical == format.Int64 && is.meaning == instant && !is.utc {
		c.unit = is.unit
		return true
	}
	return c.physical == format.Int32 && is.meaning == date
}

// number is about numbers of every form: which one the file has is no matter as long as no digit is lost.
func (c *conversion) number(is logical, t value.Type) bool {
	scale := 0
	switch {
	case isFloat(c.physical, is) && (c.physical != format.FixedLenByteArray || c.length == halfBytes):
		c.floats = true
	case isInteger(c.physical, is):
		c.unsigned = is.meaning == unsigned
	case isDecimal(c.physical, is):
		scale = is.scale
	default:
		return false
	}
	if scale < 0 || scale > maxFileScale || scale > maxDecimalDigits && !c.byteStrings() {
		return false
	}
	switch t.Kind {
	case value.Float:
		c.scale = scale
	case value.Decimal:
		c.scale, c.most = t.Scale-scale, powerOfTen(min(max(t.Precision, 1), maxDecimalDigits))
	default:
		c.scale = -scale
	}
	c.factor, c.divisor = powerOfTen(c.scale), powerOfTen(-c.scale)
	return true
}

const (
	maxDecimalDigits = 18 // of a column
	maxFileScale     = 76 // of a file; no writer has more
	halfBytes        = 2
)

// powerOfTen is 1 for a negative exponent. What an int64 has no room for, divideWide reckons itself.
func powerOfTen(exponent int) int64 {
	p := int64(1)
	for range min(exponent, maxDecimalDigits) {
		p *= 10
	}
	return p
}

func isInteger(kind format.Type, is logical) bool {
	return (kind == format.Int32 || kind == format.Int64) &&
		(is.meaning == plain || is.meaning == signed || is.meaning == unsigned)
}

func isFloat(kind format.Type, is logical) bool {
	return kind == format.Float || kind == format.Double || kind == format.FixedLenByteArray && is.meaning == half
}

func isDecimal(kind format.Type, is logical) bool {
	switch kind {
	case format.Int32, format.Int64, format.ByteArray, format.FixedLenByteArray:
		return is.meaning == decimal
	}
	return false
}

// timed is about times. A file that knows what its times count needs neither `unit` nor `zone`; others need them.
func (c conversion) timed(is logical, column rules.Column, mismatch error) (conversion, error) {
	switch {
	case c.physical == format.Int96:
		if column.INT96 != "utc" && column.Role == rules.RoleEventTime {
			return c, fmt.Errorf("%w: say `int96: utc` if it counts in UTC", mismatch)
		}
		c.length = int96Bytes
		return c, nil
	case c.physical == format.Int64 && is.meaning == instant:
		c.unit = is.unit
		if is.utc {
			return c, nil
		}
		if column.Zone == "" {
			return c, fmt.Errorf("%w: its times name no zone, say which with `zone`", mismatch)
		}
		zone, err := value.LoadZone(column.Zone)
		c.zone = zone
		return c, err
	case c.physical == format.FixedLenByteArray && c.length <= 0:
	case c.number(is, value.Type{Kind: value.Integer}):
		if column.Unit == "" {
			return c, fmt.Errorf("%w: say with `unit` what its numbers count", mismatch)
		}
		c.unit = column.Unit
		return c, nil
	}
	return c, mismatch
}

// typeName writes a type as schemas do.
func typeName(t value.Type) string {
	if t.Kind == value.Decimal {
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	names := []string{"", "text", "integer", "decimal", "float", "boolean", "date", "timestamp"}
	if int(t.Kind) < len(names) {
		return names[t.Kind]
	}
	return strings.ToLower(fmt.Sprint(t.Kind))
}
