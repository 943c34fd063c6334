package plan

import (
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Lang is a language of texts for people.
type Lang string

// The languages; anything else reads as Chinese.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Reason says why: a code with its arguments. Text returns it as a sentence.
type Reason struct {
	Code Code
	Args []any
}

// Code names a reason. Codes are stable; their texts may change.
type Code string

func newReason(code Code, args ...any) Reason { return Reason{Code: code, Args: args} }

// NewReason returns a reason, for packages that come after the plan.
func NewReason(code Code, args ...any) Reason { return newReason(code, args...) }

// Text returns the reason in a language, or the code itself if it has no text.
func (r Reason) Text(lang Lang) string {
	text, ok := textsOf(r.Code)
	if !ok {
		return string(r.Code)
	}
	format := text.zh
	if lang == English {
		format = text.en
	}
	if len(r.Args) == 0 {
		return format
	}
	return fmt.Sprintf(format, localizeArgs(r.Args, lang)...)
}

// localizeArgs translates the actions and reasons among arguments.
func localizeArgs(args []any, lang Lang) []any {
	names := map[Action]string{Create: "新增", Update: "更新", Deactivate: "停用", Delete: "删除"}
	out := slices.Clone(args)
	for n, arg := range args {
		switch a := arg.(type) {
		case Reason:
			out[n] = a.Text(lang)
		case Action:
			if lang != English && names[a] != "" {
				out[n] = names[a]
			}
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
func (t *RunError) Error() string { return t.Reason.Text(English) }

// Unwrap returns an error of the kind.
func (t *RunError) Unwrap() error { return &inventory.Error{Kind: t.Kind, Message: t.Error()} }
