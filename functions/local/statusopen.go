package main

import (
	"fmt"
	"io"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

// printOpen prints every asset that the last full runs left open, and why.
func (d stateSession) printOpen(to io.Writer, lists []runstate.OpenList, err error) {
	if err != nil {
		fmt.Fprintln(to, stripControls(err.Error()))
	}
	for _, l := range lists {
		if l.Total == 0 {
			continue
		}
		fmt.Fprintln(to, d.text("仍开放的资产：%d 个（截至 %s；实例不在列表里，没有移除）", "Still open: %d assets (as of %s; their instances are in no listing, and they were not removed)",
			l.Total, d.formatTime(l.At)))
		rows := [][]string{{d.text("资产", "Asset"), d.text("地址", "Address"), d.text("账号/区域", "Account/region"), d.text("实例", "Instance"), d.text("原因", "Reason")}}
		for _, a := range l.Assets {
			rows = append(rows, []string{a.Name, a.Address, a.Account + "/" + a.Region, a.InstanceID, a.Reason})
		}
		fmt.Fprint(to, report.FormatTable(rows))
		if left := l.Total - len(l.Assets); left > 0 {
			fmt.Fprintln(to, d.text("另有 %d 个，见那一次的结果文件", "%d more are in the results document of that run", left))
		}
	}
}

// openRow is an asset that stays open.
type openRow struct {
	Asset      string          `json:"asset"`
	Name       string          `json:"name"`
	Address    string          `json:"address"`
	Cloud      inventory.Cloud `json:"cloud"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	InstanceID string          `json:"instance_id"`
	Action     string          `json:"action"`
	Code       string          `json:"code"`
	Reason     string          `json:"reason"`
	At         time.Time       `json:"at"` // of the run that said so
}

func newOpenRows(lists []runstate.OpenList) []openRow {
	rows := []openRow{}
	for _, l := range lists {
		for _, a := range l.Assets {
			rows = append(rows, openRow{a.ID, a.Name, a.Address, a.Cloud, a.Account, a.Region, a.InstanceID, a.Action, a.Code, a.Reason, l.At})
		}
	}
	return rows
}
