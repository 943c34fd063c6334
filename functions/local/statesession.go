package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/session"
)

// stateFlags choose one of a store's installations.
type stateFlags struct{ server, organisation string }

// addStateFlags adds the flags of a command that needs the state store and no other secret.
func (o *options) addStateFlags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&o.state.server, "jumpserver", "", o.lang.Text(
		"状态存储里有几台 JumpServer、又没有配置时：哪一台（jumpserver.id，或网址里的主机名）",
		"which JumpServer, where the store knows several and there is no configuration (jumpserver.id, or the host of its URL)"))
	cmd.Flags().StringVar(&o.state.organisation, "org", "", o.lang.Text("同上：哪一个组织（ID）", "likewise: which organisation (its id)"))
	cmd.Long = strings.TrimSpace(cmd.Long + "\n\n" + o.lang.Text(
		"只需要 JMS_SYNC_STATE（与读写它的密钥），不需要配置文件，也不需要 JumpServer、云和钉钉的密钥。有配置时照常使用它的语言、时区和 JumpServer。",
		"JMS_SYNC_STATE and a key for it are enough: no configuration, no key of JumpServer, clouds or DingTalk. Of a configuration, language, time zone and JumpServer are used."))
	return cmd
}

// openState opens the state store for a person's order. A configuration is not needed.
func (o *options) openState(ctx context.Context) (stateSession, error) {
	s, err := session.OpenState(ctx, session.StateOptions{
		Source: o.configSource(), Server: o.state.server, Organisation: o.state.organisation,
	})
	d := stateSession{store: s.Store, cfg: s.Config, now: time.Now(), freshness: s.Freshness, unread: s.Unread}
	var unclear *session.InstallationError
	if errors.As(err, &unclear) {
		err = errors.New(d.unclearText(unclear))
	}
	return d, err
}

// unclearText says which installations there are, each with the flags that choose it.
func (d stateSession) unclearText(e *session.InstallationError) string {
	if len(e.Known) == 0 {
		return d.text("状态存储里还没有任何 JumpServer 的一次完整同步：请设置 %s，与同步所用的相同（或 %s）",
			"the store holds no complete run of any JumpServer yet: set %s as the runs have it (or %s)", "JMS_SYNC_JUMPSERVER_URL", "JMS_SYNC_JUMPSERVER_ID")
	}
	lines := []string{d.text("状态存储里有这些 JumpServer，请选一个：", "the store holds the state of these JumpServers, choose one:")}
	if e.Asked != "" {
		lines[0] = d.text("状态存储里没有 %s，有的是：", "the store holds no %s, but these:", stripControls(e.Asked))
	}
	servers := map[string]int{}
	for _, k := range e.Known {
		servers[k.Server]++
	}
	for _, k := range e.Known {
		line := "  --jumpserver " + stripControls(k.Server)
		if servers[k.Server] > 1 {
			line += " --org " + stripControls(k.Organisation)
		}
		lines = append(lines, line+d.text("（最近使用 %s）", " (last used %s)", d.formatTime(k.UsedAt)))
	}
	return strings.Join(lines, "\n")
}
