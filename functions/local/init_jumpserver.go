package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
)

// collectJumpServer asks where JumpServer is until it answers, and for the organisation. What flags and variables say is
// not asked for, and a mistake in it ends init.
func (i *initOptions) collectJumpServer(ctx context.Context, ask prompter) (cfg config.Config, zones []choice, err error) {
	asked := i.url == ""
	for {
		cfg, err = i.readJumpServer(ask)
		if err != nil {
			return cfg, nil, err
		}
		zones, err = i.chooseOrganisation(ctx, cfg, ask)
		refused := inventory.KindOf(err) == inventory.BadCredentials || inventory.KindOf(err) == inventory.Denied
		switch {
		case !ask.mayAskAgain(err), refused && len(i.typed) == 0, !refused && !asked:
			return cfg, zones, err
		case refused:
			i.forgetTyped()
		default:
			i.url = ""
		}
		i.printMistake(ask, err)
	}
}

// printMistake prints why something is asked for again, and what to do.
func (i *initOptions) printMistake(ask prompter, err error) {
	fmt.Fprintln(ask.out, language.ErrorText(err, i.lang))
	if inventory.KindOf(err) != inventory.Unknown {
		printNextStep(ask.out, kindStep(err), i.lang)
	}
}

// readJumpServer returns the settings of JumpServer, and asks for what is open.
func (i *initOptions) readJumpServer(ask prompter) (cfg config.Config, err error) {
	cfg = config.Default()
	if i.url == "" {
		i.url, err = ask.askText(i.lang.Text("JumpServer 的地址，如 https://jms.example.com", "JumpServer's address, such as https://jms.example.com"), "", "--url", i.checkURL)
		if err != nil {
			return cfg, err
		}
	}
	cfg.JumpServer.URL = strings.TrimRight(i.url, "/")
	cfg.JumpServer.AccessKeyID, err = i.obtainVariable(ask, i.keyEnv, "--key-id-env")
	if err != nil {
		return cfg, err
	}
	cfg.JumpServer.AccessKeySecret, err = i.obtainVariable(ask, i.secretEnv, "--key-secret-env")
	if err != nil {
		return cfg, err
	}
	if i.caFile != "" {
		cfg.JumpServer.CA, err = os.ReadFile(i.caFile)
		if err != nil {
			return cfg, fmt.Errorf("--ca-file: %w", err)
		}
	}
	return cfg, nil
}

// checkURL returns an error unless a text is the address of a server.
func (i *initOptions) checkURL(text string) error {
	at, err := url.Parse(text)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
		return errors.New(i.lang.Text("应为 https:// 或 http:// 开头的地址", "an address that begins with https:// or http:// is wanted"))
	}
	return nil
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// obtainVariable returns a secret from the environment. At a terminal a person may type one that is not set: it is not
// shown, serves this once, and no file gets it.
func (i *initOptions) obtainVariable(ask prompter, name, flag string) (secret.Value, error) {
	if ask.terminal == nil || !variableName.MatchString(name) || os.Getenv(name) != "" {
		return i.readVariable(name, flag)
	}
	text, err := ask.askSecret(i.lang.Textf("环境变量 %s 没有设置，输入它的值（不显示，只用于这一次）", "The variable %s is not set; type its value (it is not shown, and serves this once)", shownVariable(name)))
	if err != nil {
		return secret.Value{}, err
	}
	i.typed = append(i.typed, name)
	if err := os.Setenv(name, text); err != nil { // doctor and plan read it
		return secret.Value{}, err
	}
	return secret.New(text), nil
}

// forgetTyped lets what was typed be asked for again.
func (i *initOptions) forgetTyped() {
	for _, name := range i.typed {
		_ = os.Unsetenv(name)
	}
	i.typed = nil
}

// readVariable returns a secret from the environment. Texts about it never show what may be a secret itself, typed where
// a variable's name is wanted.
func (d draftConfig) readVariable(name, flag string) (secret.Value, error) {
	if !variableName.MatchString(name) {
		return secret.Value{}, errors.New(d.lang.Textf("%s: 这不是环境变量名；这里写变量名，不写密钥本身", "%s: this is no name of a variable; name one, do not write the secret itself", flag))
	}
	value := os.Getenv(name)
	if value == "" {
		return secret.Value{}, errors.New(d.lang.Textf("请先设置环境变量 %s（或用 %s 指定别的变量），再运行 init", "set the variable %s (or name another one with %s), then run init again", shownVariable(name), flag))
	}
	return secret.New(value), nil
}

// shownVariable returns a variable's name as texts show it. A long one without _ is likely to be an access key.
func shownVariable(name string) string {
	const longest = 15
	if len(name) > longest && !strings.Contains(name, "_") {
		return "…"
	}
	return name
}

// cutSecret returns the beginning of a word that was not understood; nothing of one that may be a secret.
func cutSecret(text string) string {
	const shown, longest = 4, 11
	if len(text) <= shown || len(text) > longest {
		return "…"
	}
	return strings.ToValidUTF8(text[:shown], "") + "…"
}
