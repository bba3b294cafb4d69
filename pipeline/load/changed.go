package load

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/malgrupp/malgrupp/rules/source"
)

// Change is a key of malgrupp.yaml, the outermost name first, and what stands there instead.
type Change struct {
	Key   []string
	Value string
	List  []string // nil: the value alone
}

// Changed is the project as Load would read it, had somebody written the changes into malgrupp.yaml: into the profile
// in force if one is, for it wins. All other files are as they were read. Findings are of the text as it would be.
func (l *Loaded) Changed(changes []Change) (*Loaded, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(l.files[0].Text), &root); err != nil {
		return nil, fmt.Errorf("read %s to change it: %w", ProjectFile, err)
	}
	for _, c := range changes {
		n, key := root.Content[0], c.Key
		if l.Project.Profile != "" {
			key = slices.Concat([]string{"profiles", l.Project.Profile}, key)
		}
		for i, name := range key {
			if n.Kind != yaml.MappingNode {
				return nil, fmt.Errorf("change %s in %s: %s is no object", strings.Join(c.Key, "."), ProjectFile,
					strings.Join(key[:i], "."))
			}
			n = below(n, name)
		}
		*n = yaml.Node{Kind: yaml.ScalarNode, Value: c.Value}
		if c.List != nil {
			*n = yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
			for _, item := range c.List {
				n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: item})
			}
		}
	}
	text, err := yaml.Dump(&root, yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write %s as it would be: %w", ProjectFile, err)
	}
	files := slices.Clone(l.files)
	files[0] = &source.Source{Name: ProjectFile, Text: string(text)}
	return checked(l.Dir, l.Project.Profile, files, l.today), nil
}

// below is the value of a key of an object; where nobody wrote the key, it is written now, with an empty object.
func below(object *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(object.Content); i += 2 {
		if object.Content[i].Value == key {
			return object.Content[i+1]
		}
	}
	value := &yaml.Node{Kind: yaml.MappingNode}
	object.Content = append(object.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	return value
}
