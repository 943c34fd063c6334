package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/language"
)

// expectationReader reads a file of expectations, and gathers all mistakes in it.
type expectationReader struct {
	file     string
	lang     language.Lang
	mistakes []expectationMistake
}

type expectationMistake struct {
	line, column int
	text         string
}

// fault notes a mistake at a place of the file.
func (r *expectationReader) fault(n *yaml.Node, text language.Text) {
	r.mistakes = append(r.mistakes, expectationMistake{n.Line, n.Column, stripControls(text.In(r.lang))})
}

// err returns all mistakes as one error, in the order of the file.
func (r *expectationReader) err() error {
	if r.mistakes == nil {
		return nil
	}
	slices.SortStableFunc(r.mistakes, func(a, b expectationMistake) int { return cmp.Or(a.line-b.line, a.column-b.column) })
	var lines []string
	for _, m := range r.mistakes {
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", r.file, m.line, m.column, m.text))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// items returns the entries of the file's list.
func (r *expectationReader) items(text []byte) ([]*yaml.Node, error) {
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	err := decoder.Decode(&document)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &language.Error{Text: language.Newf("%s 不是正确的 YAML", "%s is not valid YAML", r.file), Err: err}
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.SequenceNode || len(document.Content[0].Content) == 0 {
		return nil, language.Errorf("%s：应为期望的列表，每项以 - 开头，有 instance 与 asset", "%s: must be a list of expectations, each with instance and asset, beginning with -", r.file)
	}
	more := decoder.Decode(new(yaml.Node))
	if !errors.Is(more, io.EOF) {
		return nil, language.Errorf("%s：只能有一个 YAML 文档", "%s: there must be one YAML document only", r.file)
	}
	return document.Content[0].Content, nil
}

// yamlPair is a key of a group, and its value.
type yamlPair struct {
	name       string
	key, value *yaml.Node
}

// group returns the keys of a mapping and their values. Those that are not known are mistakes; nil means that all are.
func (r *expectationReader) group(n *yaml.Node, known []string) []yamlPair {
	n = unalias(n)
	if n.Kind != yaml.MappingNode {
		r.fault(n, language.New("应为一组“键: 值”", "must be a group of keys and values"))
		return nil
	}
	var found []yamlPair
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := unalias(n.Content[i]), unalias(n.Content[i+1])
		switch {
		case slices.ContainsFunc(found, func(p yamlPair) bool { return p.name == key.Value }):
			r.fault(key, language.Newf("%s 写了两次", "%s stands twice", key.Value))
		case known != nil && !slices.Contains(known, key.Value):
			r.fault(key, unknownKey(key.Value, known))
		default:
			found = append(found, yamlPair{key.Value, key, value})
		}
	}
	return found
}

func unalias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func unknownKey(name string, known []string) language.Text {
	near := language.Nearest(name, known)
	if near != "" {
		return language.Newf("不认识 %s；是不是 %s？", "%s is unknown; is it %s?", name, near)
	}
	return language.Newf("不认识 %s；可用的有：%s", "%s is unknown; there are %s", name, strings.Join(known, ", "))
}

// text returns a value that is one text; a value that is left empty is none.
func (r *expectationReader) text(n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.fault(n, language.New("应为单个值；以 { 或 [ 开头的值要加引号", "must be one value; one that begins with { or [ needs quotes"))
		return ""
	case n.Tag == "!!null":
		return ""
	}
	return n.Value
}

// texts returns a value that is one text or a list of them.
func (r *expectationReader) texts(n *yaml.Node) []string {
	if n.Kind != yaml.SequenceNode {
		text := r.text(n)
		if text == "" {
			return nil
		}
		return []string{text}
	}
	var all []string
	for _, item := range n.Content {
		all = append(all, r.text(unalias(item)))
	}
	return all
}

func (r *expectationReader) flag(n *yaml.Node) bool {
	is, err := strconv.ParseBool(r.text(n))
	if err != nil {
		r.fault(n, language.New("应为 true 或 false", "must be true or false"))
	}
	return is
}

func (r *expectationReader) number(n *yaml.Node) int {
	number, err := strconv.Atoi(r.text(n))
	if err != nil || number < 0 {
		r.fault(n, language.New("应为数目", "must be a number"))
	}
	return number
}
