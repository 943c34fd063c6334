package config

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// yamlReader reads a YAML document into a Config. It walks the nodes itself because the package's own decoder knows
// no paths, stops at the first mistake of a group, and quotes values.
type yamlReader struct {
	*mistakeCollector
	env map[string]string

	conditions *int // that were read so far
	nesting    int  // of conditions, at this place
}

func newYAMLReader(l *mistakeCollector, env map[string]string) yamlReader {
	return yamlReader{mistakeCollector: l, env: env, conditions: new(int)}
}

// readDocument reads the file's only document; ref names the file in mistakes. An empty file is an empty
// configuration.
func (r yamlReader) readDocument(ref string, data []byte, into *Config) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := decoder.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		line, w := describeYAMLError(err)
		r.addStructural(ref, place{line: line}, withOddSpace(w, data))
		return
	}
	var second yaml.Node
	err = decoder.Decode(&second)
	switch {
	case errors.Is(err, io.EOF):
	case err != nil:
		line, w := describeYAMLError(err)
		r.addStructural(ref, place{line: line}, w)
		return
	default:
		r.addStructural(ref, placeOf(&second), language.New("只能有一个 YAML 文档", "there must be one YAML document only"))
	}
	if len(doc.Content) == 0 {
		return
	}
	root := resolveAlias(doc.Content[0])
	if root.Kind != yaml.MappingNode && !isNull(root) {
		r.addStructural(ref, placeOf(root), language.New("顶层应为 jumpserver、clouds 等配置项", "its top level must hold jumpserver, clouds and so on"))
		return
	}
	r.readGroup(root, reflect.ValueOf(into).Elem(), "")
}

// extensionPrefix begins keys that are no settings and are left alone, as in Compose files: what they hold is used by
// its anchors.
const extensionPrefix = "x-"

// readGroup reads a mapping into a struct.
func (r yamlReader) readGroup(n *yaml.Node, into reflect.Value, path string) {
	if isNull(n) {
		return
	}
	if path != "" {
		r.places[path] = placeOf(n)
	}
	if n.Kind != yaml.MappingNode {
		r.add(path, language.New("应为一组配置项（键: 值）", "must be a group of settings (key: value)"))
		return
	}
	for _, p := range r.listPairs(n, path) {
		field, at := fieldOf(into, p.key.Value)
		child := joinPath(path, printable(p.key.Value))
		odd, isOdd := oddSpace(p.key.Value)
		switch {
		case at >= 0:
			r.readField(resolveAlias(p.value), field, into.Field(at), child)
		case isOdd:
			r.addStructural(child, placeOf(p.key), language.New("这一行有"+odd.ZH+"，看起来像空格：请删掉重新输入", "the line holds "+odd.EN+", which looks like a space: type it anew"))
		case !strings.HasPrefix(p.key.Value, extensionPrefix): // what begins so only holds anchors
			r.addStructural(child, placeOf(p.key), suggestKey(p.key.Value, keysOf(into)))
		}
	}
}

// readField reads one value of a mapping by the type of its field.
func (r yamlReader) readField(n *yaml.Node, field reflect.StructField, into reflect.Value, path string) {
	switch {
	case into.Type() == reflect.TypeFor[[]mapping.Rule]():
		into.Set(reflect.ValueOf(r.readRules(n, path)))
	case isGroupList(into.Type()):
		r.readEntries(n, into, path)
	case newSettingTypes().isList(into.Type()):
		r.readList(n, into, path)
	case into.Type() == newSettingTypes().addresses:
		r.readAddresses(n, into, path)
	case into.Kind() == reflect.Struct && into.Type() != newSettingTypes().secret:
		r.readGroup(n, into, path)
	default:
		r.readScalar(n, field.Tag, into, path)
	}
}

// readEntries reads a list of accounts or of channels. An entry that cannot be read still counts, so that indices in
// mistakes and variables stay those of the file.
func (r yamlReader) readEntries(n *yaml.Node, into reflect.Value, path string) {
	if isNull(n) {
		return
	}
	r.places[path] = placeOf(n)
	if n.Kind != yaml.SequenceNode {
		r.add(path, notEntriesText(path))
		return
	}
	for i, item := range n.Content {
		entry, at := newEntry(into.Type()), path+"["+strconv.Itoa(i)+"]"
		item = resolveAlias(item)
		if isNull(item) {
			r.places[at] = placeOf(item)
			r.add(at, emptyItemText())
		}
		r.readGroup(item, entry, at)
		into.Set(reflect.Append(into, entry))
	}
}

func notEntriesText(path string) language.Text {
	if path == accountList().path {
		return language.New("应为云账号的列表（每项以 - 开头）", "must be a list of accounts (each begins with -)")
	}
	return language.New("应为通知渠道的列表（每项以 - 开头）", "must be a list of channels (each begins with -)")
}

// readList reads a list, or one text with commas, as in a variable.
func (r yamlReader) readList(n *yaml.Node, into reflect.Value, path string) {
	if isNull(n) {
		return
	}
	r.places[path] = placeOf(n)
	var texts []string
	switch n.Kind {
	case yaml.ScalarNode:
		texts = splitList(r.expandScalar(n, path))
	case yaml.SequenceNode:
		texts = r.readItems(n, path)
	default:
		r.add(path, language.New("应为列表", "must be a list"))
		return
	}
	value := parseList(into.Type(), texts, func(i int, w language.Text) {
		at := path + "[" + strconv.Itoa(i) + "]"
		if r.places[at].line == 0 { // the items of one text have its line
			r.places[at] = placeOf(n)
		}
		r.add(at, w)
	})
	into.Set(reflect.ValueOf(value))
}

func (r yamlReader) readItems(n *yaml.Node, path string) []string {
	if len(n.Content) == 0 {
		return nil
	}
	texts := make([]string, len(n.Content))
	for i, item := range n.Content {
		item = resolveAlias(item)
		at := path + "[" + strconv.Itoa(i) + "]"
		r.places[at] = placeOf(item)
		switch {
		case item.Kind != yaml.ScalarNode:
			r.add(at, language.New("应为文本", "must be a text"))
		case !isNull(item):
			texts[i] = strings.TrimSpace(r.expandScalar(item, at))
		}
	}
	return texts
}

// readScalar reads one value. YAML's own types do not matter: numbers are accepted as texts, and the text "true" is
// a flag. An empty text keeps the default, unless the tag "empty" makes it a value.
func (r yamlReader) readScalar(n *yaml.Node, tag reflect.StructTag, into reflect.Value, path string) {
	if isNull(n) {
		return
	}
	r.places[path] = placeOf(n)
	if n.Kind != yaml.ScalarNode {
		r.add(path, language.New("应为单个值，不是列表或一组配置项", "must be one value, not a list or a group"))
		return
	}
	text := r.expandScalar(n, path)
	if r.hasMistake(path) || (text == "" && tag.Get("empty") != "value") {
		return
	}
	value, w := parseValue(into.Type(), tag, text)
	if w != (language.Text{}) {
		r.add(path, w)
		return
	}
	into.Set(reflect.ValueOf(value))
}

func (r yamlReader) expandScalar(n *yaml.Node, path string) string {
	text, missing := expandVariables(n.Value, r.env)
	w := unexpandedText(n.Value)
	if w != (language.Text{}) {
		r.add(path, w)
	}
	if text != n.Value && isQuoted(text) {
		r.add(path, quotedText())
	}
	if len(missing) > 0 {
		names := strings.Join(missing, ", ")
		r.addUnset(path, language.New(
			"环境变量 "+names+" 没有设置，也没有默认值（${名称:默认值}）",
			"environment variable "+names+" is not set and has no default (${NAME:default})",
		))
	}
	return text
}

type yamlPair struct{ key, value *yaml.Node }

// listPairs returns the entries of a mapping, each key once; entries merged in by "<<" come last and lose against
// its own, as in YAML 1.1.
func (r yamlReader) listPairs(n *yaml.Node, path string) []yamlPair {
	return r.appendPairs(n, path, map[string]bool{}, map[*yaml.Node]bool{n: true})
}

// appendPairs returns the entries of a mapping whose keys are not taken yet. Each source of a merge is read once,
// so that an alias that names its own parent ends.
func (r yamlReader) appendPairs(n *yaml.Node, path string, taken map[string]bool, read map[*yaml.Node]bool) []yamlPair {
	var found []yamlPair
	var sources []*yaml.Node
	own := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolveAlias(n.Content[i]), n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode, key.Value == "":
			r.addStructural(joinPath(path, "?"), placeOf(key), language.New("键应为文本", "a key must be a text"))
		case key.Tag == "!!merge":
			sources = append(sources, r.mergeSources(resolveAlias(value), path)...)
		case own[key.Value]:
			r.addStructural(joinPath(path, printable(key.Value)), placeOf(key), language.New("重复的配置项", "the setting is there twice"))
		case !taken[key.Value]:
			own[key.Value], taken[key.Value] = true, true
			found = append(found, yamlPair{key, value})
		}
	}
	for _, source := range sources {
		if !read[source] {
			read[source] = true
			found = append(found, r.appendPairs(source, path, taken, read)...)
		}
	}
	return found
}

// mergeSources returns the mappings that "<<" merges in: one, or a list of them.
func (r yamlReader) mergeSources(n *yaml.Node, path string) []*yaml.Node {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	var found []*yaml.Node
	for _, item := range items {
		item = resolveAlias(item)
		if item.Kind != yaml.MappingNode {
			r.addStructural(joinPath(path, "<<"), placeOf(item), language.New("只能合并一组配置项", "only a group of settings can be merged in"))
			continue
		}
		found = append(found, item)
	}
	return found
}

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// resolveAlias returns the node that an alias stands for.
func resolveAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// isNull reports whether a key has no value, so that its default stays.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func fieldOf(group reflect.Value, key string) (reflect.StructField, int) {
	for i := range group.NumField() {
		field := group.Type().Field(i)
		if field.Tag.Get("yaml") == key && key != "-" {
			return field, i
		}
	}
	return reflect.StructField{}, -1
}

func keysOf(group reflect.Value) []string {
	var keys []string
	for i := range group.NumField() {
		key := group.Type().Field(i).Tag.Get("yaml")
		if key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}
