package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"
)

func rulesCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: o.lang.Text("试规则：rules test；列出没有规则对它有效的实例：rules unmatched", "Try the mapping rules: rules test; list the instances that no rule matches: rules unmatched"),
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &exitError{exitUsage, errors.New(o.lang.Text("rules: 缺少子命令，应为 rules test 或 rules unmatched", "rules: a subcommand is missing: rules test, or rules unmatched"))}
		},
	}
	cmd.AddCommand(rulesTestCommand(o, stdout), rulesUnmatchedCommand(o, stdout, stderr))
	return cmd
}

func rulesTestCommand(o *options, stdout io.Writer) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "test FILE",
		Short: o.lang.Text("用写好的期望（实例 → 资产）检验规则；不连接任何地方，也不需要密钥", "Check the rules against expectations (instance → asset); nothing is connected to, and no key is needed"),
		Long: o.lang.Text("FILE 是 YAML 的列表，每项是一个实例和它的资产应有的样子。只比较 asset 里写出的项；写出的列表与标签整个比较。\n"+
			"  - name: 商城的主机\n"+
			"    instance: {account: aliyun-prod, region: cn-hangzhou, name: web-1, os: linux, ip: 10.1.0.7, tags: {app: shop}}\n"+
			"    asset: {node: /DEFAULT/shop, zone: hz-1, platform: Linux, port: 2222, accounts: [root], labels: {app: shop}}\n"+
			"  - name: ACK 节点不建资产\n"+
			"    instance: {account: aliyun-prod, name: worker-k8s-1}\n"+
			"    asset: {skip: true}\n"+
			"instance 也可以是 jms-sync explain --json 里的 instance。asset 里还能写 nodes、protocols、name、address、active、\n"+
			"min_age、keep；写成空的（如 zone: \"\"）表示应当没有。没有写的按账号的设置，与同步时一样。\n\n"+
			"退出码：0 全部符合；1 有不符合的；2 配置或 FILE 有误。",
			"FILE is a list in YAML; each entry is an instance, and how its asset should be. What stands in asset is compared, and nothing else;\n"+
				"lists and labels are compared whole.\n"+
				"  - name: hosts of the shop\n"+
				"    instance: {account: aliyun-prod, region: cn-hangzhou, name: web-1, os: linux, ip: 10.1.0.7, tags: {app: shop}}\n"+
				"    asset: {node: /DEFAULT/shop, zone: hz-1, platform: Linux, port: 2222, accounts: [root], labels: {app: shop}}\n"+
				"  - name: nodes of ACK get no asset\n"+
				"    instance: {account: aliyun-prod, name: worker-k8s-1}\n"+
				"    asset: {skip: true}\n"+
				"instance may be that of jms-sync explain --json, too. Besides these, asset may have nodes, protocols, name, address, active, min_age\n"+
				"and keep; an empty one (zone: \"\") should not be there. What no rule sets is as the account's settings say, as in a sync.\n"+
				"\n"+
				"Exit codes: 0 all are met; 1 some are not; 2 a mistake in the configuration or in FILE."),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.testRules(cmd.Context(), args[0], stdout, asJSON)
		},
	}
	o.addJSONFlag(cmd, &asJSON)
	return cmd
}
