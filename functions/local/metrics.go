package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/metrics"
)

func metricsCommand(o *options, stdout io.Writer) *cobra.Command {
	text := false
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: o.lang.Text("输出所有运行的指标（OpenMetrics，需要状态存储和 metrics 配置）", "Print the metrics of all runs (OpenMetrics; needs a state store, and metrics in the configuration of the runs)"),
		Long: o.lang.Text("输出的是状态存储里的指标：各次运行（metrics.file、pushgateway 或 remote_write 任何一项有配置时）留下的。\n"+
			"退出码：0 完成；1 读不到状态存储；2 没有状态存储。",
			"What is printed is in the state store: what runs left there that have metrics.file, pushgateway or remote_write.\n"+
				"Exit codes: 0 done; 1 the state store cannot be read; 2 there is no state store."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.printMetrics(cmd.Context(), text, stdout) },
	}
	cmd.Flags().BoolVar(&text, "text", false, o.lang.Text("用 Prometheus 的文本格式，与 metrics.file 相同", "in Prometheus' text format, as metrics.file has it"))
	return o.addStateFlags(cmd)
}

// printMetrics prints the metrics of the state store.
func (o *options) printMetrics(ctx context.Context, text bool, stdout io.Writer) error {
	d, err := o.openState(ctx)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if d.store == nil {
		return &exitError{exitUsage, errors.New(d.text("需要状态存储：没有设置 %s，没有保存指标", "a state store is needed: %s is not set, so no metrics are kept", config.EnvState))}
	}
	known, err := d.store.LoadMetrics(ctx)
	if err != nil {
		return &exitError{exitFailed, err}
	}
	format := metrics.OpenMetrics
	if text {
		format = metrics.Text
	}
	if err := metrics.Write(stdout, metrics.All(known), format, metrics.Labels(d.store.Server(), d.store.Organisation())...); err != nil {
		return &exitError{exitFailed, err}
	}
	return nil
}
