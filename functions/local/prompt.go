package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// prompter asks a person, or a script, one line at a time.
type prompter struct {
	in   *bufio.Reader
	out  io.Writer
	lang language.Lang
}

// choice is one answer to choose, by its number, its id or its name.
type choice struct{ id, name string }

// askText asks for a text. An empty line or the end of the input takes the default. At the end of the input without a
// default, the error names the flag to use.
func (a prompter) askText(question, otherwise, flag string) (string, error) {
	if otherwise != "" {
		question += " [" + otherwise + "]"
	}
	for {
		fmt.Fprint(a.out, question+a.lang.Text("：", ": "))
		line, err := a.in.ReadString('\n')
		line = strings.TrimSpace(line)
		switch {
		case line != "":
			return line, nil
		case otherwise != "":
			return otherwise, nil
		case errors.Is(err, io.EOF):
			fmt.Fprintln(a.out)
			return "", errors.New(a.lang.Textf("没有输入；不交互运行时请给出 %s", "no input: without a terminal say it with %s", flag))
		case err != nil:
			return "", err
		}
	}
}

// askOptional asks for a text that may be empty.
func (a prompter) askOptional(question string) (string, error) {
	fmt.Fprint(a.out, question+a.lang.Text("：", ": "))
	line, err := a.in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSpace(line), nil
}

// askChoice asks for one of several; the first is the default. A given answer is looked up without a question.
func (a prompter) askChoice(question string, from []choice, given, flag string) (choice, error) {
	if given == "" {
		for i, c := range from {
			fmt.Fprintf(a.out, "  %d) %s  %s\n", i+1, c.name, c.id)
		}
		var err error
		given, err = a.askText(question, "1", flag)
		if err != nil {
			return choice{}, err
		}
		if n, err := strconv.Atoi(given); err == nil && n >= 1 && n <= len(from) {
			return from[n-1], nil
		}
	}
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
	line, err := a.askOptional(question + " [y/N]")
	return strings.HasPrefix(strings.ToLower(line), "y"), err
}
