package config

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// describeYAMLError returns the line and the text of a syntax error. The package's own text is shown only if it
// quotes nothing of the file: a secret that begins with "*" reads as an anchor, which the package would quote.
func describeYAMLError(err error) (line int, w language.Text) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	_, err = fmt.Sscanf(text, "line %d:", &line)
	if err == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	if strings.Contains(text, "anchor") || strings.ContainsAny(text, "`\"") {
		return line, language.New(
			"不是正确的 YAML：引用了没有定义的锚点，以 * 开头的值要加引号",
			"not valid YAML: an anchor is used that is not defined; a value that begins with * needs quotes",
		)
	}
	what, parser := translateYAMLError(text)
	if parser && line > 0 {
		line++ // yaml.v3 counts from 0 in errors of its parser, from 1 in those of its scanner
	}
	return line, language.New("不是正确的 YAML："+what.ZH, "not valid YAML: "+what.EN)
}

// translateYAMLError translates the usual errors of yaml.v3 into Chinese, and reports whether its parser made them.
func translateYAMLError(text string) (what language.Text, parser bool) {
	switch text {
	case "did not find expected key":
		return language.New("缩进不对，或者缺少键", text), true
	case "did not find expected '-' indicator":
		return language.New("列表项应以 - 开头，检查缩进", text), true
	case "did not find expected ',' or ']'":
		return language.New("列表缺少逗号或 ]", text), true
	case "did not find expected ',' or '}'":
		return language.New("花括号里缺少逗号或 }", text), true
	case "did not find expected node content":
		return language.New("这里缺少值", text), true
	case "could not find expected ':'":
		return language.New("缺少冒号（要用半角冒号，后面有空格）", text), false
	case "mapping values are not allowed in this context":
		return language.New("这里不能有“键: 值”，检查缩进，冒号要用半角；含冒号的值要加引号", text), false
	case "found character that cannot start any token":
		return language.New("缩进不能用 Tab；以 @、%、` 开头的值要加引号", text), false
	case "did not find expected whitespace or line break":
		return language.New(`以 ! 开头的值要加引号，如 "!cn-beijing"`, `a value that begins with ! needs quotes, such as "!cn-beijing"`), false
	case "found unexpected end of stream":
		return language.New("引号没有配对", text), false
	}
	return language.New(text, text), false
}
