package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// compileSchema compiles the schema of configurations, which must be one itself.
func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := config.RenderSchema(testClouds())
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(config.SchemaURL, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(config.SchemaURL)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// toJSON returns a YAML document as a validator takes it, as an editor would read it.
func toJSON(t *testing.T, text []byte) (value any, readable bool) {
	t.Helper()
	var document any
	if yaml.Unmarshal(text, &document) != nil {
		return nil, false
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		return nil, false // a key that is no text
	}
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return value, true
}

func TestSchemaTakesGoodFiles(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	for _, file := range goldenFiles(t, "*.good.yaml") {
		value, readable := toJSON(t, readFile(t, file))
		if err := schema.Validate(value); err != nil || !readable {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestSchemaRefusesBadFiles: the list of those that the schema refuses is a golden file; it cannot know all mistakes.
func TestSchemaRefusesBadFiles(t *testing.T) {
	t.Parallel()
	schema, refused := compileSchema(t), ""
	for _, file := range goldenFiles(t, "*.bad.yaml") {
		value, readable := toJSON(t, readFile(t, file))
		if readable && schema.Validate(value) != nil {
			refused += filepath.Base(file) + "\n"
		}
	}
	compareGolden(t, "testdata/refused-by-schema.txt", refused)
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestSchemaAndLoadAgree: what one takes of a single value, the other does.
func TestSchemaAndLoadAgree(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	for text, good := range map[string]bool{
		"sync: {no_delete: Yes}": true, "sync: {no_delete: 1}": true, "sync: {no_delete: 2}": false, "sync: {no_delete: 'OFF'}": true, "sync: {no_delete: maybe}": false,
		"sync: {writers: ' 5 '}": true, "sync: {writers: 65}": false, "sync: {writers: ''}": true, "sync: {writers: }": true, "sync: {writers: [5]}": false,
		"sync: {interval: 1d}": true, "sync: {interval: 90}": true, "sync: {interval: 1h30m}": true, "sync: {interval: soon}": false, "sync:": true,
		"sync: {removal: {grace: 7}}": false, "sync: {removal: {grace: 0}}": true, "sync: {removal: {grace: 1.5d}}": true,
		"sync: {manage: {node: ALWAYS}}": true, "sync: {manage: {node: often}}": false, "sync: {manage: {nod: always}}": false,
		"sync: {whitelist: '10.0.0.1, 10.0.0.2'}": true, "sync: {whitelist: {a: b}}": false, "x-anything: [1]": true, "anything: 1": false,
		"language: EN": true, "language: fr": false, "environment: {type: 1}": true, "environment: {type: [1]}": false, "environment: []": false,
		"rules: ": true, "rules: []": true, "rules: {}": false, "rules: [text]": false, "rules: [{}, ]": false, "rules_from_tags: on": true,
		"rules: [{set: {port: 22}}]": true, "rules: [{set: {port: 0}}]": false, "rules: [{set: {port: '22'}}]": true, "rules: [{set: {prot: 22}}]": false,
		"rules: [{set: {min_age: 30m}}]": true, "rules: [{set: {min_age: 30}}]": false, "rules: [{set: {active: no}}]": true, "rules: [{set: {active: 7}}]": false,
		"rules: [{set: {node: }}]": false, "rules: [{set: {node: [a]}}]": false, "rules: [{set: {accounts: []}}]": false, "rules: [{set: {accounts: a}}]": true,
		"rules: [{set: {address: [private, 'in: 10.0.0.0/8']}}]": true, "rules: [{set: {labels: {a: b}}}]": true, "rules: [{set: {labels: [a]}}]": false,
		"rules: [{when: {region: x}, stop: true}]": true, "rules: [{when: {region: []}, stop: true}]": false, "rules: [{when: {region: }, stop: true}]": false,
		"rules: [{when: {tag.app: [a, 1, true]}, stop: true}]": true, "rules: [{when: {tag.app: {a: b}}, stop: true}]": false, "rules: [{when: {regin: x}, stop: true}]": false,
		"rules: [{when: {any: {region: x}}, stop: true}]": true, "rules: [{when: {any: [{region: x}, {vpc: y}]}, stop: true}]": true,
		"rules: [{when: {any: []}, stop: true}]": false, "rules: [{when: {not: x}, stop: true}]": false, "rules: [{when: [x], stop: true}]": false,
		"rules: [{set: {port: 22}, node: a}]": false,
	} {
		text = sampleFile[:strings.Index(sampleFile, "sync:")] + text + "\n"
		value, readable := toJSON(t, []byte(text))
		if err := schema.Validate(value); (err == nil) != good || !readable {
			t.Errorf("the schema on %q: %v", text, err)
		}
		if _, err := loadText(t, text, map[string]string{"NOT_SET": "x"}); (err == nil) != good {
			t.Errorf("Load of %q: %v", text, err)
		}
	}
}

// TestSchemaKnowsTheRules: the keys of conditions in the schema are those that package mapping has.
func TestSchemaKnowsTheRules(t *testing.T) {
	t.Parallel()
	text, err := config.RenderSchema(testClouds())
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Defs map[string]struct {
			Properties map[string]struct{ Description string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	condition := document.Defs["condition"].Properties
	for _, key := range mapping.ConditionKeys() {
		if condition[key].Description == "" && key != "tag.<key>" {
			t.Errorf("%s is not described", key)
		}
	}
	if want := len(mapping.ConditionKeys()) - 1 + 3; len(condition) != want { // any, all and not
		t.Errorf("%d keys, want %d: %v", len(condition), want, condition)
	}
}
