package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/explain"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// maxExplained is how many instances and assets are explained at once: a name that more have is no good question.
const maxExplained = 10

// explainOptions are the flags of explain.
type explainOptions struct {
	accounts, regions []string
	asJSON            bool
}

func explainCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	x := explainOptions{}
	cmd := &cobra.Command{
		Use:   "explain INSTANCE",
		Short: o.lang.Text("说明一台实例或一个资产：云怎么说、哪些规则匹配、资产应当怎样、谁管哪个字段、为什么移除或保留、谁能访问", "Explain one instance or asset: what the cloud says, which rules match, how the asset should be and who manages each field, why it is removed or kept, who can reach it"),
		Long: o.lang.Text("INSTANCE 是实例 ID、资产 ID、名称或 IP。和 plan 一样完整地读一遍云与 JumpServer，什么都不写入。\n"+
			"--account 与 --region 只读这些，更快；但只读一部分时，守卫与重名按这一部分判断。\n"+
			"谁能访问要有权限 perms.view_assetpermission；没有时只说缺什么。",
			"INSTANCE is the id of an instance or an asset, a name or an address. Clouds and JumpServer are read as by plan, and nothing is written.\n"+
				"--account and --region read just these, which is faster; the guard and equal names are then judged by that part.\n"+
				"Who can reach the asset needs the right perms.view_assetpermission; without it the lack is said."),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.explain(cmd.Context(), strings.TrimSpace(args[0]), x, stdout, stderr)
		},
	}
	o.addJSONFlag(cmd, &x.asJSON)
	cmd.Flags().StringSliceVar(&x.accounts, "account", nil, o.lang.Text("只读这些账号（配置里的名称，可重复）", "read only these accounts (names in the configuration; may be repeated)"))
	cmd.Flags().StringSliceVar(&x.regions, "region", nil, o.lang.Text("只读这些区域（可重复）", "read only these regions (may be repeated)"))
	return cmd
}

// explain reads everything, and prints what it says of one instance or asset.
func (o *options) explain(ctx context.Context, text string, x explainOptions, stdout, stderr io.Writer) error {
	s, err := o.openSession(ctx, stderr)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer s.close()
	out := s.Explain(ctx, session.PlanRequest{Accounts: x.accounts, Regions: x.regions, Only: []string{text}})
	s.progress.clearLine()
	if out.Basis == nil {
		return s.explainFailure(out)
	}
	found := plan.Find(out.Basis.Input, out.Basis.Rules, text)
	switch {
	case len(found) == 0:
		printUnread(stderr, out, s.Language())
		return s.explainFailure(out)
	case len(found) > maxExplained:
		return &exitError{exitUsage, errors.New(ambiguousText(text, found, s.Language()))}
	}
	explained := make([]explainedSubject, 0, len(found))
	for _, subject := range found {
		e, err := s.ExplainSubject(ctx, *out.Basis, subject, s.Language())
		if err != nil {
			e.AccessError = err.Error()
		}
		explained = append(explained, explainedSubject{e, err})
	}
	printUnread(stderr, out, s.Language())
	if x.asJSON {
		return report.EncodeJSON(stdout, newExplainDocument(text, explained))
	}
	for n, a := range explained {
		if n > 0 {
			fmt.Fprintln(stdout, "\n"+strings.Repeat("-", 60)+"\n")
		}
		err := o.printPainted(stdout, explainColours(), func(to io.Writer) error {
			return report.WriteExplanation(to, a.Explanation, a.accessErr, s.Language())
		})
		if err != nil {
			return &exitError{exitFailed, err}
		}
	}
	return nil
}

// explainedSubject is an explanation, and why not all is known of who can reach the asset.
type explainedSubject struct {
	explain.Explanation
	accessErr error
}

// explainDocument is what explain --json prints. Additions only.
type explainDocument struct {
	Query   string             `json:"query"`
	Matches []explainedSubject `json:"matches"`
}

func newExplainDocument(text string, explained []explainedSubject) explainDocument {
	return explainDocument{text, explained}
}

// explainFailure returns the error of an explanation that cannot be given.
func (s *terminalSession) explainFailure(out engine.RunResult) error {
	why := out.Err
	if why == nil {
		why = errors.New(s.Language().Text("什么也没有读到", "nothing was read"))
	}
	var named *reason.RunError
	if errors.As(why, &named) {
		why = errors.New(named.Reason.Text(s.Language()))
	}
	if needsCorrection(out.Err) {
		return &exitError{exitUsage, why}
	}
	return &exitError{exitFailed, why}
}

// printUnread says which scopes could not be read: what was asked about may be there.
func printUnread(to io.Writer, out engine.RunResult, lang language.Lang) {
	for _, scope := range out.Report.Scopes {
		if !scope.Complete {
			fmt.Fprintln(to, stripControls(lang.Textf("没有读成：%s/%s：%s", "not read: %s/%s: %s", scope.Account, scope.Region, scope.Error.Message)))
		}
	}
}

// ambiguousText says that a text means too many, and names the first of them.
func ambiguousText(text string, found []plan.Subject, lang language.Lang) string {
	var first []string
	for _, s := range found[:maxExplained] {
		first = append(first, subjectName(s))
	}
	return stripControls(lang.Textf("%s 与 %d 个实例和资产相符，请给出 ID：%s……", "%s means %d instances and assets; give an id: %s ...", text, len(found), strings.Join(first, lang.Text("、", ", "))))
}

func subjectName(s plan.Subject) string {
	if s.InstanceID != "" {
		return s.InstanceID
	}
	return s.AssetID
}

// explainColours are those of an explanation: the changes that a run would make, and the rules that match.
func explainColours() map[string]colour {
	colours := planColours()
	colours["  ✓"] = green
	return colours
}
