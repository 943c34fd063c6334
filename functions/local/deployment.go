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

// defaultServerless is the file of Serverless Devs in this repository.
const defaultServerless = "s.yaml"

// checkDeployment examines whether the functions that a file of Serverless Devs deploys will be able to read their
// configuration, and prints what it found.
func (o *options) checkDeployment(ctx context.Context, stdout io.Writer, file string, fix bool) error {
	if fix {
		if err := o.passVariables(ctx, stdout, file); err != nil {
			return &exitError{exitFailed, err}
		}
	}
	lang := os.Getenv("JMS_SYNC_LANGUAGE")
	found := doctor.RunChecks(ctx, []doctor.Check{doctor.DeploymentCheck(o.readDeployment(ctx, file))}, doctor.CheckTimeout)
	if err := doctor.WriteText(stdout, found, lang); err != nil {
		return &exitError{exitFailed, err}
	}
	if doctor.WorstVerdict(found) == doctor.Failure {
		return &exitError{code: exitPartial}
	}
	return nil
}

// passVariables lets the functions of a file of Serverless Devs get the variables that the configuration names.
func (o *options) passVariables(ctx context.Context, stdout io.Writer, file string) error {
	d := o.readDeployment(ctx, file)
	text, err := os.ReadFile(file)
	if err = errors.Join(d.Err, d.ConfigErr, err); err != nil {
		return err
	}
	with, err := withVariables(string(text), d.RequiredVariables)
	if err != nil || with == string(text) {
		return err
	}
	fmt.Fprintf(stdout, "%s：加上了 %s\n\n", file, strings.Join(d.RequiredVariables, ", "))
	return replaceFile(file, with)
}

func (o *options) readDeployment(ctx context.Context, file string) doctor.Deployment {
	d := doctor.Deployment{File: file}
	text, err := os.ReadFile(file)
	lookup, bad := environmentBeside(file)
	if err == nil {
		err = bad
	}
	var functions map[string]map[string]string
	if err == nil {
		functions, err = passedVariables(text, lookup)
	}
	if d.Err = err; err != nil {
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
	d.RequiredVariables, _ = config.ListReferences(document) // what is no YAML is refused by Reads, in the words of a run
	return d
}

// readUploaded returns the configuration that functions read: the local copy that -c names, else config.yaml where it
// is there, else what JMS_SYNC_CONFIG names. Where that is not set, there is none.
func (o *options) readUploaded(ctx context.Context, named string) (from string, document []byte, err error) {
	if named == "" {
		return "", nil, nil
	}
	from = o.localCopyOf(named)
	document, err = session.ReadDocument(ctx, from, os.Environ())
	return from, document, err
}

// localCopyOf returns where what JMS_SYNC_CONFIG names is read here.
func (o *options) localCopyOf(named string) string {
	if o.config != "" {
		return o.config
	}
	if _, err := os.Stat(config.DefaultFile); err == nil {
		return config.DefaultFile
	}
	return named
}

// configReader reads the configuration with the variables of a function, and no others.
func (o *options) configReader(named string) func(context.Context, map[string]string) error {
	return func(ctx context.Context, variables map[string]string) error {
		var document []byte
		if named != "" {
			var err error
			if document, err = session.ReadDocument(ctx, o.localCopyOf(named), os.Environ()); err != nil {
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
		_, err := config.Load(ctx, config.Source{File: config.DefaultFile, Env: env, ReadFile: read, Clouds: session.Clouds()})
		return err
	}
}
