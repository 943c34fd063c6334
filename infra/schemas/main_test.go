package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeTree writes files into a folder of the test's own.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const smallModule = `
provider "some" {}
data "some_account" "current" {}
resource "some_thing" "a" {
  name = "text"
  size = 5
  rule {
    kind = "one"
  }
}
`

// TestProvidersSchema: of the output of terraform providers schema the kinds that the module uses are described.
func TestProvidersSchema(t *testing.T) {
	t.Parallel()
	dir := writeTree(t, map[string]string{"main.tf": smallModule, "providers.json": `{"provider_schemas":{"registry/x/some":{
		"provider":{"block":{"attributes":{"region":{"type":"string","optional":true}}}},
		"resource_schemas":{"some_thing":{"block":{"attributes":{
			"name":{"type":"string","required":true},"id":{"type":"string","optional":true,"computed":true},
			"tags":{"type":["map","string"],"optional":true,"deprecated":true},"list":{"type":["list",["object",{"a":"string"}]],"computed":true}},
			"block_types":{"rule":{"nesting_mode":"list","min_items":1,"max_items":2,"block":{"attributes":{"kind":{"type":"string","optional":true}}}}}}},
			"some_other":{"block":{}}},
		"data_source_schemas":{"some_account":{"block":{"attributes":{"id":{"type":"string","computed":true}}}}}}}}`})
	used, err := findKinds(dir)
	if err != nil {
		t.Fatal(err)
	}
	found, err := readProviders(filepath.Join(dir, "providers.json"), "1.2.3", used)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, found, `{"provider":"registry/x/some","version":"1.2.3","from":"terraform providers schema -json","settings":{"attributes":{"region":"optional string"}},
		"resources":{"some_thing":{"attributes":{"id":"optional computed string","list":"computed list(object)","name":"required string","tags":"optional map(string) deprecated"},
		"blocks":{"rule":{"min":1,"max":2,"attributes":{"kind":"optional string"}}}}},"data":{"some_account":{"attributes":{"id":"computed string"}}}}`)
	used.resources = append(used.resources, "some_unknown")
	if _, err := readProviders(filepath.Join(dir, "providers.json"), "1.2.3", used); err == nil || !strings.Contains(err.Error(), "some_unknown") {
		t.Errorf("a kind that the provider has not: %v", err)
	}
}

func compare(t *testing.T, found schema, want string) {
	t.Helper()
	got, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	var wanted schema
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(wanted); string(again) != string(got) {
		t.Errorf("found\n%s\nwant\n%s", got, again)
	}
}

// TestBindings: bindings of Terraform CDK give the same.
func TestBindings(t *testing.T) {
	t.Parallel()
	provider := map[string]string{
		"package/lib/provider/index.js": "\nclass SomeProvider extends cdktf.TerraformProvider {\n    synthesizeHclAttributes() {\n        const attrs = {\n            region: {\n                value: x(this._region),\n" +
			"                isBlock: false,\n                type: \"simple\",\n                storageClassType: \"string\",\n            },\n        };\n",
		"package/lib/provider/index.d.ts": "\nexport interface SomeProviderConfig {\n    readonly region?: string;\n}\n",
		"package/package.json":            `{"name":"@cdktf/provider-some","version":"2.0.1","cdktf":{"provider":{"name":"registry/x/some","version":"1.2.3"}}}`,
		"main.tf":                         smallModule,
		"package/lib/thing/index.js": "\nfunction thingRuleToHclTerraform(struct) {\n    const attrs = {\n        kind: {\n            value: x(struct.kind),\n            isBlock: false,\n            type: \"simple\",\n            storageClassType: \"string\",\n        },\n    };\n" +
			"\nclass Thing extends cdktf.TerraformResource {\n    get codeSha256() {\n        return this.getStringAttribute('code_sha256');\n    }\n    synthesizeHclAttributes() {\n        const attrs = {\n" +
			"            display_name: {\n                value: x(this._displayName),\n                isBlock: false,\n                type: \"simple\",\n                storageClassType: \"string\",\n            },\n" +
			"            tags: {\n                value: x(this._tags),\n                isBlock: false,\n                type: \"map\",\n                storageClassType: \"stringMap\",\n            },\n" +
			"            rule: {\n                value: x(this._rule.internalValue),\n                isBlock: true,\n                type: \"list\",\n                storageClassType: \"ThingRuleList\",\n            },\n        };\n",
		"package/lib/thing/index.d.ts": "\nexport interface ThingConfig extends cdktf.TerraformMetaArguments {\n    readonly displayName: string;\n    readonly tags?: {\n        [key: string]: string;\n    };\n    readonly rule: ThingRule[] | cdktf.IResolvable;\n}\n" +
			"\nexport interface ThingRule {\n    readonly kind?: string;\n}\n\nexport declare class Thing extends cdktf.TerraformResource {\n    get codeSha256(): string;\n    get displayName(): string;\n}\n",
		"package/lib/data-some-account/index.js": "\nclass DataSomeAccount extends cdktf.TerraformDataSource {\n    get id() {\n        return this.getStringAttribute('id');\n    }\n    synthesizeHclAttributes() {\n        const attrs = {\n        };\n",
		"package/lib/data-some-account/index.d.ts": "\nexport interface DataSomeAccountConfig extends cdktf.TerraformMetaArguments {\n}\n\n" +
			"export declare class DataSomeAccount extends cdktf.TerraformDataSource {\n    get id(): string;\n}\n",
	}
	dir := writeTree(t, provider)
	used, err := findKinds(dir)
	if err != nil {
		t.Fatal(err)
	}
	found, err := readBindings(filepath.Join(dir, "package"), used)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, found, `{"provider":"registry/x/some","version":"1.2.3","from":"npm @cdktf/provider-some@2.0.1","settings":{"attributes":{"region":"optional string"}},
		"resources":{"some_thing":{"attributes":{"code_sha256":"computed string","display_name":"required string","tags":"optional map(string)"},
		"blocks":{"rule":{"min":1,"attributes":{"kind":"optional string"}}}}},"data":{"some_account":{"attributes":{"id":"computed string"}}}}`)
}

// TestValues: every text of a module is replaced, also in blocks, and what the provider would have taken is read.
func TestValues(t *testing.T) {
	t.Parallel()
	dir := writeTree(t, map[string]string{"main.tf": smallModule})
	if err := spoil(filepath.Join(dir, "main.tf")); err != nil {
		t.Fatal(err)
	}
	spoiled, err := os.ReadFile(filepath.Join(dir, "main.tf"))
	if err != nil || strings.Count(string(spoiled), `"no-such-value"`) != 2 || !strings.Contains(string(spoiled), "size = 5") {
		t.Errorf("%v %s", err, spoiled)
	}
	values, err := expectedValues([]byte(`{"diagnostics":[
		{"address":"some_thing.a","summary":"expected rule.0.kind to be one of [\"one\" \"two\"], got no-such-value"},
		{"address":"some_thing.a","summary":"expected mode to be one of [A B], got no-such-value \n[NOTE]"},
		{"address":"some_thing.a","summary":"expected size to be at least 3"}]}`))
	if got, _ := json.Marshal(values); err != nil || string(got) != `{"some_thing.mode":["A","B"],"some_thing.rule.kind":["one","two"]}` {
		t.Errorf("%v %s", err, got)
	}
}

// TestRun: without a source nothing is written.
func TestRun(t *testing.T) {
	t.Parallel()
	dir := writeTree(t, map[string]string{"main.tf": smallModule})
	for _, module := range []string{dir, t.TempDir()} {
		if err := run(module, "", "", ""); err == nil {
			t.Error("a schema of nothing is written")
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "schema.json")); err == nil {
		t.Error("schema.json was written")
	}
}
