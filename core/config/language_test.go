package config_test

import (
	"errors"
	"os"
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
)

// TestWhichLanguage: the variable, the file, what the caller says for a configuration that names none, Chinese. Mistakes
// are told in it too.
func TestWhichLanguage(t *testing.T) {
	t.Parallel()
	minimal, err := os.ReadFile("testdata/minimal.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file, variable string
		caller, want   language.Lang
	}{
		"nobody says":               {want: language.Chinese},
		"the caller":                {caller: language.English, want: language.English},
		"the file":                  {file: "zh", caller: language.English, want: language.Chinese},
		"the file, English":         {file: "en", want: language.English},
		"the variable":              {file: "zh", variable: "en", want: language.English},
		"the variable, no caller's": {variable: "zh", caller: language.English, want: language.Chinese},
	} {
		for _, broken := range []bool{false, true} {
			text := string(minimal)
			if c.file != "" {
				text += "\nlanguage: " + c.file + "\n"
			}
			if broken {
				text += "\nstale_after: x\n"
			}
			from := config.Source{Clouds: testClouds(), Language: c.caller, ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}
			if c.variable != "" {
				from.Env = []string{language.Variable + "=" + c.variable}
			}
			cfg, err := config.Load(t.Context(), from)
			var mistakes *config.Error
			got := language.Lang(cfg.Language)
			if errors.As(err, &mistakes) {
				got = mistakes.Lang
			}
			if got != c.want || (err != nil) != broken {
				t.Errorf("%s: %s, not %s (%v)", name, got, c.want, err)
			}
		}
	}
}
