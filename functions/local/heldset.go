package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
)

// maxApprovedRows is how many removals approve shows; jms-sync held HASH shows all.
const maxApprovedRows = 30

// showSet prints one held set, each of its removals.
func (d stateSession) showSet(ctx context.Context, to io.Writer, hash string, asJSON bool) error {
	set, err := d.findSet(ctx, hash)
	if err != nil {
		return err
	}
	if asJSON {
		return report.EncodeJSON(to, newHeldDocument([]runstate.HeldSet{set}))
	}
	fmt.Fprintln(to, d.installationText())
	if err := d.printSets(to, []runstate.HeldSet{set}); err != nil {
		return err
	}
	_, err = fmt.Fprint(to, "\n"+d.removalTable(set.Removals, len(set.Removals)))
	return err
}

// removalTable returns held removals by account, region and name, the first most of them.
func (d stateSession) removalTable(removals []runstate.HeldRemoval, most int) string {
	removals = slices.SortedFunc(slices.Values(removals), func(x, y runstate.HeldRemoval) int {
		return cmp.Or(cmp.Compare(x.Account, y.Account), cmp.Compare(x.Region, y.Region), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Asset, y.Asset))
	})
	rows := [][]string{{d.text("账号/区域", "Account/region"), d.text("名称", "Name"), d.text("实例", "Instance"), "IP", d.text("节点", "Node"), d.text("操作", "Action"), d.text("原因", "Reason")}}
	for _, r := range removals[:min(len(removals), most)] {
		rows = append(rows, []string{r.Account + "/" + r.Region, r.Name, r.Instance, cmp.Or(r.Address, "-"), cmp.Or(r.Node, "-"),
			plan.Action(r.Action).Text(language.Lang(d.cfg.Language)), r.Reason})
	}
	text := report.FormatTable(rows)
	if len(removals) > most {
		text += d.text("… 共 %d 个", "… %d in all", len(removals)) + "\n"
	}
	return text
}

// confirmApproval shows what an approval would remove, or move. At a terminal it asks a person, who says yes or no; elsewhere, or where
// yes was given, nobody is asked.
func (d stateSession) confirmApproval(set runstate.HeldSet, yes bool, stdin io.Reader, to io.Writer) bool {
	fmt.Fprint(to, d.removalTable(set.Removals, maxApprovedRows))
	if len(set.Removals) > maxApprovedRows {
		fmt.Fprintln(to, d.text("全部名单：jms-sync held %s", "all of them: jms-sync held %s", set.Hash[:12]))
	}
	file, is := stdin.(*os.File)
	if yes || !is || !isTerminal(file) {
		return true
	}
	return d.readConsent(set, stdin, to)
}

// isOfMoves reports whether a held set is of assets that mapping rules would move, and not of removals.
func isOfMoves(set runstate.HeldSet) bool {
	return len(set.Removals) > 0 && plan.Action(set.Removals[0].Action).IsMove()
}

// readConsent asks whether what is held is approved, and reports whether the answer is yes.
func (d stateSession) readConsent(set runstate.HeldSet, stdin io.Reader, to io.Writer) bool {
	question := d.text("批准移除这 %d 个资产？[y/N] ", "Approve the removal of these %d assets? [y/N] ", len(set.Removals))
	if isOfMoves(set) {
		question = d.text("批准规则移动这 %d 个资产（节点、网域、平台、端口、地址、账号）？[y/N] ", "Let rules move these %d assets (node, zone, platform, ports, address, accounts)? [y/N] ", len(set.Removals))
	}
	fmt.Fprint(to, question)
	answer, _ := bufio.NewReader(stdin).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
