package plan

import (
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Lang is a language of words for people.
type Lang string

// The languages; anything else reads as Chinese.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Reason says why, as a code with its details; Text puts it into words.
type Reason struct {
	Code Code
	Args []any
}

// Code names a reason. Codes are stable; the words may change.
type Code string

func newReason(code Code, args ...any) Reason { return Reason{Code: code, Args: args} }

// NewReason makes a reason for packages that come after the plan.
func NewReason(code Code, args ...any) Reason { return newReason(code, args...) }

// Text gives the reason in words.
func (r Reason) Text(lang Lang) string {
	words, ok := textsOf(r.Code)
	if !ok {
		return string(r.Code)
	}
	format := words.zh
	if lang == English {
		format = words.en
	}
	if len(r.Args) == 0 {
		return format
	}
	return fmt.Sprintf(format, localizeArgs(r.Args, lang)...)
}

// localizeArgs puts the actions and reasons among details into words.
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

// RunError is an error of a run that is put into the reader's language where people read it.
type RunError struct {
	Kind   inventory.Kind
	Reason Reason
}

// Error gives the words in English, for logs.
func (t *RunError) Error() string { return t.Reason.Text(English) }

// Unwrap gives an error of the kind.
func (t *RunError) Unwrap() error { return &inventory.Error{Kind: t.Kind, Message: t.Error()} }
