package config

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader puts a YAML document into a Config. It walks the nodes itself because the package's
// own decoder knows no paths, stops at the first mistake of a group, and quotes values.
type reader struct {
	*ledger
	env map[string]string
}

// document reads the file's only document; ref names the file in mistakes. An empty file is
// an empty configuration.
func (r reader) document(ref string, data []byte, into *Config) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		line, w := badYAML(err)
		r.addShape(ref, line, w)
		return
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		line, w := badYAML(err)
		r.addShape(ref, line, w)
		return
	default:
		r.addShape(ref, second.Line, words{"只能有一个 YAML 文档", "there must be one YAML document only"})
	}
	if len(doc.Content) == 0 {
		return
	}
	root := follow(doc.Content[0])
	if root.Kind != yaml.MappingNode && !null(root) {
		r.addShape(ref, root.Line, words{"顶层应为 jumpserver、clouds 等配置项", "its top level must hold jumpserver, clouds and so on"})
		return
	}
	r.group(root, reflect.ValueOf(into).Elem(), "")
}

// group reads a mapping into a struct.
func (r reader) group(n *yaml.Node, into reflect.Value, path string) {
	if null(n) {
		return
	}
	if path != "" {
		r.lines[path] = n.Line
	}
	if n.Kind != yaml.MappingNode {
		r.add(path, words{"应为一组配置项（键: 值）", "must be a group of settings (key: value)"})
		return
	}
	for _, p := range r.pairs(n, path) {
		field, at := fieldOf(into, p.key.Value)
		child := join(path, shown(p.key.Value))
		if at < 0 {
			r.addShape(child, p.key.Line, unknownKey(p.key.Value, keysOf(into)))
			continue
		}
		r.field(follow(p.value), field, into.Field(at), child)
	}
}

// field reads one value of a mapping by the type of the field that takes it.
func (r reader) field(n *yaml.Node, field reflect.StructField, into reflect.Value, path string) {
	switch {
	case groups(into.Type()):
		r.clouds(n, into, path)
	case types().list(into.Type()):
		r.list(n, into, path)
	case into.Kind() == reflect.Struct && into.Type() != types().secret:
		r.group(n, into, path)
	default:
		r.scalar(n, field.Tag, into, path)
	}
}

// clouds reads the list of accounts. An entry that cannot be read still takes its place, so
// that indices in mistakes and variables stay those of the file.
func (r reader) clouds(n *yaml.Node, into reflect.Value, path string) {
	if null(n) {
		return
	}
	r.lines[path] = n.Line
	if n.Kind != yaml.SequenceNode {
		r.add(path, words{"应为云账号的列表（每项以 - 开头）", "must be a list of accounts (each begins with -)"})
		return
	}
	for i, item := range n.Content {
		entry, at := DefaultCloud(), path+"["+strconv.Itoa(i)+"]"
		item = follow(item)
		if null(item) {
			r.lines[at] = item.Line
			r.add(at, emptyItem())
		}
		r.group(item, reflect.ValueOf(&entry).Elem(), at)
		into.Set(reflect.Append(into, reflect.ValueOf(entry)))
	}
}

// list reads a list, or one text with commas, as a variable gives it.
func (r reader) list(n *yaml.Node, into reflect.Value, path string) {
	if null(n) {
		return
	}
	r.lines[path] = n.Line
	var texts []string
	switch n.Kind {
	case yaml.ScalarNode:
		texts = split(r.expanded(n, path))
	case yaml.SequenceNode:
		texts = r.items(n, path)
	default:
		r.add(path, words{"应为列表", "must be a list"})
		return
	}
	value := parseList(into.Type(), texts, func(i int, w words) {
		at := path + "[" + strconv.Itoa(i) + "]"
		if r.lines[at] == 0 { // the items of one text have its line
			r.lines[at] = n.Line
		}
		r.add(at, w)
	})
	into.Set(reflect.ValueOf(value))
}

func (r reader) items(n *yaml.Node, path string) []string {
	if len(n.Content) == 0 {
		return nil
	}
	texts := make([]string, len(n.Content))
	for i, item := range n.Content {
		item = follow(item)
		at := path + "[" + strconv.Itoa(i) + "]"
		r.lines[at] = item.Line
		switch {
		case item.Kind != yaml.ScalarNode:
			r.add(at, words{"应为文本", "must be a text"})
		case !null(item):
			texts[i] = strings.TrimSpace(r.expanded(item, at))
		}
	}
	return texts
}

// scalar reads one value. YAML's own types do not matter: numbers where texts are wanted are
// texts, and the text "true" is a flag. An empty text leaves the default, unless it is a value.
func (r reader) scalar(n *yaml.Node, tag reflect.StructTag, into reflect.Value, path string) {
	if null(n) {
		return
	}
	r.lines[path] = n.Line
	if n.Kind != yaml.ScalarNode {
		r.add(path, words{"应为单个值，不是列表或一组配置项", "must be one value, not a list or a group"})
		return
	}
	text := r.expanded(n, path)
	if r.wrong(path) || (text == "" && tag.Get("empty") != "value") {
		return
	}
	value, w := parse(into.Type(), tag, text)
	if w != (words{}) {
		r.add(path, w)
		return
	}
	into.Set(reflect.ValueOf(value))
}

func (r reader) expanded(n *yaml.Node, path string) string {
	text, missing := expand(n.Value, r.env)
	if len(missing) > 0 {
		names := strings.Join(missing, ", ")
		r.add(path, words{
			"环境变量 " + names + " 没有设置，也没有默认值（${名称:默认值}）",
			"environment variable " + names + " is not set and has no default (${NAME:default})",
		})
	}
	return text
}

type pair struct{ key, value *yaml.Node }

// pairs gives the entries of a mapping, each key once; entries merged in by "<<" come last and
// lose against its own, as YAML 1.1 has it.
func (r reader) pairs(n *yaml.Node, path string) []pair {
	return r.entries(n, path, map[string]bool{}, map[*yaml.Node]bool{n: true})
}

// entries adds what a mapping holds beyond the keys that stand already. Each source of a merge
// is read once, so an alias that names its own parent ends.
func (r reader) entries(n *yaml.Node, path string, stands map[string]bool, read map[*yaml.Node]bool) []pair {
	var found []pair
	var sources []*yaml.Node
	own := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := follow(n.Content[i]), n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.addShape(join(path, "?"), key.Line, words{"键应为文本", "a key must be a text"})
		case key.Tag == "!!merge":
			sources = append(sources, r.sources(follow(value), path)...)
		case own[key.Value]:
			r.addShape(join(path, shown(key.Value)), key.Line, words{"重复的配置项", "the setting is there twice"})
		case !stands[key.Value]:
			own[key.Value], stands[key.Value] = true, true
			found = append(found, pair{key, value})
		}
	}
	for _, source := range sources {
		if !read[source] {
			read[source] = true
			found = append(found, r.entries(source, path, stands, read)...)
		}
	}
	return found
}

// sources gives the mappings that "<<" merges in: one, or a list of them.
func (r reader) sources(n *yaml.Node, path string) []*yaml.Node {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	var found []*yaml.Node
	for _, item := range items {
		if item = follow(item); item.Kind != yaml.MappingNode {
			r.addShape(join(path, "<<"), item.Line, words{"只能合并一组配置项", "only a group of settings can be merged in"})
			continue
		}
		found = append(found, item)
	}
	return found
}

// follow gives the node that an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// null tells whether a key has no value; its default stays then.
func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func fieldOf(group reflect.Value, key string) (reflect.StructField, int) {
	for i := range group.NumField() {
		if field := group.Type().Field(i); field.Tag.Get("yaml") == key && key != "-" {
			return field, i
		}
	}
	return reflect.StructField{}, -1
}

func keysOf(group reflect.Value) []string {
	var keys []string
	for i := range group.NumField() {
		if key := group.Type().Field(i).Tag.Get("yaml"); key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}
