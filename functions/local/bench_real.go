package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// realUnchanged compares dry runs with reading all fields, on the server of the configuration.
// Nothing is written, so that there is no run with state: it would have to write first.
func (b *bench) realUnchanged(ctx context.Context) (*figure, error) {
	var fields, without []sample
	for range b.runs {
		s, err := b.realProbe(ctx, "fields")
		if err != nil {
			return nil, err
		}
		s.counts.JumpServer.Requests = s.probed.Calls
		fields = append(fields, s)
		if s, err = b.realRun(ctx, os.Environ(), "plan"); err != nil {
			return nil, err
		}
		without = append(without, s)
	}
	f := &figure{
		title: words{en: "Dry run (nothing is written) against reading all fields"},
		head:  []words{same("way"), same("instances"), same("hosts in JumpServer"), same("seconds"), same("peak MiB"), same("times faster")},
	}
	last := fields[len(fields)-1].probed
	f.row(same("all fields"), same("–"), same(strconv.Itoa(last.Rows)), spread("%.2f", each(fields, seconds)), memory(fields), same(""))
	f.row(same("jms-sync plan"), same(strconv.Itoa(without[0].report.Total)), same("–"), spread("%.2f", each(without, seconds)), memory(without),
		spread("%.1f", ratios(fields, without, seconds)))
	return f, nil
}

// realListing compares listings of the configured accounts.
func (b *bench) realListing(ctx context.Context) (*figure, error) {
	var ours []sample
	for range b.runs {
		s, err := b.realProbe(ctx, "list")
		if err != nil {
			return nil, err
		}
		ours = append(ours, s)
	}
	than, err := b.realProbe(ctx, "pages", "--pause", b.pause.String())
	if err != nil {
		return nil, err
	}
	f := &figure{
		title: words{en: "Listing the configured accounts"},
		head:  []words{same("way"), same("instances"), same("seconds"), same("times faster")},
	}
	f.row(b.baselineName(), same(strconv.Itoa(than.probed.Rows)), spread("%.2f", each([]sample{than}, seconds)), same(""))
	f.row(words{en: "jms-sync: 100 per page, regions at once"}, same(strconv.Itoa(ours[0].probed.Rows)), spread("%.2f", each(ours, seconds)),
		spread("%.1f", ratios([]sample{than}, ours, seconds)))
	return f, nil
}

func (b *bench) realProbe(ctx context.Context, what string, args ...string) (sample, error) {
	return b.probing(ctx, "", os.Environ(), append(b.configured(), append([]string{"probe", what}, args...)...))
}

// realRun makes one run in the folder where bench was started, as a user would: where the
// configuration may lie. Held removals and failed scopes are no error here; they are shown.
func (b *bench) realRun(ctx context.Context, env []string, args ...string) (sample, error) {
	s, err := b.syncing(ctx, "", env, append(b.configured(), args...))
	if err == nil && s.report.Outcome != "ok" {
		fmt.Fprintf(b.out, "  * outcome %s: what was measured is not a whole run\n", s.report.Outcome)
	}
	return s, err
}

func (b *bench) configured() []string {
	if b.config == "" {
		return nil
	}
	return []string{"-c", b.config}
}

// realFirst makes one first sync into an organisation that was named on purpose and has nothing
// in it. Bench deletes nothing: what was made stays, and is told.
func (b *bench) realFirst(ctx context.Context) error {
	cfg, err := wire.LoadConfig(b.config)(ctx)
	if err == nil {
		err = b.mayWrite(ctx, cfg)
	}
	if err != nil {
		return fmt.Errorf("--write-to-organisation: %w", err)
	}
	s, err := b.realRun(ctx, quiet(os.Environ()))
	if err != nil {
		return err
	}
	f := &figure{
		part: "a", title: words{en: "First sync into an empty organisation"},
		head: []words{same("writers at most"), same("hosts made"), same("failed"), same("seconds"), same("hosts a second")},
	}
	f.row(same(strconv.Itoa(cfg.Sync.Writers)), same(strconv.Itoa(s.report.Created)), same(strconv.Itoa(s.report.Failures)),
		same(fmt.Sprintf("%.2f", s.took.Seconds())), same(fmt.Sprintf("%.1f", float64(s.report.Created)/s.took.Seconds())))
	f.notes = []words{{en: fmt.Sprintf("Left in organisation %s: %d hosts, with their nodes and labels. Bench deletes nothing. "+
		"To compare writers, empty it and set JMS_SYNC_SYNC_WRITERS=1.", b.writeTo, s.report.Created)}}
	return f.print(b.out)
}

// mayWrite refuses unless the organisation is the configured one, answers, and has no asset.
func (b *bench) mayWrite(ctx context.Context, cfg config.Config) error {
	if cfg.JumpServer.OrgID == "" || !strings.EqualFold(b.writeTo, cfg.JumpServer.OrgID) {
		return fmt.Errorf("%s 不是配置里的组织 %s (not the configured organisation)", b.writeTo, cfg.JumpServer.OrgID)
	}
	client, err := wire.Client(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer client.Close()
	have, err := client.Read(ctx)
	if err != nil {
		return err
	}
	if n := len(have.Assets); n > 0 {
		return fmt.Errorf("组织里已有 %d 个资产，什么都没有写入 (it has assets, nothing was written)", n)
	}
	return nil
}

// quiet is an environment in which a run tells nobody, remembers nothing and removes nothing.
func quiet(env []string) []string {
	var out []string
	for _, pair := range env {
		if name, _, _ := strings.Cut(pair, "="); name != config.VarState {
			out = append(out, pair)
		}
	}
	return append(out, "JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED=false", "JMS_SYNC_SYNC_NO_DELETE=true")
}

// partial tells whether a run ended with its work done in part.
func partial(err error) bool {
	var ended interface{ ExitCode() int }
	return errors.As(err, &ended) && ended.ExitCode() == exitPartial
}
