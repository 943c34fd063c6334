package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

func doctorCommand(o *options, stdout io.Writer) *cobra.Command {
	send, fix, asJSON, file := false, false, false, ""
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: o.lang.Text("体检：逐项检查密钥、权限、时钟、DNS、TLS、组织、网域、平台、节点、地域、webhook 与存储，并给出修复办法", "Check keys, rights, clock, DNS, TLS, organisation, zones, platforms, nodes, regions, webhook and stores, and say how to mend them"),
		Long: o.lang.Text("逐项检查配置用到的一切：每行是 ✓ 正常、! 警告 或 ✗ 失败，后两种附修复办法。\n"+
			"不写 JumpServer，不写云；除非给出 --send-test，不向任何通知渠道发送消息。\n"+
			"设置了 JMS_SYNC_STATE 时，会在它的前缀下写入并删除一个探测对象（doctor/…）。\n\n"+
			"退出码：0 全部正常或只有警告；2 配置或用法有误；3 有失败项。",
			"Checks everything that the configuration uses: each line is ✓ fine, ! a warning or ✗ a failure, the latter two with what to do.\n"+
				"Nothing is written to JumpServer or a cloud, and without --send-test nothing is sent to any channel.\n"+
				"With JMS_SYNC_STATE a probe (doctor/…) is written below its prefix and deleted.\n"+
				"\n"+
				"Exit codes: 0 all is fine, or there are just warnings; 2 a mistake in configuration or usage; 3 something failed."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case file != "":
				return o.checkDeployment(cmd.Context(), stdout, file, fix, asJSON)
			case fix:
				return &exitError{exitUsage, errors.New(o.lang.Text("--fix 只与 --deploy 一起用", "--fix goes with --deploy only"))}
			}
			return o.runDoctor(cmd.Context(), stdout, send, asJSON)
		},
	}
	cmd.Flags().BoolVar(&send, "send-test", false, o.lang.Text("向每个通知渠道发送测试消息（notification.dingtalk：表格与列表各一条，看哪一种在手机上看得清；不 @ 任何人）", "send a test message to each channel (to notification.dingtalk a table and a list, to see which one reads well on phones); they mention nobody"))
	cmd.Flags().StringVar(&file, "deploy", "", o.lang.Text("只检查部署：s.yaml 的函数得到的变量，够不够读取配置（不连接 JumpServer 与云）；不写文件名即 s.yaml", "check the deployment only: whether the functions of s.yaml get the variables that their configuration needs (without JumpServer and clouds); s.yaml where no file is named"))
	cmd.Flags().BoolVar(&fix, "fix", false, o.lang.Text("与 --deploy 一起：先把配置用到而函数得不到的变量加进 s.yaml 的 environmentVariables", "with --deploy: first add to environmentVariables of s.yaml what the configuration uses and the functions do not get"))
	cmd.Flags().Lookup("deploy").NoOptDefVal = defaultServerless
	o.addJSONFlag(cmd, &asJSON)
	return cmd
}

// runDoctor checks the configured installation and prints the result.
func (o *options) runDoctor(ctx context.Context, stdout io.Writer, send, asJSON bool) error {
	cfg, err := o.loadConfig(ctx)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	checks, err := session.DoctorChecks(session.Examination{Config: cfg, Source: o.config, Environ: os.Environ(), SendTest: send})
	if err != nil {
		return &exitError{exitUsage, err}
	}
	return o.printFindings(stdout, doctor.RunChecks(ctx, checks, doctor.CheckTimeout), asJSON, language.Lang(cfg.Language))
}

// printFindings prints what doctor found, and returns the exit code.
func (o *options) printFindings(stdout io.Writer, found []doctor.Section, asJSON bool, lang language.Lang) error {
	err := o.printPainted(stdout, verdictColours(), func(to io.Writer) error {
		if asJSON {
			return report.EncodeJSON(to, doctor.NewDocument(found, lang))
		}
		return doctor.WriteText(to, found, lang)
	})
	if err != nil {
		return &exitError{exitFailed, err}
	}
	if doctor.WorstVerdict(found) == doctor.Failure {
		return &exitError{code: exitPartial}
	}
	return nil
}
