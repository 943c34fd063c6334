package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// showAdopt adopts what the Python tool left, with the command that a user types.
func (d *demonstration) showAdopt(ctx context.Context) error {
	d.heading(d.lang.Text("认领 Python 工具留下的资产：ID、账号、授权都不变", "Adopt what the Python tool left: id, accounts and access rules stay"))
	before := d.world.jumpserver.Hosts(jumpservertest.DefaultOrg)
	for _, args := range [][]string{{"adopt"}, {"adopt", "--apply"}} {
		fmt.Fprintf(d.out, "$ jms-sync %s\n", strings.Join(args, " "))
		if err := d.runCommand(ctx, args...); err != nil {
			return err
		}
	}
	r, err := d.invoke(ctx, "")
	if err != nil {
		return err
	}
	if r.Unchanged != 7 || r.Skipped != 0 || d.world.jumpserver.Writes() != 0 {
		return errors.New(d.text("认领之后应为 7 台不变、0 次写入，实际 %d、%d", "once adopted, 7 should be unchanged with 0 writes, not %d and %d", r.Unchanged, d.world.jumpserver.Writes()))
	}
	after := d.world.jumpserver.Hosts(jumpservertest.DefaultOrg)
	if len(after) != len(before) {
		return errors.New(d.text("认领前 %d 台，之后 %d 台", "%d hosts before the adoption, %d after it", len(before), len(after)))
	}
	for n, h := range after {
		if h.ID != before[n].ID || h.Name != before[n].Name || !strings.HasPrefix(h.Comment, before[n].Comment) || h.Active != before[n].Active {
			return errors.New(d.text("%s 被改动", "%s was changed", before[n].Name))
		}
	}
	return nil
}

// runCommand runs this program with the demo's configuration and without the user's environment.
func (d *demonstration) runCommand(ctx context.Context, args ...string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"-c", d.world.config, "--no-log-file", "-l", "ERROR"}, args...)...)
	cmd.Env = d.world.environment()
	cmd.Stdout, cmd.Stderr = d.out, d.out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("jms-sync %s: %w", strings.Join(args, " "), err)
	}
	return nil
}
