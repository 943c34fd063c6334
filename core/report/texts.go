package report

import (
	"fmt"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// texts has everything a report says in one language. Names that end in F are formats.
type texts struct {
	lang                                                    reason.Lang
	title, dryTitle, dryRun, button                         string
	timeLabel, failHead, lateHead, heldHead, warnHead       string
	heldAllHead, heldPausedHead                             string
	resultHead, createdHead, updatedHead                    string
	deactivatedHead, deletedHead                            string
	metric, value, name, address, platform                  string
	total, created, updated, deactivated                    string
	deleted, failures, duration, held, skipped              string
	unchanged, unknown                                      string
	secondsF                                                string
	colon, comma, openParen, closeParen                     string
	allRegions                                              string
	moreAssetsF, moreFailuresF, moreHeldF                   string
	moreWarningsF                                           string
	heldLineF, heldNamesF                                   string
	failedF, failedWhyF, notMadeF, notKnownF                string
	action, scopeColumn, reason, instance                   string
	keptF, nothing, proofLines                              string
	scopesF                                                 string
	missingShardsF                                          string
	orphanHead, moreOrphansF, orphans, drifted              string
	approveF, noStoreF, dryApproveF, quarantineF            string
	undoHint, deactivatedAt                                 string
	openHead, moreOpenF, openLineF, andOthersF              string
	alarmTitle, alarmHeadF, alarmHint, alarmSinceF          string
	recoveryTitle, recoveryHead, lastCompleteF, moreScopesF string
	sharedTitle, sharedHead, sharedF                        string
	configAlarmHead, configAlarmHint                        string
}

func textsOf(lang reason.Lang) texts {
	if lang == reason.English {
		return englishTexts()
	}
	return chineseTexts()
}

func chineseTexts() texts {
	return texts{
		lang:  reason.Chinese,
		title: "JMS资产同步通知", dryTitle: "（演练）", dryRun: "**演练：没有写入 JumpServer，以下是将要做的改动**", button: "查看资产详情",
		timeLabel: "同步时间：", failHead: "同步失败", lateHead: "同步未完成，下次继续", heldHead: "暂缓的移除（停用/删除）", heldAllHead: "暂缓的变更（sync.approval: all）", heldPausedHead: "暂缓的变更（写入已暂停）", warnHead: "提醒",
		resultHead: "同步结果", createdHead: "新增资产详情", updatedHead: "更新资产详情",
		deactivatedHead: "停用资产详情", deletedHead: "删除资产详情",
		metric: "指标", value: "数值", name: "主机名", address: "IP地址", platform: "平台类型",
		total: "总计资产", created: "新增资产", updated: "更新资产", deactivated: "停用资产",
		deleted: "删除资产", failures: "失败操作", duration: "总耗时", held: "暂缓", skipped: "跳过",
		unchanged: "无变化", unknown: "结果未知", secondsF: "%.2f秒",
		colon: "：", comma: "、", openParen: "（", closeParen: "）", allRegions: "全部区域",
		moreAssetsF: "*等共 %d 个资产*", moreFailuresF: "*等共 %d 处失败，其余见结果与日志*",
		moreHeldF: "*等共 %d 个资产暂缓*", moreWarningsF: "*等共 %d 条提醒*",
		heldLineF: "%d 个资产", heldNamesF: "%s 等",
		failedF: "%s失败：%s", failedWhyF: "%s失败：%s（原因：%s）", notMadeF: "%s未执行：%s", notKnownF: "%s结果未知：%s",
		action: "操作", scopeColumn: "账号/区域", reason: "原因", instance: "实例",
		keptF: "（%d 个资产）", nothing: "没有需要处理的资产。", proofLines: "；备注后追加证明归属的几行",
		orphanHead: "无人管理的资产（账号或区域已不在配置中，可用 jms-sync retire 处理）", moreOrphansF: "*等共 %d 个无人管理的资产*", orphans: "无人管理", drifted: "与云不同",
		scopesF: "区域：%d 个完整，%d 个失败", missingShardsF: "本次同步分为 %d 个部分，其中 %d 个没有报告结果：%s",
		undoHint: "停错了？重新启用（先显示，加 --apply 才写入）：", deactivatedAt: "停用于",
		openHead: "仍开放的资产（实例不在列表里，这次不移除）", moreOpenF: "*等共 %d 个仍开放的资产，全部见 jms-sync status*", openLineF: "仍开放：%d 个资产", andOthersF: "%s（另有相近的情况）",
		approveF:   "确认这 %d 个资产确实该移除：jms-sync approve %s（24 小时内有效，移除前仍会逐个证实）",
		alarmTitle: "【告警】", alarmHeadF: "超过 %s 没有一次完整同步", alarmHint: "请检查定时触发器、函数日志和密钥。恢复后会再通知一次；在此之前不重复告警。",
		recoveryTitle: "【恢复】", recoveryHead: "已恢复完整同步", alarmSinceF: "告警发出于：%s", lastCompleteF: "最近一次完整同步 %s（%s 前）", moreScopesF: "*等共 %d 个区域*",
		sharedTitle: "【提醒】", sharedHead: "状态存储由不止一个 JumpServer 使用",
		sharedF:         "这里的状态属于 %s；同一个状态存储里还有 %s 的状态。两者各用各的，互不影响，批准也不通用。如果它们其实是同一台 JumpServer 的两个名称，请在所有配置里写同一个 jumpserver.id（例如 %s）。",
		configAlarmHead: "配置不可用，什么都没有执行",
		configAlarmHint: "函数在改好之前每次触发都会这样失败。变量没有设置时：检查 s.yaml 的 environmentVariables 与 .env（jms-sync doctor --deploy）。一直不改，每小时再说一次。",
		quarantineF:     "账号隔离中，%s 之后再试（换密钥立即恢复）：%s",
		dryApproveF:     "这 %d 个资产的哈希是 %s（演练不保存，正式同步时才能批准）",
		noStoreF:        "这 %d 个资产的哈希是 %s；没有保存到状态存储，approve 需要它（JMS_SYNC_STATE）",
	}
}

func englishTexts() texts {
	return texts{
		lang:  reason.English,
		title: "JMS asset sync", dryTitle: " (dry run)", dryRun: "**Dry run: nothing was written to JumpServer; this is what would be done**", button: "View assets",
		timeLabel: "Time: ", failHead: "Failures", lateHead: "Not finished, goes on next time", heldHead: "Removals on hold (deactivate/delete)", heldAllHead: "Changes on hold (sync.approval: all)", heldPausedHead: "Changes on hold (writes are paused)", warnHead: "Warnings",
		resultHead: "Result", createdHead: "Assets created", updatedHead: "Assets updated",
		deactivatedHead: "Assets deactivated", deletedHead: "Assets deleted",
		metric: "Metric", value: "Value", name: "Name", address: "Address", platform: "Platform",
		total: "Total", created: "Created", updated: "Updated", deactivated: "Deactivated",
		deleted: "Deleted", failures: "Failed", duration: "Duration", held: "On hold", skipped: "Skipped",
		unchanged: "Unchanged", unknown: "Unknown", secondsF: "%.2fs",
		colon: ": ", comma: ", ", openParen: " (", closeParen: ")", allRegions: "all regions",
		moreAssetsF: "*%d assets in all*", moreFailuresF: "*%d failures in all; see the results and the log*",
		moreHeldF: "*%d assets on hold in all*", moreWarningsF: "*%d warnings in all*",
		heldLineF: "%d assets", heldNamesF: "%s and others",
		failedF: "%s failed: %s", failedWhyF: "%s failed: %s (planned: %s)", notMadeF: "%s not made: %s", notKnownF: "%s: outcome unknown: %s",
		action: "Action", scopeColumn: "Account/region", reason: "Reason", instance: "Instance",
		keptF: " (%d assets)", nothing: "Nothing to be done.", proofLines: "; the lines that prove whose it is go behind its comment",
		orphanHead: "Orphaned assets (account or region no longer configured; see jms-sync retire)", moreOrphansF: "*%d orphans in all*", orphans: "Orphans", drifted: "Drift",
		scopesF: "Scopes: %d complete, %d failed", missingShardsF: "of the %d parts of this run %d did not report: %s",
		undoHint: "Closed by mistake? To switch them on again (shown first, --apply writes): ", deactivatedAt: "closed",
		openHead: "Still open (the instance is in no listing, and this run does not remove the asset)", moreOpenF: "*%d assets still open in all; jms-sync status lists them*", openLineF: "still open: %d assets", andOthersF: "%s (and others like it)",
		approveF:        "to let these %d assets go: jms-sync approve %s (serves for 24 hours; each is still proved before its removal)",
		configAlarmHead: "The configuration cannot be used; nothing was done",
		configAlarmHint: "Until it is mended, every trigger of the function fails so. Where a variable is not set: look at environmentVariables in s.yaml and at .env (jms-sync doctor --deploy). You are told again each hour.",
		alarmTitle:      "[ALARM] ", alarmHeadF: "No complete run for more than %s", alarmHint: "Look at the timer, the function's log and the keys. You are told once when it works again, and not before.",
		recoveryTitle: "[OK] ", recoveryHead: "Complete runs are made again", alarmSinceF: "The alarm was raised at %s", lastCompleteF: "last complete run %s (%s ago)", moreScopesF: "*%d scopes in all*",
		sharedTitle: "[NOTE] ", sharedHead: "The state store is used by more than one JumpServer",
		sharedF:     "This state is that of %s; the same store also holds the state of %s. Each has its own, approvals too, and neither sees the other's. If they are one JumpServer by two names, set the same jumpserver.id in all configurations (for example %s).",
		quarantineF: "the account is in quarantine, tried again after %s (a new key ends it at once): %s",
		dryApproveF: "the hash of these %d assets is %s (a dry run keeps nothing; a real run does)",
		noStoreF:    "the hash of these %d assets is %s; it is not in a state store, which approve needs (JMS_SYNC_STATE)",
	}
}

// failedText returns what was to be done, the error, and why it was to be done.
func (w texts) failedText(a plan.Action, planned string, i apply.Item) string {
	message := ""
	if i.Err != nil {
		message = i.Err.Error()
	}
	if i.Reason.Code != "" {
		message = i.Reason.Text(w.lang) + w.colon + message
	}
	if planned == "" {
		return fmt.Sprintf(w.failedF, w.actionName(a), message)
	}
	return fmt.Sprintf(w.failedWhyF, w.actionName(a), message, planned)
}

// approvalText returns how a person can approve a held set.
func (w texts) approvalText(set HeldSetSummary, dry bool) string {
	switch {
	case dry:
		return fmt.Sprintf(w.dryApproveF, set.Assets, set.Hash)
	case !set.Stored:
		return fmt.Sprintf(w.noStoreF, set.Assets, set.Hash)
	}
	return fmt.Sprintf(w.approveF, set.Assets, set.Hash)
}

// notMadeText returns that an approved change was not made, and why.
func (w texts) notMadeText(a plan.Action, why string) string {
	return fmt.Sprintf(w.notMadeF, w.actionName(a), why)
}

// unknownText returns that it is unknown whether a change was made, and why.
func (w texts) unknownText(a plan.Action, why string) string {
	return fmt.Sprintf(w.notKnownF, w.actionName(a), why)
}

// actionName returns the name of an action, or its code if it has none.
func (w texts) actionName(a plan.Action) string {
	var zh string
	switch a {
	case plan.Create:
		zh = "新增"
	case plan.Update:
		zh = "更新"
	case plan.Deactivate:
		zh = "停用"
	case plan.Delete:
		zh = "删除"
	case plan.Hold:
		zh = "暂缓"
	case plan.Skip:
		zh = "跳过"
	case plan.Keep:
		zh = "保留"
	case plan.Orphan:
		zh = "无人管理"
	case plan.Drift:
		zh = "与云不同"
	case plan.Node:
		zh = "节点"
	case Fail:
		zh = "失败"
	case Unknown:
		zh = "结果未知"
	}
	if zh == "" || w.lang == reason.English {
		return string(a)
	}
	return zh
}

// outcomeName returns the text of an outcome.
func (w texts) outcomeName(o Outcome) string {
	names := map[Outcome][2]string{
		OK:      {"同步完成", "done"},
		Held:    {"同步完成，有变更被暂缓", "done; changes are on hold"},
		Partial: {"部分完成", "done in part"},
		Failed:  {"同步失败", "failed"},
		TooLate: {"触发已过期，没有执行", "the trigger was stale; nothing was run"},
	}
	return w.inLanguage(names[o], string(o))
}

// kindName returns the name of a kind of error, or its code if it has none.
func (w texts) kindName(k inventory.Kind) string {
	names := map[inventory.Kind][2]string{
		inventory.Throttled:      {"被限流", "throttled"},
		inventory.Denied:         {"没有权限", "no permission"},
		inventory.BadCredentials: {"密钥无效", "bad credentials"},
		inventory.NotFound:       {"不存在", "not found"},
		inventory.Temporary:      {"暂时不可用", "temporarily unavailable"},
		inventory.Unanswered:     {"没有及时应答", "no answer in time"},
		inventory.Incomplete:     {"返回不完整", "incomplete answer"},
		inventory.Unsupported:    {"尚不支持", "not supported"},
		inventory.Deadline:       {"时间用完", "out of time"},
		inventory.Invalid:        {"请求被拒绝", "request refused"},
		inventory.Conflict:       {"ID 冲突", "id taken"},
		inventory.NameTaken:      {"名称已被占用", "name taken"},
		inventory.Limit:          {"资产数上限", "limit of assets"},
		inventory.Organisation:   {"组织不符", "wrong organisation"},
		inventory.OtherAccount:   {"云账号不符", "another cloud account"},
		inventory.Front:          {"应答的不是 JumpServer", "not JumpServer's answer"},
		inventory.ClockOff:       {"时钟不准", "wrong clock"},
		inventory.Unknown:        {"未知错误", "unknown error"},
		busyKind:                 {"另一次同步正在进行，这一次没有执行", "another run is at work, so this one did nothing"},
	}
	return w.inLanguage(names[k], string(k))
}

func (w texts) inLanguage(pair [2]string, code string) string {
	if pair[0] == "" {
		return code
	}
	if w.lang == reason.English {
		return pair[1]
	}
	return pair[0]
}
