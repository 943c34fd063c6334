package config

import (
	"path/filepath"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
)

// Metrics says where the numbers of runs are brought to.
type Metrics struct {
	File             string       `yaml:"file" env:"FILE" doc:"每次运行后写指标的文件（.prom），给 node_exporter 的 textfile 采集器；函数里从不写文件;file (.prom) into which each run writes the metrics, for node_exporter's textfile collector; a function never writes one"`
	Pushgateway      secret.Value `yaml:"pushgateway" env:"PUSHGATEWAY" doc:"Pushgateway 的地址，如 http://pushgateway:9091（可带账号密码，因此不会被打印）;address of a Pushgateway, e.g. http://pushgateway:9091 (never printed, as it may hold a password)"`
	RemoteWrite      secret.Value `yaml:"remote_write" env:"REMOTE_WRITE" doc:"Prometheus remote write 的地址，如 https://prometheus.example.com/api/v1/write（可带账号密码，因此不会被打印）;address for Prometheus' remote write, e.g. https://prometheus.example.com/api/v1/write (never printed, as it may hold a password)"`
	RemoteWriteToken secret.Value `yaml:"remote_write_token" env:"REMOTE_WRITE_TOKEN" doc:"remote write 的 Bearer 令牌，可为空;bearer token for remote write, may be empty"`
	Job              string       `yaml:"job" env:"JOB" doc:"推送的指标的 job 标签;label job of what is pushed"`
	Log              bool         `yaml:"log" env:"LOG" doc:"是否在每次运行后把主要的数字记成一行日志（metrics），JSON 格式时可直接给 SLS 等日志服务;whether each run logs its main numbers in one line (metrics), which services such as SLS read where logs are JSON"`
}

// checkMetrics checks where metrics go to.
func (k checker) checkMetrics(m *Metrics) {
	if m.File != "" && filepath.Ext(m.File) != ".prom" {
		k.add("metrics.file", language.New("应以 .prom 结尾：采集器只读这样的文件", "must end in .prom: the collector reads no other files"))
	}
	k.checkMetricsURL("metrics.pushgateway", &m.Pushgateway, urlRules{path: true, user: true}) // a path follows it
	k.checkMetricsURL("metrics.remote_write", &m.RemoteWrite, urlRules{path: true, query: true, user: true})
	k.checkSecret("metrics.remote_write_token", m.RemoteWriteToken)
	if !m.RemoteWriteToken.IsEmpty() && m.RemoteWrite.IsEmpty() {
		k.add("metrics.remote_write_token", language.New("没有 remote_write 时没有作用", "has no effect without remote_write"))
	}
	if m.Job == "" || strings.TrimSpace(m.Job) != m.Job {
		k.add("metrics.job", language.New("不能为空，首尾不能有空格", "must not be empty, nor begin or end with a space"))
	}
}

func (k checker) checkMetricsURL(path string, address *secret.Value, rules urlRules) {
	text, ok := k.normalizeURL(path, address.Reveal(), rules)
	if ok {
		*address = secret.New(text)
	}
}
