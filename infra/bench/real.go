package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/session"
)

// measureRealUnchanged compares dry runs with reading all fields, on the server of the configuration. There is no run with
// state, for it would have to write first, and nothing is written.
func (b *bench) measureRealUnchanged(ctx context.Context) (*figure, error) {
	var fields, without []sample
	for range b.runs {
		s, err := b.realProbe(ctx, "fields")
		if err != nil {
			return nil, err
		}
		s.counts.JumpServer.Requests = s.probed.Calls
		fields = append(fields, s)
		s, err = b.realRun(ctx, os.Environ(), "plan")
		if err != nil {
			return nil, err
		}
		without = append(without, s)
	}
	f := &figure{
		title: bilingual{en: "Dry run (nothing is written) against reading all fields"},
		head:  []bilingual{sameText("way"), sameText("instances"), sameText("hosts in JumpServer"), sameText("seconds"), sameText("peak MiB"), sameText("times faster")},
	}
	last := fields[len(fields)-1].probed
	f.addRow(sameText("all fields"), sameText("–"), sameText(strconv.Itoa(last.Rows)), medianText("%.2f", mapSamples(fields, seconds)), memoryText(fields), sameText(""))
	f.addRow(sameText("jms-sync plan"), sameText(strconv.Itoa(without[0].report.Total)), sameText("–"), medianText("%.2f", mapSamples(without, seconds)), memoryText(without),
		medianText("%.1f", ratiosOf(fields, without, seconds)))
	return f, nil
}

// measureRealListing compares listings of the configured accounts.
func (b *bench) measureRealListing(ctx context.Context) (*figure, error) {
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
		title: bilingual{en: "Listing the configured accounts"},
		head:  []bilingual{sameText("way"), sameText("instances"), sameText("seconds"), sameText("times faster")},
	}
	f.addRow(b.baselineName(), sameText(strconv.Itoa(than.probed.Rows)), medianText("%.2f", mapSamples([]sample{than}, seconds)), sameText(""))
	f.addRow(bilingual{en: "jms-sync: 100 per page, regions at once"}, sameText(strconv.Itoa(ours[0].probed.Rows)), medianText("%.2f", mapSamples(ours, seconds)),
		medianText("%.1f", ratiosOf([]sample{than}, ours, seconds)))
	return f, nil
}

func (b *bench) realProbe(ctx context.Context, what string, args ...string) (sample, error) {
	return b.runProbe(ctx, "", os.Environ(), append(b.configArgs(), append([]string{"probe", what}, args...)...))
}

// realRun makes one run in the folder where bench was started, where config.yaml may be. Held removals and failed scopes
// are no error here, but shown.
func (b *bench) realRun(ctx context.Context, env []string, args ...string) (sample, error) {
	s, err := b.runSync(ctx, "", env, append(b.configArgs(), args...))
	if err == nil && s.report.Outcome != "ok" {
		fmt.Fprintf(b.out, "  * outcome %s: what was measured is not a whole run\n", s.report.Outcome)
	}
	return s, err
}

func (b *bench) configArgs() []string {
	if b.config == "" {
		return nil
	}
	return []string{"-c", b.config}
}

// measureRealFirst makes one first sync into an organisation that was named on purpose and is empty. Nothing is deleted:
// what was made stays, and is printed.
func (b *bench) measureRealFirst(ctx context.Context) error {
	cfg, err := session.ConfigSource{File: b.config, Environ: os.Environ()}.Load(ctx)
	if err == nil {
		err = b.checkMayWrite(ctx, cfg)
	}
	if err != nil {
		return fmt.Errorf("--write-to-organisation: %w", err)
	}
	s, err := b.realRun(ctx, quietEnv(os.Environ()))
	if err != nil {
		return err
	}
	f := &figure{
		part: "a", title: bilingual{en: "First sync into an empty organisation"},
		head: []bilingual{sameText("writers at most"), sameText("hosts made"), sameText("failed"), sameText("seconds"), sameText("hosts a second")},
	}
	f.addRow(sameText(strconv.Itoa(cfg.Sync.Writers)), sameText(strconv.Itoa(s.report.Created)), sameText(strconv.Itoa(s.report.Failures)),
		sameText(fmt.Sprintf("%.2f", s.took.Seconds())), sameText(fmt.Sprintf("%.1f", float64(s.report.Created)/s.took.Seconds())))
	f.notes = []bilingual{{en: fmt.Sprintf("Left in organisation %s: %d hosts, with their nodes and labels. Bench deletes nothing. "+
		"To compare writers, empty it and set JMS_SYNC_SYNC_WRITERS=1.", b.writeTo, s.report.Created)}}
	return f.print(b.out)
}

// checkMayWrite returns an error unless the organisation is the configured one, answers, and has no asset.
func (b *bench) checkMayWrite(ctx context.Context, cfg config.Config) error {
	if cfg.JumpServer.OrgID == "" || !strings.EqualFold(b.writeTo, cfg.JumpServer.OrgID) {
		return fmt.Errorf("%s 不是配置里的组织 %s (not the configured organisation)", b.writeTo, cfg.JumpServer.OrgID)
	}
	client, err := session.NewClient(cfg, slog.New(slog.DiscardHandler))
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

// quietEnv returns an environment in which a run sends no card, keeps no state and removes nothing.
func quietEnv(env []string) []string {
	var out []string
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		if name != config.EnvState {
			out = append(out, pair)
		}
	}
	return append(out, "JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED=false", "JMS_SYNC_SYNC_NO_DELETE=true")
}
