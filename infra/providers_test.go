package infra

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// providerSchema is what infra/schemas wrote down of a provider.
type providerSchema struct {
	Provider, Version, From string
	Settings                blockSchema
	Resources, Data         map[string]blockSchema
	Values                  map[string][]string
}

type blockSchema struct {
	Attributes map[string]string
	Blocks     map[string]nestedSchema
}

type nestedSchema struct {
	Min, Max int
	blockSchema
}

func loadProviderSchema(t *testing.T, dir string) providerSchema {
	t.Helper()
	var s providerSchema
	decodeStrictJSON(t, readRepoFile(t, filepath.Join(dir, "schema.json")), &s)
	if s.Provider == "" || s.Version == "" || s.From == "" || len(s.Resources) < 5 || len(s.Settings.Attributes) == 0 {
		t.Fatalf("%s/schema.json says little: %s %s, %d kinds", dir, s.Provider, s.Version, len(s.Resources))
	}
	return s
}

// typeOf returns the type of an attribute as it is described: "optional computed list(string)".
func typeOf(described string) cty.Type {
	simple := map[string]cty.Type{"string": cty.String, "number": cty.Number, "bool": cty.Bool}
	for word := range strings.FieldsSeq(described) {
		outer, inner, isCollection := strings.Cut(strings.TrimSuffix(word, ")"), "(")
		of, known := simple[inner]
		if !known {
			of = cty.DynamicPseudoType
		}
		switch {
		case simple[word] != cty.NilType:
			return simple[word]
		case isCollection && outer == "list":
			return cty.List(of)
		case isCollection && outer == "set":
			return cty.Set(of)
		case isCollection && outer == "map":
			return cty.Map(of)
		}
	}
	return cty.DynamicPseudoType
}

// object returns the type of what a resource is after it has been made.
func (b blockSchema) object() cty.Type {
	attributes := map[string]cty.Type{}
	for name, described := range b.Attributes {
		attributes[name] = typeOf(described)
	}
	for name := range b.Blocks {
		attributes[name] = cty.DynamicPseudoType
	}
	return cty.Object(attributes)
}

// checker says what is wrong with a module, as terraform validate would.
type checker struct {
	schema   providerSchema
	context  *hcl.EvalContext
	problems []string
}

func (c *checker) say(at hcl.Range, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf("%s:%d: %s", filepath.Base(at.Filename), at.Start.Line, fmt.Sprintf(format, args...)))
}

// checkModule returns the problems of a module.
func checkModule(m module, s providerSchema) []string {
	c := &checker{schema: s, context: m.evalContext(s)}
	for _, b := range m.blocks {
		switch b.Type {
		case "resource":
			c.checkKind(b, s.Resources)
		case "data":
			c.checkKind(b, s.Data)
		case "provider":
			c.checkBody(b.Body, s.Settings, b.Labels[0], nil, b.TypeRange)
		case "locals", "output":
			for _, a := range b.Body.Attributes {
				c.value(a.Expr, nil)
			}
		}
	}
	slices.Sort(c.problems)
	return slices.Compact(c.problems)
}

// metaArguments are those that Terraform knows in every resource.
func metaArguments() []string { return []string{"count", "for_each", "depends_on", "provider"} }

func (c *checker) checkKind(b *hclsyntax.Block, known map[string]blockSchema) {
	schema, isKnown := known[b.Labels[0]]
	if !isKnown {
		c.say(b.TypeRange, "%s is not in schema.json: run infra/schemas", b.Labels[0])
		return
	}
	own := map[string]cty.Value{
		"each":  cty.ObjectVal(map[string]cty.Value{"key": cty.UnknownVal(cty.String), "value": cty.UnknownVal(cty.String)}),
		"count": cty.ObjectVal(map[string]cty.Value{"index": cty.UnknownVal(cty.Number)}),
	}
	for _, name := range metaArguments()[:2] {
		if a := b.Body.Attributes[name]; a != nil {
			c.value(a.Expr, nil)
		}
	}
	c.checkBody(b.Body, schema, b.Labels[0], own, b.TypeRange)
}

// checkBody compares what stands between braces with its schema. own are the variables that exist there only.
func (c *checker) checkBody(body *hclsyntax.Body, schema blockSchema, path string, own map[string]cty.Value, at hcl.Range) {
	for name, a := range body.Attributes {
		described, known := schema.Attributes[name]
		switch {
		case slices.Contains(metaArguments(), name) && strings.Count(path, ".") == 0:
			continue
		case !known:
			c.say(a.NameRange, "%s has no %s", path, name)
		case strings.HasPrefix(described, "computed"):
			c.say(a.NameRange, "%s of %s can only be read", name, path)
		case strings.HasSuffix(described, " deprecated"):
			c.say(a.NameRange, "%s of %s is deprecated", name, path)
		}
		c.checkValue(a, path+"."+name, typeOf(described), own)
	}
	for name, described := range schema.Attributes {
		if strings.HasPrefix(described, "required") && body.Attributes[name] == nil {
			c.say(at, "%s lacks %s", path, name)
		}
	}
	times := map[string]int{}
	for _, b := range body.Blocks {
		name, inner, variables := b.Type, b.Body, own
		if name == "lifecycle" || name == "timeouts" {
			continue
		}
		if name == "dynamic" {
			name = b.Labels[0]
			c.value(b.Body.Attributes["for_each"].Expr, own)
			inner = b.Body.Blocks[0].Body
			variables = maps.Clone(own)
			variables[name] = cty.ObjectVal(map[string]cty.Value{"key": cty.DynamicVal, "value": cty.DynamicVal})
		}
		times[name]++
		nested, known := schema.Blocks[name]
		if !known {
			c.say(b.TypeRange, "%s has no block %s", path, name)
			continue
		}
		c.checkBody(inner, nested.blockSchema, path+"."+name, variables, b.TypeRange)
	}
	for name, nested := range schema.Blocks {
		if times[name] < nested.Min || nested.Max > 0 && times[name] > nested.Max {
			c.say(at, "%s has %d blocks %s, %d to %d are taken", path, times[name], name, nested.Min, nested.Max)
		}
	}
}

// checkValue checks that a value has its attribute's type, and is one of those that are taken.
func (c *checker) checkValue(a *hclsyntax.Attribute, path string, want cty.Type, own map[string]cty.Value) {
	value := c.value(a.Expr, own)
	got, err := convert.Convert(value, want)
	if err != nil {
		c.say(a.Range(), "%s: %v", path, err)
		return
	}
	values := c.schema.Values[path]
	if values == nil || !got.IsKnown() || got.Type() != cty.String {
		return
	}
	if !slices.Contains(values, got.AsString()) {
		c.say(a.Range(), "%s: %s is none of %v", path, got.AsString(), values)
	}
}

func (c *checker) value(e hclsyntax.Expression, own map[string]cty.Value) cty.Value {
	context := c.context.NewChild()
	context.Variables = own
	value, problems := e.Value(context)
	for _, p := range problems {
		if p.Severity == hcl.DiagError {
			c.say(*p.Subject, "%s %s", p.Summary, p.Detail)
		}
	}
	return value
}

// TestProviders compares each module with what its provider accepts: every attribute and block, whether it is required or
// can only be read, its type, the values that are taken, and the attributes that references name. The provider is that of
// the version which the module asks for.
func TestProviders(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleNames() {
		m, s := loadModule(t, dir), loadProviderSchema(t, dir)
		for _, problem := range checkModule(m, s) {
			t.Errorf("%s/%s", dir, problem)
		}
		source, version := m.provider(t)
		major, minor, _ := strings.Cut(s.Version, ".")
		minor, _, _ = strings.Cut(minor, ".")
		if !strings.HasSuffix(s.Provider, "/"+source) || version != "~> "+major+"."+minor {
			t.Errorf("%s asks for %s %s, schema.json is of %s %s", dir, source, version, s.Provider, s.Version)
		}
		if len(m.findBlocks("provider")) != 1 {
			t.Errorf("%s sets up no provider", dir)
		}
	}
}

// provider returns the source of a module's provider, and which versions it takes.
func (m module) provider(t *testing.T) (source, version string) {
	t.Helper()
	for _, a := range m.findBlocks("terraform")[0].Body.Blocks[0].Body.Attributes {
		value, problems := a.Expr.Value(nil)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		return value.GetAttr("source").AsString(), value.GetAttr("version").AsString()
	}
	return "", ""
}

// TestProvidersBite: each kind of mistake in a module is found.
func TestProvidersBite(t *testing.T) {
	t.Parallel()
	s := loadProviderSchema(t, "alibaba")
	original := map[string]string{}
	for _, file := range []string{"main.tf", "functions.tf", "variables.tf", "events.tf", "versions.tf", "outputs.tf"} {
		original[file] = string(readRepoFile(t, "alibaba/"+file))
	}
	for _, mistake := range []struct{ file, old, new, want string }{
		{"functions.tf", `memory_size           = 512`, `memory           = 512`, "alicloud_fcv3_function has no memory"},
		{"functions.tf", `timeout               = 300`, `timeout               = "soon"`, "alicloud_fcv3_function.timeout: a number is required"},
		{"functions.tf", `  qualifier      = "LATEST"`, ``, "alicloud_fcv3_trigger lacks qualifier"},
		{"functions.tf", `pre_stop {`, `pre_start {`, "alicloud_fcv3_function.instance_lifecycle_config has no block pre_start"},
		{"functions.tf", `alicloud_ram_role.function.arn`, `alicloud_ram_role.function.urn`, "This object does not have an attribute named \"urn\""},
		{"functions.tf", `alicloud_fcv3_function.timer[0].function_name`, `alicloud_fcv3_function.timer.function_name`, "Can't access attributes on a list of objects"},
		{"main.tf", `  policy_type = "Custom"`, `  policy_type = "Own"`, "Own is none of [System Custom]"},
		{"main.tf", `  role_name                   = var.prefix`, "  role_name                   = var.prefix\n  arn = \"x\"", "arn of alicloud_ram_role can only be read"},
		{"main.tf", `  logstore_name    = local.log_store`, `  name             = local.log_store`, "name of alicloud_log_store is deprecated"},
		{"main.tf", "  versioning {\n    status = \"Enabled\"\n  }", "  versioning {\n    status = \"Enabled\"\n  }\n  versioning {\n    status = \"Enabled\"\n  }", "2 blocks versioning"},
		{"main.tf", `file("${path.module}/policies/trust.json")`, `read("${path.module}/policies/trust.json")`, "no function named \"read\""},
		{"main.tf", `resource "alicloud_log_project"`, `resource "alicloud_log_projekt"`, "alicloud_log_projekt is not in schema.json"},
		{"events.tf", `for_each       = local.rules`, `for_each       = local.rule`, `does not have an attribute named "rule"`},
		{"outputs.tf", `alicloud_ram_role.function.arn`, `alicloud_ram_role.function.id.arn`, "Can't access attributes on a primitive-typed value"},
	} {
		if strings.Count(original[mistake.file], mistake.old) == 0 {
			t.Errorf("%s does not hold %q", mistake.file, mistake.old)
			continue
		}
		m := module{dir: "alibaba"}
		for file, text := range original {
			if file == mistake.file {
				text = strings.Replace(text, mistake.old, mistake.new, 1)
			}
			parsed, problems := hclparse.NewParser().ParseHCL([]byte(text), file)
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			m.blocks = append(m.blocks, parsed.Body.(*hclsyntax.Body).Blocks...)
		}
		if problems := strings.Join(checkModule(m, s), "\n"); !strings.Contains(problems, mistake.want) {
			t.Errorf("%q instead of %q is not refused with %q, but:\n%s", mistake.new, mistake.old, mistake.want, problems)
		}
	}
}

// TestVersionOfTerraform: every module takes the version of Terraform that has been tried with it.
func TestVersionOfTerraform(t *testing.T) {
	t.Parallel()
	for _, dir := range moduleNames() {
		got := attributeText(loadModule(t, dir).findBlocks("terraform")[0], "required_version")
		if !regexp.MustCompile(`^>= 1\.\d+$`).MatchString(got) {
			t.Errorf("%s: required_version is %q", dir, got)
		}
	}
}
