package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

var (
	chineseSigns    = regexp.MustCompile(`[\p{Han}\x{3001}-\x{303F}\x{FF01}-\x{FF5E}]+`)
	englishSentence = regexp.MustCompile(`(?:\b[a-z]{2,}[ ,;]+){4,}[a-z]{2,}`)
)

// speak lets the environment ask for a language, and nothing else name one.
func speak(t *testing.T, locale string) language.Lang {
	t.Helper()
	t.Setenv("LANG", locale)
	if strings.HasPrefix(locale, "en") {
		return language.English
	}
	return language.Chinese
}

// wantLanguage wants a text in one language. The names that the configuration has, and what the system and servers say,
// stay what they are.
func wantLanguage(t *testing.T, lang language.Lang, what, text string) {
	t.Helper()
	text = strings.NewReplacer("阿里云", "", "no such file or directory", "").Replace(text)
	if text == "" || lang == language.Chinese && !chineseSigns.MatchString(text) {
		t.Errorf("%s, LANG %s, prints %q", what, lang, text)
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "(HTTP ")
		wrong := englishSentence.FindString(line)
		if lang == language.English {
			wrong = chineseSigns.FindString(line)
		}
		if wrong != "" {
			t.Errorf("%s, LANG %s, has %q: %s", what, lang, wrong, line)
		}
	}
}

// TestHelpSpeaksOneLanguage: the help of every command, and what is wrong with a command line, follow the environment.
func TestHelpSpeaksOneLanguage(t *testing.T) {
	t.Chdir(t.TempDir()) // where logs go
	for _, locale := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		lang := speak(t, locale)
		run := func(args ...string) {
			t.Helper()
			var printed bytes.Buffer
			runCommandLine(t.Context(), args, strings.NewReader(""), &printed, &printed)
			wantLanguage(t, lang, strings.Join(args, " "), printed.String())
			first, _, _ := strings.Cut(printed.String(), "\n")
			wantLanguage(t, lang, strings.Join(args, " "), first)
		}
		paths := commandPaths(rootCommand(newOptions(io.Discard), io.Discard, io.Discard))
		if len(paths) < 20 {
			t.Errorf("only %d commands", len(paths))
		}
		for _, path := range paths {
			run(append(path, "--help")...)
			run(append(path, "--no-such-flag")...)
			run(append(path, "--retries", "x")...)
			run(append(path, "one", "two", "three")...)
		}
		for _, args := range [][]string{
			{"help", "plan"}, {"help", "nothing"}, {"statsu"}, {"-x"}, {"-c"}, {"approve"}, {"--retries", "0", "plan"}, {"--interval", "x", "plan"}, {"-c", "no-such-file", "plan"},
			{"split", "--size", "0"}, {"split", "--cron", "x"}, {"event", "--timeout", "0s", "-"}, {"doctor", "--fix"}, {"doctor", "--deploy=no-such-file"}, {"init", "-c", "s3://x"},
			{"init", "--cloud", "x=y", "--url", "http://127.0.0.1:1", "--key-id-env", "a b"}, {"labels"}, {"-o", ".", "plan"},
		} {
			run(args...)
		}
	}
}

// commandPaths returns the words of all commands.
func commandPaths(cmd *cobra.Command) [][]string {
	paths := [][]string{strings.Fields(cmd.CommandPath())[1:]}
	for _, below := range cmd.Commands() {
		paths = append(paths, commandPaths(below)...)
	}
	return paths
}

// TestCommandsSpeakOneLanguage: without a configured language all that a person reads, cards too, follows the
// environment; -o stays data.
func TestCommandsSpeakOneLanguage(t *testing.T) {
	for _, locale := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		t.Run(locale, func(t *testing.T) {
			lang := speak(t, locale)
			d := newDeskWithState(t)
			run := func(code int, args ...string) {
				t.Helper()
				d.run(code, append(args, "--no-log-file")...)
				wantLanguage(t, lang, strings.Join(args, " "), d.stdout.String())
				if lang == language.English {
					wantLanguage(t, lang, strings.Join(args, " "), d.stderr.String()+"-")
				}
			}
			d.fillInstances(10, "cn-beijing", "cn-hangzhou")
			run(exitDone, "plan")
			run(exitDone)
			run(exitDone, "doctor")
			d.releaseInstances(0, 4)
			r := d.runSync(exitPartial, report.Held)
			for _, args := range [][]string{
				{"held"}, {"approve", r.HeldSets[0].Hash}, {"held"}, {"status"}, {"owner"}, {"pause", "--removals", "--reason", "x"}, {"status"}, {"resume"},
				{"expect", "--account", "aliyun-prod", "--region", "cn-beijing", "--until", "4h", "--up-to", "3"}, {"expect"}, {"adopt"}, {"release"}, {"labels", "clean"},
				{"retire", "--adopted"}, {"split"}, {"reject", r.HeldSets[0].Hash},
			} {
				run(exitDone, args...)
			}
			for _, args := range [][]string{{"reactivate", "20200101T000000Z"}, {"approve", "123"}, {"expect", "--account", "x"}, {"pause"}, {"retire", "--account", "aliyun-prod"}} {
				d.runRaw(t.Context(), exitUsage, append([]string{"-c", d.writeConfig(), "--no-log-file"}, args...)...)
				wantLanguage(t, lang, strings.Join(args, " "), d.stderr.String())
			}
			for _, m := range d.Robot.Messages() {
				wantLanguage(t, lang, "a card", m.Title+"\n"+m.Text)
			}
		})
	}
}

// TestInitSpeaksEnglish: an English user is asked in English, and gets files whose comments are English; the files say
// the language, so that cards of a function are English too.
func TestInitSpeaksEnglish(t *testing.T) {
	lang := speak(t, "en_US.UTF-8")
	p, file := newBeginnerDesk(t)
	p.JMS.SeedZone(opsOrg, "idc")
	p.stdin = strings.Join([]string{
		p.JumpServerURL, "2", "aliyun", "", "MY_CLOUD_ID", "MY_CLOUD_SECRET", "cn-beijing", "idc",
		"y", "alibaba", "a,b", "aliyun-prod", "second", "MY_CLOUD_ID", "MY_CLOUD_SECRET", "", "1", "n",
	}, "\n") + "\n"
	p.runRaw(t.Context(), exitDone, "-c", file, "--no-log-file", "init", "--cloud-endpoint", p.CloudURL)
	names := strings.NewReplacer("运维", "") // the organisation's
	wantLanguage(t, lang, "init", names.Replace(p.stdout.String()+p.stderr.String()))
	for _, written := range []string{file, filepath.Join(p.dir, ".env")} {
		wantLanguage(t, lang, written, names.Replace(p.readFile(written)))
	}
	cfg, err := config.Load(t.Context(), config.Source{File: file, Env: os.Environ(), Clouds: session.Clouds()})
	if err != nil || cfg.Language != "en" {
		t.Errorf("%s, %v", cfg.Language, err)
	}
	p.runRaw(t.Context(), exitUsage, "-c", file, "init")
	wantLanguage(t, lang, "init again", p.stderr.String())
}
