package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// The output of terraform providers schema -json:
// https://developer.hashicorp.com/terraform/cli/commands/providers/schema
type (
	providersDoc struct {
		Schemas map[string]providerDoc `json:"provider_schemas"`
	}
	providerDoc struct {
		Provider  kindDoc            `json:"provider"`
		Resources map[string]kindDoc `json:"resource_schemas"`
		Data      map[string]kindDoc `json:"data_source_schemas"`
	}
	kindDoc  struct{ Block blockDoc }
	blockDoc struct {
		Attributes map[string]attributeDoc
		BlockTypes map[string]nestedDoc `json:"block_types"`
	}
	attributeDoc struct {
		Type                                     json.RawMessage
		Required, Optional, Computed, Deprecated bool
	}
	nestedDoc struct {
		Nesting string `json:"nesting_mode"`
		Block   blockDoc
		Min     int `json:"min_items"`
		Max     int `json:"max_items"`
	}
)

func readProviders(file, version string, used kinds) (schema, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return schema{}, err
	}
	var doc providersDoc
	if err := json.Unmarshal(text, &doc); err != nil {
		return schema{}, err
	}
	for name, provider := range doc.Schemas {
		if strings.HasSuffix(name, "/"+used.provider) {
			found := schema{Provider: name, Version: version, From: "terraform providers schema -json", Settings: provider.Provider.Block.describe()}
			found.Resources, err = describeKinds(provider.Resources, used.resources)
			if err != nil {
				return schema{}, err
			}
			found.Data, err = describeKinds(provider.Data, used.data)
			return found, err
		}
	}
	return schema{}, fmt.Errorf("%s has no provider %s", file, used.provider)
}

func describeKinds(all map[string]kindDoc, names []string) (map[string]block, error) {
	found := map[string]block{}
	for _, name := range names {
		kind, known := all[name]
		if !known {
			return nil, fmt.Errorf("the provider has no %s", name)
		}
		found[name] = kind.Block.describe()
	}
	return found, nil
}

func (b blockDoc) describe() block {
	described := block{Attributes: map[string]string{}, Blocks: map[string]nested{}}
	for name, a := range b.Attributes {
		described.Attributes[name] = a.describe()
	}
	for name, inner := range b.BlockTypes {
		n := nested{Min: inner.Min, Max: inner.Max, block: inner.Block.describe()}
		if inner.Nesting == "single" {
			n.Max = 1
		}
		described.Blocks[name] = n
	}
	return described
}

func (a attributeDoc) describe() string {
	var words []string
	for _, w := range []struct {
		is   bool
		name string
	}{{a.Required, "required"}, {a.Optional, "optional"}, {a.Computed, "computed"}, {true, typeName(a.Type)}, {a.Deprecated, "deprecated"}} {
		if w.is {
			words = append(words, w.name)
		}
	}
	return strings.Join(words, " ")
}

// typeName returns list(string) of ["list","string"], and object of an object with any attributes.
func typeName(text json.RawMessage) string {
	var name string
	if json.Unmarshal(text, &name) == nil {
		return name
	}
	var of []json.RawMessage
	if json.Unmarshal(text, &of) != nil || len(of) != 2 {
		return "any"
	}
	if outer := typeName(of[0]); outer != "object" {
		return outer + "(" + typeName(of[1]) + ")"
	}
	return "object"
}
