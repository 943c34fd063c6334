package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A folder of bindings: package.json names the provider, lib/<kind>/index.js has of each block the names of its
// attributes with their types, and index.d.ts which of them are optional and which are only computed.
var (
	bindingClass    = regexp.MustCompile(`(?s)\nclass (\w+) extends cdktf\.Terraform(?:Resource|DataSource|Provider) \{.*?synthesizeHclAttributes\(\) \{\s*const attrs = \{(.*?)\n        \};`)
	bindingStruct   = regexp.MustCompile(`(?s)\nfunction (\w+)ToHclTerraform\(struct\) \{.*?const attrs = \{(.*?)\n    \};`)
	bindingItem     = regexp.MustCompile(`(?s)\n +"?(\w+)"?: \{\s*value: .*?isBlock: (true|false),\s*type: "(\w+)",\s*storageClassType: "(\w+)",\s*\}`)
	bindingOptions  = regexp.MustCompile(`(?s)\nexport interface (\w+)(?: extends [\w.]+)? \{(.*?)\n\}`)
	bindingOption   = regexp.MustCompile(`(?m)^    readonly (\w+)(\??): ([^;]*);`)
	bindingGetter   = regexp.MustCompile(`(?m)^    get (\w+)\(\): ([\w.]+)(\[\])?;`)
	bindingName     = regexp.MustCompile(`get (\w+)\(\) \{\s*return this\.get\w+Attribute\('(\w+)'\)`)
	bindingDeclared = regexp.MustCompile(`(?s)\nexport declare class (\w+) extends cdktf\.Terraform\w+ \{(.*?)\n\}`)
)

// binding is what the two files of a kind say, by the name of a struct.
type binding struct {
	class    string
	items    map[string][][]string        // of bindingItem
	options  map[string]map[string]string // name in JavaScript → "", "?"
	many     map[string]map[string]bool   // which options are lists of blocks
	computed map[string]string            // name in JavaScript → type
	getters  map[string]string            // name in JavaScript → name in Terraform
}

func readBindings(dir string, used kinds) (schema, error) {
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return schema{}, err
	}
	var pack struct {
		Name, Version string
		CDKTF         struct {
			Provider struct{ Name, Version string }
		}
	}
	if err := json.Unmarshal(text, &pack); err != nil {
		return schema{}, err
	}
	found := schema{
		Provider: pack.CDKTF.Provider.Name, Version: pack.CDKTF.Provider.Version, From: "npm " + pack.Name + "@" + pack.Version,
		Resources: map[string]block{}, Data: map[string]block{},
	}
	found.Settings, err = readBinding(dir, "provider")
	if err != nil {
		return schema{}, err
	}
	folder := func(kind string) string {
		return strings.ReplaceAll(strings.TrimPrefix(kind, used.provider+"_"), "_", "-")
	}
	for _, kind := range used.resources {
		found.Resources[kind], err = readBinding(dir, folder(kind))
		if err != nil {
			return schema{}, err
		}
	}
	for _, kind := range used.data {
		found.Data[kind], err = readBinding(dir, "data-"+used.provider+"-"+folder(kind))
		if err != nil {
			return schema{}, err
		}
	}
	return found, nil
}

func readBinding(dir, folder string) (block, error) {
	code, err := os.ReadFile(filepath.Join(dir, "lib", folder, "index.js"))
	if err != nil {
		return block{}, err
	}
	declared, err := os.ReadFile(filepath.Join(dir, "lib", folder, "index.d.ts"))
	if err != nil {
		return block{}, err
	}
	b := binding{items: map[string][][]string{}, options: map[string]map[string]string{}, many: map[string]map[string]bool{}, computed: map[string]string{}, getters: map[string]string{}}
	for _, m := range bindingName.FindAllStringSubmatch(string(code), -1) {
		b.getters[m[1]] = m[2]
	}
	for _, m := range bindingClass.FindAllStringSubmatch(string(code), -1) {
		b.class = m[1]
		b.items[m[1]+"Config"] = bindingItem.FindAllStringSubmatch(m[2], -1)
	}
	for _, m := range bindingStruct.FindAllStringSubmatch(string(code), -1) {
		b.items[strings.ToUpper(m[1][:1])+m[1][1:]] = bindingItem.FindAllStringSubmatch(m[2], -1)
	}
	for _, m := range bindingOptions.FindAllStringSubmatch(string(declared), -1) {
		b.options[m[1]], b.many[m[1]] = map[string]string{}, map[string]bool{}
		for _, o := range bindingOption.FindAllStringSubmatch(m[2], -1) {
			b.options[m[1]][o[1]], b.many[m[1]][o[1]] = o[2], strings.Contains(o[3], "[]")
		}
	}
	for _, m := range bindingDeclared.FindAllStringSubmatch(string(declared), -1) {
		for _, g := range bindingGetter.FindAllStringSubmatch(m[2], -1) {
			if m[1] == b.class && (g[2] == "string" || g[2] == "number" || g[2] == "cdktf.IResolvable") {
				b.computed[g[1]] = map[bool]string{false: g[2], true: "list(" + g[2] + ")"}[g[3] != ""]
			}
		}
	}
	if len(b.items[b.class+"Config"]) == 0 && len(b.options[b.class+"Config"]) > 0 {
		return block{}, fmt.Errorf("%s: its bindings are of another form", folder)
	}
	described := b.describe(b.class + "Config")
	b.addComputed(described)
	return described, nil
}

// describe returns what stands between the braces of a struct.
func (b binding) describe(name string) block {
	described := block{Attributes: map[string]string{}, Blocks: map[string]nested{}}
	for _, item := range b.items[name] {
		snake, isBlock, kind, of := item[1], item[2] == "true", item[3], item[4]
		option := camelCase(snake)
		need := "optional"
		if mark, known := b.options[name][option]; known && mark == "" {
			need = "required"
		}
		if !isBlock {
			described.Attributes[snake] = need + " " + bindingType(kind, of)
			continue
		}
		inner := nested{block: b.describe(strings.TrimSuffix(of, "List"))}
		if len(b.items[of]) > 0 {
			inner.block = b.describe(of)
		}
		if need == "required" {
			inner.Min = 1
		}
		if !b.many[name][option] {
			inner.Max = 1
		}
		described.Blocks[snake] = inner
	}
	return described
}

// addComputed adds what can only be read: getters of a kind that are no option, such as arn.
func (b binding) addComputed(to block) {
	options := b.options[b.class+"Config"]
	for name, kind := range b.computed {
		if _, set := options[name]; set || strings.HasSuffix(name, "Input") {
			continue
		}
		if snake := b.getters[name]; snake != "" && to.Attributes[snake] == "" {
			to.Attributes[snake] = "computed " + strings.Replace(kind, "cdktf.IResolvable", "bool", 1)
		}
	}
}

// bindingType returns list(string) of list and stringList.
func bindingType(kind, of string) string {
	of = strings.Replace(of, "boolean", "bool", 1)
	for _, suffix := range []string{"List", "Map"} {
		of = strings.TrimSuffix(of, suffix)
	}
	switch {
	case kind == "simple":
		return of
	case of == "string" || of == "number" || of == "bool":
		return kind + "(" + of + ")"
	}
	return kind + "(object)"
}

func camelCase(snake string) string {
	parts := strings.Split(snake, "_")
	for i, part := range parts[1:] {
		if part != "" {
			parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}
