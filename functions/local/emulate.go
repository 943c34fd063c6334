package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/session/sessiontest"
)

func emulateCommand(o *options, stdout io.Writer) *cobra.Command {
	var w sessiontest.World
	cmd := &cobra.Command{
		Use:    "emulate",
		Short:  o.lang.Text("在本机回环地址上启动 JumpServer、阿里云与钉钉的模拟器，直到标准输入关闭", "Serve emulators of JumpServer, Alibaba Cloud and DingTalk on loopback until standard input is closed"),
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
	f.IntVar(&w.Hosts, "hosts", 10, o.lang.Text("每个账号每个地域的实例数", "instances of each account in each region"))
	f.IntVar(&w.Regions, "regions", 1, o.lang.Text("地域数", "regions"))
	f.IntVar(&w.Accounts, "accounts", 1, o.lang.Text("云账号数", "accounts"))
	f.StringVar((*string)(&w.Version), "version", string(jumpservertest.V47), o.lang.Text("JumpServer 的版本：v4.7.0、v4.10.16 或 v4.10.19", "JumpServer's version: v4.7.0, v4.10.16 or v4.10.19"))
	f.StringVar(&w.Database, "database", "postgresql", o.lang.Text("JumpServer 的数据库：postgresql、mariadb（安装包的 utf8_general_ci）、mariadb-general、mariadb-unicode 或 mariadb-binary", "JumpServer's database: postgresql, mariadb (utf8_general_ci, as the installer makes it), mariadb-general, mariadb-unicode or mariadb-binary"))
	f.DurationVar(&w.JumpServerLatency, "jumpserver-latency", 0, o.lang.Text("JumpServer 每个请求的耗时", "how long JumpServer takes for a request"))
	f.DurationVar(&w.CloudLatency, "cloud-latency", 0, o.lang.Text("云 API 每个请求的耗时", "how long the cloud takes for a request"))
	f.IntVar(&w.AtOnce, "at-once", 0, o.lang.Text("JumpServer 同时处理的请求数，0 表示不限制", "requests that JumpServer handles at the same time, 0 = no limit"))
	f.IntVar(&w.Throttle, "throttle", 0, o.lang.Text("JumpServer 每分钟接受的请求数，0 表示不限制，-1 表示该版本的默认值", "requests that JumpServer takes in a minute, 0 = no limit, -1 = that of its version"))
	f.BoolVar(&w.Measured, "measured", false, o.lang.Text("JumpServer 按真实服务器的实测耗时回答：每个请求、写入的每一行与每个标签", "JumpServer answers as slowly as a real server was measured to: each request, each row and label written"))
	f.BoolVar(&w.Crowd, "crowd", false, o.lang.Text("创建主机的耗时按这个版本的真实服务器随并发的测量值，每台 ±50 %", "creating hosts takes as long as a real server of the version was measured to take at that concurrency, ±50 % each"))
	f.BoolVar(&w.Seeded, "seeded", false, o.lang.Text("JumpServer 里已有同步过的全部资产", "JumpServer has all assets already, as synced"))
	f.IntVar(&w.Rules, "rules", 0, o.lang.Text("映射规则的条数；实例带标签，配置写在第一行的 configuration 里", "mapping rules; instances have tags, and the first line has the configuration"))
	return cmd
}
