package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/console/backend"
	"github.com/jms-sync/jms-sync/core/console/login"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/session"
)

// defaultListen is where serve listens: this machine alone can reach it.
const defaultListen = "127.0.0.1:8088"

// stopTimeout is how long serve waits for requests when it is told to stop.
const stopTimeout = 20 * time.Second

func serveCommand(o *options, stdout, stderr io.Writer) *cobra.Command {
	listen := defaultListen
	cmd := &cobra.Command{
		Use:   "serve",
		Short: o.lang.Text("在浏览器里看与批准：启动控制台", "See and approve in a browser: start the console"),
		Long: o.lang.Text("默认只监听本机回环地址，打印一次性的登录链接；打开它的人是批准者。监听其他地址时，必须配置 console（登录方式与批准者），并在前面用 TLS。\n"+
			"控制台读写状态存储（JMS_SYNC_STATE）；没有状态存储时只能计划、解释、诊断，不能批准。",
			"It listens on loopback and prints a link that signs in once; who opens it is an approver. For another address the configuration must have\n"+
				"console (how people sign in, and who approves), and TLS must stand before it.\n"+
				"The console reads and writes the state store (JMS_SYNC_STATE); without one it plans, explains and examines, and approves nothing."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.serve(cmd.Context(), listen, stdout, stderr)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", defaultListen, o.lang.Text("监听的地址与端口；端口 0 表示任选一个", "address and port to listen on; port 0 means any"))
	return cmd
}

// consoleServer is the console of this command.
type consoleServer struct {
	source session.ConfigSource
	cfg    config.Config
	log    *slog.Logger
	cache  *session.Cache
}

// serve serves the console until it is told to stop.
func (o *options) serve(ctx context.Context, listen string, stdout, stderr io.Writer) error {
	cfg, err := o.loadConfig(ctx)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	lang := language.Lang(cfg.Language)
	log, closer, err := o.newLogger(cfg, newProgressLine(stderr, lang))
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer closer.Close()
	c := &consoleServer{source: o.configSource(), cfg: cfg, log: log}
	return c.run(ctx, listen, stdout)
}

// run serves the console until it is told to stop.
func (c *consoleServer) run(ctx context.Context, listen string, stdout io.Writer) (err error) {
	c.cache, err = session.NewCache(c.cfg, c.log, nil)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return &exitError{exitFailed, err}
	}
	settings, err := c.settings(listener.Addr(), stdout)
	if err != nil {
		return &exitError{exitUsage, errors.Join(err, listener.Close())}
	}
	server := &http.Server{
		Handler: console.New(settings, backend.New(c.backendOptions())), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	defer context.AfterFunc(ctx, func() {
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- server.Shutdown(short)
	})()
	err = server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) {
		return <-stopped
	}
	return &exitError{exitFailed, err}
}

// isLoopback reports whether only this machine reaches an address.
func isLoopback(at net.Addr) bool {
	address, err := netip.ParseAddrPort(at.String())
	return err == nil && address.Addr().Unmap().IsLoopback()
}

// settings returns the console's settings, and prints where it is. On loopback who started it signs in by a token; elsewhere
// people sign in as the configuration says.
func (c *consoleServer) settings(at net.Addr, stdout io.Writer) (console.Settings, error) {
	lang := language.Lang(c.cfg.Language)
	if !isLoopback(at) {
		if !c.cfg.Console.Enabled {
			return console.Settings{}, errors.New(lang.Text("监听回环以外的地址要先配置 console（登录方式与批准者），并启用它", "other addresses than loopback need console in the configuration (how people sign in, and who approves), enabled"))
		}
		s, err := backend.NewSettings(c.cfg, c.log)
		s.Version = version
		fmt.Fprintln(stdout, lang.Text("控制台（按 Ctrl+C 结束）：", "Console (Ctrl+C ends it): ")+c.cfg.Console.URL)
		return s, err
	}
	_, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return console.Settings{}, err
	}
	link := func(token string) string { return "http://" + at.String() + "/#/login/" + token }
	token := login.NewToken(func(next string) {
		fmt.Fprintln(stdout, lang.Text("已登录。再次登录用：", "Signed in. To sign in again: ")+link(next))
	})
	key := make([]byte, login.MinKey)
	_, _ = rand.Read(key) // never fails
	fmt.Fprintln(stdout, lang.Text("控制台（按 Ctrl+C 结束），用这个链接登录一次：", "Console (Ctrl+C ends it); this link signs in once:"))
	fmt.Fprintln(stdout, "  "+link(token.Text()))
	return console.Settings{
		Origins:  []string{"http://" + at.String(), "http://localhost:" + port, "http://127.0.0.1:" + port, "http://[::1]:" + port},
		Sessions: login.NewSessions(key, c.cfg.Console.Session, false, time.Now), Login: console.ByToken, Token: token,
		Operator: login.Identity{ID: operatorName(), Name: operatorName()}, Version: version, Log: c.log, Scrub: backend.NewScrub(c.cfg),
	}, nil
}

func (c *consoleServer) backendOptions() backend.Options {
	return backend.Options{
		Open: func(_ context.Context, hooks session.Hooks) (*session.Session, error) {
			return session.Open(session.Options{
				Config: c.cfg, Environ: c.source.Environ, RequireState: true, Log: c.log, Cache: c.cache, Hooks: hooks, Holder: leaseHolder() + " (console)",
			})
		},
		Check: c.source.Check,
		Examine: func(context.Context) ([]doctor.Check, error) {
			return session.DoctorChecks(session.Examination{Config: c.cfg, Source: c.source.File, Environ: c.source.Environ})
		},
	}
}
