package language

import (
	"errors"
	"strings"
)

// Error is an error that people read in their language.
type Error struct {
	Text
	Err error // the cause, may be nil
}

// Errorf returns an error in both languages.
func Errorf(zh, en string, args ...any) error { return &Error{Text: Newf(zh, en, args...)} }

// Error returns the English text, for logs, and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.EN
	}
	return e.EN + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorText returns the text of an error in a language. What the Errors in its chain say stands in that language, all else
// as it is: names, and the words of servers and of the system.
func ErrorText(err error, lang Lang) string {
	text := err.Error()
	var both *Error
	for errors.As(err, &both) {
		text, err = strings.Replace(text, both.EN, both.In(lang), 1), both.Err
	}
	return text
}
