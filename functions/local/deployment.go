package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/session"
)

// defaultServerless is the Serverless Devs file of this repository.
const defaultServerless = "s.yaml"

// checkDeployment checks whether the functions that a Serverless Devs file deploys will be able to read their
// configuration, and prints the result.
func (o *options) checkDeployment(ctx context.Context, stdout io.Writer, file string, fix, asJSON bool) error {
	if fix {
		if err := o.passVariables(ctx, stdout, file); err != nil {
			return &exitError{exitFailed, err}
		}
	}
	found := doctor.RunChecks(ctx, []doctor.Check{doctor.DeploymentCheck(o.readDeployment(ctx, file))}, doctor.CheckTimeout)
	return o.printFindings(stdout, found, asJSON, o.lang)
}

// passVariables makes the functions of a Serverless Devs file pass the variables that the configuration names.
func (o *options) passVariables(ctx context.Context, stdout io.Writer, file string) error {
	d := o.readDeployment(ctx, file)
	text, err := os.ReadFile(file)
	err = errors.Join(d.Err, d.ConfigErr, err)
	if err != nil {
		return err
	}
	with, err := withVariables(string(text), d.RequiredVariables, o.lang)
	if err != nil || with == string(text) {
		return err
	}
	fmt.Fprintln(stdout, o.lang.Textf("%s：加上了 %s\n", "%s: added %s\n", file, strings.Join(d.RequiredVariables, ", ")))
	return replaceFile(file, with)
}

func (o *options) readDeployment(ctx context.Context, file string) doctor.Deployment {
	d := doctor.Deployment{File: file}
	text, err := os.ReadFile(file)
	lookup, lookupErr := environmentBeside(file)
	if err == nil {
		err = lookupErr
	}
	var functions map[string]map[string]string
	if err == nil {
		functions, err = passedVariables(text, lookup)
	}
	d.Err = err
	if err != nil {
		return d
	}
	named := ""
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		if named == "" {
			named = functions[name][config.EnvConfig]
		}
		d.Functions = append(d.Functions, doctor.DeployedFunction{Name: name, Variables: functions[name], LoadConfig: o.configReader(named)})
	}
	var document []byte
	d.Config, document, d.ConfigErr = o.readUploaded(ctx, named)
	d.RequiredVariables, _ = config.ListReferences(document) // LoadConfig refuses what is no YAML, with the message of a run
	return d
}

// readUploaded returns the configuration that functions read: the local copy that -c names, otherwise config.yaml where
// it exists, otherwise what JMS_SYNC_CONFIG names. It returns none where that is not set.
func (o *options) readUploaded(ctx context.Context, named string) (from string, document []byte, err error) {
	if named == "" {
		return "", nil, nil
	}
	from = o.localCopyOf(named)
	document, err = session.ReadDocument(ctx, from, os.Environ())
	return from, document, err
}

// localCopyOf returns the local name of what JMS_SYNC_CONFIG names.
func (o *options) localCopyOf(named string) string {
	if o.config != "" {
		return o.config
	}
	if _, err := os.Stat(config.DefaultFile); err == nil {
		return config.DefaultFile
	}
	return named
}

// configReader returns a function that loads the configuration with the variables of a function and no others.
func (o *options) configReader(named string) func(context.Context, map[string]string) error {
	return func(ctx context.Context, variables map[string]string) error {
		var document []byte
		if named != "" {
			var err error
			document, err = session.ReadDocument(ctx, o.localCopyOf(named), os.Environ())
			if err != nil {
				return err
			}
		}
		var env []string
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			if name != config.EnvConfig {
				env = append(env, name+"="+variables[name])
			}
		}
		read := func(file string) ([]byte, error) {
			if file == config.DefaultFile {
				return document, nil
			}
			return os.ReadFile(strings.TrimPrefix(file, "file://")) // a CA's
		}
		_, err := config.Load(ctx, config.Source{File: config.DefaultFile, Env: env, ReadFile: read, Clouds: session.Clouds(), Language: o.lang})
		return err
	}
}
