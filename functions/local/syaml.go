package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/language"
)

// serverlessFile is the part of a Serverless Devs file that is used here.
type serverlessFile struct {
	Resources map[string]struct {
		Component string
		Props     struct {
			FunctionName string            `yaml:"functionName"`
			Variables    map[string]string `yaml:"environmentVariables"`
		}
	}
}

var envCall = regexp.MustCompile(`\$\{env\('([A-Za-z_][A-Za-z0-9_]*)'(?:, *'([^']*)')?\)\}`)

// passedVariables returns the variables of each fc3 function, by the resource's name, with the values that s (Serverless
// Devs) sets: lookup's, otherwise the default.
func passedVariables(text []byte, lookup func(string) string) (map[string]map[string]string, error) {
	var s serverlessFile
	if err := yaml.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	out := map[string]map[string]string{}
	for name, r := range s.Resources {
		if r.Component != "fc3" {
			continue
		}
		out[name] = map[string]string{}
		for variable, value := range r.Props.Variables {
			out[name][variable] = envCall.ReplaceAllStringFunc(value, func(call string) string {
				m := envCall.FindStringSubmatch(call)
				if found := lookup(m[1]); found != "" {
					return found
				}
				return m[2]
			})
		}
	}
	return out, nil
}

// readDotEnv returns the NAME=VALUE lines of a .env file; none where there is no file.
func readDotEnv(file string) (map[string]string, error) {
	data, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil, nil
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !found || !variableName.MatchString(name) {
			continue
		}
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		out[name] = value
	}
	return out, err
}

// environmentBeside returns the lookup that s uses for ${env()} beside a file: the process's variables, then those of
// .env.
func environmentBeside(beside string) (func(string) string, error) {
	file, err := readDotEnv(filepath.Join(filepath.Dir(beside), ".env"))
	return func(name string) string {
		if value := os.Getenv(name); value != "" {
			return value
		}
		return file[name]
	}, err
}

var variablesBlock = regexp.MustCompile(`(?m)^( *)environmentVariables:( *&[a-z]+)? *\n`)

// withVariables returns the text of a Serverless Devs file whose functions pass these variables too, each from the
// environment without a default, so that s refuses to deploy where one is not set. A block that is an alias of another
// stays as it is.
func withVariables(text string, names []string, lang language.Lang) (string, error) {
	before, err := passedVariables([]byte(text), os.Getenv)
	if err != nil {
		return "", err
	}
	out := variablesBlock.ReplaceAllStringFunc(text, func(head string) string {
		indent := strings.Repeat(" ", len(head)-len(strings.TrimLeft(head, " "))+2)
		for _, name := range names {
			if !isPassedByAll(before, name) {
				head += fmt.Sprintf("%s%s: ${env('%s')}\n", indent, name, name)
			}
		}
		return head
	})
	after, err := passedVariables([]byte(out), os.Getenv)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if !isPassedByAll(after, name) {
			return "", errors.New(lang.Textf("environmentVariables: %s 加不进去，请手工加上", "environmentVariables: %s cannot be added, add it by hand", name))
		}
	}
	return out, nil
}

// isPassedByAll reports whether every function passes a variable.
func isPassedByAll(functions map[string]map[string]string, name string) bool {
	for _, variables := range functions {
		if _, passed := variables[name]; !passed {
			return false
		}
	}
	return len(functions) > 0
}
