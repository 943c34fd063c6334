package infra

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// The modules are parsed and checked here, and in providers_test.go compared with what their providers accept. No cloud
// and no registry of providers is within reach of a test.

// module is a folder of *.tf.
type module struct {
	dir    string
	blocks hclsyntax.Blocks
}

// loadModule returns a module of this repository, which is formatted.
func loadModule(t *testing.T, dir string) module {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.tf")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text := readRepoFile(t, file); !bytes.Equal(hclwrite.Format(text), text) {
			t.Errorf("%s is not formatted as terraform fmt does", file)
		}
	}
	return parseModule(t, dir)
}

func parseModule(t *testing.T, dir string) module {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.tf")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	m := module{dir: dir}
	parser := hclparse.NewParser()
	for _, file := range files {
		parsed, diagnostics := parser.ParseHCLFile(file)
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		m.blocks = append(m.blocks, parsed.Body.(*hclsyntax.Body).Blocks...)
	}
	return m
}

// findBlocks returns the blocks "resource" "type" "name"; fewer labels find more.
func (m module) findBlocks(labels ...string) hclsyntax.Blocks {
	var found hclsyntax.Blocks
	for _, b := range m.blocks {
		all := append([]string{b.Type}, b.Labels...)
		if len(all) >= len(labels) && slices.Equal(all[:len(labels)], labels) {
			found = append(found, b)
		}
	}
	return found
}

// attributeText returns an attribute's literal value, through inner blocks ("versioning.status"); "" where there is
// none.
func attributeText(b *hclsyntax.Block, path string) string {
	parts := strings.Split(path, ".")
	for _, name := range parts[:len(parts)-1] {
		i := slices.IndexFunc(b.Body.Blocks, func(inner *hclsyntax.Block) bool { return inner.Type == name })
		if i < 0 {
			return ""
		}
		b = b.Body.Blocks[i]
	}
	attribute := b.Body.Attributes[parts[len(parts)-1]]
	if attribute == nil {
		return ""
	}
	value, _ := attribute.Expr.Value(nil)
	switch {
	case !value.IsWhollyKnown() || value.IsNull():
		return ""
	case value.Type() == cty.Bool && value.True():
		return "true"
	case value.Type() == cty.Bool:
		return "false"
	case value.Type() == cty.Number:
		return value.AsBigFloat().Text('f', -1)
	case value.Type() == cty.String:
		return value.AsString()
	}
	return ""
}

func moduleNames() []string { return []string{"alibaba", "aws", "huawei"} }

// TestModulesHoldTogether: what is named is declared, what is declared is used, and the providers are pinned.
func TestModulesHoldTogether(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleNames() {
		m := loadModule(t, dir)
		declared, used := m.declaredNames(), map[string]bool{}
		for _, b := range m.blocks {
			_ = hclsyntax.VisitAll(b.Body, func(n hclsyntax.Node) hcl.Diagnostics {
				if e, ok := n.(*hclsyntax.ScopeTraversalExpr); ok {
					name := referenceName(e.Traversal)
					used[name] = true
					if name != "" && !declared[name] {
						t.Errorf("%s: %s is not declared (%s)", dir, name, e.Range())
					}
				}
				return nil
			})
		}
		for _, b := range m.findBlocks("variable") {
			name := b.Labels[0]
			if !used["var."+name] || attributeText(b, "description") == "" || b.Body.Attributes["type"] == nil {
				t.Errorf("%s: variable %s is not used, or has no type or description", dir, name)
			}
		}
		for _, b := range m.findBlocks("output") {
			if attributeText(b, "description") == "" {
				t.Errorf("%s: output %s has no description", dir, b.Labels[0])
			}
		}
		terraform := m.findBlocks("terraform")
		if len(terraform) != 1 || attributeText(terraform[0], "required_version") == "" || len(terraform[0].Body.Blocks) != 1 {
			t.Errorf("%s: terraform and its providers are not pinned", dir)
		}
	}
}

// declaredNames returns "var.x", "local.x", "data.type.name" and "type.name" of everything that a module declares.
func (m module) declaredNames() map[string]bool {
	all := map[string]bool{}
	for _, b := range m.blocks {
		switch b.Type {
		case "variable":
			all["var."+b.Labels[0]] = true
		case "locals":
			for name := range b.Body.Attributes {
				all["local."+name] = true
			}
		case "resource":
			all[b.Labels[0]+"."+b.Labels[1]] = true
		case "data":
			all["data."+b.Labels[0]+"."+b.Labels[1]] = true
		}
	}
	return all
}

// referenceName returns what a traversal begins with; "" for what needs no declaration, such as path.module, each.key
// and the variables of a for.
func referenceName(by hcl.Traversal) string {
	parts := []string{by.RootName()}
	for _, step := range by[1:] {
		attribute, ok := step.(hcl.TraverseAttr)
		if !ok {
			break
		}
		parts = append(parts, attribute.Name)
	}
	switch {
	case len(parts) < 2 || slices.Contains([]string{"path", "each", "count", "project_role"}, parts[0]):
		return ""
	case parts[0] == "data" && len(parts) > 2:
		return strings.Join(parts[:3], ".")
	}
	return strings.Join(parts[:2], ".")
}

var placeholder = regexp.MustCompile(`\$\{([a-z_]+)\}`)

// TestPoliciesInModules: rights come from the generated files alone, and every placeholder in them is filled.
func TestPoliciesInModules(t *testing.T) {
	t.Parallel()
	attributes := []string{"policy", "policy_document", "assume_role_policy", "assume_role_policy_document", "event_pattern"}
	for _, dir := range moduleNames() {
		used := map[string]bool{}
		for _, b := range loadModule(t, dir).findBlocks("resource") {
			for name, attribute := range b.Body.Attributes {
				if !slices.Contains(attributes, name) {
					continue
				}
				call, ok := attribute.Expr.(*hclsyntax.FunctionCallExpr)
				if !ok || (call.Name != "file" && call.Name != "templatefile") {
					t.Errorf("%s: %s %s: %s is written here", dir, b.Labels[0], b.Labels[1], name)
					continue
				}
				file := dir + policyFileOf(t, call)
				used[file] = true
				var filled, blanks []string
				for _, m := range placeholder.FindAllStringSubmatch(string(readRepoFile(t, file)), -1) {
					blanks = append(blanks, m[1])
				}
				if call.Name == "templatefile" {
					for _, item := range call.Args[1].(*hclsyntax.ObjectConsExpr).Items {
						key, _ := item.KeyExpr.Value(nil)
						filled = append(filled, key.AsString())
					}
				}
				slices.Sort(blanks)
				slices.Sort(filled)
				blanks = slices.Compact(blanks)
				if !slices.Equal(blanks, filled) {
					t.Errorf("%s: %v are to be filled in, %v are", file, blanks, filled)
				}
			}
		}
		for _, file := range []string{"trust", "function", "assume-role", "project", "account", "failures"} {
			name := dir + "/policies/" + file + ".json"
			if _, err := os.Stat(name); err == nil && !used[name] {
				t.Errorf("%s is used by no module", name)
			}
		}
	}
}

// policyFileOf returns "/policies/x.json" of "${path.module}/policies/x.json".
func policyFileOf(t *testing.T, call *hclsyntax.FunctionCallExpr) string {
	t.Helper()
	template, ok := call.Args[0].(*hclsyntax.TemplateExpr)
	if !ok || len(template.Parts) != 2 {
		t.Fatalf("%s: not \"${path.module}/…\"", call.Range())
	}
	end, _ := template.Parts[1].Value(nil)
	return end.AsString()
}
