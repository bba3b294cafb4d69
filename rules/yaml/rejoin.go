package yaml

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// openCall is the part of decimal(18,2) or param(list, 'key', string) up to its first comma.
var openCall = regexp.MustCompile(`^(decimal|param)\([^)]*$`)

// rejoin puts such a call together again where it stands inside { }: YAML ends the value at the comma and takes the
// rest for keys without values.
func (d *Document) rejoin(n *yaml.Node) {
	if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 {
		for i := 1; i < len(n.Content); i += 2 {
			if value := n.Content[i]; value.Kind == yaml.ScalarNode && value.Style == 0 && openCall.MatchString(value.Value) {
				d.rejoinValue(n, i)
			}
		}
	}
	for _, child := range n.Content {
		d.rejoin(child)
	}
}

// rejoinValue extends the value n.Content[i] over the keys without values that follow, if one of them closes the call.
func (d *Document) rejoinValue(n *yaml.Node, i int) {
	for j := i + 1; j+1 < len(n.Content); j += 2 {
		key, value := n.Content[j], n.Content[j+1]
		if key.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode || value.Value != "" || value.Style != 0 {
			return
		}
		if !strings.HasSuffix(key.Value, ")") {
			continue
		}
		start, end := d.offset(n.Content[i].Line, n.Content[i].Column), Node{doc: d, raw: key}.Span().End
		if start < end && !strings.ContainsAny(d.Source.Text[start:end], "\r\n") {
			n.Content[i].Value = d.Source.Text[start:end]
			n.Content = append(n.Content[:i+1], n.Content[j+2:]...)
		}
		return
	}
}
