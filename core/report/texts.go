package report

import (
	"cmp"
	"fmt"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

// texts has everything a report says in one language. Names that end in F are formats.
type texts struct {
	lang                                                    language.Lang
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
	moreAssetsF, moreFailuresF, moreHeldF, linesCutF        string
	moreWarningsF                                           string
	heldLineF, heldNamesF                                   string
	failedF, failedWhyF, notMadeF, notKnownF                string
	action, scopeColumn, reason, instance                   string
	keptF, nothing, proofLines                              string
	changeColumn, semicolon, none                           string
	scopesF                                                 string
	missingShardsF                                          string
	orphanHead, moreOrphansF, orphans, drifted              string
	approveF, noStoreF, dryApproveF, quarantineF            string
	approveMovesF, heldMovesHead, heldBothHead, consoleF    string
	pageLink                                                string
	undoHint, deactivatedAt                                 string
	openHead, moreOpenF, openLineF, andOthersF              string
	withoutHead, moreWithoutF                               string
	alarmTitle, alarmHeadF, alarmHint, alarmSinceF          string
	recoveryTitle, recoveryHead, lastCompleteF, moreScopesF string
	sharedTitle, sharedHead, sharedF                        string
	configAlarmHead, configAlarmHint, configAlarmHostHint   string
}

func textsOf(lang language.Lang) texts {
	return texts{
		lang:                lang,
		title:               lang.Text("JMS资产同步通知", "JMS asset sync"),
		dryTitle:            lang.Text("（演练）", " (dry run)"),
		dryRun:              lang.Text("**演练：没有写入 JumpServer，以下是将要做的改动**", "**Dry run: nothing was written to JumpServer; this is what would be done**"),
		button:              lang.Text("查看资产详情", "View assets"),
		timeLabel:           lang.Text("JMS资产同步通知 · 同步时间：", "JMS asset sync · time: "),
		failHead:            lang.Text("同步失败", "Failures"),
		lateHead:            lang.Text("同步未完成，下次继续", "Not finished, goes on next time"),
		heldHead:            lang.Text("暂缓的移除（停用/删除）", "Removals on hold (deactivate/delete)"),
		heldAllHead:         lang.Text("暂缓的变更（sync.approval: all）", "Changes on hold (sync.approval: all)"),
		heldPausedHead:      lang.Text("暂缓的变更（写入已暂停）", "Changes on hold (writes are paused)"),
		warnHead:            lang.Text("提醒", "Warnings"),
		resultHead:          lang.Text("同步结果", "Result"),
		createdHead:         lang.Text("新增资产详情", "Assets created"),
		updatedHead:         lang.Text("更新资产详情", "Assets updated"),
		deactivatedHead:     lang.Text("停用资产详情", "Assets deactivated"),
		deletedHead:         lang.Text("删除资产详情", "Assets deleted"),
		metric:              lang.Text("指标", "Metric"),
		value:               lang.Text("数值", "Value"),
		name:                lang.Text("主机名", "Name"),
		address:             lang.Text("IP地址", "Address"),
		platform:            lang.Text("平台类型", "Platform"),
		total:               lang.Text("总计资产", "Total"),
		created:             lang.Text("新增资产", "Created"),
		updated:             lang.Text("更新资产", "Updated"),
		deactivated:         lang.Text("停用资产", "Deactivated"),
		deleted:             lang.Text("删除资产", "Deleted"),
		failures:            lang.Text("失败操作", "Failed"),
		duration:            lang.Text("总耗时", "Duration"),
		held:                lang.Text("暂缓", "On hold"),
		skipped:             lang.Text("跳过", "Skipped"),
		unchanged:           lang.Text("无变化", "Unchanged"),
		unknown:             lang.Text("结果未知", "Unknown"),
		secondsF:            lang.Text("%.2f秒", "%.2fs"),
		colon:               lang.Text("：", ": "),
		comma:               lang.Text("、", ", "),
		openParen:           lang.Text("（", " ("),
		closeParen:          lang.Text("）", ")"),
		allRegions:          lang.Text("全部区域", "all regions"),
		linesCutF:           lang.Text("… 还有 %d 行", "… %d more lines"),
		moreAssetsF:         lang.Text("*等共 %d 个资产*", "*%d assets in all*"),
		moreFailuresF:       lang.Text("*等共 %d 处失败，其余见结果与日志*", "*%d failures in all; see the results and the log*"),
		moreHeldF:           lang.Text("*等共 %d 个资产暂缓*", "*%d assets on hold in all*"),
		moreWarningsF:       lang.Text("*等共 %d 条提醒*", "*%d warnings in all*"),
		heldLineF:           lang.Text("%d 个资产", "%d assets"),
		heldNamesF:          lang.Text("%s 等", "%s and others"),
		failedF:             lang.Text("%s失败：%s", "%s failed: %s"),
		failedWhyF:          lang.Text("%s失败：%s（原因：%s）", "%s failed: %s (planned: %s)"),
		notMadeF:            lang.Text("%s未执行：%s", "%s not made: %s"),
		notKnownF:           lang.Text("%s结果未知：%s", "%s: outcome unknown: %s"),
		action:              lang.Text("操作", "Action"),
		scopeColumn:         lang.Text("账号/区域", "Account/region"),
		reason:              lang.Text("原因", "Reason"),
		instance:            lang.Text("实例", "Instance"),
		changeColumn:        lang.Text("变更", "Changes"),
		semicolon:           lang.Text("；", "; "),
		none:                lang.Text("（无）", "(none)"),
		keptF:               lang.Text("（%d 个资产）", " (%d assets)"),
		nothing:             lang.Text("没有需要处理的资产。", "Nothing to be done."),
		proofLines:          lang.Text("；备注后追加证明归属的几行", "; the lines that prove whose it is go behind its comment"),
		orphanHead:          lang.Text("无人管理的资产（没有账号再查询它们，可用 jms-sync retire 处理）", "Orphaned assets (no account asks for them any more; see jms-sync retire)"),
		moreOrphansF:        lang.Text("*等共 %d 个无人管理的资产*", "*%d orphans in all*"),
		pageLink:            lang.Text("完整的运行报告", "The whole run report"),
		orphans:             lang.Text("无人管理", "Orphans"),
		drifted:             lang.Text("与云不同", "Drift"),
		scopesF:             lang.Text("区域：%d 个完整，%d 个失败", "Scopes: %d complete, %d failed"),
		missingShardsF:      lang.Text("本次同步分为 %d 个部分，其中 %d 个没有报告结果：%s", "of the %d parts of this run %d did not report: %s"),
		undoHint:            lang.Text("停错了？重新启用（先显示，加 --apply 才写入）：", "Closed by mistake? To switch them on again (shown first, --apply writes): "),
		deactivatedAt:       lang.Text("停用于", "closed"),
		withoutHead:         lang.Text("新资产没能照规则做到", "New assets that are not as the rules want them"),
		moreWithoutF:        lang.Text("*等共 %d 个这样的资产*", "*%d such assets in all*"),
		openHead:            lang.Text("仍开放的资产（实例不在列表里，这次不移除）", "Still open (the instance is in no listing, and this run does not remove the asset)"),
		moreOpenF:           lang.Text("*等共 %d 个仍开放的资产，全部见 jms-sync status*", "*%d assets still open in all; jms-sync status lists them*"),
		openLineF:           lang.Text("仍开放：%d 个资产", "still open: %d assets"),
		andOthersF:          lang.Text("%s（另有相近的情况）", "%s (and others like it)"),
		approveF:            lang.Text("确认这 %d 个资产确实该移除：jms-sync approve %s（24 小时内有效，移除前仍会逐个证实）", "to let these %d assets go: jms-sync approve %s (serves for 24 hours; each is still proved before its removal)"),
		approveMovesF:       lang.Text("确认规则该移动这 %d 个资产：jms-sync approve %s（24 小时内有效，只放行这一次的去处）", "to let rules move these %d assets: jms-sync approve %s (serves for 24 hours, and for just these places)"),
		consoleF:            lang.Text("[查看](%s) · [批准](%s)", "[Look](%s) · [Approve](%s)"),
		heldMovesHead:       lang.Text("暂缓的移动（节点、网域、平台、端口、地址、账号）", "Moves on hold (node, zone, platform, ports, address, accounts)"),
		heldBothHead:        lang.Text("暂缓的移除与移动", "Removals and moves on hold"),
		alarmTitle:          lang.Text("告警：", "alarm: "),
		alarmHeadF:          lang.Text("超过 %s 没有一次完整同步", "No complete run for more than %s"),
		alarmHint:           lang.Text("请检查定时触发器、函数日志和密钥。恢复后会再通知一次；在此之前不重复告警。", "Look at the timer, the function's log and the keys. You are told once when it works again, and not before."),
		recoveryTitle:       lang.Text("恢复正常：", "back to normal: "),
		recoveryHead:        lang.Text("已恢复完整同步", "Complete runs are made again"),
		alarmSinceF:         lang.Text("告警发出于：%s", "The alarm was raised at %s"),
		lastCompleteF:       lang.Text("最近一次完整同步 %s（%s 前）", "last complete run %s (%s ago)"),
		moreScopesF:         lang.Text("*等共 %d 个区域*", "*%d scopes in all*"),
		sharedTitle:         lang.Text("提醒：", "note: "),
		sharedHead:          lang.Text("状态存储由不止一个 JumpServer 使用", "The state store is used by more than one JumpServer"),
		sharedF:             lang.Text("这里的状态属于 %s；同一个状态存储里还有 %s 的状态。两者各用各的，互不影响，批准也不通用。如果它们其实是同一台 JumpServer 的两个名称，请在所有配置里写同一个 jumpserver.id（例如 %s）。", "This state is that of %s; the same store also holds the state of %s. Each has its own, approvals too, and neither sees the other's. If they are one JumpServer by two names, set the same jumpserver.id in all configurations (for example %s)."),
		configAlarmHead:     lang.Text("配置不可用，什么都没有执行", "The configuration cannot be used; nothing was done"),
		configAlarmHint:     lang.Text("函数在改好之前每次触发都会这样失败。变量没有设置时：检查 s.yaml 的 environmentVariables 与 .env（jms-sync doctor --deploy）。一直不改，每小时再说一次。", "Until it is mended, every trigger of the function fails so. Where a variable is not set: look at environmentVariables in s.yaml and at .env (jms-sync doctor --deploy). You are told again each hour."),
		configAlarmHostHint: lang.Text("改好之前每次运行都会这样失败，什么都不同步。变量没有设置时：主机上看 /etc/jms-sync/environment，Kubernetes 看 Secret。一直不改，每小时再说一次。", "Until it is mended, every run fails so, and nothing is synced. Where a variable is not set: look at /etc/jms-sync/environment on a host, at the Secret in Kubernetes. You are told again each hour."),
		quarantineF:         lang.Text("账号隔离中，%s 之后再试（换密钥立即恢复）：%s", "the account is in quarantine, tried again after %s (a new key ends it at once): %s"),
		dryApproveF:         lang.Text("这 %d 个资产的哈希是 %s（演练不保存，正式同步时才能批准）", "the hash of these %d assets is %s (a dry run keeps nothing; a real run does)"),
		noStoreF:            lang.Text("这 %d 个资产的哈希是 %s；没有保存到状态存储，approve 需要它（JMS_SYNC_STATE）", "the hash of these %d assets is %s; it is not in a state store, which approve needs (JMS_SYNC_STATE)"),
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
	case set.Moves:
		return fmt.Sprintf(w.approveMovesF, set.Assets, set.Hash)
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
	names := map[plan.Action]language.Text{
		plan.Create:     language.New("新增", "create"),
		plan.Update:     language.New("更新", "update"),
		plan.Deactivate: language.New("停用", "deactivate"),
		plan.Delete:     language.New("删除", "delete"),
		plan.Hold:       language.New("暂缓", "hold"),
		plan.Skip:       language.New("跳过", "skip"),
		plan.Keep:       language.New("保留", "keep"),
		plan.Orphan:     language.New("无人管理", "orphan"),
		plan.Drift:      language.New("与云不同", "drift"),
		plan.Node:       language.New("节点", "node"),
		Fail:            language.New("失败", "fail"),
		Unknown:         language.New("结果未知", "unknown"),
	}
	return w.inLanguage(names[a], string(a))
}

// outcomeName returns the text of an outcome.
func (w texts) outcomeName(o Outcome) string {
	names := map[Outcome]language.Text{
		OK:      language.New("同步完成", "done"),
		Held:    language.New("同步完成，有变更被暂缓", "done; changes are on hold"),
		Partial: language.New("部分完成", "done in part"),
		Failed:  language.New("同步失败", "failed"),
		TooLate: language.New("触发已过期，没有执行", "the trigger was stale; nothing was run"),
	}
	return w.inLanguage(names[o], string(o))
}

// kindName returns the name of a kind of error, or its code if it has none.
func (w texts) kindName(k inventory.Kind) string {
	names := map[inventory.Kind]language.Text{
		inventory.Throttled:      language.New("被限流", "throttled"),
		inventory.Denied:         language.New("没有权限", "no permission"),
		inventory.BadCredentials: language.New("密钥无效", "bad credentials"),
		inventory.NotFound:       language.New("不存在", "not found"),
		inventory.Temporary:      language.New("暂时不可用", "temporarily unavailable"),
		inventory.Unanswered:     language.New("没有及时应答", "no answer in time"),
		inventory.Incomplete:     language.New("返回不完整", "incomplete answer"),
		inventory.Unsupported:    language.New("尚不支持", "not supported"),
		inventory.Deadline:       language.New("时间用完", "out of time"),
		inventory.Invalid:        language.New("请求被拒绝", "request refused"),
		inventory.Conflict:       language.New("ID 冲突", "id taken"),
		inventory.NameTaken:      language.New("名称已被占用", "name taken"),
		inventory.Limit:          language.New("资产数上限", "limit of assets"),
		notifyErrorKind:          language.New("通知未送达", "not notified"),
		inventory.Organisation:   language.New("组织不符", "wrong organisation"),
		inventory.OtherAccount:   language.New("云账号不符", "another cloud account"),
		inventory.Front:          language.New("应答的不是 JumpServer", "not JumpServer's answer"),
		inventory.ClockOff:       language.New("时钟不准", "wrong clock"),
		inventory.MarksLost:      language.New("标签丢失", "labels lost"),
		inventory.Unknown:        language.New("未知错误", "unknown error"),
		unstartedKind:            language.New("没有开始", "not started"),
		busyKind:                 language.New("另一次同步正在进行，这一次没有执行", "another run is at work, so this one did nothing"),
	}
	return w.inLanguage(names[k], string(k))
}

func (w texts) inLanguage(text language.Text, code string) string {
	return cmp.Or(text.In(w.lang), code)
}
