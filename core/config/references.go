package config

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"
)

// ListReferences returns the names of the variables that the values of a document use as ${NAME} without a default,
// sorted, each once. Those in comments do not count. The error is that of a text that is not YAML.
func ListReferences(document []byte) ([]string, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		_, w := describeYAMLError(err)
		return nil, errors.New(w.EN)
	}
	var names []string
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			_, missing := expandVariables(n.Value, nil)
			names = append(names, missing...)
		}
		for _, child := range n.Content { // an alias has none: its anchor was visited
			walk(child)
		}
	}
	walk(&root)
	slices.Sort(names)
	return slices.Compact(names), nil
}
