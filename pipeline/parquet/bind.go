package parquet

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// binding says where a schema's column lies in one file and how its values become the schema's type.
type binding struct {
	column  rules.Column
	leaf    *node // nil: the file lacks the column, every row is null
	key     *node // set for param(path, key, slot): keys of the list whose values leaf holds
	convert conversion
}

// bind finds every column of the schema in the file.
func bind(root *node, schema *rules.Schema) ([]binding, error) {
	bound := make([]binding, len(schema.Columns))
	for i, column := range schema.Columns {
		b, err := bindColumn(root, column)
		if err != nil {
			return nil, &columnError{column.Name, err}
		}
		bound[i] = b
	}
	return bound, nil
}

// columnError is a fault of one column.
type columnError struct {
	column string
	err    error
}

func (e *columnError) Error() string { return e.err.Error() }

func bindColumn(root *node, column rules.Column) (binding, error) {
	b := binding{column: column}
	path := column.From
	if path == "" {
		path = column.Name
	}
	n := root.find(path)
	if n == nil {
		if column.Optional || column.Since != "" || column.Until != "" {
			return b, nil
		}
		return b, faultf("the file has no column %q: correct `from`, or say `optional: true`", path)
	}
	if column.Param != "" {
		return bindParam(b, n)
	}
	if n.leaf < 0 || n.maxRep > 0 {
		return b, faultf("%q is a group or a list in the file, expected one %s value per row", path, typeName(column.Type))
	}
	b.leaf = n
	convert, err := newConversion(n, column)
	b.convert = convert
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
	if key == nil || value == nil || entry.maxRep != 1 || key.leaf < 0 || key.element.Type.V != format.ByteArray {
		return b, faultf("%q is no list of key and value in the file", b.column.From)
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
	b.leaf, b.key = value, key
	convert, err := newConversion(value, b.column)
	b.convert = convert
	return b, err
}

// newConversion decides how a leaf's values become the column's type, or that they cannot.
func newConversion(n *node, column rules.Column) (conversion, error) {
	kind, is := n.element.Type.V, n.logical()
	mismatch := faultf("the file holds %s, expected %s", n, typeName(column.Type))
	ok := false
	c := conversion{kind: column.Type.Kind, physical: kind, length: int(n.element.TypeLength.V)}
	switch column.Type.Kind {
	case value.Text:
		ok = kind == format.ByteArray && (is.meaning == textual || is.meaning == plain)
	case value.Integer:
		c.unsigned = is.meaning == unsigned
		ok = isInteger(kind, is) || is.meaning == decimal && is.scale == 0 && isDecimal(kind)
	case value.Decimal:
		c.unsigned = is.meaning == unsigned
		ok = is.meaning == decimal && isDecimal(kind) || isInteger(kind, is)
		return c.scaled(column.Type, is.scale, ok, mismatch)
	case value.Float:
		ok = kind == format.Float || kind == format.Double
	case value.Boolean:
		ok = kind == format.Boolean
	case value.Date:
		ok = kind == format.Int32 && is.meaning == date
	case value.Timestamp:
		return c.timed(is, column, mismatch)
	}
	if !ok || kind == format.FixedLenByteArray && c.length <= 0 {
		return c, mismatch
	}
	return c, nil
}

func isInteger(kind format.Type, is logical) bool {
	return (kind == format.Int32 || kind == format.Int64) &&
		(is.meaning == plain || is.meaning == signed || is.meaning == unsigned)
}

func isDecimal(kind format.Type) bool {
	switch kind {
	case format.Int32, format.Int64, format.ByteArray, format.FixedLenByteArray:
		return true
	}
	return false
}

const maxDecimalDigits = 18

func (c conversion) scaled(t value.Type, scale int, ok bool, mismatch error) (conversion, error) {
	up := t.Scale - scale
	if !ok || up > maxDecimalDigits || -up > maxDecimalDigits || c.physical == format.FixedLenByteArray && c.length <= 0 {
		return c, mismatch
	}
	c.factor, c.divisor = powerOfTen(up), powerOfTen(-up)
	c.most = powerOfTen(min(max(t.Precision, 1), maxDecimalDigits))
	return c, nil
}

// powerOfTen is 1 for a negative exponent.
func powerOfTen(exponent int) int64 {
	p := int64(1)
	for range exponent {
		p *= 10
	}
	return p
}

func (c conversion) timed(is logical, column rules.Column, mismatch error) (conversion, error) {
	switch {
	case c.physical == format.Int96:
		if column.INT96 != "utc" && column.Role == rules.RoleEventTime {
			return c, fmt.Errorf("%w: say `int96: utc` if it counts in UTC", mismatch)
		}
		c.length = int96Bytes
		return c, nil
	case c.physical == format.Int64 && is.meaning == instant:
		if column.Unit != "" {
			return c, fmt.Errorf("%w: `unit` is for plain integers only, this column knows its own", mismatch)
		}
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
	case isInteger(c.physical, is):
		if column.Unit == "" {
			return c, fmt.Errorf("%w: say with `unit` what its integers count", mismatch)
		}
		c.unit, c.unsigned = column.Unit, is.meaning == unsigned
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
