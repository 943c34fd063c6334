// Package language has the languages that people read, and their texts: always both beside each other, so that no
// message lacks one.
package language

import (
	"fmt"
	"strings"
)

// Lang is a language of texts for people.
type Lang string

// The languages; anything else reads as Chinese.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Text returns the text of the language.
func (l Lang) Text(zh, en string) string {
	if l == English {
		return en
	}
	return zh
}

// Textf returns the text of the language with its arguments.
func (l Lang) Textf(zh, en string, args ...any) string {
	if l == English {
		return fmt.Sprintf(en, args...)
	}
	return fmt.Sprintf(zh, args...)
}

// Text is a text in both languages, where it is not known yet who reads it.
type Text struct{ ZH, EN string }

// New returns a text in both languages.
func New(zh, en string) Text { return Text{zh, en} }

// Newf returns a text in both languages with its arguments.
func Newf(zh, en string, args ...any) Text {
	return Text{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}
}

// In returns the text in a language.
func (t Text) In(lang Lang) string { return lang.Text(t.ZH, t.EN) }

// WithError appends an error to a text. Errors of ours contain no secrets.
func (t Text) WithError(err error) Text {
	colon := Text{ZH: "：", EN: ": "}
	return Text{t.ZH + colon.ZH + ErrorText(err, Chinese), t.EN + colon.EN + ErrorText(err, English)}
}

// Variable is the environment variable that names the language.
const Variable = "JMS_SYNC_LANGUAGE"

// Of returns the language that the environment names: by JMS_SYNC_LANGUAGE, otherwise by the locale of messages, whose
// variables count in the order of POSIX. A locale of another language reads English; none, C and POSIX are no choice,
// and read Chinese.
func Of(lookup func(name string) string) Lang {
	if named := Lang(lookup(Variable)); named == Chinese || named == English {
		return named
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		locale := lookup(name)
		if locale != "" {
			return ofLocale(locale)
		}
	}
	return Chinese
}

// ofLocale returns the language of a locale such as zh_CN.UTF-8.
func ofLocale(locale string) Lang {
	name, _, _ := strings.Cut(strings.ToLower(locale), ".")
	switch {
	case name == "c", name == "posix", strings.HasPrefix(name, "zh"):
		return Chinese
	}
	return English
}
