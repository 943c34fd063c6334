package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/session"
)

// measureRealCreates compares creates on the server of the configuration, in an organisation that was named on purpose,
// after it has said what it writes and a person has agreed.
func (b *bench) measureRealCreates(ctx context.Context) (*figure, error) {
	client, err := b.connectForCreates(ctx)
	if err != nil {
		return nil, fmt.Errorf("--create-in-organisation: %w", err)
	}
	defer client.Close()
	c, load := newCreateContest(), loadAverage()
	creator := newCreator(client, b.createHosts)
	for round := range b.rounds {
		for n := range allWriters() {
			way := (n + round) % len(allWriters()) // no way is always the first
			took, err := creator.measureOnce(ctx, allWriters()[way])
			if err != nil {
				return nil, fmt.Errorf("%w (what is left of hosts named %s-… is deleted by the next such bench)", err, benchName)
			}
			c.add(way, took, b.createHosts)
			fmt.Fprint(b.out, ".")
		}
	}
	fmt.Fprintln(b.out)
	f := &figure{
		title: bilingual{en: fmt.Sprintf("Making %d hosts, by plain writers and as a sync does; interleaved rounds", b.createHosts)},
		head:  contestHead(),
		notes: []bilingual{{en: fmt.Sprintf("Medians of %d rounds, their range in brackets. Load of this machine before and after: %s; %s.", b.rounds, load, loadAverage())}},
	}
	if rate, _ := client.LearntRate(); rate.Requests > 0 {
		f.notes = append(f.notes, bilingual{en: fmt.Sprintf("JumpServer refused requests, it takes some %d a minute: these are times of waiting, not of work.", rate.Requests)})
	}
	f.addContest(sameText("real"), c)
	return f, nil
}

// connectForCreates returns a client of the configured organisation, after it has said what will be written there and a
// person has agreed.
func (b *bench) connectForCreates(ctx context.Context) (*jumpserver.Client, error) {
	cfg, err := session.ConfigSource{File: b.config, Environ: os.Environ()}.Load(ctx)
	if err != nil {
		return nil, err
	}
	if cfg.JumpServer.OrgID == "" || !strings.EqualFold(b.createIn, cfg.JumpServer.OrgID) {
		return nil, fmt.Errorf("%s 不是配置里的组织 %s (not the configured organisation)", b.createIn, cfg.JumpServer.OrgID)
	}
	client, err := session.NewClient(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	_, name, err := client.Organisation(ctx)
	if err == nil {
		b.printCreatesNotice(cfg, name)
		err = b.requireConsent()
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// printCreatesNotice says what is written, and what of it stays.
func (b *bench) printCreatesNotice(cfg config.Config, organisation string) {
	measured := b.rounds * len(allWriters())
	fmt.Fprintf(b.out, `
This writes to %s, organisation %s (%s):
  * %d hosts named %s-00001 …, with addresses of 192.0.2.0/24 (nobody's), under the node %s.
    They are made and deleted again %d times: %d creates in all. Their ids are bench's own.
    Users who have access to the root node see them for that time.
  * What stays: that node, empty; four rows of the label page (%s-1 … -4); lines in the operate log.
  * Nothing else is changed or deleted. If it is interrupted, run it again: it begins by deleting what it left.
`, cfg.JumpServer.URL, organisation, cfg.JumpServer.OrgID, b.createHosts, benchName, benchNode, measured, measured*b.createHosts, benchName)
}

// requireConsent asks whether to write, unless --yes has said so.
func (b *bench) requireConsent() error {
	if b.yes {
		return nil
	}
	fmt.Fprint(b.out, "写入并测量吗 (write, and measure)? [y/N]：")
	line, err := b.in.ReadString('\n')
	fmt.Fprintln(b.out)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "y") {
		return errors.New("没有写入任何东西；不交互运行时请给出 --yes (nothing was written; without a person say --yes)")
	}
	return nil
}

// loadAverage returns the load of the last minutes where Linux says it.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) >= 3 {
		return strings.Join(fields[:3], " ")
	}
	return "not known"
}
