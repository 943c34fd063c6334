package config

import (
	"strconv"

	"github.com/jms-sync/jms-sync/core/language"
)

// suggestKey returns the text for a key that is no setting, with a suggestion if one is near.
func suggestKey(key string, candidates []string) language.Text {
	w := language.New("没有这个配置项", "there is no such setting")
	near := language.Nearest(key, candidates)
	if near != "" {
		return withSuggestion(w, near)
	}
	return w
}

func withSuggestion(w language.Text, near string) language.Text {
	return language.New(w.ZH+"，是不是 "+near+"？", w.EN+", did you mean "+near+"?")
}

// printable makes a name from outside printable: one line, not long.
func printable(name string) string {
	const most = 64
	runes := []rune(strconv.QuoteToGraphic(name))
	runes = runes[1 : len(runes)-1]
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	return string(runes)
}
