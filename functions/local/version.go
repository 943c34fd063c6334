package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/report"
)

func versionCommand(o *options, stdout io.Writer) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "version",
		Short: o.lang.Text("显示版本", "Show the version"),
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return printVersion(stdout, asJSON) },
	}
	o.addJSONFlag(cmd, &asJSON)
	return cmd
}

func printVersion(to io.Writer, asJSON bool) error {
	if asJSON {
		return report.EncodeJSON(to, map[string]string{"version": version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
	}
	_, err := fmt.Fprintln(to, "jms-sync", version)
	return err
}

// addJSONFlag adds --json to a command that reads.
func (o *options) addJSONFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, o.lang.Text("以 JSON 输出", "print JSON"))
}

// addDocumentFlag adds --json to a command that has a document for -o: it goes to standard output, as with -o -.
func (o *options) addDocumentFlag(cmd *cobra.Command) {
	asJSON := false
	o.addJSONFlag(cmd, &asJSON)
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !asJSON {
			return nil
		}
		if o.output.isSet() && !o.output.isStandardOutput() {
			return &exitError{exitUsage, fmt.Errorf("%s", o.lang.Text("--json 与 -o 只能给一个", "--json and -o: only one of them"))}
		}
		o.output.name = standardOutput
		return nil
	}
}
