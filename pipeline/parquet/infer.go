package parquet

import (
	"io"

	"github.com/parquet-go/parquet-go/format"

	"github.com/malgrupp/malgrupp/rules"
	"github.com/malgrupp/malgrupp/rules/value"
)

// Infer returns a schema that reads every column of the object that rules can name, by its path in the file and the
// type that loses nothing, and the paths it leaves out: lists, and types without a counterpart. Times without a zone
// are taken as UTC, so a person has to look at them.
func Infer(r io.ReaderAt, size int64, name string) (schema *rules.Schema, left []string, err error) {
	f := &File{name: name}
	err = guard(func() error {
		meta, _, err := readFooter(r, size)
		if err != nil {
			return err
		}
		_, leaves, err := buildTree(meta.Schema)
		if err != nil {
			return err
		}
		schema = &rules.Schema{Name: "inferred"}
		for _, n := range leaves {
			if column, ok := inferColumn(n); ok {
				schema.Columns = append(schema.Columns, column)
			} else {
				left = append(left, n.path)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, f.failure(err, "", -1)
	}
	return schema, left, nil
}

func inferColumn(n *node) (rules.Column, bool) {
	c := rules.Column{Name: n.path, From: n.path}
	is := n.logical()
	switch kind := n.element.Type.V; {
	case n.maxRep > 0:
		return c, false
	case kind == format.Boolean:
		c.Type.Kind = value.Boolean
	case kind == format.Float || kind == format.Double:
		c.Type.Kind = value.Float
	case kind == format.Int96:
		c.Type.Kind, c.INT96 = value.Timestamp, "utc"
	case is.meaning == decimal && is.precision <= maxDecimalDigits && isDecimal(kind):
		c.Type = value.Type{Kind: value.Decimal, Precision: maxDecimalDigits, Scale: is.scale}
	case is.meaning == instant && kind == format.Int64:
		c.Type.Kind = value.Timestamp
		if !is.utc {
			c.Zone = "UTC"
		}
	case is.meaning == date && kind == format.Int32:
		c.Type.Kind = value.Date
	case isInteger(kind, is):
		c.Type.Kind = value.Integer
	case kind == format.ByteArray && (is.meaning == textual || is.meaning == plain):
		c.Type.Kind = value.Text
	default:
		return c, false
	}
	return c, true
}
