// Package secret promises that a secret never reaches a log, a message or a file. It imports no other package of
// this module, so that every package can carry one.
package secret

import (
	"fmt"
	"log/slog"
)

// Redacted is what every attempt to print a non-empty secret shows.
const Redacted = "******"

// Value is a string that cannot be printed: every fmt verb, slog, JSON, YAML and text encoding shows Redacted, or
// nothing if it is empty. Only Reveal returns the text.
//
// The text is behind a pointer, because fmt cannot call methods on a Value in an unexported field of another struct
// and would print the field itself.
type Value struct{ text *string }

// New returns a text as a secret.
func New(text string) Value { return Value{text: &text} }

// Reveal returns the text. Call it only to hand the text to a signer or an SDK.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// IsEmpty reports whether no secret is set.
func (v Value) IsEmpty() bool { return v.Reveal() == "" }

// String implements fmt.Stringer without revealing the text or its length.
func (v Value) String() string {
	if v.IsEmpty() {
		return ""
	}
	return Redacted
}

// Format implements fmt.Formatter, so that no verb reaches the text (%#v, %x and %q would).
func (v Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(v.String())) }

// LogValue implements slog.LogValuer.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalText implements encoding.TextMarshaler, which JSON and YAML use too.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler, for environment variables and YAML.
func (v *Value) UnmarshalText(text []byte) error {
	*v = New(string(text))
	return nil
}
