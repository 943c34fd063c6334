package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/jms-sync/jms-sync/core/language"
)

// prompter asks a person, or a script, one line at a time. A wrong answer is asked for again, so that earlier answers are
// not lost.
type prompter struct {
	ctx      context.Context
	in       *bufio.Reader
	out      io.Writer
	terminal *os.File // at which a person types; nil = nobody does
	lang     language.Lang
}

func newPrompter(ctx context.Context, in io.Reader, out io.Writer, lang language.Lang) prompter {
	p := prompter{ctx: ctx, in: bufio.NewReader(in), out: out, lang: lang}
	if file, ok := in.(*os.File); ok && isTerminal(file) {
		p.terminal = file
	}
	return p
}

// noInputError says that the input has ended, so that asking again is of no use.
type noInputError struct{ text string }

// Error implements error.
func (e *noInputError) Error() string { return e.text }

// noInput returns an error that names the flag to use.
func (a prompter) noInput(flag string) error {
	fmt.Fprintln(a.out)
	return &noInputError{a.lang.Textf("没有输入；不交互运行时请给出 %s", "no input: without a terminal say it with %s", flag)}
}

// readLine reads a line without the blanks around it. ended says that nothing follows. An interrupt ends the wait.
func (a prompter) readLine(question string) (line string, ended bool, err error) {
	fmt.Fprint(a.out, question+a.lang.Text("：", ": "))
	type answer struct {
		text string
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		text, err := a.in.ReadString('\n')
		typed <- answer{text, err}
	}()
	select {
	case <-a.ctx.Done():
		return "", true, a.ctx.Err()
	case got := <-typed:
		ended = errors.Is(got.err, io.EOF)
		if got.err != nil && !ended {
			return "", true, got.err
		}
		return strings.TrimSpace(got.text), ended, nil
	}
}

// choice is one answer to choose, by its number, its id or its name.
type choice struct{ id, name string }

// anyText is a check that takes every answer.
func anyText(string) error { return nil }

// askText asks for a text until check takes it. An empty line takes the default, as does the end of the
// input. At the end of the input without a default, the error names the flag to use.
func (a prompter) askText(question, otherwise, flag string, check func(string) error) (string, error) {
	if otherwise != "" {
		question += " [" + otherwise + "]"
	}
	for {
		line, ended, err := a.readLine(question)
		line = cmp.Or(line, otherwise)
		switch {
		case err != nil:
			return "", err
		case line == "" && ended:
			return "", a.noInput(flag)
		case line == "":
			continue
		}
		mistake := check(line)
		if mistake == nil || ended {
			return line, mistake
		}
		a.refuse(mistake)
	}
}

// refuse says what is wrong with an answer. On a terminal the answer itself is wiped: it may be a secret that was pasted
// in the wrong place.
func (a prompter) refuse(mistake error) {
	if a.terminal != nil {
		fmt.Fprint(a.out, "\033[1A\r\033[2K")
	}
	fmt.Fprintln(a.out, language.ErrorText(mistake, a.lang))
}

// askSecret asks for a secret, which the terminal does not show.
func (a prompter) askSecret(question string) (string, error) {
	fd := int(a.terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	stop := context.AfterFunc(a.ctx, func() {
		_ = term.Restore(fd, before) // whoever interrupts sees again what is typed
	})
	defer stop()
	for {
		fmt.Fprint(a.out, question+a.lang.Text("：", ": "))
		typed, err := term.ReadPassword(fd)
		fmt.Fprintln(a.out)
		text := strings.TrimSpace(string(typed))
		switch {
		case a.ctx.Err() != nil:
			return "", a.ctx.Err()
		case err != nil || text != "":
			return text, err
		}
	}
}

// askOptional asks for a text that may be empty, until check takes one that is not.
func (a prompter) askOptional(question string, check func(string) error) (string, error) {
	for {
		line, ended, err := a.readLine(question)
		if err != nil || line == "" {
			return line, err
		}
		mistake := check(line)
		if mistake == nil || ended {
			return line, mistake
		}
		a.refuse(mistake)
	}
}

// askChoice asks for one of several; the first is the default. A given answer is looked up without a question.
func (a prompter) askChoice(question string, from []choice, given, flag string) (choice, error) {
	if given != "" {
		return a.findChoice(from, given, flag)
	}
	for i, c := range from {
		fmt.Fprintf(a.out, "  %d) %s  %s\n", i+1, c.name, c.id)
	}
	var chosen choice
	_, err := a.askText(question, "1", flag, func(answer string) (err error) {
		if n, wrong := strconv.Atoi(answer); wrong == nil && n >= 1 && n <= len(from) {
			chosen = from[n-1]
			return nil
		}
		chosen, err = a.findChoice(from, answer, flag)
		return err
	})
	return chosen, err
}

func (a prompter) findChoice(from []choice, given, flag string) (choice, error) {
	for _, c := range from {
		if strings.EqualFold(given, c.id) || given == c.name {
			return c, nil
		}
	}
	var known []string
	for _, c := range from {
		known = append(known, strings.TrimSpace(c.name+" "+c.id))
	}
	return choice{}, errors.New(a.lang.Textf("%s: %q 不在其中：%s", "%s: %q is not among them: %s", flag, given, strings.Join(known, "; ")))
}

// askYes asks a question whose default is no.
func (a prompter) askYes(question string) (bool, error) {
	for {
		line, ended, err := a.readLine(question + " [y/N]")
		switch strings.ToLower(line) {
		case "", "n", "no", a.lang.Text("否", "no"):
			return false, err
		case "y", "yes", a.lang.Text("是", "yes"):
			return true, err
		}
		if ended {
			return false, err
		}
		a.refuse(errors.New(a.lang.Text("请回答 y 或 n", "answer y or n")))
	}
}

// mayAskAgain reports whether asking anew may help after an error.
func (a prompter) mayAskAgain(err error) bool {
	var ended *noInputError
	return err != nil && a.ctx.Err() == nil && !errors.As(err, &ended)
}
