package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// emulatedWorld describes what the emulators hold and how they answer.
type emulatedWorld struct {
	hosts, regions, accounts int // hosts are those of one region of one account
	version, database        string
	jumpserverLatency        time.Duration
	cloudLatency             time.Duration
	atOnce                   int  // requests that JumpServer serves at a time, others wait; 0 = all
	throttle                 int  // requests a minute that JumpServer takes; 0 = any number, or jumpservertest.VersionMaxRequests
	measured                 bool // JumpServer takes the times of a real server
	crowd                    bool // creates take as long as on a real server, by the number of writers
	seeded                   bool
}

func emulateCommand(stdout io.Writer) *cobra.Command {
	var w emulatedWorld
	cmd := &cobra.Command{
		Use:    "emulate",
		Short:  "在本机回环地址上启动 JumpServer、阿里云与钉钉的模拟器，直到标准输入关闭",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := w.check(); err != nil {
				return &exitError{exitUsage, err}
			}
			if err := w.serve(cmd.Context(), cmd.InOrStdin(), stdout); err != nil {
				return &exitError{exitFailed, err}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.IntVar(&w.hosts, "hosts", 10, "每个账号每个地域的实例数")
	f.IntVar(&w.regions, "regions", 1, "地域数")
	f.IntVar(&w.accounts, "accounts", 1, "云账号数")
	f.StringVar(&w.version, "version", string(jumpservertest.V47), "JumpServer 的版本：v4.7.0、v4.10.16 或 v4.10.19")
	f.StringVar(&w.database, "database", "postgresql", "JumpServer 的数据库：postgresql、mariadb（安装包的 utf8_general_ci）、mariadb-general、mariadb-unicode 或 mariadb-binary")
	f.DurationVar(&w.jumpserverLatency, "jumpserver-latency", 0, "JumpServer 每个请求的耗时")
	f.DurationVar(&w.cloudLatency, "cloud-latency", 0, "云 API 每个请求的耗时")
	f.IntVar(&w.atOnce, "at-once", 0, "JumpServer 同时处理的请求数，0 表示不限制")
	f.IntVar(&w.throttle, "throttle", 0, "JumpServer 每分钟接受的请求数，0 表示不限制，-1 表示该版本的默认值")
	f.BoolVar(&w.measured, "measured", false, "JumpServer 按真实服务器的实测耗时回答：每个请求、写入的每一行与每个标签")
	f.BoolVar(&w.crowd, "crowd", false, "创建主机的耗时按这个版本的真实服务器随并发的测量值，每台 ±50 %")
	f.BoolVar(&w.seeded, "seeded", false, "JumpServer 里已有同步过的全部资产")
	return cmd
}

// check refuses what no emulator can be.
func (w emulatedWorld) check() error {
	switch {
	case !slices.Contains(jumpservertest.Versions(), jumpservertest.Version(w.version)):
		return fmt.Errorf("--version: one of %s", jumpservertest.Versions())
	case !slices.Contains(jumpservertest.Databases(), w.collation()):
		return fmt.Errorf("--database: postgresql or one of %s", jumpservertest.Databases()[1:])
	case w.hosts < 0 || w.regions < 1 || w.accounts < 1 || w.instanceCount() > 1<<24:
		return errors.New("--hosts, --regions, --accounts: at least 0, 1 and 1, and 16,777,216 instances in all at most")
	case w.atOnce < 0 || w.throttle < jumpservertest.VersionMaxRequests || w.jumpserverLatency < 0 || w.cloudLatency < 0:
		return errors.New("--at-once, --throttle and latencies must not be negative")
	}
	return nil
}

func (w emulatedWorld) collation() jumpservertest.Database {
	if w.database == "postgresql" {
		return jumpservertest.PostgreSQL
	}
	return jumpservertest.Database(w.database)
}

// instanceCount is the number of instances in all accounts and regions.
func (w emulatedWorld) instanceCount() int { return w.hosts * w.regions * w.accounts }

// serve announces the emulators in one line of JSON and answers the lines that come in, until
// there are no more or the context ends.
func (w emulatedWorld) serve(ctx context.Context, in io.Reader, out io.Writer) error {
	e, err := w.startEmulators(ctx)
	if err != nil {
		return err
	}
	defer e.close()
	answers := json.NewEncoder(out)
	if err := answers.Encode(e.announcement()); err != nil {
		return err
	}
	lines := make(chan string)
	go func() { // its reading cannot be interrupted; it ends with the process
		defer close(lines)
		for scan := bufio.NewScanner(in); scan.Scan(); {
			select {
			case lines <- strings.TrimSpace(scan.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, open := <-lines:
			if !open {
				return nil
			}
			if err := answers.Encode(e.execute(line)); err != nil {
				return err
			}
		}
	}
}

// emulators are the three services on loopback, and what was counted when counts were reset.
type emulators struct {
	world         emulatedWorld
	bastion       *jumpservertest.Server
	cloud         *alibabatest.Server
	first         *alibabatest.Account
	robot         *dingtalktest.Robot
	answerTimes   *answerTimer
	announced     announcement
	countsAtReset callCounts
	stops         []func()
}

// announcement is the first line that emulate prints.
type announcement struct {
	JumpServer  string            `json:"jumpserver"` // base URLs
	Alibaba     string            `json:"alibaba"`
	DingTalk    string            `json:"dingtalk"`
	Environment map[string]string `json:"environment"` // all that jms-sync needs to run against them
}

func (e *emulators) announcement() announcement { return e.announced }

// startEmulators makes the world and serves it. The context bounds the seeding.
func (w emulatedWorld) startEmulators(ctx context.Context) (*emulators, error) {
	var costs jumpservertest.WriteTimes
	if w.measured {
		costs, w.jumpserverLatency = jumpservertest.MeasuredWriteTimes(jumpservertest.Version(w.version))
		costs.Spread = 0.5
	}
	if w.crowd { // which has its own times for creates
		costs.Create, costs.CreateLabel = 0, 0
	}
	e := &emulators{
		world: w, robot: dingtalktest.New(dingtalktest.Options{Secret: robotSecret}),
		bastion: jumpservertest.New(jumpservertest.Options{
			Version: jumpservertest.Version(w.version), Database: w.collation(), MaxParallel: w.atOnce, MaxRequests: w.throttle,
			Latency: w.jumpserverLatency, WriteTimes: costs, Limit: w.assetLimit(),
		}),
	}
	e.answerTimes = &answerTimer{next: w.jumpServerHandler(e.bastion), took: map[string]timeSum{}}
	e.cloud, e.first = w.newCloud()
	err := e.listen(e.answerTimes, &e.announced.JumpServer)
	if err == nil {
		err = e.listen(e.cloud, &e.announced.Alibaba)
	}
	if err == nil {
		err = e.listen(e.robot, &e.announced.DingTalk)
	}
	e.announced.Environment = e.environment()
	if err == nil && w.seeded {
		err = e.seedJumpServer(ctx)
	}
	if err != nil {
		e.close()
		return nil, err
	}
	e.cloud.SetLatency(w.cloudLatency) // the seeding need not wait
	e.resetCounts()
	return e, nil
}

// jumpServerHandler is JumpServer as it is reached.
func (w emulatedWorld) jumpServerHandler(bastion http.Handler) http.Handler {
	if !w.crowd {
		return bastion
	}
	c := jumpservertest.MeasuredConcurrentCreates(jumpservertest.Version(w.version))
	c.Spread = 0.5
	return c.Handler(bastion)
}

// assetLimit is how many assets JumpServer takes: what the community edition does, or all instances.
func (w emulatedWorld) assetLimit() int { return max(5000, w.instanceCount()) }

// robotSecret signs messages to the emulated robot.
const robotSecret = "SECemulated"

func (w emulatedWorld) regionNames() []string {
	names := make([]string, w.regions)
	for n := range names {
		names[n] = fmt.Sprintf("cn-region-%d", n+1)
	}
	return names
}

// accessKey is the access key of account n.
func (w emulatedWorld) accessKey(n int) alibabatest.Key {
	return alibabatest.Key{
		AccountID:   fmt.Sprintf("10000000000%05d", n+1),
		AccessKeyID: fmt.Sprintf("emulated-key-%d", n), AccessKeySecret: fmt.Sprintf("emulated-word-%d", n),
	}
}

// newCloud makes the cloud with its instances; no two have one id, name or address.
func (w emulatedWorld) newCloud() (server *alibabatest.Server, first *alibabatest.Account) {
	server = alibabatest.New(alibabatest.Options{Regions: w.regionNames()})
	made := 0
	for n := range w.accounts {
		account := server.AddAccount(w.accessKey(n))
		if n == 0 {
			first = account
		}
		for _, region := range w.regionNames() {
			account.Fill(region, w.hosts, func(i int) alibabatest.Instance { return alibabatest.SampleInstance(made + i) })
			made += w.hosts
		}
	}
	return server, first
}

// listen serves a handler on a free port of loopback and notes its base URL.
func (e *emulators) listen(h http.Handler, at *string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("emulate: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // ends when it is closed
	e.stops = append(e.stops, func() { _ = server.Close() })
	*at = "http://" + l.Addr().String()
	return nil
}

func (e *emulators) close() {
	e.cloud.Close()
	for _, stop := range e.stops {
		stop()
	}
}

// environment holds every setting that a run against the emulators needs.
func (e *emulators) environment() map[string]string {
	env := map[string]string{
		"JMS_SYNC_JUMPSERVER_URL":                e.announced.JumpServer,
		"JMS_SYNC_JUMPSERVER_ACCESS_KEY_ID":      jumpservertest.KeyID,
		"JMS_SYNC_JUMPSERVER_ACCESS_KEY_SECRET":  jumpservertest.KeySecret,
		"JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED": "true",
		"JMS_SYNC_NOTIFICATION_DINGTALK_WEBHOOK": e.announced.DingTalk + dingtalktest.WebhookPath + "?access_token=emulated",
		"JMS_SYNC_NOTIFICATION_DINGTALK_SECRET":  robotSecret,
	}
	for n := range e.world.accounts {
		key, prefix := e.world.accessKey(n), fmt.Sprintf("JMS_SYNC_CLOUDS_%d_", n)
		env[prefix+"TYPE"] = "阿里云"
		env[prefix+"NAME"] = fmt.Sprintf("aliyun-%d", n+1)
		env[prefix+"ACCESS_KEY_ID"] = key.AccessKeyID
		env[prefix+"ACCESS_KEY_SECRET"] = key.AccessKeySecret
		env[prefix+"REGIONS"] = strings.Join(e.world.regionNames(), ",")
		env[prefix+"ENDPOINT"] = e.announced.Alibaba
	}
	return env
}

// seedJumpServer puts into JumpServer what a sync makes there: a real run fills another JumpServer, which
// neither waits nor limits, and its hosts are copied.
func (e *emulators) seedJumpServer(ctx context.Context) error {
	scratch := &emulators{bastion: jumpservertest.New(jumpservertest.Options{
		Version: jumpservertest.Version(e.world.version), Limit: e.world.assetLimit(),
	}), cloud: e.cloud}
	var url string
	if err := scratch.listen(scratch.bastion, &url); err != nil {
		return err
	}
	defer scratch.stops[0]()
	env := maps.Clone(e.announced.Environment)
	env["JMS_SYNC_JUMPSERVER_URL"] = url
	env["JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED"] = "false"
	rep, err := syncOnce(ctx, env)
	if err != nil {
		return fmt.Errorf("emulate: seed: %w", err)
	}
	if rep.Created != e.world.instanceCount() {
		return fmt.Errorf("emulate: seed: outcome %s, %d of %d assets made", rep.Outcome, rep.Created, e.world.instanceCount())
	}
	for _, h := range scratch.bastion.Hosts(jumpservertest.DefaultOrg) {
		e.bastion.Seed(jumpservertest.DefaultOrg, h)
	}
	return nil
}

// syncOnce makes one run in this process, with the settings of an environment only.
func syncOnce(ctx context.Context, env map[string]string) (report.Report, error) {
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	cfg, err := config.Load(ctx, config.Source{Clouds: session.Clouds(), Env: list, ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist }})
	if err != nil {
		return report.Report{}, err
	}
	s, err := session.Open(session.Options{Config: cfg})
	if err != nil {
		return report.Report{}, err
	}
	defer s.Close()
	out := s.Sync(ctx, session.Request{})
	return out.Report, out.Err
}
