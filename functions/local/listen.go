package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// minTokenLength keeps out tokens that can be guessed.
const minTokenLength = 16

// The times of a server that is told to stop: for events at work, then for cards that wait. Together they are shorter than
// what systemd (90 s) and the chart (120 s) leave.
const (
	drainTimeout = eventTimeout + 5*time.Second
	flushTimeout = 10 * time.Second
)

// flushInterval is how long a card waits in memory at most. It matters where there is no state store, since no other run
// knows of the card then.
const flushInterval = 30 * time.Second

func listenCommand(o *options, stderr io.Writer) *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "listen",
		Short: o.lang.Text("等待云事件（HTTP），逐个处理，直到被终止：给集群与主机用", "Wait for cloud events by HTTP and handle each, until told to stop: for clusters and hosts"),
		Long: o.lang.Text("POST /events 收一个事件（内容与 jms-sync event 相同），处理完才应答：200 完成或忽略，503 失败、请再投递，400 不认识，401 令牌不对。\n"+
			"GET /healthz 应答 200。令牌在变量 "+config.EnvEventToken+" 里（至少 16 个字符），发送者放在下列之一：\n"+
			"Authorization: Bearer 令牌、Basic 的密码、x-eventbridge-signature-token（阿里云 EventBridge 的 Token）。\n"+
			"这里不加密：在前面放 Ingress 或别的 TLS 终点。定时的完整同步仍然要有。",
			"POST /events takes one event (as jms-sync event does) and answers when it was handled: 200 done or ignored, 503 failed, deliver it again,\n"+
				"400 not known, 401 a wrong token. GET /healthz answers 200. The token is in the variable "+config.EnvEventToken+" (16 characters at least);\n"+
				"senders put it into one of: Authorization: Bearer TOKEN, the password of Basic, x-eventbridge-signature-token (Token of Alibaba's EventBridge).\n"+
				"There is no encryption here: put an Ingress, or another end of TLS, in front. Full runs by a timer are needed as ever."),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			token := secret.New(os.Getenv(config.EnvEventToken))
			if len(token.Reveal()) < minTokenLength {
				return &exitError{exitUsage, errors.New(o.lang.Textf("%s 未设置或短于 %d 个字符", "%s is not set, or shorter than %d characters", config.EnvEventToken, minTokenLength))}
			}
			return o.listen(cmd.Context(), address, token, stderr)
		},
	}
	cmd.Flags().StringVar(&address, "address", ":8080", o.lang.Text("监听的地址", "address to listen on"))
	return cmd
}

// listen serves events until ctx ends. It loads the configuration first, so that a mistake ends the program at once and
// not with the first event.
func (o *options) listen(ctx context.Context, address string, token secret.Value, stderr io.Writer) error {
	cfg, err := o.loadConfig(ctx)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	log, closer, err := o.newLogger(cfg, newProgressLine(stderr, language.Lang(cfg.Language)))
	if err != nil {
		return &exitError{exitUsage, err}
	}
	defer closer.Close()
	environ := os.Environ()
	app := wire.NewApp("listen", wire.NewLoader(o.config, environ), func(config.Config) (*slog.Logger, error) {
		return log, nil
	}).WithEnvironment(environ)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return &exitError{exitFailed, err}
	}
	log.Info("listening for events", "address", l.Addr().String())
	if err := serveEvents(ctx, l, newEventServer(token, log, app.HandleEvent), log, app.Flush); err != nil {
		return &exitError{exitFailed, err}
	}
	return nil
}

// serveEvents serves until ctx ends, then lets events at work end, and sends the cards that wait.
func serveEvents(ctx context.Context, l net.Listener, handler http.Handler, log *slog.Logger, flush func(context.Context)) error {
	server := &http.Server{Handler: handler, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	failed := make(chan error, 1)
	go func() {
		failed <- server.Serve(l)
	}()
	tick := time.NewTicker(flushInterval)
	defer tick.Stop()
	for {
		select {
		case err := <-failed:
			return err
		case <-tick.C:
			flush(ctx)
			continue
		case <-ctx.Done():
		}
		break
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	err := server.Shutdown(ending)
	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancelLast()
	flush(last)
	return err
}
