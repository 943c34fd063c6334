package doctor

import (
	"context"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// AccountLabels are the labels that runs may write to the assets of one account, as far as the configuration
// determines them.
type AccountLabels struct {
	Account string
	Labels  []inventory.Label
}

// labelFindings compares every label that we would write with what JumpServer's version takes, without writing one.
// The strictest rule counts for all versions: a run creates no host whose labels some version would refuse, so that
// an upgrade of JumpServer stops nobody.
func (x jumpServerExam) labelFindings(ctx context.Context) []Finding {
	subject := language.New("标签", "labels")
	form, err := x.LabelForm(ctx)
	if err != nil {
		return []Finding{warningFinding(subject, language.New("查不到 JumpServer 接受怎样的标签", "it cannot be asked which labels JumpServer takes").WithError(err), fixForKind(err, language.New("先解决消息里的问题，再检查一次", "see to what the message says, and examine again")))}
	}
	var lines []Finding
	seen := map[inventory.Label]bool{}
	for _, m := range x.AccountLabels {
		for _, l := range m.Labels {
			if !inventory.IsStorableLabel(l.Value) && !seen[l] {
				lines = append(lines, unstorableFinding(m.Account, l))
			}
			seen[l] = true
		}
		if line, odd := x.wideNameFinding(ctx, m.Account); odd {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 {
		return lines
	}
	switch form {
	case inventory.LabelFormChecked:
		return []Finding{okFinding(subject, language.Newf("v4.10.17 或更新：值不能为空，不能有冒号与逗号；会写的 %d 种都符合", "v4.10.17 or later: neither blank, nor with a colon or comma; all %d that may be written fit", len(seen)))}
	case inventory.LabelFormFree:
		return []Finding{okFinding(subject, language.Newf("早于 v4.10.17：值最多 64 个字符；会写的 %d 种也符合以后的版本（不为空，没有冒号与逗号）", "before v4.10.17: up to 64 characters; all %d that may be written fit later versions too (neither blank, nor with a colon or comma)", len(seen)))}
	}
	return []Finding{okFinding(subject, language.Newf("JumpServer 没有说明接受怎样的标签；会写的 %d 种符合最严的规则", "JumpServer does not tell which it takes; all %d that may be written fit the strictest rule", len(seen)))}
}

// labelRightsFinding reports what people can do who may edit labels and comments. Labels alone never make another's
// asset ours: its comment must name the instance, too.
func (x jumpServerExam) labelRightsFinding() Finding {
	subject := language.New("标签的权限", "rights on labels")
	if x.DeletesAssets && x.DeletesAdopted {
		return warningFinding(subject, language.New("sync.removal.adopted: delete：谁能改资产的标签与备注，谁就能让这个资产被删除", "sync.removal.adopted: delete: whoever may edit an asset's labels and comment can have it deleted"),
			language.New("只让该删除资产的人更新资产；或改回 sync.removal.adopted: deactivate", "let only those change assets who may delete them, or go back to sync.removal.adopted: deactivate"))
	}
	return okFinding(subject, language.New("只凭标签停用不了别人的资产（备注也要写着实例 ID）；能让我们的资产不再跟随云，或提前到期", "labels alone have nobody else's asset deactivated (its comment must name the instance); they can keep ours from following the cloud, or make one due early"))
}

// wideNameFinding reports an account whose name JumpServer's database cannot hold, or may not.
func (x jumpServerExam) wideNameFinding(ctx context.Context, account string) (line Finding, odd bool) {
	if !inventory.HasFourByteRunes(account) {
		return Finding{}, false
	}
	subject := language.Newf("账号 %s 的名称", "the name of account %s", account)
	fix := language.New("给账号改名（clouds[].name），或把 JumpServer 的数据库改成 utf8mb4", "rename the account (clouds[].name), or give JumpServer's database utf8mb4")
	narrow, err := x.UsesUTF8MB3(ctx)
	switch {
	case err != nil:
		return warningFinding(subject, language.New("查不到 JumpServer 的数据库能不能存下四字节字符（emoji、生僻字）", "it cannot be asked whether JumpServer's database holds signs of four bytes (emoji, rare Han)").WithError(err), fix), true
	case narrow:
		return failureFinding(subject, language.New("JumpServer 的数据库存不下四字节字符（emoji、生僻字）：这个账号的新主机不会创建", "JumpServer's database cannot hold signs of four bytes (emoji, rare Han): no new host of this account is made"), fix), true
	}
	return Finding{}, false
}

// unstorableFinding reports a label that JumpServer cannot hold.
func unstorableFinding(account string, l inventory.Label) Finding {
	fix := language.New("请把这一行报告给 jms-sync 的维护者", "report this line to the maintainers of jms-sync")
	switch l.Name {
	case inventory.LabelAccount:
		fix = language.New("给账号改名（clouds[].name）：1–64 个字符，不含冒号与逗号，首尾没有空格；它的资产跟着改", "rename the account (clouds[].name): 1 to 64 characters, no colon, no comma, no blank at the ends; its assets follow")
	case inventory.LabelOwner:
		fix = language.New("改正 account_id：它是云账号自己的 ID", "correct account_id: it is the cloud account's own id")
	case inventory.LabelRegion:
		fix = language.New("改正 regions 里的地域 ID", "correct the region's id in regions")
	}
	return failureFinding(language.Newf("账号 %s 的标签", "labels of account %s", account),
		language.Newf("%s 的值 %q 写不进标签（1–64 个字符，不含冒号与逗号，首尾没有空格）：这个账号的新主机不会创建",
			"%s cannot have the value %q (1 to 64 characters, no colon, no comma, no blank at the ends): no new host of this account is made", l.Name, l.Value), fix)
}

// cloudLabelFindings reports what only the cloud says of an account (its id, its regions) and labels cannot hold.
func (a Account) cloudLabelFindings(owner string, regions []string) []Finding {
	var labels []inventory.Label
	if a.ID == "" {
		labels = append(labels, inventory.Label{Name: inventory.LabelOwner, Value: owner})
	}
	if len(a.Regions) == 0 {
		for _, region := range regions {
			labels = append(labels, inventory.Label{Name: inventory.LabelRegion, Value: region})
		}
	}
	var lines []Finding
	for _, l := range labels {
		if l.Value != "" && !inventory.IsStorableLabel(l.Value) {
			lines = append(lines, unstorableFinding(a.Name, l))
		}
	}
	return lines
}
