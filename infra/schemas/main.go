// The program schemas writes down what a module's provider accepts: of each kind of resource and data that the module
// uses, and of the provider's own settings, the attributes and blocks with their types. A test compares the module with
// that, so that neither Terraform nor a provider is needed for it.
//
//	cd infra/huawei && terraform init && terraform providers schema -json >/tmp/providers.json
//	go run ./infra/schemas -module infra/huawei -version 1.97.1 -providers /tmp/providers.json
//
// It starts terraform too, and asks it which values the provider takes.
//
// Where the provider cannot be had, its prebuilt bindings of Terraform CDK (npm pack @cdktf/provider-aws) will do, which
// HashiCorp generated from the same output:
//
//	go run ./infra/schemas -module infra/aws -bindings package
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// schema is what a provider accepts, as far as a module uses it.
type schema struct {
	Provider  string           `json:"provider"`
	Version   string           `json:"version"`
	From      string           `json:"from"`
	Settings  block            `json:"settings"`
	Resources map[string]block `json:"resources"`
	Data      map[string]block `json:"data,omitempty"`
	// Values are the only ones that the provider takes, by <kind>.<attribute>, of attributes where the module has a text.
	Values map[string][]string `json:"values,omitempty"`
}

// block is what may stand between braces. An attribute is described in words: "required", "optional", "optional
// computed" or "computed", then its type, and "deprecated" if the provider warns of it.
type block struct {
	Attributes map[string]string `json:"attributes,omitempty"`
	Blocks     map[string]nested `json:"blocks,omitempty"`
}

// nested is a block in a block, and how often it stands there; Max 0 = as often as one likes.
type nested struct {
	Min int `json:"min,omitempty"`
	Max int `json:"max,omitempty"`
	block
}

// kinds are the types of resources and data that a module uses, and its provider.
type kinds struct {
	provider        string
	resources, data []string
}

func main() {
	module := flag.String("module", "", "folder of the module; schema.json is written there")
	providers := flag.String("providers", "", "output of terraform providers schema -json")
	version := flag.String("version", "", "version of the provider")
	bindings := flag.String("bindings", "", "folder of the provider's bindings of Terraform CDK")
	flag.Parse()
	if err := run(*module, *providers, *version, *bindings); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

func run(module, providers, version, bindings string) error {
	used, err := findKinds(module)
	if err != nil {
		return err
	}
	var found schema
	switch {
	case providers != "" && version != "":
		found, err = readProviders(providers, version, used)
		if err == nil {
			found.Values, err = probe(module)
		}
	case bindings != "":
		found, err = readBindings(bindings, used)
	default:
		err = errors.New("either -providers and -version, or -bindings is needed")
	}
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(found, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(module, "schema.json"), append(text, '\n'), 0o644)
}

// findKinds returns what the module's files use.
func findKinds(module string) (kinds, error) {
	files, err := filepath.Glob(filepath.Join(module, "*.tf"))
	if err != nil || len(files) == 0 {
		return kinds{}, fmt.Errorf("no module in %q: %w", module, err)
	}
	var used kinds
	resources, data := map[string]bool{}, map[string]bool{}
	parser := hclparse.NewParser()
	for _, file := range files {
		parsed, problems := parser.ParseHCLFile(file)
		if problems.HasErrors() {
			return kinds{}, problems
		}
		for _, b := range parsed.Body.(*hclsyntax.Body).Blocks {
			switch b.Type {
			case "resource":
				resources[b.Labels[0]] = true
			case "data":
				data[b.Labels[0]] = true
			case "provider":
				used.provider = b.Labels[0]
			}
		}
	}
	used.resources, used.data = slices.Sorted(maps.Keys(resources)), slices.Sorted(maps.Keys(data))
	if used.provider == "" {
		return kinds{}, fmt.Errorf("%s has no block provider", module)
	}
	return used, nil
}
