package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/session/sessiontest"
)

func emulateCommand(stdout io.Writer) *cobra.Command {
	var w sessiontest.World
	cmd := &cobra.Command{
		Use:    "emulate",
		Short:  "在本机回环地址上启动 JumpServer、阿里云与钉钉的模拟器，直到标准输入关闭",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := w.Check(); err != nil {
				return &exitError{exitUsage, err}
			}
			if err := w.Serve(cmd.Context(), cmd.InOrStdin(), stdout); err != nil {
				return &exitError{exitFailed, err}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&w.Hosts, "hosts", 10, "每个账号每个地域的实例数")
	f.IntVar(&w.Regions, "regions", 1, "地域数")
	f.IntVar(&w.Accounts, "accounts", 1, "云账号数")
	f.StringVar((*string)(&w.Version), "version", string(jumpservertest.V47), "JumpServer 的版本：v4.7.0、v4.10.16 或 v4.10.19")
	f.StringVar(&w.Database, "database", "postgresql", "JumpServer 的数据库：postgresql、mariadb（安装包的 utf8_general_ci）、mariadb-general、mariadb-unicode 或 mariadb-binary")
	f.DurationVar(&w.JumpServerLatency, "jumpserver-latency", 0, "JumpServer 每个请求的耗时")
	f.DurationVar(&w.CloudLatency, "cloud-latency", 0, "云 API 每个请求的耗时")
	f.IntVar(&w.AtOnce, "at-once", 0, "JumpServer 同时处理的请求数，0 表示不限制")
	f.IntVar(&w.Throttle, "throttle", 0, "JumpServer 每分钟接受的请求数，0 表示不限制，-1 表示该版本的默认值")
	f.BoolVar(&w.Measured, "measured", false, "JumpServer 按真实服务器的实测耗时回答：每个请求、写入的每一行与每个标签")
	f.BoolVar(&w.Crowd, "crowd", false, "创建主机的耗时按这个版本的真实服务器随并发的测量值，每台 ±50 %")
	f.BoolVar(&w.Seeded, "seeded", false, "JumpServer 里已有同步过的全部资产")
	return cmd
}
