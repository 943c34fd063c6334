package main

import (
	"io"

	"github.com/spf13/cobra"
)

func completionCommand(o *options, stdout io.Writer) *cobra.Command {
	shells := map[string]func(root *cobra.Command) error{
		"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(stdout, true) },
		"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(stdout) },
		"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(stdout, true) },
		"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(stdout) },
	}
	return &cobra.Command{
		Use:   "completion {bash|zsh|fish|powershell}",
		Short: o.lang.Text("输出一个 shell 的补全脚本", "Print the completion script of a shell"),
		Long: o.lang.Text("输出补全脚本；命令、选项、账号名称都能补全。\n"+
			"  bash:        jms-sync completion bash >/etc/bash_completion.d/jms-sync（要装 bash-completion）\n"+
			"  zsh:         jms-sync completion zsh >\"${fpath[1]}/_jms-sync\"\n"+
			"  fish:        jms-sync completion fish >~/.config/fish/completions/jms-sync.fish\n"+
			"  PowerShell:  jms-sync completion powershell | Out-String | Invoke-Expression",
			"Prints the script that completes commands, flags and names of accounts.\n"+
				"  bash:        jms-sync completion bash >/etc/bash_completion.d/jms-sync (needs bash-completion)\n"+
				"  zsh:         jms-sync completion zsh >\"${fpath[1]}/_jms-sync\"\n"+
				"  fish:        jms-sync completion fish >~/.config/fish/completions/jms-sync.fish\n"+
				"  PowerShell:  jms-sync completion powershell | Out-String | Invoke-Expression"),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE:      func(cmd *cobra.Command, args []string) error { return shells[args[0]](cmd.Root()) },
	}
}

// completeValues lets shells complete the values of flags: levels, and the names of configured accounts.
func (o *options) completeValues(cmd *cobra.Command) {
	if cmd.Flags().Lookup("account") != nil {
		_ = cmd.RegisterFlagCompletionFunc("account", o.completeAccounts)
	}
	if cmd.PersistentFlags().Lookup("log-level") != nil {
		_ = cmd.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"DEBUG", "INFO", "WARNING", "ERROR"}, cobra.ShellCompDirectiveNoFileComp))
	}
	for _, below := range cmd.Commands() {
		o.completeValues(below)
	}
}

// completeAccounts returns the names of the configured accounts.
func (o *options) completeAccounts(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	cfg, err := o.configSource().Load(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, c := range cfg.Clouds {
		names = append(names, c.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
