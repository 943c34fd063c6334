package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

// lastingConditions returns those of the conditions that are not over.
func lastingConditions(all []runstate.Condition) []runstate.Condition {
	return slices.DeleteFunc(slices.Clone(all), func(c runstate.Condition) bool { return !c.EndedAt.IsZero() || !c.GoneSince.IsZero() })
}

// printConditions prints what lasts: since when, where and what, and when people were notified of it.
func (d stateSession) printConditions(to io.Writer, all []runstate.Condition) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintln(to, d.text("持续中：", "What lasts:"))
	var rows [][]string
	for _, c := range all {
		where := c.Account
		if c.Region != "" {
			where += "/" + c.Region
		}
		told := d.text("还没有通知", "not told yet")
		if !c.NotifiedAt.IsZero() {
			told = d.text("最近通知 %s", "last told %s", d.formatTime(c.NotifiedAt))
		}
		rows = append(rows, []string{d.text("自 %s", "since %s", d.formatTime(c.Since)), where, report.ConditionName(report.ConditionKind(c.Kind), d.lang()), told, c.Text})
	}
	fmt.Fprint(to, report.FormatColumns("  ", rows))
}

// conditionRow is a condition as status --json shows it.
type conditionRow struct {
	Key        string          `json:"key"`
	Kind       string          `json:"kind"`
	Cloud      inventory.Cloud `json:"cloud"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	Size       int             `json:"size"`
	Text       string          `json:"text"`
	Since      time.Time       `json:"since"`
	NotifiedAt *time.Time      `json:"notified_at"` // null = not yet
}

func newConditionRows(all []runstate.Condition) []conditionRow {
	rows := []conditionRow{}
	for _, c := range all {
		row := conditionRow{Key: c.Key, Kind: c.Kind, Cloud: c.Cloud, Account: c.Account, Region: c.Region, Size: c.Size, Text: c.Text, Since: c.Since}
		if !c.NotifiedAt.IsZero() {
			row.NotifiedAt = &c.NotifiedAt
		}
		rows = append(rows, row)
	}
	return rows
}
