package inspect

import (
	"fmt"
	"strings"

	"github.com/malgrupp/malgrupp/rules/value"
)

// schemaHead is the beginning of every file of kind EventSchema, up to its first column.
func schemaHead(name string) string {
	return fmt.Sprintf("apiVersion: malgrupp/v1\nkind: EventSchema\nmetadata: {name: %s, version: 1}\nspec:\n  columns:\n",
		name)
}

// proposalText writes the schema with its columns in the order given.
func proposalText(p Proposal, columns []*proposed, in *Inspection) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Guessed by malgrupp data inspect from %d rows of %s, %d of which were opened.\n"+
		"# Somebody who knows the log has to look at roles, units, zones and what is optional.\n", in.Sampled,
		countedObjects(in.Listed), len(in.Objects))
	for i, r := range p.Remarks {
		if i == mostRemarks {
			fmt.Fprintf(&b, "# and %d more remarks\n", len(p.Remarks)-i)
			break
		}
		fmt.Fprintf(&b, "# %s\n", Printable(r))
	}
	b.WriteString(schemaHead(p.Name))
	for _, c := range columns {
		c.write(&b)
	}
	return b.String()
}

func countedObjects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}

func (c *proposed) write(b *strings.Builder) {
	if c.remark != "" {
		fmt.Fprintf(b, "    # %s\n", c.remark)
	}
	fmt.Fprintf(b, "    %s: {", c.column.Name)
	from := c.seen.path
	if c.column.Param == "" {
		from = c.column.From
	}
	if from != c.column.Name {
		fmt.Fprintf(b, "from: %q, ", from)
	}
	kind := c.column.Type.String()
	if c.column.Type.Kind == value.Decimal {
		kind = `"` + kind + `"`
	}
	fmt.Fprintf(b, "type: %s", kind)
	for _, key := range []struct{ name, value string }{
		{"unit", c.column.Unit}, {"zone", c.column.Zone}, {"int96", c.column.INT96}, {"role", string(c.column.Role)},
	} {
		if key.value != "" {
			fmt.Fprintf(b, ", %s: %s", key.name, key.value)
		}
	}
	if c.column.Optional {
		b.WriteString(", optional: true")
	}
	b.WriteString("}\n")
}
