package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/language"
)

// TestDemo: the demonstration of the README succeeds in both languages, and no emulator got an unexpected request.
func TestDemo(t *testing.T) {
	t.Parallel()
	programs := map[string]string{}
	for flag, folder := range map[string]string{"--timer": "../fc-timer", "--event": "../fc-event"} {
		program := filepath.Join(t.TempDir(), "bootstrap")
		build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "lambda.norpc", "-o", program, folder)
		build.Env = append(build.Environ(), "CGO_ENABLED=0")
		text, err := build.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		programs[flag] = program
	}
	for lang, wanted := range map[language.Lang][]string{
		language.Chinese: {"没有收到任何意外的请求", "获得访问：组 商城组", "失去访问：组 商城组", "还没有人能访问这 1 台主机"},
		language.English: {"the emulators got no unexpected request", "gain access: group shop-team", "lose access: group shop-team", "nobody can reach this 1 host yet"},
	} {
		t.Run(string(lang), func(t *testing.T) {
			t.Parallel()
			var shown bytes.Buffer
			err := runDemo(t.Context(), lang, &shown, demoOptions{timer: programs["--timer"], event: programs["--event"]})
			if err != nil {
				t.Errorf("%v:\n%s", err, &shown)
			}
			for _, text := range wanted {
				if !strings.Contains(shown.String(), text) {
					t.Errorf("%q is not shown:\n%s", text, &shown)
				}
			}
			wantLanguage(t, lang, "demo", shown.String())
		})
	}
}
