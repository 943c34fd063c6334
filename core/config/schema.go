package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// SchemaURL is where the schema of the main branch is published.
const SchemaURL = "https://raw.githubusercontent.com/jms-sync/jms-sync/main/docs/config.schema.json"

// schema is a JSON Schema (2020-12) of one value, as far as configurations need it.
type schema struct {
	Draft       string     `json:"$schema,omitempty"`
	ID          string     `json:"$id,omitempty"`
	Ref         string     `json:"$ref,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Type        types      `json:"type,omitempty"`
	Const       any        `json:"const,omitempty"`
	Enum        []string   `json:"enum,omitempty"`
	Default     any        `json:"default,omitempty"`
	AnyOf       []schema   `json:"anyOf,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	Minimum     *int       `json:"minimum,omitempty"`
	Maximum     *int       `json:"maximum,omitempty"`
	Items       *schema    `json:"items,omitempty"`
	MinItems    int        `json:"minItems,omitempty"`
	Required    []string   `json:"required,omitempty"`
	Properties  properties `json:"properties,omitempty"`
	Patterns    properties `json:"patternProperties,omitempty"`
	// Further is what further keys hold: false, or a schema; nil = anything.
	Further any        `json:"additionalProperties,omitempty"`
	If      *schema    `json:"if,omitempty"`
	Then    *schema    `json:"then,omitempty"`
	Else    *schema    `json:"else,omitempty"`
	Defs    properties `json:"$defs,omitempty"`
}

// types are the types that a value may have.
type types []string

// MarshalJSON implements json.Marshaler: one type is no list.
func (t types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// orNull returns the schema of a value that may be missing behind its key, so that its default stays.
func (s schema) orNull() schema {
	if len(s.AnyOf) > 0 {
		s.AnyOf = append(s.AnyOf, schema{Type: types{"null"}})
	} else {
		s.Type = append(slices.Clone(s.Type), "null")
	}
	return s
}

// properties are the values of an object, in the order in which editors offer them.
type properties []property

type property struct {
	name  string
	value schema
}

// MarshalJSON implements json.Marshaler.
func (p properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(one.name) + ":")
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(one.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// RenderSchema returns the JSON Schema of configuration files. What Load accepts in an enabled account and outside of
// accounts, it accepts; it cannot know what needs more than one value. docs/config.schema.json is this text, and a test
// compares them.
func RenderSchema(known inventory.CloudTable) ([]byte, error) {
	w := newSchemaWriter(known)
	top := Default()
	whole := w.group(reflect.ValueOf(top), "")
	whole.Draft, whole.ID, whole.Title = "https://json-schema.org/draft/2020-12/schema", SchemaURL, "jms-sync"
	whole.Defs = w.definitions()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(whole); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// schemaWriter makes schemas of settings by their types and tags.
type schemaWriter struct {
	known  inventory.CloudTable
	zh, en *strings.Replacer // of the names of clouds in texts
}

func newSchemaWriter(known inventory.CloudTable) schemaWriter {
	zh, en := cloudNames(known)
	return schemaWriter{known, zh, en}
}

// Names of the definitions that several places of the schema use.
const (
	refRule      = "#/$defs/rule"
	refCondition = "#/$defs/condition"
	refPatterns  = "#/$defs/patterns"
	refAccount   = "#/$defs/account"
	refChannel   = "#/$defs/channel"
)

// group returns the schema of a group of settings with these defaults.
func (w schemaWriter) group(v reflect.Value, path string) schema {
	s := schema{Type: types{"object", "null"}, Further: false, Patterns: properties{{"^" + extensionPrefix, schema{}}}}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := field.Tag.Get("yaml")
		if key == "-" {
			continue
		}
		one := w.value(field, v.Field(i), joinPath(path, key))
		one.Description = w.describe(field.Tag.Get("doc"))
		s.Properties = append(s.Properties, property{key, one})
	}
	return s
}

// describe returns the words of a setting in both languages.
func (w schemaWriter) describe(doc string) string {
	zh, en, both := strings.Cut(doc, ";")
	if !both {
		return ""
	}
	return w.zh.Replace(zh) + "\n" + w.en.Replace(en)
}

func (w schemaWriter) value(field reflect.StructField, v reflect.Value, path string) schema {
	k := newSettingTypes()
	switch {
	case v.Type() == reflect.TypeFor[[]Cloud]():
		return schema{Type: types{"array", "null"}, Items: &schema{Ref: refAccount}}
	case v.Type() == reflect.TypeFor[[]Channel]():
		return schema{Type: types{"array", "null"}, Items: &schema{Ref: refChannel}}
	case v.Type() == reflect.TypeFor[[]mapping.Rule]():
		return schema{Type: types{"array", "null"}, Items: &schema{Ref: refRule}}
	case k.isList(v.Type()):
		return schema{AnyOf: []schema{{Type: types{"array"}, Items: &schema{Type: scalarTypes()}}, schema{Type: scalarTypes()}.orNull()}}
	case v.Type() == k.addresses:
		return schema{AnyOf: []schema{{Type: types{"object"}, Further: schema{Type: scalarTypes()}}, {Type: types{"string", "null"}}}}
	case v.Kind() == reflect.Struct && v.Type() != k.secret:
		return w.group(v, path)
	}
	s := w.scalar(field.Tag, v.Type())
	if path == "clouds[].type" {
		s = choice(w.known.Keywords(), w.known.Spellings())
	}
	s = s.orNull()
	preset := defaultText(v)
	if preset != "" {
		s.Default = preset
		var plain any
		if v.Type() != k.text && json.Unmarshal([]byte(preset), &plain) == nil {
			s.Default = plain
		}
	}
	return s
}

// scalar returns the schema of one value that is there.
func (w schemaWriter) scalar(tag reflect.StructTag, t reflect.Type) schema {
	k := newSettingTypes()
	low, high, _ := strings.Cut(tag.Get("range"), ",")
	enum := tag.Get("enum")
	switch {
	case t == k.flag:
		flag := anyCase(append(trueWords(), falseWords()...)...)
		zero, one := 0, 1
		return schema{AnyOf: []schema{{Type: types{"boolean"}}, {Type: types{"integer"}, Minimum: &zero, Maximum: &one}, textLike(flag)}}
	case t == k.number:
		least, most := mustInt(low), mustInt(high)
		return schema{AnyOf: []schema{{Type: types{"integer"}, Minimum: &least, Maximum: &most}, textLike(`\d+`)}}
	case t == k.duration:
		return durationSchema(tag.Get("unit") == "required")
	case enum != "":
		words := strings.Split(enum, ",")
		return choice(words, words)
	}
	return schema{Type: scalarTypes()}
}

// scalarTypes are the types of a text: YAML's own types do not matter.
func scalarTypes() types { return types{"string", "number", "boolean"} }

// textLike returns the schema of a text that is like a pattern, that is empty, or that has a variable.
func textLike(pattern string) schema {
	return schema{Type: types{"string"}, Pattern: `^$|^\s*(?:` + pattern + `)\s*$|\$\{`}
}

// durationSchema returns the schema of a duration: with units, or as a number of seconds, of which 0 needs no unit.
func durationSchema(unit bool) schema {
	const units = `(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d)`
	if unit {
		return schema{AnyOf: []schema{textLike(`(?:` + units + `)+|0`), {Type: types{"integer"}, Const: json.RawMessage("0")}}}
	}
	return schema{AnyOf: []schema{textLike(`(?:` + units + `)+|\d+(?:\.\d*)?`), {Type: types{"number"}}}}
}

// choice returns the schema of one of several words in any case; offered are those that an editor proposes.
func choice(offered, words []string) schema {
	return schema{AnyOf: []schema{{Enum: offered}, textLike(anyCase(words...))}}
}

// anyCase returns a pattern of words in any case: patterns of JSON Schema have no flag for that.
func anyCase(words ...string) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteByte('|')
		}
		for _, r := range word {
			lower, upper := strings.ToLower(string(r)), strings.ToUpper(string(r))
			if lower == upper {
				b.WriteRune(r)
				continue
			}
			b.WriteString("[" + lower + upper + "]")
		}
	}
	return b.String()
}
