// Package reason says why: a code that programs read, with a text in each language that people read. Whatever a run does
// to an asset, or leaves, has one. Codes are stable, they stand in results and logs; texts may change.
package reason

import (
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// Reason says why: a code with its arguments. Text returns it as a sentence.
type Reason struct {
	Code Code
	Args []any
}

// Code names a reason. Codes are stable; their texts may change.
type Code string

// New returns a reason. The arguments are those of its texts, in their order; what has a text of its own, as a Localized,
// stands in the reader's language.
func New(code Code, args ...any) Reason { return Reason{Code: code, Args: args} }

// Localized is an argument that reads differently in each language.
type Localized interface {
	Text(lang language.Lang) string
}

// Text returns the reason in a language, or the code itself if it has no text.
func (r Reason) Text(lang language.Lang) string {
	text, ok := textsOf(r.Code)
	if !ok {
		return string(r.Code)
	}
	format := lang.Text(text.zh, text.en)
	if len(r.Args) == 0 {
		return format
	}
	return fmt.Sprintf(format, localizeArgs(r.Args, lang)...)
}

// localizeArgs puts the arguments that have a text into a language.
func localizeArgs(args []any, lang language.Lang) []any {
	out := slices.Clone(args)
	for n, arg := range args {
		text, is := arg.(Localized)
		if is {
			out[n] = text.Text(lang)
		}
	}
	return out
}

// RunError is an error of a run that is shown to people in their language.
type RunError struct {
	Kind   inventory.Kind
	Reason Reason
}

// Error returns the English text, for logs.
func (t *RunError) Error() string { return t.Reason.Text(language.English) }

// Unwrap returns an error of the kind.
func (t *RunError) Unwrap() error { return &inventory.Error{Kind: t.Kind, Message: t.Error()} }
